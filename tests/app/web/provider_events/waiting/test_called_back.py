"""Somebody whom we rang presses 1 while the database is locked or away: they hold the line and are put through."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.clock import utc_now
from telephony.floor import offers
from telephony.provider import held_turn
from tests.app.web.provider_events.waiting.waiting_scene import come_back, is_hold, stopped
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.schema import Call, CallbackRequest, OutboundMessage
from tickets.states import CallbackState, CallState


@pytest.fixture
def rung(phone, committed, agent):
    """A telephone that we ring, for the agent who is kept for it."""
    with committed.factory() as session:
        session.execute(text("update presence set state = 'offline'"))
        session.commit()
    phone.ring().press("1").speak("phường Sài Gòn").press("9").press("1").hang_up()
    with committed.factory() as session:
        session.execute(text("update presence set state = 'available', idle_since = now(), heartbeat_at = now()"))
        offers.offer_waiting_calls(session, now=utc_now())
        session.commit()
        message = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "callback_call")).one()
    person = Phone(phone.client, phone.client.application.settings, to=message.address, number=phone.to)
    person.action = f"called-back?m={message.id}"
    return person


def was_put_through(committed, rung, agent):
    with committed.factory() as session:
        [call] = session.scalars(select(Call).where(Call.call_sid == rung.sid)).all()
        offer = open_offer_of(session, agent)
        assert offer is not None and offer.call_id == call.id
        assert call.state is CallState.OFFERED
        assert session.scalars(select(CallbackRequest)).one().state is CallbackState.DONE


def test_a_lock_costs_a_moment_and_the_key_counts_once(rung, committed, agent):
    with committed.engine.connect() as other, other.begin():
        other.execute(text("select id from callback_request for update"))
        rung.post(rung.action, Digits="1")
        was_held, first = is_hold(rung.document), rung.response.data
        rung.post(rung.action, Digits="1")
        again = rung.response.data
    come_back(rung)

    assert was_held and first == again
    was_put_through(committed, rung, agent)


def test_while_the_database_is_stopped_the_person_holds_and_is_put_through_when_it_is_back(
    rung, committed, servers, agent
):
    with stopped(servers, committed):
        rung.post(rung.action, Digits="1")
        for _ in range(4):
            assert is_hold(rung.document), rung.said
            rung.post(rung.document.find("Redirect").text)
    time.sleep(2.1)
    come_back(rung)

    was_put_through(committed, rung, agent)


def test_after_half_an_hour_of_holding_they_are_told_that_we_call_again_and_we_do(rung, committed, servers, agent):
    rounds = 0
    with stopped(servers, committed):
        rung.post(rung.action, Digits="1")
        while (back := rung.document.find("Redirect")) is not None:
            rounds += 1
            rung.post(back.text)
        said = rung.said
        rung.post(rung.action.replace("called-back", "called-back-status"), CallStatus="completed", CallDuration="1800")
    held = timedelta(seconds=sum(held_turn.pause_seconds(n) for n in range(rounds)))
    come_back(rung)

    assert "gọi lại" in said, "no silence, and no bare end"
    assert held >= timedelta(minutes=20)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not is_called_again(committed):
        time.sleep(0.5)
    assert is_called_again(committed)


def is_called_again(committed):
    """Their number stands in the line of those who are called, and no caller stands in the queue whom nobody hears."""
    with committed.factory() as session:
        waiting = session.scalars(select(Call.state).where(Call.direction == "outbound")).all()
        states = session.scalars(select(CallbackRequest.state)).all()
        return CallbackState.OPEN in states and not {CallState.QUEUED, CallState.OFFERED} & set(waiting)
