"""What many call about is said before the queue; one key counts, danger goes past it, and nobody is hung up on."""

from dataclasses import replace

import pytest

from telephony.ivr import (
    AnswerBy,
    AskCallback,
    CallFacts,
    Conversation,
    CountOn,
    GuidanceFacts,
    Heard,
    IncidentFacts,
    JoinQueue,
    NamedUnit,
    NotePlace,
    OpenTicket,
    PlaceFacts,
    begin,
    step,
)
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Hangup
from tests.telephony.ivr.test_steps import prompts
from tickets.states import CallState, PlaceOutcome

SAI_GON, THU_DUC = NamedUnit(1, "Phường Sài Gòn"), NamedUnit(2, "Phường Thủ Đức")
FLOOD = IncidentFacts(7, "2600421733", "Đường ngập.", "Streets are flooded.", unit_ids=frozenset({1}))
STORM = replace(FLOOD, id=8, unit_ids=frozenset(), is_disaster=True)
CALLER = CallFacts(caller="+84901234567", last_unit=SAI_GON, incidents=(FLOOD,))
IN_DISASTER = replace(CALLER, incidents=(STORM,))
FULL = replace(CALLER, incidents=(replace(STORM, is_full=True),))


def talk(*keys, facts=CALLER, locale="vi"):
    outcome = begin(Conversation(CallState.GREETING, locale=locale), facts)
    effects = list(outcome.effects)
    for each in keys:
        heard = each if isinstance(each, Heard) else Heard(keys=each)
        outcome = step(outcome.conversation, heard, facts)
        effects += outcome.effects
    return outcome, effects


def words(outcome):
    return [say.params.get("bulletin") for say in outcome.plan[0].spoken if hasattr(say, "params")]


def test_who_calls_from_there_hears_it_before_the_queue_and_has_a_place_in_it_already():
    outcome, effects = talk("1", "1")

    assert prompts(outcome) == [Prompt.INCIDENT_BULLETIN, Prompt.INCIDENT_CHOICES]
    assert NotePlace(1, "last") in effects and JoinQueue() in effects
    assert outcome.conversation.state is CallState.PLACE, "nobody is rung while the bulletin is said"


def test_it_is_said_in_the_callers_language():
    assert "Đường ngập." in words(talk("1", "1")[0])
    assert "Streets are flooded." in words(talk("1", "1", locale="en")[0])


def test_who_calls_from_elsewhere_hears_nothing_of_it():
    elsewhere = replace(CALLER, last_unit=THU_DUC)

    outcome, _ = talk("1", "1", facts=elsewhere)

    assert outcome.conversation.state is CallState.QUEUED
    assert Prompt.INCIDENT_BULLETIN not in prompts(outcome)


def test_a_spoken_place_is_told_of_after_it_was_understood():
    facts = replace(CALLER, last_unit=None, places=PlaceFacts(PlaceOutcome.UNIQUE, (SAI_GON,)))

    outcome, _ = talk("1", Heard(speech="phường Sài Gòn, nước ngập"), facts=facts)

    assert prompts(outcome) == [Prompt.PLACE_UNDERSTOOD, Prompt.INCIDENT_BULLETIN, Prompt.INCIDENT_CHOICES]


def test_the_key_counts_and_says_how_they_are_told():
    outcome, effects = talk("1", "1", "1")

    assert CountOn(7) in effects
    assert prompts(outcome) == [Prompt.INCIDENT_COUNTED, Prompt.GOODBYE]


LANDLINE = "+842838222333"


@pytest.mark.parametrize("asked", [{"caller": None}, {"caller": LANDLINE, "do_not_call": True}])
def test_whom_nothing_reaches_is_told_so_and_gets_the_number(asked):
    outcome, effects = talk("1", "1", "1", facts=replace(CALLER, **asked))

    assert CountOn(7) in effects
    assert prompts(outcome)[0] is Prompt.INCIDENT_COUNTED_ONLY


def test_a_landline_is_told_that_it_will_be_rung():
    outcome, effects = talk("1", "1", "1", facts=replace(CALLER, caller=LANDLINE))

    assert CountOn(7) in effects
    assert prompts(outcome) == [Prompt.INCIDENT_COUNTED_CALL, Prompt.GOODBYE]


@pytest.mark.parametrize("key", ["", "0", "5", "#"])
def test_anything_else_goes_on_to_a_person_and_hears_it_once(key):
    outcome, _ = talk("1", "1", key)

    assert outcome.conversation.state is CallState.QUEUED
    assert Prompt.INCIDENT_BULLETIN not in prompts(outcome)


def test_danger_never_waits_behind_it():
    by_key, key_effects = talk("2")
    asked, _ = talk("1")
    words_of_it = step(asked.conversation, Heard(speech="cháy nhà, cứu với"), replace(CALLER, says_danger=True))
    during, during_effects = talk("1", "1", "2")

    for outcome in (by_key, words_of_it, during):
        assert outcome.conversation.state is CallState.QUEUED
        assert prompts(outcome) == [Prompt.EMERGENCY_NUMBERS]
    assert OpenTicket(is_emergency=True) in key_effects
    assert OpenTicket(is_emergency=True) in during_effects


def test_in_a_disaster_it_comes_before_the_menu_which_is_short():
    outcome, _ = talk(facts=IN_DISASTER)

    said = prompts(outcome)
    assert said.index(Prompt.MENU_EMERGENCY) < said.index(Prompt.INCIDENT_BULLETIN)
    assert said[-1] is Prompt.DISASTER_CHOICES
    assert Prompt.MENU_REPORT not in said


def test_in_a_disaster_one_key_counts_and_opens_no_ticket():
    outcome, effects = talk("1", facts=IN_DISASTER)

    assert effects == [CountOn(8)]
    assert prompts(outcome) == [Prompt.INCIDENT_COUNTED, Prompt.GOODBYE]


@pytest.mark.parametrize(
    ("key", "state"),
    [
        ("", CallState.QUEUED),
        ("0", CallState.QUEUED),
        ("2", CallState.QUEUED),
        ("3", CallState.STATUS),
        ("4", CallState.PLACE),
        ("7", CallState.MENU),
        ("8", CallState.VOICEMAIL),
        ("9", CallState.CALLBACK),
        ("*", CallState.MENU),
    ],
)
def test_every_key_of_the_usual_menu_goes_on_meaning_what_it_does(key, state):
    assert talk(key, facts=IN_DISASTER)[0].conversation.state is state


def test_another_matter_is_told_in_the_usual_menu():
    outcome, effects = talk("7", "1", facts=IN_DISASTER)

    assert outcome.conversation.state is CallState.PLACE
    assert not any(isinstance(effect, CountOn) for effect in effects)


def test_the_other_language_says_it_again():
    outcome, _ = talk("*", facts=IN_DISASTER)

    assert "Streets are flooded." in words(outcome)


@pytest.mark.parametrize("key", ["", "0"])
def test_where_too_many_wait_a_message_or_a_callback_is_offered_at_once(key):
    outcome, effects = talk(key, facts=FULL)

    assert prompts(outcome) == [Prompt.MANY_CALLERS, Prompt.NOBODY_CHOICES]
    assert JoinQueue() not in effects and OpenTicket() in effects
    silent = step(outcome.conversation, Heard(), FULL)
    assert silent.conversation.state is CallState.VOICEMAIL
    assert step(outcome.conversation, Heard(keys="9"), FULL).conversation.state is CallState.CALLBACK
    assert step(outcome.conversation, Heard(keys="2"), FULL).conversation.state is CallState.QUEUED, "danger has room"


def test_who_is_in_danger_waits_in_line_however_many_wait():
    assert talk("2", facts=FULL)[0].conversation.state is CallState.QUEUED


@pytest.mark.parametrize(
    "facts", [CALLER, IN_DISASTER, replace(IN_DISASTER, incidents=(replace(STORM, is_full=True),))]
)
@pytest.mark.parametrize("first", ["", *"0123456789*#"])
@pytest.mark.parametrize("then", ["", *"0123456789*#"])
def test_nobody_is_hung_up_on_but_who_was_counted_or_left_word(facts, first, then):
    outcome, effects = talk(facts=facts)
    for key in (first, then, "", ""):
        outcome = step(outcome.conversation, Heard(keys=key), facts)
        effects += outcome.effects
        if any(isinstance(verb, Hangup) for verb in outcome.plan):
            break
    else:
        return

    left_word = "empty" in outcome.conversation.told or any(isinstance(one, AskCallback) for one in effects)
    assert left_word or any(isinstance(one, CountOn) for one in effects)


def test_who_calls_again_hears_what_has_become_known_since_and_nothing_twice():
    again = replace(CALLER, called_lately=True, news_since=(FLOOD.id,))

    news, effects = talk("1", facts=again)
    nothing_new, _ = talk("1", facts=replace(again, news_since=()))

    assert Prompt.INCIDENT_BULLETIN in prompts(news) and JoinQueue() in effects, "with a place in the queue already"
    assert Prompt.INCIDENT_BULLETIN not in prompts(nothing_new)
    assert nothing_new.conversation.state is CallState.QUEUED


RESIDENCE = GuidanceFacts(4, "Nộp tờ khai tại công an phường.", "File the form at the ward's police.")
ASKING = replace(
    CALLER, incidents=(), last_unit=None, places=PlaceFacts(PlaceOutcome.UNIQUE, (SAI_GON,)), guidance=(RESIDENCE,)
)
TOLD = Heard(speech="phường Sài Gòn, đăng ký tạm trú cần gì")


def test_who_asks_what_was_decided_hears_the_answer_before_the_queue_with_a_place_in_it():
    outcome, effects = talk("1", TOLD, facts=ASKING)

    assert prompts(outcome) == [Prompt.PLACE_UNDERSTOOD, Prompt.GUIDANCE_ANSWER, Prompt.GUIDANCE_CHOICES]
    assert outcome.plan[0].spoken[1].params == {"answer": "Nộp tờ khai tại công an phường."}
    assert AnswerBy(4) in effects and JoinQueue() in effects


@pytest.mark.parametrize("key", ["", "0", "1", "5", "#"])
def test_whom_the_answer_does_not_help_is_put_through_and_hears_it_once(key):
    outcome, effects = talk("1", TOLD, key, facts=ASKING)

    assert outcome.conversation.state is CallState.QUEUED
    assert effects.count(AnswerBy(4)) == 1


def test_danger_goes_past_the_answer_too():
    during, effects = talk("1", TOLD, "2", facts=ASKING)
    asked, _ = talk("1", facts=ASKING)
    words_of_it = step(asked.conversation, Heard(speech="cháy nhà"), replace(ASKING, says_danger=True))

    assert OpenTicket(is_emergency=True) in effects
    assert prompts(during) == prompts(words_of_it) == [Prompt.EMERGENCY_NUMBERS]


def test_of_another_area_it_is_not_said_and_known_trouble_goes_before_it():
    elsewhere = replace(ASKING, guidance=(replace(RESIDENCE, unit_ids=frozenset({2})),))
    flooded = replace(ASKING, incidents=(FLOOD,))

    assert Prompt.GUIDANCE_ANSWER not in prompts(talk("1", TOLD, facts=elsewhere)[0])
    assert Prompt.GUIDANCE_ANSWER not in prompts(talk("1", TOLD, facts=flooded)[0])
