"""Instructions and what became of them: for whoever gave them, and on the page of the ticket they are about."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import Session, aliased

from escalation.acknowledging.right import rights_to_answer
from escalation.queries.follow_up import said_by_or_where
from tickets.people.roles import Viewer, visible_tickets
from tickets.promises.recompute import UNENDED
from tickets.schema import Clock, Instruction, PlannedStep, Staff, Ticket, Unit
from tickets.states import UNFINISHED, ClockStatus, TicketStatus

_FOLLOWED_FOR = timedelta(days=90)
_MOST = 200


class TaskState(StrEnum):
    """What became of an instruction."""

    OVERDUE = "overdue"
    WAITING = "waiting"
    ANSWERED_LATE = "answered_late"
    SETTLED_LATE = "settled_late"
    ANSWERED = "answered"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Instructed:
    """One instruction: to whom, by when, answered with what."""

    id: int
    step_id: int
    reference: str
    subject: str
    is_restricted: bool
    status: TicketStatus
    clock_status: ClockStatus
    level: int
    unit: str
    unit_en: str
    to: str | None
    by_id: int
    by: str
    words: str
    given_at: datetime
    due_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    answer: str
    broken_at: datetime | None
    ended_at: datetime | None

    def state(self, now: datetime) -> TaskState:
        """As it truly stands: what was answered or settled late had been late."""
        if self.answered_at is not None:
            return TaskState.ANSWERED if self.answered_at <= self.due_at else TaskState.ANSWERED_LATE
        if self.status not in UNFINISHED or self.clock_status not in UNENDED or self.ended_at is not None:
            return TaskState.SETTLED_LATE if self.broken_at is not None else TaskState.SETTLED
        # While its promise is paused it breaks as little as the promise does.
        is_over = self.due_at < now and self.clock_status is ClockStatus.RUNNING
        return TaskState.OVERDUE if is_over or self.broken_at is not None else TaskState.WAITING


def instructed_by(session: Session, viewer: Viewer, *, now: datetime) -> Sequence[Instructed]:
    """What was instructed for levels that are this person's today: overdue first, then what waits, then the newest."""
    mine_or_of_my_post = said_by_or_where(
        session, viewer.staff_id, by=Instruction.given_by_id, step_id=Instruction.step_id, now=now
    )
    rows = session.execute(
        _tasks()
        .where(mine_or_of_my_post, Instruction.given_at > now - _FOLLOWED_FOR)
        .order_by(Instruction.given_at.desc(), Instruction.id.desc())
        .limit(_MOST)
    )
    found = [Instructed(*row) for row in rows]
    mine = rights_to_answer(session, {one.step_id for one in found}, viewer=viewer, now=now)
    order = list(TaskState)
    return sorted(
        (one for one in found if one.step_id in mine),
        key=lambda one: (min(order.index(one.state(now)), 2), -one.given_at.timestamp()),
    )


def that_may_be_opened(session: Session, viewer: Viewer, tasks: Sequence[Instructed]) -> Collection[str]:
    """The numbers of those tickets that the reader may see."""
    if not tasks:
        return ()
    asked = Ticket.reference.in_({task.reference for task in tasks})
    return set(session.scalars(select(Ticket.reference).where(asked, visible_tickets(viewer))))


def instructions_about(session: Session, ticket_id: int) -> Sequence[Instructed]:
    """Those about a ticket that the caller may show, the newest first."""
    return [Instructed(*row) for row in session.execute(_about(), {"ticket_id": ticket_id})]


@cache
def _about() -> Select[*tuple[Any, ...]]:
    is_about: ColumnElement[bool] = Instruction.ticket_id == bindparam("ticket_id")
    return _tasks().where(is_about).order_by(Instruction.id.desc())


def _tasks() -> Select[*tuple[Any, ...]]:
    giver, handler, answerer = aliased(Staff), aliased(Staff), aliased(Staff)
    return (
        select(
            Instruction.id,
            Instruction.step_id,
            Ticket.reference,
            Ticket.subject,
            Ticket.is_restricted,
            Ticket.status,
            Clock.status,
            PlannedStep.rank,
            Unit.name,
            Unit.name_en,
            handler.name,
            giver.id,
            giver.name,
            Instruction.words,
            Instruction.given_at,
            Instruction.due_at,
            Instruction.answered_at,
            answerer.name,
            Instruction.answer,
            Instruction.broken_at,
            Instruction.ended_at,
        )
        .join(Ticket, Ticket.id == Instruction.ticket_id)
        .join(PlannedStep, PlannedStep.id == Instruction.step_id)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .join(Unit, Unit.id == Instruction.unit_id)
        .join(giver, giver.id == Instruction.given_by_id)
        .outerjoin(handler, handler.id == Instruction.to_staff_id)
        .outerjoin(answerer, answerer.id == Instruction.answered_by_id)
    )
