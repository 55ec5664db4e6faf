"""Calling somebody back: an agent is kept, the outbox dials, and what comes of it; or the agent dials by hand.

Locked in the order ticket, agent, callback; where the callback comes first, whoever else is locked is passed over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from telephony.floor import callbacks
from telephony.floor.answerers import people_concerned
from telephony.floor.callback_turns import DueCallback, standing
from telephony.floor.floor import Floor
from telephony.floor.presence import (
    call_back_by_hand,
    free_without_callback,
    is_kept_for,
    keep_for_callback,
    let_go,
    lock_presence,
)
from telephony.floor.waiting import agents_for
from telephony.ivr.message import may_be_called
from tickets import timeline
from tickets.city import day_of
from tickets.directory.dialled_prefixes import Refusal
from tickets.directory.lines import city_line
from tickets.each_alone import PutAside, each_alone
from tickets.errors import InvalidInput, NotFound
from tickets.outbox import posting, results
from tickets.outbox.over_budget import OVER
from tickets.outbox.overtaken import CALLBACK_CALL, Overtaken
from tickets.people.actor import SYSTEM, Actor, staff_actor
from tickets.people.phones import PhoneKind, parse_phone
from tickets.schema import CallbackRequest, Citizen, OutboundMessage, Presence, Ticket
from tickets.states import UNFINISHED, CallbackReason, CallbackState, OutboundState, TimelineKind
from tickets.work.ticket import lock_ticket

# The telephone rings for half a minute, and the greeting is said twice with time for a key.
KEPT_FOR = timedelta(seconds=75)
# A call leaves at once. What still waits after this is not made: our account is refused, or nobody delivers.
DIALLED_WITHIN = timedelta(seconds=15)
# What never reached the carrier was no call; asked again when that may have passed.
NOT_PLACED_PAUSE = timedelta(minutes=5)
LONGEST_AHEAD = timedelta(days=14)
NOT_REACHED_TEXT = "callback_not_reached"
ATTEMPT = "callback_attempt"
# So long before a budget's next hour the callback gets its place back: what it waited with would take a room in it.
BEFORE_THE_BUDGET = timedelta(seconds=30)
_REFUSED = frozenset(Refusal)
_HELD = frozenset(OVER.values())
_LEFT = (OutboundState.SENT, OutboundState.DELIVERED, OutboundState.UNCERTAIN, OutboundState.FAILED)


@dataclass(frozen=True, slots=True)
class CallbackAttempt:
    """What became of one: `why` it reached nobody, as the outbox says it, and what the carrier `said` of the call."""

    outbound_id: int
    why: str
    said: str = ""


def call_next(session: Session, due: DueCallback, floor: Floor, *, now: datetime) -> bool:
    """Keep the best free agent and have the number dialled; false where nobody is free, or it is in other hands."""
    concerned = set(session.scalars(people_concerned(due.ticket_id, now=now)))
    candidates = [
        agent
        for agent in agents_for(due, floor, now=now)
        if agent.staff_id != due.refused_by and agent.staff_id not in concerned
    ]
    request = callbacks.lock_waiting(session, due.id) if candidates else None
    if request is None:
        return False
    kept = next((a for a in candidates if keep_for_callback(session, a.staff_id, callback_id=due.id, now=now)), None)
    if kept is None:
        return False
    callbacks.begin_dialling(
        request, staff_id=kept.staff_id, outbound_id=post_call_to(session, due, now=now), until=now + KEPT_FOR
    )
    session.flush()
    return True


def post_call_to(session: Session, due: DueCallback, *, now: datetime) -> int:
    """The words are made when it is handed over; it names no ticket, whose lock might have to be waited for."""
    return posting.post_call(
        session,
        to=due.phone,
        template=CALLBACK_CALL,
        params={"callback_id": due.id, "reference": "" if _is_of_several(session, due) else due.reference},
        locale=due.locale,
        dedup_key=f"{CALLBACK_CALL}:{due.id}:{now.isoformat()}",
        is_urgent=True,
        now=now,
    )


def _is_of_several(session: Session, due: DueCallback) -> bool:
    """Whether people who share a telephone each have a matter: who picks up is told no other's reference."""
    parsed = parse_phone(due.phone)
    if parsed is None or parsed.kind is not PhoneKind.LANDLINE:
        return False
    others = select(Ticket.id).where(
        Ticket.reply_phone == due.phone, Ticket.id != due.ticket_id, Ticket.status.in_(UNFINISHED)
    )
    return session.scalar(others.limit(1)) is not None


def nobody_reached(session: Session, attempt: CallbackAttempt, *, now: datetime) -> None:
    """The carrier says so, or it took too long: the agent is free, and the number is tried again or told by text."""
    results.settle_call(session, attempt.outbound_id, why=attempt.why, said=attempt.said, now=now)
    found = _locked(session, attempt.outbound_id)
    if found is None:
        return
    request, presence, ticket = found
    _let_go(request, presence, now=now)
    if request.phone and session.scalar(select(callbacks.is_on_the_line(request.phone))):
        # Their line was busy with a call to us.
        callbacks.put_back(request, not_before=None)
        return
    _count(session, request, ticket, why=attempt.why, actor=SYSTEM, now=now)


def _count(
    session: Session, request: CallbackRequest, ticket: Ticket | None, *, why: str, actor: Actor, now: datetime
) -> None:
    was_last = callbacks.note_attempt(request, now=now)
    if ticket is not None:
        params = {"what": ATTEMPT, "outcome": why, "attempt": request.attempts}
        timeline.add(session, ticket.id, TimelineKind.CALL, actor=actor, is_public=True, params=params, now=now)
    session.flush()
    if was_last:
        _tell_by_text(session, request, ticket, now=now)


def not_placed(session: Session, outbound_id: int, *, now: datetime) -> None:
    """The carrier was not reached or refused us: no telephone rang, so that it counts as no attempt."""
    found = _locked(session, outbound_id)
    if found is None:
        return
    request, presence, _ = found
    _let_go(request, presence, now=now)
    callbacks.put_back(request, not_before=now + NOT_PLACED_PAUSE)
    session.flush()


def end_late_attempts(session: Session, *, put_aside: PutAside | None = None, now: datetime, limit: int = 50) -> int:
    """Agents who were kept for calls of whose end nobody told us, or that do not leave, so that nothing rings.

    One that a person let go keeps nobody, and was to wait for its budget's next hour: its time counts from its sending.
    """
    left_at = func.coalesce(OutboundMessage.sent_at, OutboundMessage.settled_at)
    late = session.execute(
        select(OutboundMessage.id, OutboundMessage.state, OutboundMessage.error_code)
        .join(CallbackRequest, CallbackRequest.outbound_id == OutboundMessage.id)
        .where(
            CallbackRequest.state == CallbackState.DIALLING,
            or_(
                CallbackRequest.reserved_until <= now,
                and_(CallbackRequest.staff_id.is_(None), left_at <= now - KEPT_FOR),
                and_(
                    CallbackRequest.staff_id.is_not(None),
                    OutboundMessage.state == OutboundState.WAITING,
                    OutboundMessage.created_at <= now - DIALLED_WITHIN,
                ),
                and_(callbacks.is_held(), CallbackRequest.staff_id.is_not(None)),
            ),
        )
        .order_by(CallbackRequest.reserved_until)
        .limit(limit)
    ).all()
    ended = each_alone(
        session, late, lambda one: _end_late(session, *one, now=now), named=lambda one: one.id, put_aside=put_aside
    )
    return len(ended)


def _end_late(session: Session, outbound_id: int, state: OutboundState, why: str, *, now: datetime) -> None:
    if why in _REFUSED:
        # Asked for ever, nobody would ever be called there.
        nobody_reached(session, CallbackAttempt(outbound_id, why), now=now)
    elif state in _LEFT:
        nobody_reached(session, CallbackAttempt(outbound_id, "no_answer"), now=now)
    elif why in _HELD:
        _wait_for_budget(session, outbound_id, now=now)
    else:
        not_placed(session, outbound_id, now=now)


def _wait_for_budget(session: Session, outbound_id: int, *, now: datetime) -> None:
    """Nobody is kept for what a budget holds; it stays among the held, where a person may let it go.

    When the budget begins anew its turn comes again, with an agent who is kept and a call of its own.
    """
    found = _locked(session, outbound_id)
    if found is None:
        return
    request, presence, _ = found
    _let_go(request, presence, now=now)
    until = session.scalars(select(OutboundMessage.not_before).where(OutboundMessage.id == outbound_id)).one()
    if until - BEFORE_THE_BUDGET > now:
        callbacks.hold(request, until=until, reserved_until=until - BEFORE_THE_BUDGET)
    else:
        results.settle_call(session, outbound_id, why=Overtaken.TURN_OVER, said="", now=now)
        callbacks.put_back(request, not_before=until)
    session.flush()


def mend_kept(session: Session, *, put_aside: PutAside | None = None, now: datetime) -> int:
    """Claims that were given up wait again, and nobody is kept for what is settled."""
    callbacks.give_back_claims(session, put_aside=put_aside, now=now)
    session.flush()
    kept = (
        select(CallbackRequest.id)
        .where(
            CallbackRequest.id == Presence.callback_id,
            CallbackRequest.staff_id == Presence.staff_id,
            CallbackRequest.state.in_((CallbackState.CLAIMED, CallbackState.DIALLING)),
        )
        .exists()
    )
    return free_without_callback(session, kept, put_aside=put_aside, now=now)


def not_now(session: Session, callback_id: int, *, staff_id: int, others: Floor, now: datetime) -> None:
    """The agent who is kept would rather not: another one is, or whoever is free when the person answers."""
    presence = lock_presence(session, staff_id)
    request = callbacks.lock_callback(session, callback_id)
    if request.state is not CallbackState.DIALLING or request.staff_id != staff_id:
        raise NotFound("callback", callback_id)
    _let_go(request, presence, now=now)
    callbacks.refuse(request, staff_id, now=now)
    due = standing(session, callback_id, now=now)
    not_asked = {staff_id, *session.scalars(people_concerned(due.ticket_id, now=now))}
    instead = next(
        (
            agent.staff_id
            for agent in agents_for(due, others, now=now)
            if agent.staff_id not in not_asked
            and keep_for_callback(session, agent.staff_id, callback_id=callback_id, now=now)
        ),
        None,
    )
    if instead is None and _has_not_left(session, request):
        callbacks.put_back(request, not_before=request.not_before)
    else:
        callbacks.give_to(request, instead)
    session.flush()


def _has_not_left(session: Session, request: CallbackRequest) -> bool:
    """Whether the call still waits in the outbox, which then withdraws it."""
    state = session.scalar(select(OutboundMessage.state).where(OutboundMessage.id == request.outbound_id))
    return state is OutboundState.WAITING


def agree_on(session: Session, ticket: Ticket, *, at: datetime, once: str, now: datetime) -> int:
    """The citizen of this ticket is called at this time. Raises InvalidInput for a time or a phone that will not do."""
    _require_a_time(at, now=now)
    phone = phone_to_call(session, ticket)
    key = f"agreed:{ticket.id}:{once or now.isoformat()}"
    return callbacks.plan_callback(session, ticket, phone=phone, at=at, once_key=key[:200], now=now)


def phone_to_call(session: Session, ticket: Ticket) -> str:
    """Raises InvalidInput where there is none that may be called, or its owner asked us not to call."""
    phone = parse_phone(ticket.reply_phone) if ticket.reply_phone else None
    citizen = session.get(Citizen, ticket.citizen_id) if ticket.citizen_id is not None else None
    if phone is None or not may_be_called(phone.number) or (citizen is not None and citizen.do_not_call):
        raise InvalidInput("at", "no_phone")
    if callbacks.is_not_to_be_called(session, phone.number):
        raise InvalidInput("at", "no_phone")
    return phone.number


def postpone(session: Session, callback_id: int, *, at: datetime, now: datetime) -> None:
    """At this time. Raises InvalidInput for one that is past or too far; NotFound while somebody calls."""
    _require_a_time(at, now=now)
    callbacks.postpone(session, callback_id, at=at)


def _require_a_time(at: datetime, *, now: datetime) -> None:
    if at <= now:
        raise InvalidInput("at", "past")
    if at > now + LONGEST_AHEAD:
        raise InvalidInput("at", "too_far_ahead")


def claim(session: Session, callback_id: int, *, staff_id: int, now: datetime) -> CallbackRequest:
    """By hand: the agent is busy until it is finished. NotFound as `claim_callback`; NotAllowed during a call."""
    presence = lock_presence(session, staff_id)
    if presence is not None:
        call_back_by_hand(presence, callback_id, now=now)
    return callbacks.claim_callback(session, callback_id, staff_id=staff_id, now=now)


def finish(session: Session, callback_id: int, *, staff_id: int, outcome: str, now: datetime) -> None:
    """What came of a call by hand; who was not reached is tried again, and told by text after the third time."""
    ticket_id = session.scalar(select(CallbackRequest.ticket_id).where(CallbackRequest.id == callback_id))
    ticket = lock_ticket(session, ticket_id) if ticket_id is not None else None
    presence = lock_presence(session, staff_id)
    request = callbacks.lock_claimed(session, callback_id, staff_id=staff_id)
    _let_go(request, presence, now=now)
    if outcome == callbacks.NOT_REACHED:
        _count(session, request, ticket, why=outcome, actor=staff_actor(staff_id), now=now)
    else:
        callbacks.finish_callback(session, callback_id, staff_id=staff_id, outcome=outcome, now=now)


def give_back(session: Session, callback_id: int, *, staff_id: int, now: datetime) -> None:
    """The agent does not ring after all: it waits again, at its place."""
    presence = lock_presence(session, staff_id)
    request = callbacks.lock_claimed(session, callback_id, staff_id=staff_id)
    _let_go(request, presence, now=now)
    callbacks.put_back(request, not_before=request.not_before)
    session.flush()


def not_wanted(session: Session, outbound_id: int, *, now: datetime) -> None:
    """The person answers and needs nothing any more."""
    found = _locked(session, outbound_id)
    if found is None:
        return
    request, presence, ticket = found
    _let_go(request, presence, now=now)
    callbacks.not_wanted(request, now=now)
    if ticket is not None:
        params = {"what": ATTEMPT, "outcome": callbacks.NOT_NEEDED}
        timeline.add(session, ticket.id, TimelineKind.CALL, actor=SYSTEM, is_public=True, params=params, now=now)
    session.flush()


def _locked(session: Session, outbound_id: int) -> tuple[CallbackRequest, Presence | None, Ticket | None] | None:
    """The callback that is dialled as this message, with its agent and ticket; None when it is over already."""
    known = session.execute(
        select(CallbackRequest.id, CallbackRequest.ticket_id, CallbackRequest.staff_id).where(
            CallbackRequest.outbound_id == outbound_id, CallbackRequest.state == CallbackState.DIALLING
        )
    ).one_or_none()
    if known is None:
        return None
    ticket = lock_ticket(session, known.ticket_id) if known.ticket_id is not None else None
    presence = lock_presence(session, known.staff_id) if known.staff_id is not None else None
    request = callbacks.lock_callback(session, known.id)
    if request.state is not CallbackState.DIALLING or request.outbound_id != outbound_id:
        return None
    return request, presence, ticket


def _let_go(request: CallbackRequest, presence: Presence | None, *, now: datetime) -> None:
    # Whoever took over from the agent that was locked is freed by `mend_kept`.
    if presence is not None and is_kept_for(presence, request.id):
        let_go(presence, now=now)


def _tell_by_text(session: Session, request: CallbackRequest, ticket: Ticket | None, *, now: datetime) -> None:
    """We called three times; whoever only rang and hung up, without any matter, was promised nothing."""
    if request.phone is None or (request.reason is CallbackReason.MISSED and ticket is None):
        return
    line = city_line(session, on=day_of(now))
    posting.post_sms(
        session,
        to=request.phone,
        template=NOT_REACHED_TEXT,
        params={"reference": ticket.reference if ticket else "", "line": line.phone if line else ""},
        locale=standing(session, request.id, now=now).locale,
        dedup_key=f"{NOT_REACHED_TEXT}:{request.id}:{now.isoformat()}",
        ticket_id=ticket.id if ticket else None,
        citizen_id=request.citizen_id,
        now=now,
    )
