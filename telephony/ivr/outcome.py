"""What a step of the conversation comes to, and the few endings that every state shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from telephony.ivr.conversation import Conversation
from telephony.ivr.effects import Effect, JoinQueue, OpenTicket
from telephony.ivr.facts import CallFacts
from telephony.plan.menu import ALL_WORDS, FIRST_WORDS, KEY_SECONDS, MENU_SECONDS, MOST_SILENCES, MOST_WRONG_KEYS
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Gather, Hangup, Pause, Plan, Redirect, Say, Spoken, Verb
from tickets.matter.rescuers import Rescuer, rescuers_for
from tickets.states import CallState

_DIALS: Mapping[Rescuer, Prompt] = {
    Rescuer.POLICE: Prompt.DIAL_POLICE,
    Rescuer.FIRE: Prompt.DIAL_FIRE,
    Rescuer.AMBULANCE: Prompt.DIAL_AMBULANCE,
    Rescuer.SEARCH: Prompt.DIAL_SEARCH,
    Rescuer.CHILD: Prompt.DIAL_CHILD,
}
OTHER_LOCALE = {"vi": "en", "en": "vi"}


@dataclass(frozen=True, slots=True)
class TurnOutcome:
    conversation: Conversation
    plan: Plan
    effects: tuple[Effect, ...] = ()

    def after(self, *spoken: Spoken) -> TurnOutcome:
        """The same, with these words first."""
        return replace(self, plan=(*spoken, *self.plan))

    def also(self, *effects: Effect) -> TurnOutcome:
        """The same, with these effects first."""
        return replace(self, effects=(*effects, *self.effects))


def to_a_person(conversation: Conversation, *effects: Effect, words: tuple[Spoken, ...] = ()) -> TurnOutcome:
    """Into the queue: the answer to every caller who cannot or will not use keys."""
    # Words that any key, or whoever takes the call, cuts short.
    plan = one_key("queue", *words, seconds=1) if words else Redirect("queue")
    return TurnOutcome(conversation.at(CallState.QUEUED), (plan,), (OpenTicket(), *effects, JoinQueue()))


def to_a_person_at_once(conversation: Conversation, *effects: Effect, kinds: Sequence[str] = ()) -> TurnOutcome:
    """In danger: who comes at once is said first, and any key, or whoever takes the call, cuts it short.

    A hotline must not stand between a citizen and those who come at once; an agent asks where it is. Where the words
    told of which `kinds` the danger is, those who come to it are named, and no others.
    """
    named = tuple(Say(_DIALS[rescuer]) for rescuer in rescuers_for(kinds))
    words = (*named, Say(Prompt.DANGER_STAY)) if named else (Say(Prompt.EMERGENCY_NUMBERS),)
    return to_a_person(conversation, *effects, words=words)


def goodbye(conversation: Conversation, *words: Spoken) -> TurnOutcome:
    return TurnOutcome(conversation.at(CallState.ENDED), (*words, Say(Prompt.GOODBYE), Hangup()))


def one_key(step: str, *spoken: Spoken, seconds: int = KEY_SECONDS) -> Gather:
    return Gather(step, spoken, num_digits=1, timeout_seconds=seconds)


def after_words(step: str, *words: Spoken, then: Verb) -> Plan:
    """Words, and then `then`, in one document; any key cuts them short, at `step`."""
    return Gather(step, words, num_digits=1, timeout_seconds=1, goes_on=True), then


def welcome(conversation: Conversation, *greeting: Spoken) -> TurnOutcome:
    """The first words in a language: that we record, the key for danger, and the way on, as short as can be borne."""
    return _menu(conversation, *opening(conversation, *greeting), *map(Say, FIRST_WORDS))


def menu(conversation: Conversation, *first: Spoken) -> TurnOutcome:
    """The menu read out again; to whoever asked for it slowly, all there is, with a pause behind each choice."""
    pause = (Pause(1),) if conversation.slow else ()
    choices = (Prompt.MENU_EMERGENCY, *(ALL_WORDS if conversation.slow else FIRST_WORDS))
    words = tuple(spoken for prompt in choices for spoken in (Say(prompt), *pause))
    return _menu(conversation, *first, *words, *_language(conversation))


def opening(conversation: Conversation, *greeting: Spoken) -> tuple[Spoken, ...]:
    """What everybody hears first. Danger comes before the language, and both before anything that may take long."""
    return (*greeting, Say(Prompt.RECORDING_NOTICE), Say(Prompt.MENU_EMERGENCY), *_language(conversation))


def _menu(conversation: Conversation, *words: Spoken) -> TurnOutcome:
    asking = replace(conversation, state=CallState.MENU, asking="")
    return TurnOutcome(asking, (one_key("menu", *words, seconds=MENU_SECONDS),))


def _language(conversation: Conversation) -> tuple[Spoken, ...]:
    """The way to the other language, in its own words."""
    other = OTHER_LOCALE.get(conversation.locale)
    return (Say(Prompt.MENU_LANGUAGE, locale=other),) if other else ()


def reference_words(conversation: Conversation, facts: CallFacts) -> tuple[Spoken, ...]:
    """The number to quote: said twice, in one place of the call only."""
    if not facts.reference or "reference" in conversation.told:
        return ()
    return (Say(Prompt.REFERENCE_TWICE, {"reference": facts.reference}),)


def after_silence(conversation: Conversation, *again: Verb) -> TurnOutcome:
    """Asked once more; the second silence, wherever, leads to a person and never to a hang-up."""
    waiting = replace(conversation, silences=conversation.silences + 1)
    if waiting.silences >= MOST_SILENCES:
        return to_a_person(waiting, words=(Say(Prompt.TO_A_PERSON),))
    return TurnOutcome(waiting, again)


def after_wrong_key(conversation: Conversation, *again: Verb) -> TurnOutcome:
    waiting = replace(conversation, wrong_keys=conversation.wrong_keys + 1)
    if waiting.wrong_keys >= MOST_WRONG_KEYS:
        return to_a_person(waiting, words=(Say(Prompt.TO_A_PERSON),))
    return TurnOutcome(waiting, again)
