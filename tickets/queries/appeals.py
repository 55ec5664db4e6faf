"""What is shown of an appeal: beside the first ticket how it stands, beside the appeal what it is about (R24)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import Appeal, Clock, Message, PromiseBreach, Ticket, Unit
from tickets.states import AppealOutcome, ClockKind, Disposition, TicketStatus


@dataclass(frozen=True, slots=True)
class AppealState:
    """How the last appeal against a ticket's result stands; `first_due_at` is the date first promised for it."""

    case_id: int
    case_reference: str
    unit: str
    unit_en: str
    opened_at: datetime
    due_at: datetime | None
    first_due_at: datetime | None
    expected_at: datetime | None
    outcome: AppealOutcome | None
    decided_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.outcome is None


@dataclass(frozen=True, slots=True)
class FirstTicket:
    """The ticket whose result is appealed against, as whoever decides has to know it: its words, answers and delays.

    `is_seen`: the reader may open the ticket itself as well.
    """

    reference: str
    subject: str
    body: str
    unit: str
    unit_en: str
    disposition: Disposition | None
    opened_at: datetime
    closed_at: datetime | None
    is_seen: bool
    was_late: bool
    answers: tuple[tuple[datetime, str], ...] = ()


def appeal_state(session: Session, ticket_id: int) -> AppealState | None:
    """Of the latest closure that was appealed against; None where none was, or the citizen took the appeal back."""
    row: Any = session.execute(
        select(
            Ticket.id, Ticket.reference, Unit.name, Unit.name_en, Appeal.opened_at, Clock.due_at,
            func.coalesce(PromiseBreach.due_at, Clock.due_at), Ticket.expected_at, Appeal.outcome, Appeal.decided_at,
        )
        .join(Ticket, Ticket.id == Appeal.case_id)
        .join(Unit, Unit.id == Ticket.unit_id)
        .outerjoin(Clock, (Clock.ticket_id == Ticket.id) & (Clock.kind == ClockKind.APPEAL))
        .outerjoin(PromiseBreach, PromiseBreach.clock_id == Clock.id)
        .where(Appeal.ticket_id == ticket_id, Ticket.status != TicketStatus.WITHDRAWN)
        .order_by(Appeal.closure.desc())
        .limit(1)
    ).first()  # fmt: skip
    return AppealState(*row) if row is not None else None


def first_ticket(session: Session, viewer: Viewer, case_id: int) -> FirstTicket | None:
    """For whoever sees the appeal: the body above has to know what it judges, also where it sees no tickets else."""
    row: Any = session.execute(
        select(
            Ticket.id, Ticket.reference, Ticket.subject, Ticket.body, Unit.name, Unit.name_en, Ticket.disposition,
            Ticket.opened_at, Ticket.closed_at, visible_tickets(viewer),
            exists().where(PromiseBreach.ticket_id == Ticket.id),
        )
        .join(Appeal, Appeal.ticket_id == Ticket.id)
        .join(Unit, Unit.id == Ticket.unit_id)
        .where(Appeal.case_id == case_id)
    ).first()  # fmt: skip
    if row is None:
        return None
    ticket_id, facts = row[0], row[1:]
    return replace(FirstTicket(*facts), answers=tuple(_answers(session, ticket_id)))


def _answers(session: Session, ticket_id: int) -> Sequence[tuple[datetime, str]]:
    rows = session.execute(
        select(Message.at, Message.body)
        .where(Message.ticket_id == ticket_id, Message.direction == "out")
        .order_by(Message.id)
    )
    return [(at, body) for at, body in rows]
