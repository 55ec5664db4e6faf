"""The rows of appeals: which ticket is one, and who may not decide it because they gave the first result (R24)."""

from datetime import datetime

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from tickets.errors import NotAllowed
from tickets.schema import Appeal, Message, Ticket, TimelineEntry
from tickets.states import AppealOutcome, Channel, TimelineKind


def appeal_of_case(session: Session, case_id: int) -> Appeal | None:
    """The appeal that this ticket is, if it is one."""
    return session.scalars(select(Appeal).where(Appeal.case_id == case_id)).one_or_none()


def latest_appeal(session: Session, ticket_id: int) -> Appeal | None:
    """The last appeal against the result of this ticket."""
    return session.scalars(
        select(Appeal).where(Appeal.ticket_id == ticket_id).order_by(Appeal.closure.desc()).limit(1)
    ).first()


def note_appeal(session: Session, ticket: Ticket, case_id: int, *, channel: Channel, now: datetime) -> None:
    """A second one for the same closure is refused by the database."""
    session.add(
        Appeal(ticket_id=ticket.id, closure=ticket.reopen_count, case_id=case_id, channel=channel, opened_at=now)
    )
    session.flush()


def note_decision(
    session: Session, appeal: Appeal, outcome: AppealOutcome, *, staff_id: int | None, now: datetime
) -> None:
    appeal.outcome, appeal.decided_at, appeal.decided_by_id = outcome, now, staff_id
    session.flush()


def require_another_person(session: Session, case_id: int, staff_id: int | None) -> None:
    """Raise NotAllowed for whoever answered the ticket that the appeal is about."""
    appeal = appeal_of_case(session, case_id)
    if appeal is not None and staff_id is not None and staff_id in _who_answered(session, appeal.ticket_id):
        raise NotAllowed("decide_own_result")


def _who_answered(session: Session, ticket_id: int) -> set[int | None]:
    """Everybody who wrote to its citizen or gave its result, and whoever had it in the end."""
    wrote = select(Message.staff_id).where(Message.ticket_id == ticket_id, Message.direction == "out")
    ended = select(TimelineEntry.staff_id).where(
        TimelineEntry.ticket_id == ticket_id, TimelineEntry.kind == TimelineKind.RESOLVED
    )
    had = select(Ticket.assignee_id).where(Ticket.id == ticket_id)
    return set(session.scalars(union(wrote, ended, had)))
