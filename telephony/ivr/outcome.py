"""What a step of the conversation comes to, and the few endings that every state shares."""

from __future__ import annotations

from dataclasses import dataclass, replace

from telephony.ivr.conversation import Conversation
from telephony.ivr.effects import Effect, JoinQueue, OpenTicket
from telephony.ivr.facts import Facts
from telephony.menu import KEY_SECONDS, MOST_SILENCES, MOST_WRONG_KEYS
from telephony.prompts import Prompt
from telephony.verbs import Gather, Hangup, Pause, Plan, Redirect, Say, Spoken, Verb
from tickets.states import CallState

OTHER_LOCALE = {"vi": "en", "en": "vi"}


@dataclass(frozen=True, slots=True)
class Outcome:
    conversation: Conversation
    plan: Plan
    effects: tuple[Effect, ...] = ()

    def after(self, *spoken: Spoken) -> Outcome:
        """The same, with these words first."""
        return replace(self, plan=(*spoken, *self.plan))

    def also(self, *effects: Effect) -> Outcome:
        """The same, with these effects first."""
        return replace(self, effects=(*effects, *self.effects))


def to_a_person(conversation: Conversation, *effects: Effect, words: tuple[Spoken, ...] = ()) -> Outcome:
    """Into the queue: the answer to every caller who cannot or will not use keys."""
    return Outcome(
        conversation.at(CallState.QUEUED),
        (*words, Redirect("queue")),
        (OpenTicket(), *effects, JoinQueue()),
    )


def goodbye(conversation: Conversation, *words: Spoken) -> Outcome:
    return Outcome(conversation.at(CallState.ENDED), (*words, Say(Prompt.GOODBYE), Hangup()))


def one_key(step: str, *spoken: Spoken, seconds: int = KEY_SECONDS) -> Gather:
    return Gather(step, spoken, num_digits=1, timeout_seconds=seconds)


def menu(conversation: Conversation, *first: Spoken) -> Outcome:
    """The menu read out; `0` reads it with pauses between its sentences."""
    words: tuple[Spoken, ...] = (Say(Prompt.MENU),)
    if conversation.slow:
        words = (Pause(1), Say(Prompt.MENU), Pause(2))
    other = OTHER_LOCALE.get(conversation.locale)
    language = (Say(Prompt.MENU_LANGUAGE, locale=other),) if other else ()
    gather = one_key("menu", *first, *words, *language)
    return Outcome(replace(conversation, state=CallState.MENU, asking=""), (gather,))


def reference_words(facts: Facts) -> tuple[Spoken, ...]:
    return (Say(Prompt.REFERENCE_TWICE, {"reference": facts.reference}),) if facts.reference else ()


def after_silence(conversation: Conversation, *again: Verb) -> Outcome:
    """Asked once more; the second silence, wherever, leads to a person and never to a hang-up."""
    waiting = replace(conversation, silences=conversation.silences + 1)
    if waiting.silences >= MOST_SILENCES:
        return to_a_person(waiting, words=(Say(Prompt.TO_A_PERSON),))
    return Outcome(waiting, again)


def after_wrong_key(conversation: Conversation, *again: Verb) -> Outcome:
    waiting = replace(conversation, wrong_keys=conversation.wrong_keys + 1)
    if waiting.wrong_keys >= MOST_WRONG_KEYS:
        return to_a_person(waiting, words=(Say(Prompt.TO_A_PERSON),))
    return Outcome(waiting, again)
