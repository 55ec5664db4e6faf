"""What is due: tickets claimed because a planned step's time has come, with all that firing has to know of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, true
from sqlalchemy.orm import Session

from tickets.directory.standing import Concern, Standing
from tickets.directory.standing_rows import load_standing
from tickets.promises.exclusions import reports_held_until
from tickets.promises.loading import PromiseRulebook
from tickets.promises.plan import ChainLevel
from tickets.schema import Category, Clock, PlannedStep, StepRecipient, Ticket, Unit
from tickets.schema.rows import among
from tickets.states import ClockKind, ClockStatus, Priority, StepKind, StepResult

# The head of the plan that one claim looks at: tickets have several steps, and few are held. Where many are, so much of
# it that a second scheduler finds tickets the first has not locked.
_SCAN_FACTOR, _SCAN_FURTHER = 2, 10
# Only what firing has to know: whole rows of hundreds of tickets were a good part of what it cost.
_TICKETS = (
    select(
        Ticket.id, Ticket.reference, Ticket.priority, Ticket.unit_id, Unit.name.label("unit_name"),
        Unit.name_en.label("unit_name_en"), Ticket.coordinating_unit_id, Ticket.assignee_id, Ticket.escalation_level,
        Ticket.is_restricted, Ticket.is_canary, Ticket.procedure_id, Category.field, Category.name.label("category"),
        Category.name_en.label("category_en"),
    )
    .join(Unit, Unit.id == Ticket.unit_id)
    .outerjoin(Category, Category.id == Ticket.category_id)
)  # fmt: skip
_STEPS = select(
    PlannedStep.id, PlannedStep.ticket_id, PlannedStep.clock_id, PlannedStep.kind, PlannedStep.rank,
    PlannedStep.planned_at, PlannedStep.due_at, Clock.kind.label("clock"), Clock.status.label("clock_status"),
    Clock.due_at.label("clock_due_at"), Clock.chain_version_id, Clock.calendar_version_id,
).join(Clock, Clock.id == PlannedStep.clock_id)  # fmt: skip

_PLANNED = (PlannedStep.planned_at, PlannedStep.rank, PlannedStep.id)
DueRows = Sequence[Row[*tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class DueStep:
    """A planned step whose time has come, with its clock as it is under the lock."""

    id: int
    ticket_id: int
    clock_id: int
    clock: ClockKind
    clock_status: ClockStatus
    clock_due_at: datetime | None
    chain_version_id: int | None
    calendar_version_id: int
    kind: StepKind
    rank: int
    planned_at: datetime
    planned_for_due_at: datetime
    # The level of the chain as data; None for a warning.
    step: ChainLevel | None

    @property
    def is_level(self) -> bool:
        return self.kind is StepKind.LEVEL


@dataclass(frozen=True, slots=True)
class AlreadyTold:
    """Who was told of a level of a clock before."""

    staff_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class DueTicket:
    """A claimed ticket: facts for messages, and its due steps in the order they were planned."""

    id: int
    reference: str
    priority: Priority
    unit_id: int
    unit_name: str
    unit_name_en: str
    coordinating_unit_id: int | None
    assignee_id: int | None
    escalation_level: int
    is_restricted: bool
    procedure_id: int | None
    field: str
    category: str
    category_en: str
    steps: tuple[DueStep, ...]
    # Until when reports about it wait because of announced work; None: they leave as always.
    quiet_until: datetime | None = None

    @property
    def is_emergency(self) -> bool:
        return self.priority is Priority.EMERGENCY

    @property
    def concern(self) -> Concern:
        return Concern(self.unit_id, self.field, self.procedure_id, self.is_emergency)


def claim_tickets(
    session: Session,
    *,
    now: datetime,
    batch: int,
    leave_out: Collection[int] = (),
    only: Collection[int] | None = None,
) -> list[int]:
    """Lock up to `batch` tickets with a due step, the longest due first, leaving those another scheduler holds (R14).

    `only` names the tickets that are looked at; None looks at all of them.
    The ticket is locked before any of its steps: every move of a ticket locks it first too, so the two never deadlock.
    """
    which = [] if only is None else [PlannedStep.ticket_id.in_(only)]
    if leave_out:
        which.append(PlannedStep.ticket_id.not_in(leave_out))
    claimed = session.scalars(_locked(which, now=now, batch=batch, head=batch * _SCAN_FACTOR, tells_held=True)).all()
    free = [ticket_id for ticket_id in claimed if ticket_id is not None]
    if len(free) == len(claimed) or len(free) > batch // 2:
        return free
    further = session.scalars(_locked(which, now=now, batch=batch, head=batch * _SCAN_FURTHER, tells_held=False))
    return [ticket_id for ticket_id in further if ticket_id is not None]


def _locked(
    which: Sequence[ColumnElement[bool]], *, now: datetime, batch: int, head: int, tells_held: bool
) -> Select[int | None]:
    """Up to `batch` tickets of the oldest `head` due steps, locked; for one that others hold None, or no row."""
    oldest = (
        select(PlannedStep.ticket_id, PlannedStep.planned_at)
        .where(PlannedStep.fired_at.is_(None), PlannedStep.planned_at <= now, *which)
        .order_by(PlannedStep.planned_at, PlannedStep.ticket_id)
        .limit(head)
        .subquery()
    )
    # Looked at one after the other in this order, until enough are locked and no further: joined and sorted afterwards,
    # all of the head would be locked, or every ticket there is be read.
    in_turn = (
        select(oldest.c.ticket_id)
        .group_by(oldest.c.ticket_id)
        .order_by(func.min(oldest.c.planned_at), oldest.c.ticket_id)
        .cte("in_turn")
        .prefix_with("materialized", dialect="postgresql")
    )
    locked = (
        select(Ticket.id)
        .where(Ticket.id == in_turn.c.ticket_id)
        .with_for_update(of=Ticket, key_share=True, skip_locked=True)
        .lateral("locked")
    )
    return select(locked.c.id).select_from(in_turn).join(locked, true(), isouter=tells_held).limit(batch)


def due_and_held(session: Session, ticket_ids: Sequence[int], *, now: datetime) -> tuple[DueRows, set[int]]:
    """Of locked tickets: what is due of them still, and those of them that cannot be fired now because it is held.

    Another scheduler may have fired a ticket after the claim looked and before it locked: nothing is due there now.
    Every move of a ticket locks the ticket first, so nobody of ours holds a step or its clock; a person at a terminal
    may, for hours.
    """
    # Clocks are named by their tickets too: by their steps alone, all there are were read.
    of_tickets = among(PlannedStep.ticket_id, ticket_ids), among(Clock.ticket_id, ticket_ids)
    which = (*of_tickets, PlannedStep.fired_at.is_(None), PlannedStep.planned_at <= now)
    locking = select(PlannedStep.id).join(Clock, Clock.id == PlannedStep.clock_id).where(*which)
    free = set(session.scalars(locking.with_for_update(of=[PlannedStep, Clock], key_share=True, skip_locked=True)))
    rows = session.execute(_STEPS.where(*which).order_by(*_PLANNED)).all()
    return rows, {row.ticket_id for row in rows if row.id not in free}


def due_tickets(session: Session, rows: DueRows, *, book: PromiseRulebook, now: datetime) -> list[DueTicket]:
    """The tickets of these due steps as they are under the lock, each with all that is due of it."""
    return _with_steps(session, {row.ticket_id for row in rows}, [_due_step(row, book) for row in rows], now=now)


def fired_tickets(
    session: Session, ticket_ids: Sequence[int], step_ids: Collection[int], *, book: PromiseRulebook, now: datetime
) -> list[DueTicket]:
    """The same of tickets with these steps, which have fired."""
    return _with_steps(session, ticket_ids, _steps(session, among(PlannedStep.id, step_ids), book=book), now=now)


def _with_steps(
    session: Session, ticket_ids: Collection[int], found: Iterable[DueStep], *, now: datetime
) -> list[DueTicket]:
    quiet_until = reports_held_until(session, now=now)
    steps = defaultdict[int, list[DueStep]](list)
    for step in found:
        steps[step.ticket_id].append(step)
    rows = session.execute(_TICKETS.where(among(Ticket.id, ticket_ids)))
    tickets = [_due_ticket(row, steps=steps[row.id], quiet=quiet_until) for row in rows if steps[row.id]]
    return sorted(tickets, key=lambda ticket: (ticket.steps[0].planned_at, ticket.id))


def _due_ticket(row: Row[*tuple[Any, ...]], *, steps: list[DueStep], quiet: datetime | None) -> DueTicket:
    return DueTicket(
        id=row.id,
        reference=row.reference,
        priority=row.priority,
        unit_id=row.unit_id,
        unit_name=row.unit_name,
        unit_name_en=row.unit_name_en,
        coordinating_unit_id=row.coordinating_unit_id,
        assignee_id=row.assignee_id,
        escalation_level=row.escalation_level,
        is_restricted=row.is_restricted,
        procedure_id=row.procedure_id,
        field=row.field or "",
        category=row.category or "",
        category_en=row.category_en or "",
        steps=tuple(steps),
        # An emergency waits for no work of ours, nor does the trial that shows whether reports get through.
        quiet_until=None if row.priority is Priority.EMERGENCY or row.is_canary else quiet,
    )


def _steps(session: Session, *which: ColumnElement[bool], book: PromiseRulebook) -> list[DueStep]:
    rows = session.execute(_STEPS.where(*which).order_by(*_PLANNED))
    return [_due_step(row, book) for row in rows]


def standing_for(session: Session, tickets: Collection[DueTicket], book: PromiseRulebook, *, now: datetime) -> Standing:
    """Everybody these tickets' chains may name, at every level: whoever is missing is looked for above (R19)."""
    versions = {step.chain_version_id for ticket in tickets for step in ticket.steps}
    chains = [chain.chain for version in versions if (chain := book.chain_of(version)) is not None]
    posts = {post for chain in chains for step in chain.steps for post in (*step.posts, *step.procedure_posts)}
    assignees = {ticket.assignee_id for ticket in tickets if ticket.assignee_id is not None}
    units = {unit_id for ticket in tickets for unit_id in (ticket.unit_id, ticket.coordinating_unit_id) if unit_id}
    return load_standing(session, posts=posts, unit_ids=units, staff_ids=assignees, now=now)


def _due_step(row: Row[*tuple[Any, ...]], book: PromiseRulebook) -> DueStep:
    is_level, chain = row.kind is StepKind.LEVEL, book.chain_of(row.chain_version_id)
    levels = chain.chain.steps if is_level and chain is not None else ()
    return DueStep(
        id=row.id,
        ticket_id=row.ticket_id,
        clock_id=row.clock_id,
        clock=row.clock,
        clock_status=row.clock_status,
        clock_due_at=row.clock_due_at,
        chain_version_id=row.chain_version_id,
        calendar_version_id=row.calendar_version_id,
        kind=row.kind,
        rank=row.rank,
        planned_at=row.planned_at,
        planned_for_due_at=row.due_at,
        step=next((level for level in levels if level.level == row.rank), None),
    )


def told_before(session: Session, clock_ids: Collection[int]) -> dict[int, AlreadyTold]:
    """Per clock, who was told of its fired levels; only those planned for the clock's present due date count.

    Whom a colleague only asked knows of a level that is not theirs: of their own they are told when it comes (A4).
    """
    rows = session.execute(
        select(PlannedStep.clock_id, StepRecipient.staff_id)
        .join(Clock, (Clock.id == PlannedStep.clock_id) & (Clock.due_at == PlannedStep.due_at))
        .join(StepRecipient, StepRecipient.step_id == PlannedStep.id)
        .where(
            among(PlannedStep.clock_id, clock_ids),
            PlannedStep.kind == StepKind.LEVEL,
            PlannedStep.fired_at.is_not(None),
            PlannedStep.result != StepResult.VOID,
            StepRecipient.capacity != "delegate",
        )
    )
    people = defaultdict[int, set[int]](set)
    for clock_id, staff_id in rows:
        people[clock_id].add(staff_id)
    return {clock_id: AlreadyTold(frozenset(known)) for clock_id, known in people.items()}
