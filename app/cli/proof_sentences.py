"""What was changed, added or removed past the product, each in one sentence that names it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from escalation.queries.proof import Changed

SHOWN = 20
_ROWS = {
    "ticket": "the ticket",
    "due": "the date of the promise",
    "reckoning": "what the date of the promise is counted by",
    "breach": "the fact that the promise was broken",
    "level": "the level",
    "recipients": "who was told of the level",
    "attempt": "an attempt to tell somebody of the level",
    "answer": "the answer to the level",
    "credit": "the time that was given back for an outage",
    "window": "an outage that promises are credited with",
}


def sentence(one: "Changed") -> str:
    """For example: Ticket 2600421733, resolve: the date of the promise was changed past the product (due_at: … → …)."""
    unknown = f"Outage {one.id}" if one.kind == "window" else f"Ticket unknown ({one.kind} {one.id})"
    which = [f"Ticket {one.reference}" if one.reference else unknown]
    which += [one.clock] if one.clock else []
    which += [f"level {one.level}"] if one.level is not None else []
    what = f" ({one.what})" if one.what else ""
    return f"{', '.join(which)}: {_ROWS[one.kind]} was {one.deed.value} past the product{what}."
