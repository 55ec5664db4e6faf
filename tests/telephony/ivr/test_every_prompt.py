"""At every prompt that two keys can reach: silence ends with a person, and the keys that are commands are obeyed."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from telephony.ivr import CallFacts, Conversation, Heard, IncidentFacts, begin, step
from telephony.ivr.effects import AskCallback, CountOn
from telephony.ivr.outcome import TurnOutcome
from telephony.plan.verbs import Hangup
from tests.telephony.ivr.test_steps import CALLER, SAI_GON, SILENCE, THU_DUC, known
from tickets.states import CallState

KEYS = (*"0123456789*#", "2600421733", "84", "")
WAITS = (CallState.QUEUED, CallState.OFFERED)
FLOOD = IncidentFacts(7, "2600421733", "Ngập nặng.", "Heavy flooding.", frozenset(), True, False)
FACTS = {
    "a mobile": CALLER,
    "a hidden number": replace(CALLER, caller=None),
    "known before": replace(CALLER, last_unit=THU_DUC),
    "no recogniser": replace(CALLER, can_hear_speech=False),
    "several places": replace(CALLER, places=known(SAI_GON, THU_DUC).places),
    "one place": replace(CALLER, places=known(SAI_GON).places),
    "a disaster": replace(CALLER, incidents=(FLOOD,)),
    "not to be called": replace(CALLER, do_not_call=True),
}


def prompts(facts: CallFacts) -> Iterator[tuple[tuple[str, ...], Conversation]]:
    """Where a caller may stand who pressed two keys and has not been let go."""
    for pressed in product(KEYS, repeat=2):
        at = begin(Conversation(CallState.GREETING), facts).conversation
        for keys in pressed:
            at = step(at, Heard(keys=keys), facts).conversation if at.state is not CallState.ENDED else at
        if at.state is not CallState.ENDED:
            yield pressed, at


def after_silences(at: Conversation, facts: CallFacts) -> list[TurnOutcome]:
    found: list[TurnOutcome] = []
    for _ in range(6):
        found.append(step(found[-1].conversation if found else at, SILENCE, facts))
        if found[-1].conversation.state in (*WAITS, CallState.ENDED):
            break
    return found


@pytest.mark.parametrize("whose", FACTS)
def test_whoever_says_nothing_at_any_prompt_is_let_go_only_with_a_promise(whose: str) -> None:
    for pressed, at in prompts(FACTS[whose]):
        said = after_silences(at, FACTS[whose])
        last = said[-1]
        if any(isinstance(verb, Hangup) for verb in last.plan):
            # Silence is consent to be called back at one's own number.
            assert at.asking == "confirm" and at.state is CallState.CALLBACK, (pressed, at)
            assert any(isinstance(effect, AskCallback | CountOn) for effect in last.effects), (pressed, at)
        else:
            assert last.conversation.state in WAITS, (pressed, at)
            assert len(said) <= 4, (pressed, at)


@pytest.mark.parametrize("whose", FACTS)
def test_nought_is_a_person_at_every_prompt(whose: str) -> None:
    for pressed, at in prompts(FACTS[whose]):
        assert step(at, Heard(keys="0"), FACTS[whose]).conversation.state in WAITS, (pressed, at)


@pytest.mark.parametrize("whose", FACTS)
def test_nine_is_a_call_back_at_every_prompt_where_it_is_no_answer(whose: str) -> None:
    for pressed, at in prompts(FACTS[whose]):
        if at.asking in ("choose", "confirm", "number", "message") or at.state is CallState.CALLBACK:
            continue
        state = step(at, Heard(keys="9"), FACTS[whose]).conversation.state
        wanted = CallState.VOICEMAIL if FACTS[whose].do_not_call else CallState.CALLBACK
        assert state is wanted, (pressed, at)


@pytest.mark.parametrize("whose", FACTS)
def test_the_star_is_the_other_language_until_somebody_waits(whose: str) -> None:
    for pressed, at in prompts(FACTS[whose]):
        if at.state in WAITS or at.state is CallState.VOICEMAIL or at.asking in ("number", "incident", "full"):
            continue
        assert step(at, Heard(keys="*"), FACTS[whose]).conversation.locale != at.locale, (pressed, at)
