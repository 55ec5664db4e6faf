"""The supervisors' board and the leader's list: running chains, who was told and answered, what comes next."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, literal, select, text, tuple_
from sqlalchemy.orm import Session

from escalation.queries.raised import Raised, load_raised
from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import Clock, PlannedStep, StandingLevel, StandingReport, Ticket, Unit
from tickets.schema.ticket import IS_UNFINISHED
from tickets.states import ClockKind, ClockStatus, StepKind


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """What to show of the running chains; None is everything."""

    unit_id: int | None = None
    level: int | None = None
    clock: ClockKind | None = None
    # '' lateness, 'change' …, as `Raised.cause`.
    cause: str | None = None
    unanswered_only: bool = False


WHOLE_BOARD = BoardFilter()


@dataclass(frozen=True, slots=True)
class RunningChain:
    """A running chain: the level it has reached and the one it will reach next, if nothing happens."""

    raised: Raised
    next_level: int | None
    next_at: datetime | None
    # Set while an acknowledgement holds the next level.
    held_from: datetime | None


@dataclass(frozen=True, slots=True)
class ChainCount:
    """How many running chains a unit, a level or a cause has, and how many of them nobody has answered."""

    key: str
    name: str
    name_en: str
    chains: int
    unanswered: int


@dataclass(frozen=True, slots=True)
class ChainCounts:
    """The same chains counted three ways: units and promises with the most first, levels from the highest down."""

    units: list[ChainCount]
    levels: list[ChainCount]
    clocks: list[ChainCount]


def running_chains(
    session: Session, viewer: Viewer, wanted: BoardFilter = WHOLE_BOARD, *, after: str | None = None, limit: int = 200
) -> list[RunningChain]:
    """The running chains the viewer may see, the highest level first, then the longest overdue.

    `after` is `place_of` the last chain of the page before; one nobody gave out is as none.
    """
    head = _running(viewer, wanted).with_only_columns(StandingLevel.step_id, StandingLevel.clock_id)
    place = _read_place(after)
    if place is not None:
        level, due_at, step_id = place
        later = tuple_(StandingLevel.due_at, StandingLevel.step_id) > tuple_(literal(due_at), literal(step_id))
        head = head.where(StandingLevel.level <= level, (StandingLevel.level < level) | later)
    head = head.order_by(StandingLevel.level.desc(), StandingLevel.due_at, StandingLevel.step_id).limit(limit)
    raised = load_raised(session, _still_running(session, head))
    ahead = _next_levels(session, [one.clock_id for one in raised])
    return [_chain(one, ahead.get(one.clock_id)) for one in raised]


def place_of(chain: RunningChain) -> str:
    """Where a chain stands on the board, for `after`."""
    return f"{chain.raised.level}~{chain.raised.due_at.isoformat()}~{chain.raised.step_id}"


def _read_place(after: str | None) -> tuple[int, datetime, int] | None:
    try:
        level, due_at, step_id = (after or "").split("~")
        place = int(level), datetime.fromisoformat(due_at), int(step_id)
    except ValueError:
        return None
    return place if place[1].tzinfo is not None and 0 < place[0] < 100 and 0 < place[2] < 2**63 else None


def counts(session: Session, viewer: Viewer) -> ChainCounts:
    """The running chains by unit, by level and by the promise that was broken, in one statement."""
    rows = session.execute(
        _running(viewer, WHOLE_BOARD)
        .join(Unit, Unit.id == Ticket.unit_id)
        .with_only_columns(Unit.id, Unit.name, Unit.name_en, StandingLevel.level, StandingLevel.clock_kind, *_totals())
        .group_by(Unit.id, Unit.name, Unit.name_en, StandingLevel.level, StandingLevel.clock_kind)
        .order_by(Unit.name, StandingLevel.level.desc(), StandingLevel.clock_kind)
    ).all()
    units, levels, clocks = dict[str, ChainCount](), dict[str, ChainCount](), dict[str, ChainCount]()
    for unit_id, name, name_en, level, kind, chains, unanswered in rows:
        _add(units, ChainCount(str(unit_id), name, name_en, chains, unanswered))
        _add(levels, ChainCount(str(level), "", "", chains, unanswered))
        _add(clocks, ChainCount(kind.value, "", "", chains, unanswered))
    return ChainCounts(
        units=_most_first(units),
        levels=sorted(levels.values(), key=lambda count: int(count.key), reverse=True),
        clocks=_most_first(clocks),
    )


def reached(session: Session, staff_id: int, *, limit: int = 50) -> list[RunningChain]:
    """What has reached this person and still runs: the unanswered first, then the highest level, the longest overdue.

    Of a clock only the highest level told to them: the list is about tickets, not about messages.
    """
    mine = (
        select(StandingReport.step_id, StandingReport.clock_id)
        .join(Ticket, Ticket.id == StandingReport.ticket_id)
        .where(
            StandingReport.staff_id == staff_id,
            Ticket.escalation_level > 0,
            text(f"ticket.{IS_UNFINISHED}"),
            Ticket.is_canary.is_(False),
        )
        .order_by(
            StandingReport.is_answered, StandingReport.level.desc(), StandingReport.due_at, StandingReport.step_id
        )
        .limit(limit)
    )
    raised = load_raised(session, _still_running(session, mine))
    ahead = _next_levels(session, [one.clock_id for one in raised])
    return [_chain(one, ahead.get(one.clock_id)) for one in raised]


def _running(viewer: Viewer, wanted: BoardFilter) -> Select[int]:
    """One row per running clock that has raised a level for its present due date: its highest."""
    return (
        select(StandingLevel.step_id)
        .join(Ticket, Ticket.id == StandingLevel.ticket_id)
        .where(
            Ticket.escalation_level > 0,
            text(f"ticket.{IS_UNFINISHED}"),
            visible_tickets(viewer),
            *_narrowed(wanted),
        )
    )


def _still_running(session: Session, lines: Select[int, int]) -> list[int]:
    """The steps of these lines whose clock runs indeed, in their order: what stands is kept, the clock is the truth."""
    found = session.execute(lines).all()
    clock_ids = {clock_id for _step_id, clock_id in found}
    running = select(Clock.id).where(Clock.id.in_(clock_ids), Clock.status == ClockStatus.RUNNING)
    runs = set(session.scalars(running)) if clock_ids else set()
    return [step_id for step_id, clock_id in found if clock_id in runs]


def _narrowed(wanted: BoardFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.unit_id is not None:
        conditions.append(Ticket.unit_id == wanted.unit_id)
    if wanted.level is not None:
        conditions.append(StandingLevel.level == wanted.level)
    if wanted.clock is not None:
        conditions.append(StandingLevel.clock_kind == wanted.clock)
    if wanted.cause is not None:
        conditions.append(StandingLevel.breach_cause == wanted.cause)
    if wanted.unanswered_only:
        conditions.append(StandingLevel.is_answered.is_(False))
    return conditions


def _totals() -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.count(), func.count().filter(StandingLevel.is_answered.is_(False))


def _add(to: dict[str, ChainCount], more: ChainCount) -> None:
    known = to.get(more.key, ChainCount(more.key, more.name, more.name_en, 0, 0))
    to[more.key] = replace(known, chains=known.chains + more.chains, unanswered=known.unanswered + more.unanswered)


def _most_first(counted: dict[str, ChainCount]) -> list[ChainCount]:
    return sorted(counted.values(), key=lambda count: -count.chains)


def _next_levels(session: Session, clock_ids: Collection[int]) -> dict[int, PlannedStep]:
    """The next level of each clock that is still to fire."""
    if not clock_ids:
        return {}
    rows = session.scalars(
        select(PlannedStep)
        .where(PlannedStep.clock_id.in_(clock_ids), PlannedStep.kind == StepKind.LEVEL, PlannedStep.fired_at.is_(None))
        .order_by(PlannedStep.planned_at.desc(), PlannedStep.rank.desc())
    )
    return {step.clock_id: step for step in rows}


def _chain(raised: Raised, ahead: PlannedStep | None) -> RunningChain:
    if ahead is None:
        return RunningChain(raised, None, None, None)
    held_from = ahead.detail.get("held_from")
    return RunningChain(raised, ahead.rank, ahead.planned_at, datetime.fromisoformat(held_from) if held_from else None)
