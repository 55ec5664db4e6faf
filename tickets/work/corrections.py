"""What was read wrongly from people's words: kept beside what it is, for whoever writes rules and for what learns."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.people.actor import Actor
from tickets.routing.decision import GUESSED, LEARNED, OFFICIALS_IN_DANGER, SUSPECTED
from tickets.schema import ReadingCorrection, Ticket
from tickets.states import ReadField

# Which of a ticket's reasons said what was read.
SAID_IN = {
    ReadField.DANGER: ("emergency_words", "danger_doubtful"),
    ReadField.CONDUCT: (SUSPECTED, OFFICIALS_IN_DANGER),
    ReadField.CATEGORY: (GUESSED, LEARNED, "category_tied"),
    ReadField.PLACE: ("place_unique", "place_split", "place_ambiguous", "place_none"),
}
# Nobody's guess: the citizen, an agent or a program had said it.
GIVEN = "given"
_LONGEST_WORDS = 500


def note_correction(
    session: Session, ticket: Ticket, field: ReadField, *, guessed: str, correct: str, actor: Actor, now: datetime,
    told: tuple[str, str] | None = None,
) -> None:  # fmt: skip
    """Keep that a person put one field right; call it before the ticket's reasons change.

    `guessed` is how it stood. Corrected again, the first guess stays the guess. Programs and citizens correct nothing.
    `told`: the rule and its words, where the ticket's reasons do not hold them.
    """
    if actor.staff_id is None:
        return
    first = _first_guess(session, ticket.id, field)
    guess = first or ((guessed, *told, ticket.read_by) if told else _told(ticket, field, guessed))
    correction = ReadingCorrection(
        ticket_id=ticket.id, field=field, guessed=guess[0], correct=correct, told_by=guess[1], words=guess[2],
        rules_version=guess[3], staff_id=actor.staff_id, at=now,
    )  # fmt: skip
    session.add(correction)
    session.flush()


def _first_guess(session: Session, ticket_id: int, field: ReadField) -> tuple[str, str, str, str] | None:
    kept = ReadingCorrection
    row = session.execute(
        select(kept.guessed, kept.told_by, kept.words, kept.rules_version)
        .where(kept.ticket_id == ticket_id, kept.field == field)
        .order_by(kept.id)
        .limit(1)
    ).first()
    return row._tuple() if row is not None else None


def _told(ticket: Ticket, field: ReadField, guessed: str) -> tuple[str, str, str, str]:
    said = next((r for r in ticket.routing_reasons if r["code"] in SAID_IN.get(field, ())), None)
    if said is None:
        return guessed, GIVEN if guessed and field in (ReadField.CATEGORY, ReadField.PLACE) else "", "", ticket.read_by
    params = said["params"]
    words = str(params.get("words") or params.get("said") or "")[:_LONGEST_WORDS]
    return guessed, str(params.get("rule") or said["code"]), words, ticket.read_by
