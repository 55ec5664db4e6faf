"""The proof of a month of the ledger: what an exported file says against the database, level by level (A6).

Levels that fired are facts, and so are people told, attempts and answers: a file that was taken earlier says less than
the database does now, and nothing else. What it says and the database does not, was changed or removed since. Levels
that fired after the last one in the file came after it was taken; one that fired before and is not in it was added.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.queries.ledger import EXPORT_HEADINGS, as_codes, attempt_codes
from escalation.queries.raised import Raised, fired_levels, load_raised
from tickets.schema import AuditEntry, Category, PlannedStep, Ticket

_AT_ONCE = 500
# The names of units are the directory's, which corrects them; whether everything failed is a state.
_KEYS = ("reference", "clock", "level", "fired_at")
_NEVER_CHANGES = ("due_at", "first_breach_at", "planned_at", "result", "acknowledged_at", "acknowledged_by", "via",
                  "instruction", "new_due_at")  # fmt: skip
_ONLY_GROWS = ("told", "posts", "delivered_at", "read_at", "attempts")
_CATEGORY = "category"
COLUMNS_PROVED = (*_KEYS, _CATEGORY, *_NEVER_CHANGES, *_ONLY_GROWS)
# By the reference of a ticket, what its kind of matter was called before somebody changed it.
FormerCategories = Mapping[str, frozenset[str]]
_NOTHING_CHANGED: FormerCategories = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Difference:
    """What a file says of a level and the database does not: `column` is None for a level that one of them lacks."""

    reference: str
    level: str
    fired_at: str
    column: str | None
    in_file: str
    in_database: str


def levels_between(session: Session, first: datetime, end: datetime) -> Iterator[Raised]:
    """Every level that fired from the first instant on and before the end, in that order, whoever may see it."""
    ids = session.scalars(
        select(PlannedStep.id)
        .join(Ticket, Ticket.id == PlannedStep.ticket_id)
        .where(fired_levels(), PlannedStep.fired_at >= first, PlannedStep.fired_at < end, Ticket.is_canary.is_(False))
        .order_by(PlannedStep.fired_at, PlannedStep.id)
    ).all()
    for start in range(0, len(ids), _AT_ONCE):
        yield from load_raised(session, ids[start : start + _AT_ONCE])


def levels_covered(levels: Iterable[Raised], lines: Iterable[Mapping[str, str]]) -> list[Raised]:
    """The levels that a file must name: those that fired until its last line; it was taken before the others.

    All of them where it names none.
    """
    until = taken_until(lines)
    return [one for one in levels if until is None or one.fired_at <= until]


def taken_until(lines: Iterable[Mapping[str, str]]) -> datetime | None:
    """The last instant that a file names: it was taken then or later."""
    return max((at for line in lines if (at := fired_at_of(line)) is not None), default=None)


def fired_at_of(line: Mapping[str, str]) -> datetime | None:
    """When the level of a line fired; None where no such instant stands there."""
    try:
        at = datetime.fromisoformat(_plain(line.get("fired_at")))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def former_categories(session: Session, levels: Iterable[Raised]) -> FormerCategories:
    """What the trail says of changed kinds of matter: a file that was taken before a change names the earlier one."""
    references = {one.ticket_id: one.reference for one in levels}
    rows = session.execute(
        select(Ticket.id, Category.name)
        .join(AuditEntry, AuditEntry.ticket_id == Ticket.id)
        .join(Category, Category.code == AuditEntry.params["from"].astext)
        .where(AuditEntry.action == "ticket.category_changed", Ticket.id.in_(references))
    )
    names = defaultdict[str, set[str]](set)
    for ticket_id, name in rows:
        names[references[ticket_id]].add(_plain(name))
    return {reference: frozenset(known) for reference, known in names.items()}


def differences(
    levels: Iterable[Raised], lines: Iterable[Mapping[str, str]], former: FormerCategories = _NOTHING_CHANGED
) -> list[Difference]:
    """Where a file of the whole month, by the headings of the ledger, is not what the database says."""
    known = {_key(line): line for line in (_as_line(one) for one in levels)}
    found: list[Difference] = []
    # Whoever may not see a restricted matter has it in their file without its reference: named lines take theirs first.
    for line in sorted(lines, key=lambda line: not _plain(line.get("reference"))):
        now = known.pop(_key_here(line, known), None)
        earlier = former.get(now["reference"], frozenset()) if now is not None else frozenset()
        found += [_whole(line, in_file=True)] if now is None else _of_level(line, now, earlier)
    return found + [_whole(line, in_file=False) for line in known.values()]


def _key_here(line: Mapping[str, str], known: Mapping[tuple[str, ...], Mapping[str, str]]) -> tuple[str, ...]:
    """By which key the database knows a line; one without a reference is the level of its instant that it fits best."""
    key = _key(line)
    if key[0]:
        return key
    fits = [other for other in known if other[1:] == key[1:]]
    return min(fits, key=lambda other: len(list(_of_level(line, known[other], frozenset()))), default=key)


def _as_line(raised: Raised) -> dict[str, str]:
    line = dict(zip(EXPORT_HEADINGS, as_codes(raised), strict=True))
    states = [
        attempt_codes(person, attempt, station)
        for person in raised.told
        for attempt in person.attempts
        for station in attempt.stations
    ]
    # The file of the month names no kind of a matter that was restricted when it was written; it may be open since.
    return {**line, "attempts": "; ".join(states), _CATEGORY: raised.category}


def _key(line: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(_plain(line.get(name)) for name in _KEYS)


def _of_level(line: Mapping[str, str], now: Mapping[str, str], former: frozenset[str]) -> Iterator[Difference]:
    for column in (_CATEGORY, *_NEVER_CHANGES, *_ONLY_GROWS):
        said, says = _plain(line.get(column)), _plain(now[column])
        if column in _ONLY_GROWS:
            holds = not _parts(said) - _parts(says)
        elif column == _CATEGORY:
            holds = said in ("", says, *former)
        else:
            holds = said in ("", says)
        if not holds:
            yield Difference(now["reference"], now["level"], now["fired_at"], column, said, says)


def _whole(line: Mapping[str, str], *, in_file: bool) -> Difference:
    reference, _clock, level, fired_at = _key(line)
    return Difference(reference, level, fired_at, None, "there" if in_file else "", "" if in_file else "there")


def _parts(cell: str) -> set[str]:
    return {part.strip() for part in cell.split(";") if part.strip()}


def _plain(cell: str | None) -> str:
    """Without the apostrophe by which a file keeps a cell from being read as a formula."""
    return (cell or "").replace("'", "").replace("\r\n", "\n").strip()
