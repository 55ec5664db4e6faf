"""A warm transfer: the caller on hold while a colleague is asked; whatever happens, somebody is with them after it."""

from datetime import timedelta

import pytest

from telephony.call import end
from telephony.call.consultation import begin_consult, leave_consult, put_through, take_caller_back
from telephony.call.passing_on import PassedOn, lock_own_talk, pass_to_colleague
from telephony.floor import offers, presence
from telephony.floor.consulting import consult_of
from telephony.floor.floor import load_floor
from tests.app.web.provider_events.test_passing_on import in_talk, led, state_of
from tests.app.web.provider_events.voice_scene import agent_at, call_of
from tests.telephony.floor.ringing import open_offer_of
from tickets.errors import NotAllowed, NotFound
from tickets.schema import Presence
from tickets.states import CallState, PresenceState


@pytest.fixture
def asked(session, phone, now):
    """An agent who talks, a colleague at whom it rings, the call, and its caller who hears music."""
    agent, colleague = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)
    ask(session, call, agent, colleague, now)
    led(phone, call, "hold")
    return agent, colleague, call


def ask(session, call, agent, colleague, now):
    floor = load_floor(session, now=now)
    lock_own_talk(session, call.id, staff_id=agent.id)
    begin_consult(session, call, by_id=agent.id, to_id=colleague.id, floor=floor, now=now)


def answers(session, colleague, now):
    return offers.accept(session, open_offer_of(session, colleague.id).id, staff_id=colleague.id, now=now)


def talks_to(phone):
    client = phone.document.find("Dial/Client/Identity")
    return client.text if client is not None else None


def test_the_caller_hears_music_while_the_colleague_is_asked_and_is_then_put_through(session, phone, now, asked):
    agent, colleague, call = asked
    assert "giữ máy" in phone.said and phone.document.find("Gather/Play") is not None
    assert (state_of(session, agent), state_of(session, colleague)) == (PresenceState.ON_CALL, PresenceState.OFFERED)

    answers(session, colleague, now)
    phone.wait()
    assert talks_to(phone) is None, "still on hold"
    assert call.agent_id == agent.id and state_of(session, colleague) is PresenceState.ON_CALL
    put_through(session, call, now=now + timedelta(seconds=40))
    phone.wait()

    assert talks_to(phone) == f"agent_{colleague.id}"
    assert (state_of(session, agent), state_of(session, colleague)) == (PresenceState.WRAP_UP, PresenceState.ON_CALL)
    assert (call.hold_seconds, call.hold_since) == (40, None)

    phone.post(phone.next_action(), DialCallStatus="completed", DialBridged="true", DialCallDuration="30")
    assert state_of(session, colleague) is PresenceState.WRAP_UP, "the colleague writes down their own talk"


def test_taken_back_the_caller_talks_to_the_same_agent_and_the_colleague_is_free(session, phone, now, asked):
    agent, colleague, call = asked
    answers(session, colleague, now)

    take_caller_back(session, call, now=now)
    phone.wait()

    assert talks_to(phone) == f"agent_{agent.id}"
    assert state_of(session, colleague) is PresenceState.AVAILABLE


@pytest.mark.parametrize("how", ["declines", "does not answer", "leaves"])
def test_a_colleague_who_is_not_there_or_goes_gives_the_caller_back_by_itself(session, phone, now, asked, how):
    agent, colleague, call = asked
    offer = open_offer_of(session, colleague.id)

    if how == "declines":
        offers.decline(session, offer.id, staff_id=colleague.id, now=now)
    elif how == "does not answer":
        offers.expire_offers(session, now=now + timedelta(seconds=31))
    else:
        answers(session, colleague, now)
        leave_consult(session, call, staff_id=colleague.id, now=now)
    phone.wait()

    assert talks_to(phone) == f"agent_{agent.id}"
    assert (call.agent_id, consult_of(call.detail), call.state) == (agent.id, None, CallState.TALKING)
    assert state_of(session, colleague) is PresenceState.AVAILABLE
    assert open_offer_of(session, colleague.id) is None


@pytest.mark.parametrize("answered", [False, True])
def test_a_caller_who_hangs_up_meanwhile_leaves_nobody_busy(session, phone, now, asked, answered):
    agent, colleague, _call = asked
    if answered:
        answers(session, colleague, now)

    phone.hang_up()

    assert call_of(session, phone).state is CallState.ENDED
    assert (state_of(session, agent), state_of(session, colleague)) == (PresenceState.WRAP_UP, PresenceState.AVAILABLE)
    assert open_offer_of(session, colleague.id) is None


def test_when_whoever_asked_is_gone_the_caller_is_put_through_to_somebody_who_is_there(app, session, phone, now, asked):
    agent, colleague, _call = asked
    answers(session, colleague, now)
    later = now + timedelta(seconds=95)
    presence.heartbeat(session, colleague.id, now=later)

    with app.bound_to(session, later):
        phone.wait()

        assert open_offer_of(session, colleague.id) is not None
        answers(session, colleague, later)
        phone.wait()
    assert talks_to(phone) == f"agent_{colleague.id}"
    assert state_of(session, agent) is PresenceState.WRAP_UP


def test_only_one_of_two_presses_at_once_counts(session, phone, now, asked):
    agent, colleague, call = asked
    offer = open_offer_of(session, colleague.id)
    take_caller_back(session, call, now=now)

    with pytest.raises(NotFound):
        offers.accept(session, offer.id, staff_id=colleague.id, now=now)
    with pytest.raises(NotAllowed):
        put_through(session, call, now=now)
    phone.wait()

    assert talks_to(phone) == f"agent_{agent.id}"
    assert state_of(session, colleague) is PresenceState.AVAILABLE


def test_nobody_is_asked_who_talks_already_and_the_caller_is_not_put_on_hold_for_it(session, phone, now):
    agent, busy = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)
    session.get(Presence, busy.id).state = PresenceState.ON_CALL
    session.flush()

    with pytest.raises(NotAllowed):
        ask(session, call, agent, busy, now)

    assert call.hold_since is None


def test_whoever_ends_the_call_while_a_colleague_is_asked_frees_both(session, phone, now, asked):
    agent, colleague, call = asked
    answers(session, colleague, now)

    end.finish_talk(session, call.id, staff_id=agent.id, now=now)
    phone.wait()
    phone.hang_up()

    assert (state_of(session, agent), state_of(session, colleague)) == (PresenceState.WRAP_UP, PresenceState.AVAILABLE)


def test_a_caller_on_hold_for_a_colleague_can_be_passed_on_without_waiting(session, phone, now, asked):
    agent, colleague, call = asked
    third = agent_at(session, now, at="TTDH")
    answers(session, colleague, now)

    floor = load_floor(session, now=now)
    pass_to_colleague(session, call, PassedOn(agent.id, ""), to_id=third.id, floor=floor, now=now)
    phone.wait()

    assert state_of(session, colleague) is PresenceState.AVAILABLE
    answers(session, third, now)
    phone.wait()
    assert talks_to(phone) == f"agent_{third.id}"
