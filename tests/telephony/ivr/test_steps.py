"""The conversation leads every caller to words, a person, or a trace, whatever is pressed or said."""

from dataclasses import replace

import pytest

from telephony.ivr import (
    AskCallback,
    CallFacts,
    Conversation,
    GoOnWith,
    Heard,
    JoinQueue,
    KeepRecording,
    LeaveQueue,
    NamedUnit,
    NotePlace,
    NoteSaid,
    OfferUnanswered,
    OpenTicket,
    PlaceFacts,
    QueueFacts,
    SpokenState,
    TellDutyOfficer,
    begin,
    step,
)
from telephony.plan.menu import ALL_WORDS, FIRST_WORDS
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Client, Dial, Gather, Hangup, Music, Pause, Record, Say
from tickets.states import CallbackReason, CallState, PlaceOutcome

SAI_GON = NamedUnit(1, "Phường Sài Gòn")
THU_DUC = NamedUnit(2, "Phường Thủ Đức")
CALLER = CallFacts(caller="+84901234567", reference="2600421733")
SILENCE = Heard()


def prompts(outcome):
    said = []
    for verb in outcome.plan:
        for spoken in getattr(verb, "spoken", ()) or (verb,):
            if isinstance(spoken, Say):
                said.append(spoken.prompt)
    return said


def talk(*steps, facts=CALLER):
    """Walks a conversation from the greeting; a step is keys, a Heard, or (Heard, Facts)."""
    outcome = begin(Conversation(CallState.GREETING), facts)
    effects = list(outcome.effects)
    for each in steps:
        heard, known = each if isinstance(each, tuple) else (each, facts)
        heard = Heard(keys=heard) if isinstance(heard, str) else heard
        outcome = step(outcome.conversation, heard, known)
        effects += outcome.effects
    return outcome, effects


def known(*units):
    outcome = PlaceOutcome.UNIQUE if len(units) == 1 else PlaceOutcome.AMBIGUOUS if units else PlaceOutcome.NONE
    return replace(CALLER, places=PlaceFacts(outcome, units))


def test_the_greeting_says_that_the_call_is_recorded_and_offers_the_other_language():
    outcome, effects = talk()

    first = [Prompt.GREETING, Prompt.RECORDING_NOTICE, Prompt.MENU_EMERGENCY, Prompt.MENU_LANGUAGE]
    assert prompts(outcome) == [*first, *FIRST_WORDS]
    assert outcome.plan[0].spoken[3].locale == "en"
    assert effects == []


@pytest.mark.parametrize(
    ("key", "opens"), [("1", True), ("2", True), ("8", True), ("9", True), ("3", False), ("4", False)]
)
def test_a_matter_opens_a_ticket_at_once_and_self_service_opens_none(key, opens):
    _, effects = talk(key)

    assert any(isinstance(effect, OpenTicket) for effect in effects) is opens


def test_a_place_that_was_said_is_understood_kept_and_leads_to_a_person():
    said = Heard(speech="phường Bến Nghé quận 1 cũ")

    outcome, effects = talk("1", (said, known(SAI_GON)))

    assert outcome.conversation.state is CallState.QUEUED
    assert prompts(outcome) == [Prompt.PLACE_UNDERSTOOD]
    assert NotePlace(1, "speech") in effects
    assert NoteSaid("phường Bến Nghé quận 1 cũ") in effects
    assert isinstance(effects[-1], JoinQueue)


def test_a_name_from_the_keypad_is_read_back_before_it_counts():
    asked, before = talk("1", (Heard(keys="7246"), known(SAI_GON)))
    _, after = talk("1", (Heard(keys="7246"), known(SAI_GON)), "1")

    assert prompts(asked) == [Prompt.PLACE_CONFIRM]
    assert not any(isinstance(effect, NotePlace) for effect in before)
    assert NotePlace(1, "choice") in after


def test_several_places_are_read_out_and_one_is_chosen():
    asked, _ = talk("1", (Heard(speech="thủ đức"), known(SAI_GON, THU_DUC)))
    _, effects = talk("1", (Heard(speech="thủ đức"), known(SAI_GON, THU_DUC)), "2")

    assert prompts(asked).count(Prompt.PLACE_OPTION) == 2
    assert NotePlace(2, "choice") in effects


def test_none_of_the_places_offered_means_the_agent_asks():
    outcome, effects = talk("1", (Heard(speech="thủ đức"), known(SAI_GON, THU_DUC)), "0")

    assert prompts(outcome) == [Prompt.PLACE_AGENT_WILL_ASK]
    assert not any(isinstance(effect, NotePlace) for effect in effects)
    assert JoinQueue() in effects


def test_a_units_own_line_asks_nothing():
    outcome, effects = talk("1", facts=replace(CALLER, line_unit=SAI_GON))

    assert outcome.conversation.state is CallState.QUEUED
    assert NotePlace(1, "line") in effects


def test_a_caller_who_came_before_is_offered_the_same_place():
    facts = replace(CALLER, last_unit=SAI_GON)

    asked, _ = talk("1", facts=facts)
    _, effects = talk("1", "1", facts=facts)

    assert prompts(asked) == [Prompt.PLACE_LAST_UNIT]
    assert NotePlace(1, "last") in effects


def test_where_nobody_hears_words_they_are_recorded_for_the_agent():
    facts = replace(CALLER, can_hear_speech=False)

    asked, _ = talk("1", SILENCE, facts=facts)
    _, effects = talk("1", SILENCE, Heard(recording_sid="RE1", recording_seconds=9), facts=facts)

    assert isinstance(asked.plan[-1], Record)
    assert any(isinstance(effect, KeepRecording) for effect in effects)
    assert JoinQueue() in effects


def test_an_emergency_hears_the_numbers_first_and_goes_to_a_person():
    outcome, effects = talk("2")

    assert prompts(outcome)[0] is Prompt.EMERGENCY_NUMBERS
    assert effects[0] == OpenTicket(is_emergency=True)
    assert isinstance(outcome.plan[-1], Gather) and outcome.plan[-1].step == "queue", "any key cuts the words short"


def test_who_tells_of_danger_where_a_place_was_asked_hears_the_numbers_and_goes_to_a_person():
    burning = Heard(speech="cháy nhà có người kẹt")

    outcome, effects = talk("1", (burning, replace(known(), says_danger=True)))

    assert prompts(outcome)[0] is Prompt.EMERGENCY_NUMBERS
    assert NoteSaid(burning.speech) in effects
    assert isinstance(outcome.plan[-1], Gather) and outcome.plan[-1].step == "queue"


@pytest.mark.parametrize(
    "steps", [("5", "5", "5"), (SILENCE, SILENCE), ("3", SILENCE, SILENCE), ("4", SILENCE, SILENCE)]
)
def test_three_wrong_keys_or_two_silences_lead_to_a_person_and_never_to_a_hang_up(steps):
    outcome, effects = talk(*steps)

    assert outcome.conversation.state is CallState.QUEUED
    assert OpenTicket() in effects and JoinQueue() in effects


def test_star_changes_the_language_and_seven_reads_all_of_it_slowly():
    english, _ = talk("*")
    slow, _ = talk("7")

    assert english.conversation.locale == "en"
    assert prompts(english)[:3] == [Prompt.RECORDING_NOTICE, Prompt.MENU_EMERGENCY, Prompt.MENU_LANGUAGE]
    assert english.plan[0].spoken[2].locale == "vi"
    assert slow.plan[0].spoken.count(Pause(1)) == len([Prompt.MENU_EMERGENCY, *ALL_WORDS])


@pytest.mark.parametrize("asked", [(), ("1",), ("3",), ("3", "2600421733"), ("4",), ("5",)])
def test_zero_is_a_person_wherever_a_key_is_asked_for(asked):
    outcome, effects = talk(*asked, "0")

    assert outcome.conversation.state is CallState.QUEUED
    assert OpenTicket() in effects and isinstance(effects[-1], JoinQueue)


def test_zero_on_a_wards_own_line_goes_to_the_ward():
    _, effects = talk("0", facts=replace(CALLER, line_unit=SAI_GON))

    assert NotePlace(1, "line") in effects


def test_the_state_of_a_request_is_told_after_reference_and_pin():
    facts = replace(CALLER, followed=SpokenState((Say(Prompt.STATE_OPEN),)))

    told, effects = talk("3", "2600421733", "123456", facts=facts)

    assert told.conversation.reference == "2600421733"
    assert prompts(told) == [Prompt.STATE_OPEN, Prompt.AFTERWARDS]
    assert effects == []


def test_a_request_nobody_may_hear_about_sounds_like_one_that_does_not_exist():
    told, _ = talk("3", "2600421733", SILENCE)

    assert prompts(told) == [Prompt.FOLLOW_UNKNOWN, Prompt.AFTERWARDS]


def test_a_person_after_the_state_of_a_request_is_about_that_request_and_asks_no_place():
    facts = replace(CALLER, followed=SpokenState((Say(Prompt.STATE_OPEN),)))

    person, effects = talk("3", "2600421733", "123456", "1", facts=facts)
    stranger, others = talk("3", "2600421733", "123456", "123457", "1")

    assert effects[0] == GoOnWith("2600421733")
    assert person.conversation.state is CallState.QUEUED
    assert not any(isinstance(effect, GoOnWith) for effect in others)
    assert stranger.conversation.state is CallState.PLACE


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("0", Prompt.TO_A_PERSON),
        ("7", Prompt.MENU_EMERGENCY),
        ("*", Prompt.RECORDING_NOTICE),
        ("9", Prompt.CALLBACK_CONFIRM),
    ],
)
def test_a_key_alone_where_a_reference_is_asked_for_is_meant_as_in_the_menu(key, words):
    outcome, _ = talk("3", key)

    assert prompts(outcome)[0] is words
    assert outcome.conversation.reference == ""


def test_the_queue_tells_the_reference_once_and_a_position_that_never_rises():
    waiting = Conversation(CallState.QUEUED)
    first = step(waiting, SILENCE, replace(CALLER, queue=QueueFacts(position=3)))
    worse = step(first.conversation, SILENCE, replace(CALLER, queue=QueueFacts(position=5, waited_seconds=60)))
    better = step(worse.conversation, SILENCE, replace(CALLER, queue=QueueFacts(position=1, waited_seconds=120)))

    assert prompts(first) == [Prompt.QUEUE_POSITION, Prompt.REFERENCE_TWICE, Prompt.QUEUE_CHOICES]
    assert prompts(worse) == [Prompt.QUEUE_POSITION]
    assert worse.plan[0].spoken[0].params == {"position": 3}
    assert prompts(better) == [Prompt.QUEUE_NEXT]


def test_a_waiting_caller_is_told_how_they_stand_once_a_minute_and_hears_music_between():
    waiting, said = Conversation(CallState.QUEUED), {}
    for waited in range(0, 200, 20):
        queue = QueueFacts(position=3, wait_minutes=4, waited_seconds=waited)
        outcome = step(waiting, SILENCE, replace(CALLER, queue=queue))
        waiting, said[waited] = outcome.conversation, prompts(outcome)
        assert isinstance(outcome.plan[0].spoken[-1], Music), "nobody hears a dead line"

    assert [waited for waited, words in said.items() if Prompt.QUEUE_POSITION in words] == [0, 60, 120, 180]
    assert [waited for waited, words in said.items() if Prompt.QUEUE_WAIT in words] == [0, 60, 120, 180]
    assert not any(words for waited, words in said.items() if waited % 60)


def test_a_long_wait_is_told_as_such_and_no_figure_is_better_than_a_wrong_one():
    long = step(Conversation(CallState.QUEUED), SILENCE, replace(CALLER, queue=QueueFacts(9, wait_minutes=40)))
    unknown = step(Conversation(CallState.QUEUED), SILENCE, replace(CALLER, queue=QueueFacts(9)))

    assert Prompt.QUEUE_WAIT_LONG in prompts(long) and Prompt.QUEUE_WAIT not in prompts(long)
    assert not {Prompt.QUEUE_WAIT, Prompt.QUEUE_WAIT_LONG} & set(prompts(unknown))


def test_the_loop_is_short_while_an_agents_screen_rings():
    calm = step(Conversation(CallState.QUEUED), SILENCE, CALLER)
    ringing = step(Conversation(CallState.QUEUED), SILENCE, replace(CALLER, queue=QueueFacts(offer_is_open=True)))

    assert calm.plan[0].timeout_seconds == 1 and calm.plan[0].spoken[-1] == Music(), "19 s of it"
    assert ringing.plan[0].timeout_seconds <= 5
    assert ringing.conversation.state is CallState.OFFERED


def test_an_accepted_offer_connects_and_records_the_talk():
    facts = replace(CALLER, queue=QueueFacts(target=Client("agent_7")), line_phone="+842838000000")

    outcome = step(Conversation(CallState.OFFERED), SILENCE, facts)

    dial = outcome.plan[-1]
    assert isinstance(dial, Dial)
    assert (dial.target, dial.record, dial.caller_id) == (Client("agent_7"), True, "+842838000000")
    assert outcome.conversation.state is CallState.TALKING


def test_an_agents_phone_that_does_not_answer_costs_the_caller_no_place():
    outcome = step(Conversation(CallState.TALKING), Heard(dial_status="no-answer", dial_bridged=False), CALLER)

    assert outcome.effects == (OfferUnanswered(),)
    assert outcome.conversation.state is CallState.QUEUED


def test_a_dropped_talk_is_offered_again_at_the_front_of_the_queue():
    asked = step(Conversation(CallState.TALKING), Heard(dial_status="completed", dial_bridged=True), CALLER)
    assert prompts(asked) == [Prompt.CUT_OFF]
    for heard in (Heard(keys="1"), SILENCE, Heard(keys="7")):
        again = step(asked.conversation, heard, CALLER)
        assert again.effects == (JoinQueue(in_front=True),), "who is still on the line has more to say"


def test_a_talk_the_agent_ended_is_over():
    facts = replace(CALLER, agent_finished=True)

    outcome = step(Conversation(CallState.TALKING), Heard(dial_status="completed", dial_bridged=True), facts)

    assert isinstance(outcome.plan[-1], Hangup)


def test_with_nobody_on_duty_there_is_no_music_but_a_callback_or_a_message_and_somebody_is_told():
    empty = replace(CALLER, queue=QueueFacts(staffed=False))

    asked = step(Conversation(CallState.QUEUED), SILENCE, empty)
    taped = step(asked.conversation, SILENCE, empty)
    called = step(asked.conversation, Heard(keys="9"), empty)
    promised = step(called.conversation, Heard(keys="1"), empty)

    assert prompts(asked) == [Prompt.NOBODY_ON_DUTY, Prompt.NOBODY_CHOICES] and TellDutyOfficer() in asked.effects
    assert isinstance(taped.plan[-1], Record)
    assert AskCallback("+84901234567", CallbackReason.NOBODY_ON_DUTY) in promised.effects


def test_an_emergency_that_nobody_answers_hears_again_who_comes_at_once():
    empty = replace(CALLER, queue=QueueFacts(staffed=False))

    outcome, _ = talk("2", (SILENCE, empty))

    assert prompts(outcome) == [Prompt.NOBODY_ON_DUTY, Prompt.EMERGENCY_AGAIN, Prompt.NOBODY_CHOICES]


def test_the_reference_is_said_in_one_place_of_a_call_only():
    waiting, _ = talk("1", SILENCE, SILENCE)
    message = step(waiting.conversation, Heard(keys="8"), CALLER)
    left = step(message.conversation, Heard(recording_sid="RE1", recording_seconds=9), CALLER)
    unheard, _ = talk("8", Heard(recording_sid="RE1", recording_seconds=9))

    assert Prompt.REFERENCE_TWICE in prompts(waiting)
    assert Prompt.REFERENCE_TWICE not in prompts(left)
    assert Prompt.REFERENCE_TWICE in prompts(unheard)


def test_a_place_with_too_many_wards_is_not_called_unknown_and_is_asked_for_more_exactly():
    many = known(*(NamedUnit(i, f"Phường {i}") for i in range(1, 9)))

    reported, effects = talk("1", (Heard(speech="Tân Bình"), many))
    where, _ = talk("4", (Heard(speech="Tân Bình"), many))
    again, _ = talk("4", (Heard(speech="Tân Bình"), many), (Heard(speech="Tân Bình"), many))

    assert prompts(reported) == [Prompt.PLACE_TOO_MANY, Prompt.PLACE_SAY_AGAIN]
    assert NoteSaid("Tân Bình") in effects
    assert prompts(where) == [Prompt.PLACE_TOO_MANY, Prompt.WHERE]
    assert prompts(again) == [Prompt.PLACE_TOO_MANY, Prompt.AFTERWARDS]


def test_where_an_old_place_lies_now_is_told_in_one_sentence_and_an_unknown_one_asked_for_once_more():
    unknown, _ = talk("4", (Heard(speech="Đà Lạt"), known()))
    told, _ = talk("4", (Heard(speech="thủ đức"), known(SAI_GON, THU_DUC)))

    assert prompts(unknown) == [Prompt.PLACE_NOT_FOUND, Prompt.WHERE]
    assert prompts(told) == [Prompt.WHERE_SEVERAL, Prompt.AFTERWARDS]
    assert told.plan[0].spoken[0].params == {"units": "Phường Sài Gòn, Phường Thủ Đức"}


def test_leaving_the_queue_for_a_message_or_callback_is_a_flow_out():
    voicemail = step(Conversation(CallState.QUEUED), Heard(keys="8"), CALLER)
    callback = step(Conversation(CallState.OFFERED), Heard(keys="9"), CALLER)

    assert LeaveQueue("voicemail") in voicemail.effects
    assert LeaveQueue("callback") in callback.effects


def test_a_message_is_kept_from_two_seconds_on():
    kept, effects = talk("8", Heard(recording_sid="RE1", recording_seconds=2))
    short, nothing = talk("8", Heard(recording_sid="RE1", recording_seconds=1))

    assert any(isinstance(effect, KeepRecording) for effect in effects)
    assert Prompt.REFERENCE_TWICE in prompts(kept)
    assert not any(isinstance(effect, KeepRecording) for effect in nothing)
    assert isinstance(short.plan[-1], Record)


def test_a_hidden_number_keys_in_where_to_call_back():
    facts = replace(CALLER, caller=None)

    asked, _ = talk("9", facts=facts)
    _, effects = talk("9", "0901234568", facts=facts)

    assert prompts(asked) == [Prompt.CALLBACK_KEY_NUMBER]
    assert AskCallback("+84901234568") in effects


@pytest.mark.parametrize("number", ["19001234", "0088213771234", "113", "1022", "12345", "00442079460000"])
def test_no_callback_goes_where_it_costs_more_than_a_call(number):
    outcome, effects = talk("9", "2", number, number)

    assert not any(isinstance(effect, AskCallback) for effect in effects)
    assert isinstance(outcome.plan[-1], Record)


def test_somebody_who_must_not_be_called_is_asked_for_a_message():
    outcome, _ = talk("9", facts=replace(CALLER, do_not_call=True))

    assert Prompt.CALLBACK_BLOCKED in prompts(outcome)
    assert isinstance(outcome.plan[-1], Record)


def test_a_caller_on_hold_waits_and_is_bridged_again_when_the_agent_is_back():
    talking = Conversation(CallState.TALKING)
    agent = QueueFacts(target=Client("agent_7"))

    held = step(talking, SILENCE, replace(CALLER, is_on_hold=True, queue=agent))
    back = step(talking, SILENCE, replace(CALLER, is_on_hold=False, queue=agent))

    assert prompts(held) == [Prompt.HOLD]
    assert held.conversation.state is CallState.TALKING
    later = step(held.conversation, SILENCE, replace(CALLER, is_on_hold=True, queue=agent))
    assert prompts(later) == [] and later.plan[0].spoken == (Music(),), "music, and not the same sentence for ever"
    assert isinstance(back.plan[-1], Dial)
