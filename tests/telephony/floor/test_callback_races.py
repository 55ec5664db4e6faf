"""Two processes at once: a callback is dialled once with one agent kept, whoever else works on it, and nobody hangs."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from app.phone.accounts import simulated_account
from telephony.call.called_back import PersonCalled, talk_now
from telephony.desk import Desk
from telephony.floor import callbacks, calling_back, offers, presence
from telephony.floor.calling_back import CallbackAttempt
from tests.conftest import NOW
from tests.factories import KEYS, open_ticket, places, rules, staff, unit
from tests.telephony.floor.test_offer_races import at_once
from tickets.errors import NotFound
from tickets.schema import Call, CallbackRequest, Offer, OutboundMessage, Presence
from tickets.states import CallbackReason, CallbackState, CallState, PresenceState, Role


@pytest.fixture
def city(committed):
    """Three people to call back about tickets of theirs, and two agents."""
    with committed.factory() as session:
        agents = [staff(session, role=Role.AGENT, at="26740").id for _ in range(2)]
        for agent in agents:
            presence.go_available(session, agent, now=NOW)
        for number in range(3):
            phone = f"+8490111222{number}"
            opened = open_ticket(session, phone=phone, body="Rác để ba ngày ở phường Sài Gòn")
            session.add(
                CallbackRequest(
                    once_key=f"race:{number}", phone=phone, ticket_id=opened.ticket_id, citizen_id=opened.citizen_id,
                    unit_id=unit(session).id, reason=CallbackReason.REQUESTED, state=CallbackState.OPEN,
                    order_at=NOW + timedelta(seconds=number), created_at=NOW,
                )
            )  # fmt: skip
        session.commit()
    return agents


def offering(committed):
    def offer():
        with committed.factory() as session:
            done = offers.offer_waiting_calls(session, now=NOW)
            session.commit()
            return done

    return offer


def dialling(session):
    return session.scalars(
        select(CallbackRequest)
        .where(CallbackRequest.state == CallbackState.DIALLING)
        .order_by(CallbackRequest.order_at)
    ).all()


def test_many_processes_at_once_dial_each_person_once_in_order_and_keep_each_agent_for_one(committed, city):
    results = at_once(6, offering(committed))

    assert sum(result for result in results if isinstance(result, int)) == 2
    with committed.factory() as session:
        rung = dialling(session)
        assert [request.phone for request in rung] == ["+84901112220", "+84901112221"]
        assert {request.staff_id for request in rung} == set(city)
        calls = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "callback_call")).all()
        assert sorted(call.address for call in calls) == ["+84901112220", "+84901112221"]
        kept = session.scalars(select(Presence.callback_id).where(Presence.state == PresenceState.CALLING_BACK))
        assert set(kept) == {request.id for request in rung}


def test_a_claim_by_hand_and_our_own_turn_at_once_are_one_call(committed, city):
    with committed.factory() as session:
        first = session.scalars(select(CallbackRequest.id).order_by(CallbackRequest.order_at)).first()

    def claim():
        with committed.factory() as session:
            calling_back.claim(session, first, staff_id=city[0], now=NOW)
            session.commit()
            return "claimed"

    works = [claim, offering(committed)] * 3
    lock = threading.Lock()

    def either():
        with lock:
            work = works.pop()
        return work()

    results = at_once(6, either)

    with committed.factory() as session:
        request = session.get_one(CallbackRequest, first)
        dialled = session.scalar(
            select(func.count()).where(
                OutboundMessage.template == "callback_call", OutboundMessage.address == request.phone
            )
        )
        assert request.state in (CallbackState.CLAIMED, CallbackState.DIALLING)
        assert dialled == (0 if request.state is CallbackState.CLAIMED else 1), results
        keepers = session.scalars(select(Presence.staff_id).where(Presence.callback_id == first)).all()
        assert keepers == [request.staff_id]


def desk_of(session, settings):
    return Desk(simulated_account(settings), places(session), rules(session), KEYS)


def test_key_one_the_carriers_word_and_the_sweep_at_once_leave_one_call_or_none_and_nobody_kept(
    committed, city, settings
):
    """Whichever comes first: a person who pressed 1 is a caller, and an agent is kept for nobody who is gone."""
    offering(committed)()
    with committed.factory() as session:
        [request, _] = dialling(session)
    late = NOW + timedelta(seconds=80)

    def press():
        with committed.factory() as session:
            form = {"call_sid": "CA-race", "from": "+842838000000", "to": request.phone}
            talk_now(session, form, PersonCalled(request.id, "vi"), desk_of(session, settings), now=NOW)
            session.commit()
            return "talks"

    def carrier_says():
        with committed.factory() as session:
            calling_back.nobody_reached(session, CallbackAttempt(request.outbound_id, "no_key"), now=NOW)
            session.commit()
            return "told"

    def sweep():
        with committed.factory() as session:
            calling_back.end_late_attempts(session, now=late)
            session.commit()
            return "swept"

    works = [press, carrier_says, sweep] * 2
    lock = threading.Lock()

    def one():
        with lock:
            work = works.pop()
        return work()

    results = at_once(6, one)

    assert set(results) == {"talks", "told", "swept"}, results
    with committed.factory() as session:
        calling_back.mend_kept(session, now=late)
        session.commit()
        [call] = session.scalars(select(Call)).all()
        assert call.state in (CallState.OFFERED, CallState.QUEUED)
        assert session.get_one(CallbackRequest, request.id).outcome == "reached"
        kept = session.scalars(select(Presence.callback_id).where(Presence.state == PresenceState.CALLING_BACK)).all()
        assert request.id not in kept
        assert session.scalar(select(func.count()).select_from(Offer).where(Offer.call_id == call.id)) <= 1


def test_offering_waits_for_no_row_that_somebody_holds(committed, city):
    """Ticket, callback and agent are each in somebody's hands: what is free is served at once."""
    with committed.engine.connect() as other, other.begin():
        other.execute(text("select id from ticket order by id limit 1 for update"))
        other.execute(text("select id from callback_request order by order_at limit 1 for update"))
        other.execute(text("select staff_id from presence where staff_id = :id for update"), {"id": city[0]})
        with committed.factory() as session:
            session.execute(text("set local lock_timeout = '100ms'"))
            offered = offers.offer_waiting_calls(session, now=NOW)
            session.commit()

    assert offered == 1
    with committed.factory() as session:
        [request] = dialling(session)
        assert (request.phone, request.staff_id) == ("+84901112221", city[1])


def test_who_asks_twice_at_once_stands_on_the_list_once(committed, city):
    def ask():
        with committed.factory() as session:
            number = session.scalar(select(func.coalesce(func.max(Call.id), 0)))
            session.execute(
                text(
                    "insert into call (account, call_sid, state, state_since, state_until, arrived_at, phone) values"
                    " ('sim', gen_random_uuid()::text, 'callback', now(), now(), now(), '+84905556667')"
                )
            )
            call = session.scalars(select(Call).where(Call.id > number).order_by(Call.id.desc())).first()
            asked = callbacks.ask_callback(
                session, call, phone="+84905556667", reason=CallbackReason.REQUESTED, now=NOW
            )
            session.commit()
            return asked

    results = at_once(4, ask)

    assert len(set(results)) == 1, results
    with committed.factory() as session:
        with pytest.raises(NotFound):
            callbacks.lock_callback(session, -1)
        count = select(func.count()).select_from(CallbackRequest).where(CallbackRequest.phone == "+84905556667")
        assert session.scalar(count) == 1
