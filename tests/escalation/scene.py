"""A city in which promises break: people at posts, and tickets whose clocks and steps are planned by the real rules."""

import itertools
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tickets.promises.loading import load_rulebook
from tickets.promises.opening import opening
from tickets.schema import (
    Category,
    Clock,
    ClockInterval,
    OutboundMessage,
    PlannedStep,
    Post,
    PostHolding,
    Queue,
    Responsibility,
    RoleAssignment,
    Shift,
    Staff,
    StepRecipient,
    Ticket,
    Unit,
)
from tickets.states import Channel, ClockKind, Level, Priority, QueueKind, Role, StepKind, StepResult, TicketStatus

WARD = "Phường Sài Gòn"
_numbers = itertools.count(1)


def ward(session: Session, name: str = WARD) -> Unit:
    return session.scalars(select(Unit).where(Unit.name == name, Unit.valid_to.is_(None))).one()


def unit_by_code(session: Session, code: str) -> Unit:
    return session.scalars(select(Unit).where(Unit.code == code, Unit.valid_to.is_(None))).one()


def person(session: Session, *, phone: str | None = "+84900000000", locale: str = "vi", now: datetime) -> Staff:
    number = next(_numbers)
    if phone == "+84900000000":
        phone = f"+849{number:08}"
    staff = Staff(
        email=f"person{number}@example.vn", name=f"Người {number}", sort_key=f"nguoi {number}", phone=phone,
        locale=locale, created_at=now,
    )  # fmt: skip
    session.add(staff)
    session.flush()
    return staff


def holder(
    session: Session, post: str, unit: Unit, *, kind: str = "holder", staff: Staff | None = None, now: datetime
) -> Staff:
    """Somebody who holds the post (or stands in for it) at the unit."""
    who = staff or person(session, now=now)
    row = session.scalars(select(Post).where(Post.code == post, Post.unit_id == unit.id)).one()
    session.add(PostHolding(post_id=row.id, staff_id=who.id, kind=kind, valid_from=now - timedelta(days=365)))
    session.flush()
    return who


def on_shift(session: Session, post: str, unit: Unit, *, now: datetime, hours: int = 12) -> Staff:
    who = person(session, now=now)
    row = session.scalars(select(Post).where(Post.code == post, Post.unit_id == unit.id)).one()
    ends = now + timedelta(hours=hours)
    session.add(Shift(post_id=row.id, staff_id=who.id, starts_at=now - timedelta(hours=1), ends_at=ends))
    session.flush()
    return who


def responsible(session: Session, *, field: str | None = None, unit: Unit | None = None, now: datetime) -> Staff:
    who = person(session, now=now)
    session.add(
        Responsibility(
            staff_id=who.id,
            field=field,
            unit_id=unit.id if unit else None,
            decision_no="1/QĐ",
            valid_from=date(2025, 7, 1),
        )
    )
    session.flush()
    return who


def with_role(session: Session, role: Role, unit: Unit, *, now: datetime) -> Staff:
    who = person(session, now=now)
    session.add(RoleAssignment(staff_id=who.id, role=role, unit_id=unit.id, valid_from=now - timedelta(days=365)))
    session.flush()
    return who


def full_house(session: Session, unit: Unit, *, now: datetime) -> dict[int, Staff]:
    """One person on every level of the ward's chain."""
    return {
        1: holder(session, "section_head", unit, now=now),
        2: holder(session, "ward_chair", unit, now=now),
        3: holder(session, "city_office_duty", unit_by_code(session, "VPUB"), now=now),
        4: holder(session, "city_leader", unit_by_code(session, "79"), now=now),
        5: holder(session, "city_chair", unit_by_code(session, "79"), now=now),
    }


def ticket(
    session: Session,
    unit: Unit,
    *,
    arrived_at: datetime,
    priority: Priority = Priority.NORMAL,
    clocks: Iterable[ClockKind] = (ClockKind.RESOLVE,),
    category: str = "pavement_use",
    assignee: Staff | None = None,
    is_restricted: bool = False,
) -> Ticket:
    """An open ticket with these clocks, planned as intake plans them."""
    number = next(_numbers)
    queue = session.scalars(select(Queue).where(Queue.unit_id == unit.id, Queue.kind == QueueKind.WORK)).one()
    row = Ticket(
        reference=f"{90000000 + number}", pin_salt=b"0" * 16, subject="Lấn chiếm vỉa hè", body="…",
        status=TicketStatus.OPEN,
        priority=priority, level=Level.WARD, channel=Channel.WEB, unit_id=unit.id, queue_id=queue.id,
        first_queue_id=queue.id, opened_at=arrived_at, updated_at=arrived_at, is_restricted=is_restricted,
        assignee_id=assignee.id if assignee else None,
        category_id=session.scalar(select(Category.id).where(Category.code == category)),
    )  # fmt: skip
    session.add(row)
    session.flush()
    _start_clocks(session, row, set(clocks), arrived_at=arrived_at)
    return row


def _start_clocks(session: Session, row: Ticket, kinds: set[ClockKind], *, arrived_at: datetime) -> None:
    book = load_rulebook(session)
    chosen = book.rows_for(
        category_id=row.category_id, level=row.level, unit_id=row.unit_id, channel=row.channel, priority=row.priority
    )
    wanted = {kind: chosen[kind] for kind in chosen if kind in kinds}
    # Identities are drawn high, so that they never meet those the database gives.
    ids = [50_000_000 + next(_numbers) for _ in wanted]
    opened = opening(
        book, wanted, ticket_id=row.id, clock_ids=ids, priority=row.priority, arrived_at=arrived_at, answered=False,
        now=arrived_at,
    )  # fmt: skip
    session.execute(insert(Clock), opened.clocks)
    session.execute(insert(ClockInterval), opened.intervals)
    session.execute(insert(PlannedStep), opened.steps)
    row.next_due_at, row.next_due_kind = opened.next_due_at, opened.next_due_kind
    session.flush()


def clock(session: Session, of: Ticket, kind: ClockKind = ClockKind.RESOLVE) -> Clock:
    statement = select(Clock).where(Clock.ticket_id == of.id, Clock.kind == kind)
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def step(session: Session, of: Ticket, level: int, kind: ClockKind = ClockKind.RESOLVE) -> PlannedStep:
    """The newest plan of a level."""
    statement = (
        select(PlannedStep)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .where(
            PlannedStep.ticket_id == of.id,
            Clock.kind == kind,
            PlannedStep.kind == StepKind.LEVEL,
            PlannedStep.rank == level,
        )
        .order_by(PlannedStep.plan.desc())
        .limit(1)
    )
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def level_at(session: Session, of: Ticket, level: int, kind: ClockKind = ClockKind.RESOLVE) -> datetime:
    return step(session, of, level, kind).planned_at


def results(session: Session, of: Ticket, kind: ClockKind = ClockKind.RESOLVE) -> dict[int, StepResult | None]:
    """What came of each level of one of the ticket's promises: another's levels have the same numbers."""
    rows = session.execute(
        select(PlannedStep.rank, PlannedStep.result)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .where(PlannedStep.ticket_id == of.id, PlannedStep.kind == StepKind.LEVEL, Clock.kind == kind)
        .order_by(PlannedStep.clock_id, PlannedStep.plan)
    )
    return dict(tuple(row) for row in rows)


def told(session: Session, of: Ticket, level: int) -> list[int]:
    """Who was told of a level, in the order in which they were."""
    statement = (
        select(StepRecipient.staff_id)
        .join(PlannedStep, PlannedStep.id == StepRecipient.step_id)
        .where(PlannedStep.ticket_id == of.id, PlannedStep.rank == level)
        .order_by(StepRecipient.id)
    )
    return list(session.scalars(statement))


def messages(session: Session, **wanted: object) -> list[OutboundMessage]:
    """Outbox rows with these values, oldest first."""
    statement = select(OutboundMessage).filter_by(**wanted).order_by(OutboundMessage.id)
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def level_of(session: Session, of: Ticket) -> int:
    return session.execute(select(Ticket.escalation_level).where(Ticket.id == of.id)).scalar_one()
