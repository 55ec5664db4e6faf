"""Two processes at once: a call rings with one agent only, an offer is taken once, any number may sweep (G18)."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.phone.answers import Phones
from telephony import sweep
from telephony.calls import new_call
from telephony.floor import offers, presence
from tests.conftest import NOW
from tests.factories import staff, unit
from tickets.errors import NotFound
from tickets.schema import Call, Offer, Presence
from tickets.states import CallState, OfferOutcome, PresenceState, Role


@pytest.fixture
def floor(committed):
    """Four waiting callers and three agents of one ward."""
    with committed.factory() as session:
        agents = [staff(session, role=Role.AGENT, at="26740").id for _ in range(3)]
        for agent in agents:
            presence.go_available(session, agent, now=NOW)
        for number in range(4):
            row = {"account": "sim", "call_sid": f"CA{number}", "state": CallState.QUEUED, "queued_at": NOW}
            new_call(session, {**row, "unit_id": unit(session, "26740").id}, now=NOW)
        session.commit()
    return agents


def at_once(count, work):
    barrier, results = threading.Barrier(count), []

    def run():
        barrier.wait()
        try:
            results.append(work())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_many_processes_offering_at_once_give_each_agent_one_call_and_each_call_one_agent(committed, floor):
    def offer():
        with committed.factory() as session:
            done = offers.offer_waiting_calls(session, now=NOW)
            session.commit()
            return done

    results = at_once(6, offer)

    assert sum(results) == 3
    with committed.factory() as session:
        made = session.scalars(select(Offer)).all()
        assert len({offer.call_id for offer in made}) == len({offer.staff_id for offer in made}) == 3
        assert session.scalar(select(func.count()).select_from(Call).where(Call.state == CallState.QUEUED)) == 1


def test_an_offer_accepted_twice_at_once_is_one_answered_call(committed, floor):
    with committed.factory() as session:
        offers.offer_waiting_calls(session, now=NOW)
        offer = session.scalars(select(Offer).order_by(Offer.id)).first()
        session.commit()

    def accept():
        with committed.factory() as session:
            offers.accept(session, offer.id, staff_id=offer.staff_id, now=NOW)
            session.commit()
            return "taken"

    results = at_once(4, accept)

    assert results.count("taken") == 1
    assert all(isinstance(result, NotFound) for result in results if result != "taken")


def test_a_hang_up_while_the_agent_accepts_leaves_nobody_stuck(committed, floor):
    with committed.factory() as session:
        offers.offer_waiting_calls(session, now=NOW)
        offer = session.scalars(select(Offer).order_by(Offer.id)).first()
        session.commit()

    def accept():
        with committed.factory() as session:
            offers.accept(session, offer.id, staff_id=offer.staff_id, now=NOW)
            session.commit()

    def hang_up():
        with committed.factory() as session:
            call = session.scalars(select(Call).where(Call.id == offer.call_id).with_for_update()).one()
            offers.withdraw_offer(session, call, now=NOW)
            call.state = CallState.ENDED
            session.commit()

    at_once(2, _either(accept, hang_up))
    with committed.factory() as session:
        offers.mend_presence(session, now=NOW + timedelta(minutes=1))
        session.commit()
        after = session.get_one(Presence, offer.staff_id)
        outcome = session.get_one(Offer, offer.id).outcome

    assert outcome in (OfferOutcome.ANSWERED, OfferOutcome.WITHDRAWN)
    expected = PresenceState.ON_CALL if outcome is OfferOutcome.ANSWERED else PresenceState.AVAILABLE
    assert after.state is expected


def _either(*works):
    """Each thread takes the next piece of work."""
    waiting, lock = list(works), threading.Lock()

    def take():
        with lock:
            work = waiting.pop()
        return work()

    return take


def test_any_number_of_sweeps_at_once_expire_an_offer_once(committed, floor):
    with committed.factory() as session:
        offers.offer_waiting_calls(session, now=NOW)
        session.commit()
    later = NOW + timedelta(seconds=31)

    def expire():
        with committed.factory() as session:
            done = offers.expire_offers(session, now=later)
            session.commit()
            return done

    results = at_once(4, expire)

    assert sum(results) == 3
    with committed.factory() as session:
        assert set(session.scalars(select(Presence.missed_offers))) == {1}


def test_calls_whose_end_was_never_told_are_ended_and_silent_consoles_are_away(session, app):
    phones = Phones(app.settings, app.reference)
    agent = staff(session, role=Role.AGENT, at="26740")
    presence.go_available(session, agent.id, now=NOW)
    new_call(session, {"account": "sim", "call_sid": "CA-lost", "state": CallState.MENU}, now=NOW)
    new_call(session, {"account": "sim", "call_sid": "CA-waits", "state": CallState.QUEUED, "queued_at": NOW}, now=NOW)
    waits = session.scalars(select(Call).where(Call.call_sid == "CA-waits")).one()
    later = NOW + timedelta(minutes=11)
    waits.detail = {"seen_at": (later - timedelta(seconds=15)).isoformat()}
    session.flush()

    swept = sweep.sweep(session, lambda name: phones.desk(session, name, now=later), now=later)

    assert swept.ended == 1
    assert session.get_one(Presence, agent.id).state is PresenceState.AWAY
    assert waits.state is CallState.QUEUED
