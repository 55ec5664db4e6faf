"""Somebody whom we called back wants to talk: their telephone becomes a call, in front of all who wait."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from telephony.call.turn import Turn
from telephony.calls import conversation_of, lock_call_by_sid, new_call, remember
from telephony.desk import Desk
from telephony.dialled import line_number
from telephony.floor import callbacks
from telephony.floor.answerers import answered_near
from telephony.floor.floor import load_floor
from telephony.floor.offers import offer_call, offer_to_kept
from telephony.floor.presence import lock_presence
from telephony.floor.telephones import CANNOT_RING, cannot_ring
from telephony.floor.waiting import WAITING
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Redirect, Say
from telephony.provider.account import ProviderKind
from tickets.intake.noise import take_up_noise
from tickets.people.actor import citizen_actor
from tickets.schema import Call, CallbackRequest, Presence, Ticket
from tickets.states import CallState, Priority
from tickets.work.ticket import lock_ticket


@dataclass(frozen=True, slots=True)
class PersonCalled:
    """Whose telephone it is: the callback, and the language in which the person was greeted."""

    callback_id: int
    locale: str


def talk_now(session: Session, form: Mapping[str, str], answered: PersonCalled, desk: Desk, *, now: datetime) -> Turn:
    """Key 1: it rings at the agent who was kept, else at whoever is free; else the person waits in front of all.

    The key counts however late it comes: it was answered because we rang.
    """
    known = session.execute(
        select(CallbackRequest.ticket_id, CallbackRequest.staff_id).where(CallbackRequest.id == answered.callback_id)
    ).one()
    ticket = lock_ticket(session, known.ticket_id) if known.ticket_id is not None else None
    presence = lock_presence(session, known.staff_id) if known.staff_id is not None else None
    call = lock_call_by_sid(session, account=desk.account.name, call_sid=form["call_sid"])
    if call is None:
        request = callbacks.lock_callback(session, answered.callback_id)
        call = _answered_call(session, form, request, ticket, desk, now=now)
        _begin_waiting(call, locale=answered.locale, now=now)
        callbacks.connect(request, now=now)
        if ticket is not None:
            take_up_noise(session, ticket, actor=citizen_actor(), now=now)
        session.flush()
        _ring(session, call, presence, callback_id=request.id, now=now)
    return Turn((Say(Prompt.TO_A_PERSON), Redirect("queue")), call.locale, call.turn)


def _answered_call(
    session: Session,
    form: Mapping[str, str],
    request: CallbackRequest,
    ticket: Ticket | None,
    desk: Desk,
    *,
    now: datetime,
) -> Call:
    """Its place is before everybody's who waits now: it had come when we rang."""
    line = desk.line(line_number(form.get("from", "")))
    first = session.scalar(select(func.min(Call.queued_at)).where(Call.state.in_(WAITING)))
    row = {
        "account": desk.account.name,
        "call_sid": form["call_sid"],
        "direction": "outbound",
        "citizen_id": request.citizen_id,
        "ticket_id": request.ticket_id,
        "line_id": line.id if line else None,
        "phone": request.phone,
        "phone_raw": form.get("to", "")[:100],
        "unit_id": request.unit_id,
        "state": CallState.QUEUED,
        "queued_at": min(first or now, request.order_at) - timedelta(seconds=1),
        "turn": 1,
        "is_simulated": desk.account.kind is ProviderKind.SIM,
    }
    call = new_call(session, row, now=now)
    detail: dict[str, Any] = {"called_back": request.id, "seen_at": now.isoformat()}
    if cannot := cannot_ring(desk.account):
        detail[CANNOT_RING] = cannot
    if line is not None:
        detail["line_phone"] = line.phone
    if ticket is not None:
        detail["ticket_reference"] = ticket.reference
        detail["emergency"] = ticket.priority is Priority.EMERGENCY
    call.detail = detail
    if ticket is not None:
        answered_near(call, ticket)
    return call


def _begin_waiting(call: Call, *, locale: str, now: datetime) -> None:
    """The greeting has said the reference already."""
    conversation = replace(conversation_of(call), locale=locale).tell("reference")
    remember(call, conversation, now=now)


def _ring(session: Session, call: Call, presence: Presence | None, *, callback_id: int, now: datetime) -> None:
    if offer_to_kept(session, call, presence, callback_id=callback_id, now=now):
        return
    offer_call(session, call, load_floor(session, now=now), now=now)
