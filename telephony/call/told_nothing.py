"""A call whose words told of nothing ("alo, alo"): nothing is promised to it, and somebody looks at it.

Its caller is called back all the same, as everybody who hung up before an answer.
"""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from telephony.desk import Desk
from tickets.intake.noise import noise_in, set_ticket_aside
from tickets.people.actor import SYSTEM
from tickets.schema import Call, CallbackRequest, Recording, Ticket
from tickets.states import CallbackReason, Priority, TicketStatus


def set_aside(session: Session, call: Call, desk: Desk, *, now: datetime) -> bool:
    """Whether the ticket that this call opened was set aside. Ticket and call are locked."""
    if not call.detail.get("opened_ticket") or call.answered_at is not None or call.detail.get("counted_on"):
        return False
    ticket = session.get(Ticket, call.ticket_id) if call.ticket_id is not None else None
    if ticket is None or call.contact_id is None or not _is_untouched(ticket):
        return False
    noise = noise_in(desk.read(ticket.body))
    if noise is None or _left_more(session, call):
        return False
    set_ticket_aside(session, ticket, noise, contact_id=call.contact_id, rules=desk.rules, actor=SYSTEM, now=now)
    return True


def _is_untouched(ticket: Ticket) -> bool:
    """With words, which nobody has taken up yet; a call without any may be of somebody who cannot speak."""
    is_new = ticket.status is TicketStatus.NEW and ticket.assignee_id is None
    return is_new and bool(ticket.body.strip()) and ticket.priority is Priority.NORMAL and not ticket.is_restricted


def _left_more(session: Session, call: Call) -> bool:
    """A message that somebody has to hear, or the wish to be called back."""
    spoke = exists().where(Recording.call_id == call.id)
    asked = exists().where(CallbackRequest.call_id == call.id, CallbackRequest.reason != CallbackReason.MISSED)
    return bool(session.scalar(select(spoke | asked)))
