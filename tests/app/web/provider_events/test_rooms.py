"""A supervisor in a talk: nobody notices how, everybody is told what comes next, and no break costs a call."""

from datetime import timedelta

import pytest

from app.phone.room_calls import lead_agent, lead_party
from app.wording.spoken_length import spoken_seconds
from app.wording.spoken_words import speak
from telephony.call import end
from telephony.call.recording_pause import ask_for_pause, forget_pause
from telephony.call.room_legs import party_plan
from telephony.call.supervising import RECORDING_PAUSED, bring_in, enter_talk, leave_talk, note_partys_leg
from telephony.call.taking_over import take_over
from telephony.floor.consulting import consult_of, note_line
from telephony.floor.presence import presence_of
from telephony.floor.rooms import TalkPart, left_in_rooms, parties_in
from telephony.plan.prompts import Prompt
from tests.app.web.provider_events.test_consultation import answers, ask
from tests.app.web.provider_events.test_passing_on import in_talk, led, leg_of, state_of
from tests.app.web.provider_events.voice_scene import agent_at, call_of
from tests.factories import staff
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import BASE
from tickets.errors import NotAllowed, NotFound
from tickets.states import CallState, PresenceState, Role

COMPLETED = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "60"}


def enters(session, call, supervisor, now, part=TalkPart.LISTENS):
    entry = enter_talk(session, call.id, staff_id=supervisor.id, name=supervisor.name, phone="", part=part, now=now)
    if not entry.party.leg:
        note_partys_leg(session, call.id, staff_id=supervisor.id, leg="CA-supervisor", now=now)
    return entry


def room_in(phone):
    return phone.document.find("Dial/Conference")


def agents_own(phone, entry):
    """What the agent's leg is told once it is led."""
    [change] = lead_agent(entry, base_url=BASE)
    phone.post(change.url, CallSid=change.call_sid)
    return phone.document


@pytest.fixture
def listened(session, phone, now):
    """A talk in which a supervisor listens: agent and caller have followed into the room."""
    agent, supervisor = agent_at(session, now), staff(session, role=Role.SUPERVISOR, at="26740", name="Phạm Hà")
    call = in_talk(session, phone, agent, now)
    bridge = phone.next_action()
    entry = enters(session, call, supervisor, now)
    agents = agents_own(phone, entry)
    phone.post(bridge, COMPLETED)
    return agent, supervisor, call, entry, agents


def test_caller_and_agent_meet_again_in_the_room_and_the_talk_goes_on(session, phone, listened):
    agent, _supervisor, call, _entry, agents = listened

    room = room_in(phone)
    assert room.text == agents.find("Dial/Conference").text
    assert room.get("endConferenceOnExit") == agents.find("Dial/Conference").get("endConferenceOnExit") == "true"
    assert room.get("beep") == "false" and room.get("record") == "record-from-start"
    assert (call.state, call.agent_id) == (CallState.TALKING, agent.id)
    assert state_of(session, agent) is PresenceState.ON_CALL, "nobody's talk is over"


@pytest.mark.parametrize(("part", "muted", "coaches"), [
    (TalkPart.LISTENS, "true", False), (TalkPart.WHISPERS, None, True), (TalkPart.SPEAKS, None, False),
])  # fmt: skip
def test_who_listens_is_heard_by_nobody_who_whispers_by_the_agent_alone(
    session, phone, now, listened, part, muted, coaches
):
    _agent, supervisor, call, entry, _agents = listened

    changed = enters(session, call, supervisor, now, part)
    [change] = lead_party(changed, base_url=BASE)
    phone.post(change.url, CallSid="CA-supervisor")

    room = room_in(phone)
    assert change.call_sid == "CA-supervisor"
    assert (room.get("muted"), room.get("coach")) == (muted, entry.agents_leg if coaches else None)
    assert room.get("endConferenceOnExit") == "false", "the others go on when the supervisor leaves"


def test_on_hold_the_caller_hears_music_the_agent_stays_in_the_room_and_both_meet_there_again(
    session, phone, now, listened
):
    _agent, _supervisor, call, _entry, agents = listened
    own = agents.find("Dial").get("action")

    end.hold(call, now=now)
    led(phone, call, "hold")
    music = phone.document.find("Gather/Play") is not None
    phone.post(own, COMPLETED, CallSid="CA-agent")
    waits = room_in(phone) is not None
    end.take_back(call, now=now)
    phone.post(f"hold?turn={call.turn}")

    assert music and waits
    assert room_in(phone).text == f"call-{call.id}"


def test_when_the_agents_leg_drops_the_caller_is_first_in_line_and_the_supervisor_free(session, phone, now, listened):
    agent, supervisor, call, _entry, _agents = listened

    phone.post("status", CallSid=leg_of(phone), ParentCallSid=phone.sid, CallStatus="completed")
    phone.post(phone_action(phone), COMPLETED)
    phone.wait()

    assert parties_in(call.detail) == ()
    assert state_of(session, supervisor) is PresenceState.OFFLINE
    assert open_offer_of(session, agent.id).call_id == call.id, "the same agent rings first"


def test_when_the_agents_leg_drops_as_a_supervisor_joins_it_is_a_cut_like_any_other(session, phone, now):
    agent, supervisor = agent_at(session, now), staff(session, role=Role.SUPERVISOR, at="26740")
    colleague = agent_at(session, now - timedelta(hours=1), at="TTDH")
    call = in_talk(session, phone, agent, now)
    enters(session, call, supervisor, now)

    phone.post("status", CallSid=leg_of(phone), ParentCallSid=phone.sid, CallStatus="completed")
    phone.post(phone_action(phone), COMPLETED)
    told, pause = phone.said, int(phone.document.find("Gather").get("timeout"))
    phone.wait()

    assert told == speak(Prompt.CUT_OFF, {}, "vi")
    assert spoken_seconds(told, "vi") + pause <= 10
    assert open_offer_of(session, agent.id).call_id == call.id, "the same agent rings first"
    assert open_offer_of(session, colleague.id) is None, "not whoever has been free for an hour"
    assert (state_of(session, agent), state_of(session, supervisor)) == (PresenceState.OFFERED, PresenceState.OFFLINE)
    assert [legs for _call, _account, legs in left_in_rooms(session, most=9, now=now)] == [["CA-supervisor"]]


def phone_action(phone):
    return phone.document.find("Dial").get("action")


def test_the_callers_hang_up_sends_everybody_home(session, phone, now, listened):
    agent, supervisor, _call, _entry, agents = listened
    own = agents.find("Dial").get("action")

    phone.hang_up()
    phone.post(own, COMPLETED, CallSid="CA-agent")

    assert [verb.tag for verb in phone.document] == ["Hangup"]
    assert call_of(session, phone).state is CallState.ENDED
    assert (state_of(session, agent), state_of(session, supervisor)) == (PresenceState.WRAP_UP, PresenceState.OFFLINE)


def test_who_leaves_is_what_they_were_before_and_the_others_go_on(session, phone, now, listened):
    agent, supervisor, call, _entry, _agents = listened

    _call, leg = leave_talk(session, call.id, staff_id=supervisor.id, now=now)

    assert leg == "CA-supervisor"
    assert (state_of(session, supervisor), state_of(session, agent)) == (PresenceState.OFFLINE, PresenceState.ON_CALL)
    assert call.state is CallState.TALKING
    with pytest.raises(NotFound):
        leave_talk(session, call.id, staff_id=supervisor.id, now=now)


def test_who_listens_can_take_the_talk_over_and_is_bridged_alone(session, phone, now, listened):
    agent, supervisor, call, _entry, _agents = listened

    _call, legs = take_over(session, call.id, by_id=supervisor.id, by=supervisor.name, phone="", now=now)
    led(phone, call, "hold")

    assert legs == ["CA-supervisor"]
    assert phone.document.find("Dial/Client/Identity").text == f"agent_{supervisor.id}"
    assert (state_of(session, agent), state_of(session, supervisor)) == (PresenceState.WRAP_UP, PresenceState.ON_CALL)


def test_a_supervisor_whose_telephone_could_not_be_rung_is_out_of_it_again(session, phone, now):
    agent, supervisor = agent_at(session, now), staff(session, role=Role.SUPERVISOR, at="26740")
    call = in_talk(session, phone, agent, now)
    enter_talk(session, call.id, staff_id=supervisor.id, name="", phone="", part=TalkPart.LISTENS, now=now)

    note_partys_leg(session, call.id, staff_id=supervisor.id, leg="", now=now)

    assert parties_in(call.detail) == ()
    assert state_of(session, supervisor) is PresenceState.OFFLINE


def test_nobody_enters_a_talk_that_is_on_hold_their_own_or_while_they_talk(session, phone, now):
    agent, busy = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)
    facts = {"name": "", "phone": "", "part": TalkPart.LISTENS, "now": now}

    with pytest.raises(NotAllowed):
        enter_talk(session, call.id, staff_id=agent.id, **facts)
    other = in_talk(session, type(phone)(phone.client, phone.client.application.settings, to=phone.to,
                                         number="+84907770001"), busy, now, key="2")  # fmt: skip
    with pytest.raises(NotAllowed):
        enter_talk(session, call.id, staff_id=busy.id, **facts)
    end.hold(other, now=now)
    with pytest.raises(NotFound):
        enter_talk(session, other.id, staff_id=staff(session, role=Role.SUPERVISOR).id, **facts)


def test_nobody_begins_to_listen_while_the_recording_is_paused_for_the_room_would_record(session, phone, now):
    agent, supervisor = agent_at(session, now), staff(session, role=Role.SUPERVISOR, at="26740")
    call = in_talk(session, phone, agent, now)
    ask_for_pause(call, now=now)

    with pytest.raises(NotAllowed) as refused:
        enters(session, call, supervisor, now)
    assert refused.value.what == RECORDING_PAUSED
    forget_pause(call)

    assert enters(session, call, supervisor, now).is_new_room


def test_a_document_names_the_part_that_was_asked_for_when_the_telephone_is_rung(session, phone, now):
    agent, supervisor = agent_at(session, now), staff(session, role=Role.SUPERVISOR, at="26740")
    call = in_talk(session, phone, agent, now)
    entry = enter_talk(session, call.id, staff_id=supervisor.id, name="", phone="", part=TalkPart.WHISPERS, now=now)

    [dial] = party_plan(entry.call, entry.party, entry.agents_leg, entered=0)

    assert (dial.target.is_muted, dial.target.coached_leg) == (False, entry.agents_leg)
    assert not dial.target.ends


def test_the_agents_bar_learns_when_who_listens_begins_to_speak(session, now, listened):
    _agent, supervisor, call, _entry, _agents = listened
    later = now + timedelta(seconds=40)

    enters(session, call, supervisor, later, part=TalkPart.SPEAKS)

    assert presence_of(session, supervisor.id).since == later


def test_a_colleague_who_was_asked_first_is_brought_in_and_three_talk(session, phone, now):
    agent, colleague = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)
    ask(session, call, agent, colleague, now)
    led(phone, call, "hold")
    answers(session, colleague, now)
    # The caller's own bridge has ended with the hold; the two colleagues have a line of their own.
    phone.post("status", CallSid=leg_of(phone), ParentCallSid=phone.sid, CallStatus="completed")
    note_line(call, with_id=colleague.id, leg="CA-between")

    later = now + timedelta(seconds=40)
    entry = bring_in(session, call, now=later)
    agents = agents_own(phone, entry)
    phone.post(f"hold?turn={call.turn}")

    assert room_in(phone).text == agents.find("Dial/Conference").text
    assert entry.agents_leg == "CA-between" and entry.party.part is TalkPart.SPEAKS
    assert (state_of(session, agent), state_of(session, colleague)) == (PresenceState.ON_CALL, PresenceState.ON_CALL)
    assert consult_of(call.detail) is None and call.hold_since is None
    assert presence_of(session, colleague.id).since == later, "by that their own bar learns of it"

    leave_talk(session, call.id, staff_id=colleague.id, now=now)
    assert state_of(session, colleague) is PresenceState.AVAILABLE
    assert call.state is CallState.TALKING, "the two others go on"


def test_nobody_is_brought_in_who_has_not_answered_or_has_no_line(session, phone, now):
    agent, colleague = agent_at(session, now), agent_at(session, now, at="TTDH")
    call = in_talk(session, phone, agent, now)
    ask(session, call, agent, colleague, now)
    led(phone, call, "hold")

    with pytest.raises(NotAllowed):
        bring_in(session, call, now=now)
    answers(session, colleague, now)
    with pytest.raises(NotAllowed):
        bring_in(session, call, now=now)

    assert call.hold_since is not None and consult_of(call.detail) is not None
