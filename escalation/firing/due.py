"""What is due: tickets claimed because a planned step's time has come, with all that firing has to know of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from tickets.directory.standing import Concern, Standing
from tickets.directory.standing_rows import load_standing
from tickets.promises.exclusions import reports_held_until
from tickets.promises.loading import LoadedChain, PromiseRulebook
from tickets.promises.plan import ChainLevel
from tickets.schema import Category, Clock, PlannedStep, StepRecipient, Ticket, Unit
from tickets.states import ClockKind, ClockStatus, Priority, StepKind, StepResult

# The head of the plan that one claim looks at: enough that a second scheduler finds tickets the first has not locked.
_SCAN_FACTOR = 20


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
    head = (
        select(PlannedStep.ticket_id, PlannedStep.planned_at)
        .where(PlannedStep.fired_at.is_(None), PlannedStep.planned_at <= now)
        .order_by(PlannedStep.planned_at, PlannedStep.ticket_id)
        .limit(batch * _SCAN_FACTOR)
    )
    if leave_out:
        head = head.where(PlannedStep.ticket_id.not_in(leave_out))
    if only is not None:
        head = head.where(PlannedStep.ticket_id.in_(only))
    oldest = head.subquery()
    first = (
        select(oldest.c.ticket_id, func.min(oldest.c.planned_at).label("first_at"))
        .group_by(oldest.c.ticket_id)
        .subquery()
    )
    claimed = session.scalars(
        select(Ticket.id)
        .join(first, first.c.ticket_id == Ticket.id)
        .order_by(first.c.first_at, Ticket.id)
        .limit(batch)
        .with_for_update(of=Ticket, skip_locked=True)
    )
    return list(claimed)


def held_by_others(session: Session, ticket_ids: Sequence[int], *, now: datetime) -> list[int]:
    """Those of the claimed tickets that cannot be fired now, because somebody holds a due step or its clock.

    Every move of a ticket locks the ticket first, so nobody of ours does; a person at a terminal may, for hours.
    """
    due = (
        select(PlannedStep.id, PlannedStep.ticket_id)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .where(PlannedStep.ticket_id.in_(ticket_ids), PlannedStep.fired_at.is_(None), PlannedStep.planned_at <= now)
    )
    free = set(session.scalars(due.with_for_update(of=[PlannedStep, Clock], key_share=True, skip_locked=True)))
    return sorted({ticket_id for step_id, ticket_id in session.execute(due) if step_id not in free})


def due_tickets(
    session: Session, ticket_ids: Sequence[int], *, book: PromiseRulebook, now: datetime
) -> list[DueTicket]:
    """The claimed tickets as they are under the lock, each with all its due steps; those without one are left out."""
    due = (PlannedStep.ticket_id.in_(ticket_ids), PlannedStep.fired_at.is_(None), PlannedStep.planned_at <= now)
    return _with_steps(session, ticket_ids, _steps(session, *due, book=book), now=now)


def fired_tickets(
    session: Session, ticket_ids: Sequence[int], step_ids: Collection[int], *, book: PromiseRulebook, now: datetime
) -> list[DueTicket]:
    """The same of tickets with these steps, which have fired."""
    return _with_steps(session, ticket_ids, _steps(session, PlannedStep.id.in_(step_ids), book=book), now=now)


def _with_steps(
    session: Session, ticket_ids: Sequence[int], found: Iterable[DueStep], *, now: datetime
) -> list[DueTicket]:
    quiet_until = reports_held_until(session, now=now)
    steps = defaultdict[int, list[DueStep]](list)
    for step in found:
        steps[step.ticket_id].append(step)
    rows = session.execute(
        select(Ticket, Unit, Category)
        .join(Unit, Unit.id == Ticket.unit_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .where(Ticket.id.in_(ticket_ids))
        .execution_options(populate_existing=True)
    )
    tickets = [_due_ticket(*row, steps=steps[row[0].id], quiet=quiet_until) for row in rows if steps[row[0].id]]
    return sorted(tickets, key=lambda ticket: (ticket.steps[0].planned_at, ticket.id))


def _due_ticket(
    ticket: Ticket, unit: Unit, category: Category | None, *, steps: list[DueStep], quiet: datetime | None
) -> DueTicket:
    return DueTicket(
        id=ticket.id,
        reference=ticket.reference,
        priority=ticket.priority,
        unit_id=ticket.unit_id,
        unit_name=unit.name,
        unit_name_en=unit.name_en,
        coordinating_unit_id=ticket.coordinating_unit_id,
        assignee_id=ticket.assignee_id,
        escalation_level=ticket.escalation_level,
        is_restricted=ticket.is_restricted,
        procedure_id=ticket.procedure_id,
        field=category.field if category else "",
        category=category.name if category else "",
        category_en=category.name_en if category else "",
        steps=tuple(steps),
        # An emergency waits for no work of ours, nor does the trial that shows whether reports get through.
        quiet_until=None if ticket.priority is Priority.EMERGENCY or ticket.is_canary else quiet,
    )


def _steps(session: Session, *which: ColumnElement[bool], book: PromiseRulebook) -> list[DueStep]:
    rows = session.execute(
        select(PlannedStep, Clock)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .where(*which)
        .order_by(PlannedStep.planned_at, PlannedStep.rank, PlannedStep.id)
        .execution_options(populate_existing=True)
    )
    return [_due_step(step, clock, book) for step, clock in rows]


def standing_for(session: Session, tickets: Collection[DueTicket], book: PromiseRulebook, *, now: datetime) -> Standing:
    """Everybody these tickets' chains may name, at every level: whoever is missing is looked for above (R19)."""
    versions = {step.chain_version_id for ticket in tickets for step in ticket.steps}
    chains = [chain.chain for version in versions if (chain := book.chain_of(version)) is not None]
    posts = {post for chain in chains for step in chain.steps for post in (*step.posts, *step.procedure_posts)}
    assignees = {ticket.assignee_id for ticket in tickets if ticket.assignee_id is not None}
    units = {unit_id for ticket in tickets for unit_id in (ticket.unit_id, ticket.coordinating_unit_id) if unit_id}
    return load_standing(session, posts=posts, unit_ids=units, staff_ids=assignees, now=now)


def _due_step(step: PlannedStep, clock: Clock, book: PromiseRulebook) -> DueStep:
    return DueStep(
        id=step.id,
        ticket_id=step.ticket_id,
        clock_id=clock.id,
        clock=clock.kind,
        clock_status=clock.status,
        clock_due_at=clock.due_at,
        chain_version_id=clock.chain_version_id,
        calendar_version_id=clock.calendar_version_id,
        kind=step.kind,
        rank=step.rank,
        planned_at=step.planned_at,
        planned_for_due_at=step.due_at,
        step=_level_of(step, book.chain_of(clock.chain_version_id)),
    )


def _level_of(step: PlannedStep, chain: LoadedChain | None) -> ChainLevel | None:
    if step.kind is not StepKind.LEVEL or chain is None:
        return None
    return next((level for level in chain.chain.steps if level.level == step.rank), None)


def told_before(session: Session, clock_ids: Collection[int]) -> dict[int, AlreadyTold]:
    """Per clock, who was told of its fired levels; only those planned for the clock's present due date count."""
    rows = session.execute(
        select(PlannedStep.clock_id, StepRecipient.staff_id)
        .join(Clock, (Clock.id == PlannedStep.clock_id) & (Clock.due_at == PlannedStep.due_at))
        .join(StepRecipient, StepRecipient.step_id == PlannedStep.id)
        .where(
            PlannedStep.clock_id.in_(clock_ids),
            PlannedStep.kind == StepKind.LEVEL,
            PlannedStep.fired_at.is_not(None),
            PlannedStep.result != StepResult.VOID,
        )
    )
    people = defaultdict[int, set[int]](set)
    for clock_id, staff_id in rows:
        people[clock_id].add(staff_id)
    return {clock_id: AlreadyTold(frozenset(known)) for clock_id, known in people.items()}
