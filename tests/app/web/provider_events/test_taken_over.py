"""Taken over where the provider leads nobody out of a talk: the caller is put through when the agent's goes down."""

from datetime import datetime, timedelta

import pytest

from telephony.call.taking_over import take_over
from telephony.floor import offers, presence
from tests.app.web.provider_events.test_passing_on import in_talk, leg_of, state_of
from tests.app.web.provider_events.voice_scene import agent_at, call_of
from tests.factories import staff
from tests.telephony.floor.ringing import open_offer_of
from tickets.schema import TimelineEntry
from tickets.states import CallState, PresenceState, Role, TimelineKind

COMPLETED = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "60"}
UNANSWERED = {"DialCallStatus": "no-answer", "DialBridged": "false"}


def put_through(session, phone, agent, now):
    """The agent has accepted, and nobody has told us that they hear each other."""
    phone.ring().press("1")
    phone.speak("phường Sài Gòn")
    offers.accept(session, open_offer_of(session, agent.id).id, staff_id=agent.id, now=now)
    phone.wait()
    return call_of(session, phone)


@pytest.fixture
def taken(session, phone, now):
    agent, boss = agent_at(session, now), staff(session, role=Role.SUPERVISOR, at="26740", name="Phạm Hà")
    call = in_talk(session, phone, agent, now)
    take_over(session, call.id, by_id=boss.id, by=boss.name, phone="", now=now)
    phone.post("status", CallSid=leg_of(phone), ParentCallSid=phone.sid, CallStatus="completed")
    phone.post(phone.next_action(), COMPLETED)
    return agent, boss


def test_the_caller_is_put_through_at_once_and_hears_nothing_of_a_line_that_broke(session, phone, taken):
    agent, boss = taken

    assert phone.document.find("Dial/Client/Identity").text == f"agent_{boss.id}"
    assert "ngắt" not in phone.said
    assert call_of(session, phone).state is CallState.TALKING
    assert (state_of(session, agent), state_of(session, boss)) == (PresenceState.WRAP_UP, PresenceState.ON_CALL)


def test_each_of_the_two_has_one_talk_to_write_down(session, phone, taken):
    agent, boss = taken

    phone.post(phone.next_action(), COMPLETED)

    talks = session.query(TimelineEntry).filter_by(ticket_id=call_of(session, phone).ticket_id, kind=TimelineKind.CALL)
    assert [one.staff_id for one in talks.order_by(TimelineEntry.id) if "seconds" in one.params] == [agent.id, boss.id]
    assert state_of(session, boss) is PresenceState.WRAP_UP


def test_a_supervisor_who_does_not_pick_up_costs_the_caller_nothing(session, phone, taken):
    agent, _boss = taken

    phone.post(phone.next_action(), UNANSWERED)
    phone.follow()

    assert call_of(session, phone).state in (CallState.QUEUED, CallState.OFFERED)
    assert open_offer_of(session, agent.id) is None or call_of(session, phone).state is CallState.OFFERED


def test_whose_telephone_only_rang_when_the_caller_was_taken_is_free_and_not_on_a_call_for_good(session, phone, now):
    agent, boss = agent_at(session, now), staff(session, role=Role.SUPERVISOR, at="26740")
    call = put_through(session, phone, agent, now)

    take_over(session, call.id, by_id=boss.id, by=boss.name, phone="", now=now)

    assert (state_of(session, agent), state_of(session, boss)) == (PresenceState.AVAILABLE, PresenceState.ON_CALL)
    assert presence.go_away(session, agent.id, reason="", now=now).state is PresenceState.AWAY


def test_a_talk_of_which_nobody_told_is_known_by_how_long_its_bridge_lasted(session, phone, now):
    agent, boss = agent_at(session, now), staff(session, role=Role.SUPERVISOR, at="26740")
    call = put_through(session, phone, agent, now)
    take_over(session, call.id, by_id=boss.id, by=boss.name, phone="", now=now)

    phone.post(phone.next_action(), COMPLETED)

    noted = call_of(session, phone)
    assert noted.answered_at == datetime.fromisoformat(noted.detail["seen_at"]) - timedelta(seconds=60)
