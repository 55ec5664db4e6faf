"""A caller who is passed on: what they hear, who rings, who is busy; no fault on the way costs them the call."""

from datetime import timedelta

import pytest

from telephony.call import end
from telephony.call.passing_on import PassedOn, lock_own_talk, pass_to_colleague, pass_to_unit
from telephony.floor import offers, presence
from telephony.floor.floor import load_floor
from tests.app.web.provider_events.voice_scene import agent_at, call_of, ticket_of
from tests.factories import unit
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.errors import NotAllowed, NotFound
from tickets.schema import Presence
from tickets.states import CallState, PresenceState


def leg_of(phone):
    """The provider's number for the agent's leg of this call."""
    return f"CA{'f' * 8}{phone.sid[-24:]}"


def in_talk(session, phone, agent, now, *, key="1"):
    phone.ring().press(key)
    if key == "1":
        phone.speak("phường Sài Gòn")
    offers.accept(session, open_offer_of(session, agent.id).id, staff_id=agent.id, now=now)
    phone.wait()
    phone.post("status", CallSid=leg_of(phone), ParentCallSid=phone.sid, CallStatus="in-progress")
    call = call_of(session, phone)
    call.answered_at = now - timedelta(minutes=1)
    session.flush()
    return call


def passed(session, call, agent, colleague, now, words=""):
    floor = load_floor(session, now=now)
    lock_own_talk(session, call.id, staff_id=agent.id)
    told = PassedOn(agent.id, agent.name, words)
    pass_to_colleague(session, call, told, to_id=colleague.id, floor=floor, now=now)


def led(phone, call, step="queue"):
    """As the provider does once it is told: the caller's leg is taken out of the bridge."""
    phone.post(f"{step}?turn={call.turn}")
    return phone.follow()


def state_of(session, agent):
    return session.get(Presence, agent.id, populate_existing=True).state


def answered_by(session, phone, agent, now):
    offers.accept(session, open_offer_of(session, agent.id).id, staff_id=agent.id, now=now)
    phone.wait()
    return phone.document.find("Dial/Client/Identity").text


def test_the_caller_hears_where_they_go_the_colleague_rings_and_whoever_passed_them_on_writes_it_down(
    session, phone, now
):
    agent, colleague = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)
    ticket = call.ticket_id

    passed(session, call, agent, colleague, now, words="Hỏi về rác")
    led(phone, call)

    assert "chuyển cuộc gọi đến người khác" in phone.said
    assert open_offer_of(session, colleague.id).call_id == call.id
    assert (state_of(session, agent), state_of(session, colleague)) == (PresenceState.WRAP_UP, PresenceState.OFFERED)
    assert answered_by(session, phone, colleague, now) == f"agent_{colleague.id}"
    assert call_of(session, phone).ticket_id == ticket
    assert state_of(session, colleague) is PresenceState.ON_CALL
    assert ticket_of(session, phone).first_answered_at is not None, "the talk that was had counts"


def test_a_colleague_who_does_not_answer_costs_the_caller_nothing_and_it_rings_back(session, phone, now):
    agent, colleague = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)
    passed(session, call, agent, colleague, now)
    led(phone, call)

    offers.expire_offers(session, now=now + timedelta(seconds=31))
    phone.wait()

    assert open_offer_of(session, agent.id).call_id == call.id, "whoever knows the matter is asked first"
    assert answered_by(session, phone, agent, now) == f"agent_{agent.id}"
    assert state_of(session, colleague) is PresenceState.AVAILABLE


def test_whoever_is_passed_on_stands_before_all_who_wait_and_stays_as_urgent(
    session, phone, client, settings, city_line, now
):
    agent, colleague = agent_at(session, now, at="TTDH"), agent_at(session, now, at="TTDH")
    presence.go_away(session, colleague.id, reason="", now=now)
    call = in_talk(session, phone, agent, now, key="2")
    other = Phone(client, settings, to=city_line, number="+84902222222").ring().press("2")
    presence.go_available(session, colleague.id, now=now)
    passed(session, call, agent, colleague, now)

    offers.decline(session, open_offer_of(session, colleague.id).id, staff_id=colleague.id, now=now)
    led(phone, call)

    assert call.queued_at < call_of(session, other).queued_at
    assert call.detail["emergency"] is True
    offers.offer_waiting_calls(session, now=now)
    ringing = open_offer_of(session, agent.id)
    assert ringing is not None and ringing.call_id == call.id


def test_to_the_line_of_a_unit_rings_at_its_people(session, phone, now):
    agent, there = agent_at(session, now), agent_at(session, now, at="26824")
    call = in_talk(session, phone, agent, now)
    receiving = unit(session, "26824").id

    lock_own_talk(session, call.id, staff_id=agent.id)
    floor = load_floor(session, now=now)
    pass_to_unit(session, call, PassedOn(agent.id, agent.name), unit_id=receiving, floor=floor, now=now)
    led(phone, call)

    assert call.unit_id == receiving
    assert answered_by(session, phone, there, now) == f"agent_{there.id}"


def test_where_nobody_can_take_the_caller_they_stay_with_their_agent(session, phone, now):
    agent, busy = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)
    session.get(Presence, busy.id).state = PresenceState.ON_CALL
    session.flush()

    with pytest.raises(NotAllowed):
        passed(session, call, agent, busy, now)
    with pytest.raises(NotAllowed):
        floor = load_floor(session, now=now)
        pass_to_unit(session, call, PassedOn(agent.id, ""), unit_id=unit(session, "26824").id, floor=floor, now=now)

    assert (call.state, call.agent_id) == (CallState.TALKING, agent.id)
    assert state_of(session, agent) is PresenceState.ON_CALL


def test_a_caller_on_hold_can_be_passed_on(session, phone, now):
    agent, colleague = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)
    end.hold(call, now=now)
    led(phone, call, "hold")

    passed(session, call, agent, colleague, now + timedelta(seconds=20))
    phone.wait()

    assert (call.hold_since, call.hold_seconds) == (None, 20)
    assert "chuyển cuộc gọi đến người khác" in phone.said
    assert answered_by(session, phone, colleague, now) == f"agent_{colleague.id}"


def test_when_the_provider_is_never_told_the_caller_goes_on_once_the_agent_hangs_up(session, phone, now):
    """Its REST side is away: the two go on talking, and the end of the talk is the way to the colleague."""
    agent, colleague = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)
    passed(session, call, agent, colleague, now)

    phone.post(phone.next_action(), DialCallStatus="completed", DialBridged="true", DialCallDuration="70")
    phone.follow()

    assert open_offer_of(session, colleague.id).call_id == call.id
    assert answered_by(session, phone, colleague, now) == f"agent_{colleague.id}"


def test_a_caller_who_hangs_up_on_the_way_is_called_back_and_nobody_stays_busy(session, phone, now):
    agent, colleague = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)
    passed(session, call, agent, colleague, now)
    led(phone, call)

    phone.hang_up()

    assert open_offer_of(session, colleague.id) is None
    assert state_of(session, colleague) is PresenceState.AVAILABLE
    assert call_of(session, phone).state is CallState.ENDED


def test_what_is_not_ones_own_talk_cannot_be_passed_on(session, phone, now):
    agent, colleague = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)

    with pytest.raises(NotFound):
        lock_own_talk(session, call.id, staff_id=colleague.id)
    passed(session, call, agent, colleague, now)
    with pytest.raises(NotFound):
        lock_own_talk(session, call.id, staff_id=agent.id)


def test_a_caller_on_hold_whose_agent_is_gone_is_put_through_to_somebody_else(app, session, phone, now):
    agent, colleague = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)
    end.hold(call, now=now)
    led(phone, call, "hold")
    later = now + timedelta(seconds=95)
    presence.heartbeat(session, colleague.id, now=later)

    with app.bound_to(session, later):
        phone.wait()

        assert open_offer_of(session, colleague.id) is not None
        assert call.hold_since is None
        assert state_of(session, agent) is PresenceState.WRAP_UP
        assert answered_by(session, phone, colleague, later) == f"agent_{colleague.id}"
