"""The agent's side of a call: offered, taken, held, ended, wrapped up; dropped legs and offers that nobody answers."""

from datetime import timedelta

from sqlalchemy import select

from telephony.call import end
from telephony.floor import offers, presence
from tests.app.web.provider_events.voice_scene import agent_at, call_of, ticket_of
from tests.factories import staff
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.schema import (
    CallbackRequest,
    Offer,
    Presence,
)
from tickets.states import (
    CallbackReason,
    CallState,
    OfferOutcome,
    PresenceState,
    Role,
)


def test_a_call_is_offered_taken_held_ended_and_wrapped_up(session, phone, now):
    agent = agent_at(session, now)

    phone.ring().press("1").speak("phường Sài Gòn")
    offer = open_offer_of(session, agent.id)
    assert call_of(session, phone).state is CallState.OFFERED

    offers.accept(session, offer.id, staff_id=agent.id, now=now)
    phone.wait()
    assert phone.document.find("Dial/Client/Identity").text == f"agent_{agent.id}"
    assert call_of(session, phone).state is CallState.TALKING

    phone.post("status", CallSid="CA-leg", ParentCallSid=phone.sid, CallStatus="in-progress")
    call = call_of(session, phone)
    assert call.answered_at == now
    assert session.get(Presence, agent.id).state is PresenceState.ON_CALL

    end.hold(call, now=now)
    phone.post(f"hold?turn={call.turn}")
    assert "giữ máy" in phone.said
    end.take_back(call, now=now + timedelta(seconds=20))
    phone.wait()
    assert phone.document.find("Dial") is not None
    assert call.hold_seconds == 20

    call.answered_at = now - timedelta(minutes=3)
    end.finish_talk(session, call.id, staff_id=agent.id, now=now)
    phone.post(phone.next_action(), DialCallStatus="completed", DialBridged="true", DialCallDuration="180")
    phone.hang_up()

    assert phone.document.find("Hangup") is not None
    assert call_of(session, phone).state is CallState.ENDED
    assert session.get(Presence, agent.id).state is PresenceState.WRAP_UP
    assert ticket_of(session, phone).first_answered_at is not None


def test_whoever_ends_a_call_while_its_caller_is_on_hold_writes_down_what_was_said(session, phone, now):
    agent = agent_at(session, now)
    phone.ring().press("1").speak("phường Sài Gòn")
    offers.accept(session, open_offer_of(session, agent.id).id, staff_id=agent.id, now=now)
    phone.wait()
    phone.post("status", CallSid="CA-leg", ParentCallSid=phone.sid, CallStatus="in-progress")
    call = call_of(session, phone)
    call.answered_at = now - timedelta(minutes=3)

    end.hold(call, now=now)
    phone.post(f"hold?turn={call.turn}")
    end.take_back(call, now=now)
    end.finish_talk(session, call.id, staff_id=agent.id, now=now)
    phone.wait()
    phone.hang_up()

    assert phone.document.find("Hangup") is not None
    assert session.get(Presence, agent.id, populate_existing=True).state is PresenceState.WRAP_UP
    assert ticket_of(session, phone).first_answered_at is not None


def test_an_agents_mobile_must_press_one_before_the_caller_is_put_through(session, phone, now):
    agent = agent_at(session, now, phone="+84907777777")

    phone.ring().press("1").speak("phường Sài Gòn")
    offers.accept(session, open_offer_of(session, agent.id).id, staff_id=agent.id, now=now)
    phone.wait()
    number = phone.document.find("Dial/Number")
    phone.post(number.get("url"), CallSid="CA-mobile")

    assert number.text == "+84907777777"
    assert "bấm phím 1" in phone.said
    assert phone.post(phone.next_action(), CallSid="CA-mobile", Digits="").data.count(b"Hangup") == 1
    assert b"Hangup" not in phone.post("whispered", CallSid="CA-mobile", Digits="1").data


def test_a_dropped_agents_leg_puts_the_caller_to_the_front_of_the_queue(
    session, phone, client, settings, city_line, now
):
    agent = agent_at(session, now)
    phone.ring().press("1").speak("phường Sài Gòn")
    offers.accept(session, open_offer_of(session, agent.id).id, staff_id=agent.id, now=now)
    phone.wait()
    other = Phone(client, settings, to=city_line, number="+84902222222").ring().press("1").speak("phường Sài Gòn")

    phone.post(phone.next_action(), DialCallStatus="completed", DialBridged="true", DialCallDuration="40")
    phone.press("1")

    assert call_of(session, phone).queued_at < call_of(session, other).queued_at
    assert call_of(session, phone).state is CallState.OFFERED

    offers.accept(session, open_offer_of(session, agent.id).id, staff_id=agent.id, now=now)
    phone.wait()
    phone.post(phone.next_action(), DialCallStatus="completed", DialBridged="true", DialCallDuration="30")
    assert session.get(Presence, agent.id, populate_existing=True).state is PresenceState.WRAP_UP


def test_who_is_cut_off_rings_first_at_the_same_agent_who_still_writes_down_the_talk(session, phone, now):
    idle_for_longer, agent = agent_at(session, now - timedelta(hours=1)), agent_at(session, now)
    presence.go_away(session, idle_for_longer.id, reason="", now=now)
    phone.ring().press("1").speak("phường Sài Gòn")
    offers.accept(session, open_offer_of(session, agent.id).id, staff_id=agent.id, now=now)
    phone.wait()
    presence.go_available(session, idle_for_longer.id, now=now)

    phone.post(phone.next_action(), DialCallStatus="completed", DialBridged="true", DialCallDuration="40")
    assert session.get(Presence, agent.id, populate_existing=True).state is PresenceState.WRAP_UP
    phone.wait()

    assert open_offer_of(session, agent.id) is not None
    assert open_offer_of(session, idle_for_longer.id) is None
    ringing = session.get(Presence, agent.id, populate_existing=True)
    assert (ringing.state, ringing.wrap_up_until) == (PresenceState.OFFERED, None)

    offers.decline(session, open_offer_of(session, agent.id).id, staff_id=agent.id, now=now)
    phone.wait()
    assert open_offer_of(session, idle_for_longer.id) is not None, "who declines is not asked for ever"


def test_who_is_not_heard_for_two_turns_is_rung_for_nobody_and_keeps_nobody_waiting(
    app, session, phone, client, settings, city_line, now
):
    agent = agent_at(session, now)
    session.get(Presence, agent.id).state = PresenceState.ON_CALL
    phone.ring().press("1").speak("phường Sài Gòn")
    later = now + timedelta(seconds=91)
    with app.bound_to(session, later):
        other = Phone(client, settings, to=city_line, number="+84902222222").ring().press("1").speak("phường Sài Gòn")
        assert "người tiếp theo" in other.said
    presence.free(session.get(Presence, agent.id), now=later)
    presence.heartbeat(session, agent.id, now=later)

    offers.offer_waiting_calls(session, now=later)
    assert open_offer_of(session, agent.id).call_id == call_of(session, other).id
    offers.decline(session, open_offer_of(session, agent.id).id, staff_id=agent.id, now=later)

    with app.bound_to(session, later):
        phone.wait()
    assert open_offer_of(session, agent.id).call_id == call_of(session, phone).id, "heard again, the first is the first"


def test_an_offer_nobody_answers_costs_the_caller_nothing_and_the_second_makes_the_agent_away(session, phone, now):
    agent = agent_at(session, now)
    phone.ring().press("1").speak("phường Sài Gòn")
    queued_at = call_of(session, phone).queued_at

    offers.expire_offers(session, now=now + timedelta(seconds=31))
    assert call_of(session, phone).state is CallState.QUEUED
    assert session.get(Presence, agent.id).state is PresenceState.AVAILABLE
    offers.offer_waiting_calls(session, now=now + timedelta(seconds=32))
    offers.expire_offers(session, now=now + timedelta(seconds=63))

    assert session.get(Presence, agent.id).state is PresenceState.AWAY
    assert call_of(session, phone).queued_at == queued_at


def test_hanging_up_while_it_rings_withdraws_the_offer_and_lists_a_callback(session, phone, now):
    agent = agent_at(session, now)
    phone.ring().press("1").speak("phường Sài Gòn").hang_up()

    offer = session.scalars(select(Offer)).one()
    call = call_of(session, phone)
    assert offer.outcome is OfferOutcome.WITHDRAWN
    assert session.get(Presence, agent.id).state is PresenceState.AVAILABLE
    assert call.abandoned_at is not None
    assert session.scalars(select(CallbackRequest.reason)).one() is CallbackReason.MISSED


def test_the_ward_answers_first_and_the_city_after_a_minute(session, phone, now):
    ward, city = agent_at(session, now), agent_at(session, now, at="TTDH")
    presence.go_away(session, ward.id, reason="lunch", now=now)
    busy = staff(session, role=Role.AGENT, at="26740")
    presence.go_available(session, busy.id, now=now)
    session.get(Presence, busy.id).state = PresenceState.ON_CALL
    session.flush()

    phone.ring().press("1").speak("phường Sài Gòn")
    assert open_offer_of(session, city.id) is None
    later = now + timedelta(seconds=61)
    presence.heartbeat(session, city.id, now=later)
    offers.offer_waiting_calls(session, now=later)

    assert open_offer_of(session, city.id) is not None


def test_a_city_agent_answers_at_once_for_a_ward_that_has_nobody(session, phone, now):
    city = agent_at(session, now, at="TTDH")

    phone.ring().press("1").speak("phường Sài Gòn")

    assert open_offer_of(session, city.id) is not None


def test_no_caller_is_told_that_nobody_is_there_before_a_silent_console_is_found_lost(session, phone, now):
    """After an outage all are silent for some seconds, whoever sits before them."""
    agent = agent_at(session, now)
    session.get_one(Presence, agent.id).heartbeat_at = now - timedelta(seconds=61)
    session.flush()

    phone.ring().press("1").speak("phường Sài Gòn")
    assert call_of(session, phone).state is CallState.QUEUED
    assert "nobody" not in call_of(session, phone).detail["told"]

    assert presence.lose_silent_consoles(session, now=now) == 1
    phone.wait()
    assert "nobody" in call_of(session, phone).detail["told"]
