"""Offering a waiting call to an agent, and what the agent makes of it: taken, declined, not answered, withdrawn."""

from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import ColumnElement, bindparam, insert, or_, select, text, update
from sqlalchemy.orm import Session

from telephony.calls import end_hold, enter, lock_call
from telephony.floor.answerers import heed_ticket, people_concerned
from telephony.floor.callback_turns import DueCallback, due_callbacks
from telephony.floor.calling_back import call_next
from telephony.floor.consulting import Consult, answered, consult_of, keep
from telephony.floor.floor import Floor, load_floor
from telephony.floor.presence import (
    begin_talk,
    count_missed_offer,
    free,
    free_where_nothing_rings,
    is_heard,
    is_kept_for,
    let_consulted_go,
    lock_presence,
    phone_of,
    ring_kept,
    stop_ringing,
    take,
)
from telephony.floor.telephones import may_ring
from telephony.floor.waiting import agents_for, is_emergency, refusals, waiting_calls
from tickets.each_alone import PutAside, each_alone
from tickets.errors import NotFound
from tickets.schema import Call, Offer, Presence, RoleAssignment
from tickets.states import CallState, OfferOutcome, OfferPurpose

RING = timedelta(seconds=30)
# Whoever serves the line and says nothing for so long is frozen, or its host is lost: the server ends its transaction,
# the next one serves the line, and what wakes up later finds its connection closed. How long a statement may take is
# limited elsewhere.
SERVES_IN_SILENCE = timedelta(seconds=5)
_SERVE_THE_LINE = text(
    """
    select case when pg_try_advisory_xact_lock(hashtextextended('line of callers', 2)) then
        set_config('idle_in_transaction_session_timeout', :silence, true) is not null
    else false end
    """
)
_FOR_SO_LONG = {"silence": f"{SERVES_IN_SILENCE.total_seconds():.0f}s"}


def offer_waiting_calls(
    session: Session, *, floor: Floor | None = None, now: datetime, most: int = 20, put_aside: PutAside | None = None
) -> int:
    """Give everybody in line, in order, the best free agent; returns how many were offered, or are being called back.

    Two processes that do this at once cannot offer one agent or one call twice: both rows are locked, the second skips
    them, and a unique index stands behind.
    """
    floor = floor or load_floor(session, now=now)
    if not any(agent.is_free for agent in floor.agents):
        return 0
    if not session.scalar(_SERVE_THE_LINE, _FOR_SO_LONG):
        # Somebody serves the line right now: beside them, who comes later could get the agent of who is first.
        return 0
    served, most = list[str](), min(most, sum(agent.is_free for agent in floor.agents))

    def serve(waiting: Call | DueCallback) -> None:
        if agents_for(waiting, floor, now=now) and _serve(session, waiting, floor, now=now):
            session.flush()
            served.append(_key(waiting))

    in_turn = takewhile(lambda _: len(served) < most, line(session, now=now))
    each_alone(session, in_turn, serve, named=_key, put_aside=put_aside)
    return len(served)


def _key(waiting: Call | DueCallback) -> str:
    return f"{'call' if isinstance(waiting, Call) else 'callback'} {waiting.id}"


def line(session: Session, *, now: datetime) -> list[Call | DueCallback]:
    """Who waits on the line and who waits to be called back, in one order; who only hung up comes last."""
    everybody: list[Call | DueCallback] = [*waiting_calls(session, now=now), *due_callbacks(session, now=now)]
    return sorted(everybody, key=lambda waiting: (_rank(waiting), waiting.queued_at or now))


def _rank(waiting: Call | DueCallback) -> int:
    if is_emergency(waiting):
        return 0
    return 2 if isinstance(waiting, DueCallback) and waiting.is_missed else 1


def _serve(session: Session, waiting: Call | DueCallback, floor: Floor, *, now: datetime) -> bool:
    if isinstance(waiting, DueCallback):
        return call_next(session, waiting, floor, now=now)
    call = _lock_queued(session, waiting.id)
    if call is None:
        return False
    heed_ticket(session, call)
    return offer_call(session, call, floor, now=now)


def _lock_queued(session: Session, call_id: int) -> Call | None:
    """The call, unless somebody else has it in hand: it is being offered, or its own turn has come."""
    return session.scalars(
        select(Call)
        .where(Call.id == call_id, Call.state == CallState.QUEUED)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def offer_call(session: Session, call: Call, floor: Floor, *, now: datetime) -> bool:
    """Offer one call, locked by the caller of this, to its best free agent; false when there is none."""
    refused_by = refusals(session, call.id) if call.offers else frozenset()
    return any(
        take(session, agent.staff_id, call, now=now) and _write_offer(session, call, agent.staff_id, now=now)
        for agent in agents_for(call, floor, refused_by=refused_by, now=now)
    )


def offer_back(session: Session, call: Call, *, now: datetime) -> bool:
    """Ring first at whoever talked with this caller until the line broke; what they write down of it can wait."""
    before = call.detail.get("cut_off_from")
    return (
        isinstance(before, int)
        and is_heard(session, before, now=now)
        and before not in refusals(session, call.id)
        and may_ring(call.detail, phone_of(session, before))
        and take(session, before, call, now=now)
        and _write_offer(session, call, before, now=now)
    )


def offer_to_kept(session: Session, call: Call, presence: Presence | None, *, callback_id: int, now: datetime) -> bool:
    """Ring at whoever was kept for this person, locked by the caller of this; false when they are gone."""
    if presence is None or not is_kept_for(presence, callback_id) or not may_ring(call.detail, presence.phone):
        return False
    if session.scalar(people_concerned(call.ticket_id, now=now).where(RoleAssignment.staff_id == presence.staff_id)):
        return False
    if not ring_kept(presence, call.id, now=now):
        return False
    session.flush()
    return _write_offer(session, call, presence.staff_id, now=now)


def offer_to(session: Session, call: Call, staff_id: int, *, now: datetime) -> bool:
    """Ring at this very agent, whoever else is free; false when they are not free any more. The call is locked."""
    return (
        may_ring(call.detail, phone_of(session, staff_id))
        and take(session, staff_id, call, now=now)
        and _write_offer(session, call, staff_id, now=now)
    )


def _write_offer(session: Session, call: Call, staff_id: int, *, now: datetime) -> bool:
    with session.no_autoflush:
        session.execute(
            insert(Offer), {"call_id": call.id, "staff_id": staff_id, "offered_at": now, "expires_at": now + RING}
        )
    call.offers += 1
    enter(call, CallState.OFFERED, now=now)
    return True


def was_taken_by(staff_id: int) -> ColumnElement[bool]:
    """Of a call: this agent has or had it. A broken line takes from nobody what they know of the talk."""
    taken = select(Offer.id).where(
        Offer.call_id == Call.id, Offer.staff_id == staff_id, Offer.outcome == OfferOutcome.ANSWERED
    )
    return or_(Call.agent_id == staff_id, taken.exists())


def open_offer_for(session: Session, call_id: int) -> Offer | None:
    return session.scalars(select(Offer).where(Offer.call_id == call_id, Offer.outcome.is_(None))).one_or_none()


def accept(session: Session, offer_id: int, *, staff_id: int, now: datetime) -> Call:
    """The agent takes the call; the caller's next turn connects them. NotFound when it is late."""
    presence, call, offer = _locked(session, offer_id, staff_id=staff_id)
    if offer.purpose is OfferPurpose.CONSULT:
        _answer_colleague(call, offer_id)
    elif call.state is not CallState.OFFERED:
        raise NotFound("offer", offer_id)
    else:
        call.agent_id = staff_id
    _close(offer, OfferOutcome.ANSWERED, now=now)
    begin_talk(presence, call.id, now=now)
    session.flush()
    return call


def _answer_colleague(call: Call, offer_id: int) -> None:
    """The caller stays on hold, and with whoever asks."""
    if call.state is not CallState.TALKING or call.hold_since is None or consult_of(call.detail) is None:
        raise NotFound("offer", offer_id)
    answered(call)


def decline(session: Session, offer_id: int, *, staff_id: int, now: datetime) -> Call:
    """Not now: the caller keeps the place, the agent stays available but is asked last for this call."""
    presence, call, offer = _locked(session, offer_id, staff_id=staff_id)
    _close(offer, OfferOutcome.DECLINED, now=now)
    free(presence, now=now)
    _give_up(session, offer, call, now=now)
    session.flush()
    return call


def expire_offers(session: Session, *, put_aside: PutAside | None = None, now: datetime) -> int:
    """Rings that nobody answered in time: the caller keeps the place; the second one in a row makes the agent away."""
    late = session.execute(
        select(Offer.id, Offer.staff_id).where(Offer.outcome.is_(None), Offer.expires_at <= now).order_by(Offer.id)
    ).all()
    expired = each_alone(
        session, late, lambda one: _expire(session, *one, now=now), named=lambda one: one.id, put_aside=put_aside
    )
    return sum(expired)


def _expire(session: Session, offer_id: int, staff_id: int, *, now: datetime) -> bool:
    try:
        presence, call, offer = _locked(session, offer_id, staff_id=staff_id)
    except NotFound:
        return False
    _close(offer, OfferOutcome.EXPIRED, now=now)
    count_missed_offer(presence, now=now)
    _give_up(session, offer, call, now=now)
    session.flush()
    return True


_WITHDRAW = (
    update(Offer)
    .where(Offer.call_id == bindparam("of_call"), Offer.outcome.is_(None))
    .values(outcome=OfferOutcome.WITHDRAWN, ended_at=bindparam("at"))
    .returning(Offer.staff_id)
    .execution_options(synchronize_session=False)
)


def withdraw_offer(session: Session, call: Call, *, now: datetime) -> None:
    """The caller is gone or went another way: the screen stops ringing. The call is locked by the one who asks."""
    withdrawn = session.execute(_WITHDRAW, {"of_call": call.id, "at": now}).all()
    for (staff_id,) in withdrawn:
        stop_ringing(session, staff_id, call_id=call.id, now=now)


def connection_failed(session: Session, call: Call, *, now: datetime) -> None:
    """The agent accepted, but the phone or browser did not answer: as if the ring had not been answered."""
    if call.agent_id is not None:
        presence = lock_presence(session, call.agent_id)
        if presence is not None and presence.call_id == call.id:
            count_missed_offer(presence, now=now)
    call.agent_id = None
    # Who ended the call before it came about has ended no talk of whoever takes it next.
    call.detail = {name: kept for name, kept in call.detail.items() if name not in ("agent_finished", "finished_at")}


def ask_colleague(session: Session, call: Call, consult: Consult, *, now: datetime) -> bool:
    """It rings at them as a call does; false when they are not free any more. The caller waits for nobody else."""
    reachable = may_ring(call.detail, phone_of(session, consult.with_id))
    if not reachable or not take(session, consult.with_id, call, now=now):
        return False
    row = {"call_id": call.id, "staff_id": consult.with_id, "offered_at": now, "expires_at": now + RING}
    session.execute(insert(Offer), {**row, "purpose": OfferPurpose.CONSULT})
    keep(call, consult)
    return True


def end_consult(session: Session, call: Call, *, now: datetime) -> str:
    """The colleague is free again, whether they have answered or it only rang; the leg that has to be ended."""
    consult = consult_of(call.detail)
    if consult is None:
        return ""
    keep(call, None)
    open_offer = select(Offer).where(
        Offer.call_id == call.id, Offer.outcome.is_(None), Offer.purpose == OfferPurpose.CONSULT
    )
    for offer in session.scalars(open_offer.with_for_update(key_share=True)):
        offer.outcome, offer.ended_at = OfferOutcome.WITHDRAWN, now
    session.flush()
    let_consulted_go(session, consult.with_id, call_id=call.id, now=now)
    return consult.leg


def mend_presence(session: Session, *, put_aside: PutAside | None = None, now: datetime) -> int:
    """Free agents marked as offered for whom nothing rings any more."""
    ringing = select(Offer.id).where(Offer.staff_id == Presence.staff_id, Offer.outcome.is_(None)).exists()
    return free_where_nothing_rings(session, ringing, put_aside=put_aside, now=now)


def _locked(session: Session, offer_id: int, *, staff_id: int) -> tuple[Presence, Call, Offer]:
    """Agent, call and the still open offer, locked in this order. Raises NotFound when it is no longer open."""
    presence = lock_presence(session, staff_id)
    call_id = session.scalar(select(Offer.call_id).where(Offer.id == offer_id, Offer.staff_id == staff_id))
    if presence is None or call_id is None:
        raise NotFound("offer", offer_id)
    call = lock_call(session, call_id)
    offer = session.scalars(
        select(Offer)
        .where(Offer.id == offer_id, Offer.outcome.is_(None))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if offer is None:
        raise NotFound("offer", offer_id)
    return presence, call, offer


def _close(offer: Offer, outcome: OfferOutcome, *, now: datetime) -> None:
    offer.outcome, offer.ended_at = outcome, now


def _give_up(session: Session, offer: Offer, call: Call, *, now: datetime) -> None:
    """A caller keeps the place; one who is on hold while a colleague is asked goes back to their agent."""
    if offer.purpose is OfferPurpose.CONSULT:
        session.flush()
        end_consult(session, call, now=now)
        end_hold(call, now=now)
    else:
        _back_to_queue(call, now=now)


def _back_to_queue(call: Call, *, now: datetime) -> None:
    # queued_at stays: a caller never loses the place through what an agent did or did not do.
    if call.state is CallState.OFFERED:
        enter(call, CallState.QUEUED, now=now)
