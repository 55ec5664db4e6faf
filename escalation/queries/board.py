"""The supervisors' board: running chains, who was told and answered, what comes next."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    and_,
    any_,
    cast,
    false,
    func,
    literal,
    literal_column,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from escalation.queries.raised import Raised, load_raised
from tickets.people.roles import SEEING, Viewer, visible_tickets
from tickets.queries.named_tickets import named_and_open
from tickets.schema import Clock, PlannedStep, StandingLevel, Ticket, Unit
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
    # What was named to somebody at a unit is little, and restricted tickets of others may stand there by the hundred.
    seen = visible_tickets(viewer, row_by_row=viewer.covers_city(*SEEING))
    running = _running(wanted).where(seen).with_only_columns(*_LINE)
    place = _read_place(after)
    if place is not None:
        level, due_at, step_id = place
        later = tuple_(StandingLevel.due_at, StandingLevel.step_id) > tuple_(literal(due_at), literal(step_id))
        running = running.where(StandingLevel.level <= level, (StandingLevel.level < level) | later)
    running = running.order_by(StandingLevel.level.desc(), StandingLevel.due_at, StandingLevel.step_id).limit(limit)
    parts = union_all(*(select(running.where(stretch).subquery()) for stretch in _stretches(viewer))).subquery()
    line = parts.c
    head = select(line.step_id, line.clock_id).order_by(line.level.desc(), line.due_at, line.step_id).limit(limit)
    return chains_of(session, _still_running(session, head))


_LINE = (StandingLevel.step_id, StandingLevel.clock_id, StandingLevel.level, StandingLevel.due_at)


def _stretches(viewer: Viewer) -> list[ColumnElement[bool]]:
    """Where the chains of this person stand in the board's order, no chain twice; of a ward's they are looked for
    among the ward's own, not among all of the city's."""
    if viewer.covers_city(*SEEING):
        return [true()]
    units = viewer.unit_ids(*SEEING)
    elsewhere = StandingLevel.unit_id.not_in(units)
    coordinated = func.coalesce(Ticket.coordinating_unit_id.in_(units), false())
    return [
        *(StandingLevel.unit_id == unit_id for unit_id in units),
        StandingLevel.unit_id.is_(None),
        and_(elsewhere, Ticket.coordinating_unit_id.is_not(None), Ticket.coordinating_unit_id.in_(units)),
        and_(elsewhere, ~coordinated, Ticket.id == any_(_named_elsewhere(viewer, units))),
    ]


def _named_elsewhere(viewer: Viewer, units: Sequence[int]) -> ColumnElement[Sequence[int]]:
    """Few, and found beforehand: of all that was named to a person most is at their own unit."""
    named = named_and_open(viewer).c
    return func.array(select(named.id).where(named.unit_id.not_in(units)).scalar_subquery())


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
    """The running chains by unit, by level and by the promise that was broken, in one statement.

    What everybody sees who sees the unit is counted in an index of few keys, what is named to this person beside it.
    """
    parts = union_all(*_counted_parts(viewer)).subquery("parts")
    part = parts.c
    unanswered = func.coalesce(func.sum(part.chains).filter(part.is_answered.is_(False)), 0)
    rows = session.execute(
        select(
            Unit.id, Unit.name, Unit.name_en, part.level, part.clock_kind, *_whole(func.sum(part.chains), unanswered)
        )
        .join(parts, part.unit_id == Unit.id)
        .group_by(Unit.id, Unit.name, Unit.name_en, part.level, part.clock_kind)
        .order_by(Unit.name, part.level.desc(), part.clock_kind)
    ).all()
    units, levels, clocks = dict[str, ChainCount](), dict[str, ChainCount](), dict[str, ChainCount]()
    for unit_id, name, name_en, level, kind, chains, unanswered_chains in rows:
        _add(units, ChainCount(str(unit_id), name, name_en, chains, unanswered_chains))
        _add(levels, ChainCount(str(level), "", "", chains, unanswered_chains))
        _add(clocks, ChainCount(kind.value, "", "", chains, unanswered_chains))
    return ChainCounts(
        units=_most_first(units),
        levels=sorted(levels.values(), key=lambda count: int(count.key), reverse=True),
        clocks=_most_first(clocks),
    )


# Written out as in the partial indexes, which the planner then recognises.
_OPEN_TO_ALL_THERE: ColumnElement[bool] = literal_column(
    "standing_level.stands and not standing_level.is_restricted", Boolean()
)
_RESTRICTED: ColumnElement[bool] = literal_column("standing_level.stands and standing_level.is_restricted", Boolean())
_UNKNOWN: ColumnElement[bool] = literal_column("standing_level.stands is null", Boolean())
_COUNTED_BY = (StandingLevel.unit_id, StandingLevel.level, StandingLevel.clock_kind, StandingLevel.is_answered)


def _counted_parts(viewer: Viewer) -> Iterator[Select[*tuple[Any, ...]]]:
    """No chain is in two of them; those that the release before wrote are told by their tickets."""
    chains = select(*_COUNTED_BY, func.count().label("chains")).group_by(*_COUNTED_BY)
    named = named_and_open(viewer)
    yield chains.join(named, named.c.id == StandingLevel.ticket_id).where(_RESTRICTED)
    unknown = _running(WHOLE_BOARD).where(_UNKNOWN, visible_tickets(viewer))
    by_ticket = (Ticket.unit_id, *_COUNTED_BY[1:])
    yield unknown.with_only_columns(*by_ticket, func.count()).group_by(*by_ticket)
    if viewer.covers_city(*SEEING):
        yield chains.where(_OPEN_TO_ALL_THERE)
    elif units := viewer.unit_ids(*SEEING):
        yield chains.where(_OPEN_TO_ALL_THERE, StandingLevel.unit_id.in_(units))
        coordinated = Ticket.coordinating_unit_id.is_not(None) & Ticket.coordinating_unit_id.in_(units)
        elsewhere = text(f"ticket.{IS_UNFINISHED}"), coordinated, StandingLevel.unit_id.not_in(units)
        yield chains.join(Ticket, Ticket.id == StandingLevel.ticket_id).where(_OPEN_TO_ALL_THERE, *elsewhere)


def _whole(*sums: ColumnElement[Any]) -> Iterator[ColumnElement[int]]:
    """Of whole numbers PostgreSQL makes decimal sums."""
    return (cast(one, BigInteger) for one in sums)


def chains_of(session: Session, step_ids: Sequence[int]) -> list[RunningChain]:
    """The chains of these levels, in this order; the caller has decided that they may be seen."""
    raised = load_raised(session, step_ids)
    ahead = _next_levels(session, [one.clock_id for one in raised])
    return [_chain(one, ahead.get(one.clock_id)) for one in raised]


def _running(wanted: BoardFilter) -> Select[int]:
    """One row per running clock that has raised a level for its present due date: its highest. Not narrowed to a
    viewer: who counts all looks at what is named to them once, who shows a few looks at each ticket."""
    return (
        select(StandingLevel.step_id)
        .join(Ticket, Ticket.id == StandingLevel.ticket_id)
        .where(
            Ticket.escalation_level > 0,
            text(f"ticket.{IS_UNFINISHED}"),
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
    return RunningChain(
        raised,
        ahead.rank,
        ahead.planned_at,
        datetime.fromisoformat(held_from) if held_from else None,
    )
