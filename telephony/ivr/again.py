"""Somebody calls again within a quarter of an hour: one question, because a line may belong to several people."""

from __future__ import annotations

from dataclasses import replace

from telephony.ivr.conversation import Conversation
from telephony.ivr.effects import AnotherMatter
from telephony.ivr.facts import CallFacts
from telephony.ivr.heard import Heard
from telephony.ivr.outcome import (
    OTHER_LOCALE,
    TurnOutcome,
    after_silence,
    after_wrong_key,
    one_key,
    opening,
    to_a_person,
)
from telephony.plan.menu import LANGUAGE_KEY, MENU, MENU_SECONDS
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Gather, Say, Spoken
from tickets.people.phones import PhoneKind, parse_phone
from tickets.states import CallState

CALLED_LATELY = "called_lately"
GO_ON = "1"


def greet_again(conversation: Conversation, *greeting: Spoken) -> TurnOutcome:
    """The greeting, and whether it is about the same as before; every other key of the menu is heard here as well."""
    return TurnOutcome(conversation.at(CallState.MENU, CALLED_LATELY), (_opening(conversation, *greeting),))


def after_greeting_again(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome | None:
    """None: it is another matter, and what was heard is a choice from the menu."""
    if heard.keys == GO_ON:
        return to_a_person(conversation, words=(Say(Prompt.TO_A_PERSON),))
    if heard.keys == LANGUAGE_KEY:
        other = replace(conversation, locale=OTHER_LOCALE.get(conversation.locale, "vi"))
        return TurnOutcome(other, (_opening(other),))
    if heard.is_silence:
        return _undecided(after_silence(conversation, _question(Say(Prompt.SILENCE))), facts)
    if heard.keys and heard.keys not in MENU:
        return _undecided(after_wrong_key(conversation, _question(Say(Prompt.WRONG_KEY))), facts)
    return None


def _undecided(asked: TurnOutcome, facts: CallFacts) -> TurnOutcome:
    """A mobile is one person's, who goes on; who uses a telephone that others use too is not taken for one of them."""
    if asked.conversation.state is CallState.MENU or _is_mobile(facts.caller):
        return asked
    return asked.also(AnotherMatter())


def _opening(conversation: Conversation, *greeting: Spoken) -> Gather:
    return _question(*opening(conversation, *greeting))


def _question(*first: Spoken) -> Gather:
    return one_key("menu", *first, Say(Prompt.CALLED_LATELY), seconds=MENU_SECONDS)


def _is_mobile(phone: str | None) -> bool:
    parsed = parse_phone(phone) if phone else None
    return parsed is not None and parsed.kind is PhoneKind.MOBILE
