"""The ledger: every level ever raised, with its proof; searched, paged and exported."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_, union_all
from sqlalchemy.orm import Session

from escalation.queries.attempts import LevelAttempt, Station
from escalation.queries.raised import Raised, ToldPerson, fired_levels, load_raised, without_words
from tickets.people.roles import Viewer, visible_levels, visible_tickets
from tickets.queries.newest_levels import LEVEL_FIRED, level_stretches
from tickets.schema import Acknowledgement, Clock, PlannedStep, StepRecipient, Ticket
from tickets.states import ClockKind, Role, StepKind, StepResult

LEVELS_PER_PAGE = 50
_EXPORT_PAGE = 500
LATELY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """What to list; None is everything. Instants are of firing, the second one exclusive."""

    unit_id: int | None = None
    level: int | None = None
    clock: ClockKind | None = None
    result: StepResult | None = None
    answered: bool | None = None
    staff_id: int | None = None
    reference: str | None = None
    fired_from: datetime | None = None
    fired_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """`next` is the cursor of the page after this one, for `after`."""

    levels: list[Raised]
    next: str | None


WHOLE_LEDGER = LedgerFilter()


def history(
    session: Session,
    viewer: Viewer,
    wanted: LedgerFilter = WHOLE_LEDGER,
    *,
    after: str | None = None,
    limit: int = LEVELS_PER_PAGE,
) -> LedgerPage:
    """Raised levels the viewer may read of, the last fired first; a cursor nobody gave out is as none.

    Of one person, the last told first: a level that nobody took is told to further people later than it fired.
    """
    at = PlannedStep.fired_at if wanted.staff_id is None else StepRecipient.told_at
    statement = (
        select(PlannedStep.id, at)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .join(Ticket, Ticket.id == PlannedStep.ticket_id)
        .outerjoin(Acknowledgement, Acknowledgement.step_id == PlannedStep.id)
        .where(fired_levels(), visible_levels(viewer), *_narrowed(wanted))
        .limit(limit + 1)
    )
    step_id = PlannedStep.id
    if wanted.staff_id is not None:
        # In the order of an index that holds what was told to this person.
        told, step_id = StepRecipient.step_id == PlannedStep.id, StepRecipient.step_id
        statement = statement.join(StepRecipient, told).where(StepRecipient.staff_id == wanted.staff_id)
    statement = statement.order_by(at.desc(), step_id.desc())
    before = _read_cursor(after)
    if before is not None:
        statement = statement.where(tuple_(at, step_id) < tuple_(literal(before[0]), literal(before[1])))
    if wanted.staff_id is None and not viewer.holds(Role.AUDITOR):
        statement = _of_their_units(statement, viewer, limit=limit + 1)
    rows = session.execute(statement).all()
    levels = _as_open_to(session, viewer, load_raised(session, [row[0] for row in rows[:limit]]))
    last = rows[limit - 1] if len(rows) > limit else None
    return LedgerPage(levels, f"{last[1].isoformat()}~{last[0]}" if last is not None and last[1] else None)


def _of_their_units(
    statement: Select[int, datetime | None], viewer: Viewer, *, limit: int
) -> Select[int, datetime | None]:
    """The same, looked for where this person's levels stand: in a city they are few among all that fired."""
    parts = [statement.where(LEVEL_FIRED, stretch).subquery() for stretch in level_stretches(viewer)]
    if len(parts) == 1:
        return statement
    every = union_all(*(select(part.c.id, part.c.fired_at) for part in parts)).subquery("of_their_units")
    return select(every.c.id, every.c.fired_at).order_by(every.c.fired_at.desc(), every.c.id.desc()).limit(limit)


def _as_open_to(session: Session, viewer: Viewer, levels: list[Raised]) -> list[Raised]:
    """Without a word of the tickets that an auditor may not open."""
    if not viewer.holds(Role.AUDITOR):
        return levels
    wanted = {one.ticket_id for one in levels}
    seen = set(session.scalars(select(Ticket.id).where(Ticket.id.in_(wanted), visible_tickets(viewer))))
    return [one if one.ticket_id in seen else without_words(one) for one in levels]


def fired_lately(session: Session, viewer: Viewer, *, now: datetime, limit: int = 100) -> list[Raised]:
    """What fired in the last 24 hours."""
    return history(session, viewer, LedgerFilter(fired_from=now - LATELY), limit=limit).levels


def of_ticket(session: Session, ticket_id: int) -> list[tuple[PlannedStep, Acknowledgement | None]]:
    """All levels of a ticket, planned ones too, in the order of their time; the caller has checked who asks."""
    rows = session.execute(
        select(PlannedStep, Acknowledgement)
        .outerjoin(Acknowledgement, Acknowledgement.step_id == PlannedStep.id)
        .where(
            PlannedStep.ticket_id == ticket_id,
            PlannedStep.kind == StepKind.LEVEL,
            func.coalesce(PlannedStep.result, StepResult.NOTIFIED) != StepResult.VOID,
        )
        .order_by(PlannedStep.planned_at, PlannedStep.rank)
    )
    return [(step, answer) for step, answer in rows]


EXPORT_HEADINGS = (
    "reference", "unit", "category", "clock", "cause", "level", "due_at", "first_breach_at", "planned_at", "fired_at",
    "result", "told", "posts", "delivered_at", "read_at", "acknowledged_at", "acknowledged_by", "via", "instruction",
    "new_due_at", "all_messages_failed", "reached", "attempts",
)  # fmt: skip


def export(session: Session, viewer: Viewer, wanted: LedgerFilter = WHOLE_LEDGER) -> Iterator[Raised]:
    """Every level that `history` would show, page by page."""
    after: str | None = None
    while True:
        page = history(session, viewer, wanted, after=after, limit=_EXPORT_PAGE)
        yield from page.levels
        after = page.next
        if after is None:
            return


def as_codes(one: Raised) -> tuple[str, ...]:
    """A level for programs, in the order of `EXPORT_HEADINGS`; instants in ISO 8601, codes as they are.

    Whoever writes the file must keep cells from being read as formulas: instructions and names are people's own words.
    """
    answer = one.answered
    return (
        one.reference,
        one.unit,
        "" if one.is_restricted else one.category,
        one.clock.value,
        one.cause,
        str(one.level),
        one.due_at.isoformat(),
        one.first_breach_at.isoformat() if one.first_breach_at else "",
        one.planned_at.isoformat(),
        one.fired_at.isoformat(),
        one.result.value,
        "; ".join(person.name for person in one.told),
        "; ".join(person.post for person in one.told),
        "; ".join(person.delivered_at.isoformat() for person in one.told if person.delivered_at),
        "; ".join(person.read_at.isoformat() for person in one.told if person.read_at),
        answer.at.isoformat() if answer else "",
        answer.by if answer else "",
        answer.via if answer else "",
        answer.instruction if answer else "",
        answer.new_due_at.isoformat() if answer and answer.new_due_at else "",
        "yes" if one.all_failed else "",
        "yes" if one.is_reached else "",
        _attempts(one),
    )


def attempt_codes(person: ToldPerson, attempt: LevelAttempt, station: Station) -> str:
    """Who was tried, how, how far it had come and when, and why it was not delivered."""
    return f"{person.name} {attempt.method.value} {station.state.value} {station.at.isoformat()} {station.why}".strip()


def _attempts(one: Raised) -> str:
    return "; ".join(attempt_codes(who, attempt, attempt.last) for who in one.told for attempt in who.attempts)


def _narrowed(wanted: LedgerFilter) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.unit_id is not None:
        conditions.append(func.coalesce(PlannedStep.unit_id, Ticket.unit_id) == wanted.unit_id)
    if wanted.level is not None:
        conditions.append(PlannedStep.rank == wanted.level)
    if wanted.clock is not None:
        conditions.append(Clock.kind == wanted.clock)
    if wanted.result is not None:
        conditions.append(PlannedStep.result == wanted.result)
    if wanted.answered is not None:
        unanswered = Acknowledgement.step_id.is_(None)
        conditions.append(~unanswered if wanted.answered else unanswered)
    return [*conditions, *_in_time(wanted)]


def _in_time(wanted: LedgerFilter) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.reference is not None:
        conditions.append(Ticket.reference == wanted.reference)
    if wanted.fired_from is not None:
        conditions.append(PlannedStep.fired_at >= wanted.fired_from)
    if wanted.fired_to is not None:
        conditions.append(PlannedStep.fired_at < wanted.fired_to)
    return conditions


def _read_cursor(after: str | None) -> tuple[datetime, int] | None:
    at, _, step_id = (after or "").partition("~")
    try:
        instant = datetime.fromisoformat(at)
        number = int(step_id)
    except ValueError:
        return None
    return (instant, number) if instant.tzinfo is not None and 0 < number < 2**63 else None
