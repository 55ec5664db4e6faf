"""The steps of the conversation, one function a state, and the greeting that begins it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from telephony.ivr.again import CALLED_LATELY, after_greeting_again, greet_again
from telephony.ivr.bulletin import (
    DISASTER,
    FULL,
    INCIDENT,
    after_disaster_greeting,
    before_the_queue,
    disaster_at,
    disaster_greeting,
    on_bulletin,
)
from telephony.ivr.conversation import BEFORE_A_PERSON, Conversation
from telephony.ivr.danger import asks_in_doubt, in_danger, with_doubt
from telephony.ivr.effects import AnotherMatter, NotePlace, OpenTicket
from telephony.ivr.facts import CallFacts
from telephony.ivr.follow import ask_reference, on_request
from telephony.ivr.heard import Heard
from telephony.ivr.message import message_in, on_callback, on_voicemail, start_callback, start_voicemail
from telephony.ivr.outcome import (
    OTHER_LOCALE,
    TurnOutcome,
    after_silence,
    after_wrong_key,
    goodbye,
    menu,
    one_key,
    to_a_person,
    to_a_person_at_once,
    welcome,
)
from telephony.ivr.place import ask_place, ask_where, commanded, on_place
from telephony.ivr.queue import on_dial, on_queue
from telephony.plan.menu import CALLBACK_KEY, LANGUAGE_KEY, MENU, MENU_AGAIN_SECONDS, PERSON_KEY, REPEAT_KEY, MenuChoice
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Redirect, Say, Spoken
from tickets.states import CallState


def begin(conversation: Conversation, facts: CallFacts) -> TurnOutcome:
    """The greeting, with the notice that we record, and the menu."""
    greeting = Say(Prompt.LINE_GREETING, {"unit": facts.line_unit.name}) if facts.line_unit else Say(Prompt.GREETING)
    return greet_again(conversation, greeting) if facts.called_lately else _welcome(conversation, facts, greeting)


def step(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    """The next turn. Defined for every state and everything a phone can do: a caller is never left without words."""
    if facts.says_danger and conversation.state in BEFORE_A_PERSON:
        return in_danger(conversation, heard, facts)
    outcome = before_the_queue(conversation, _STEPS[conversation.state](conversation, heard, facts), facts)
    is_asked = conversation.state in BEFORE_A_PERSON and asks_in_doubt(conversation, facts)
    return with_doubt(outcome) if is_asked else outcome


def _welcome(conversation: Conversation, facts: CallFacts, *greeting: Spoken) -> TurnOutcome:
    disaster = disaster_at(facts)
    return disaster_greeting(conversation, disaster, *greeting) if disaster else welcome(conversation, *greeting)


def _on_menu(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    if (taken := _asked_first(conversation, heard, facts)) is not None:
        return taken
    if heard.speech and not heard.keys:
        return ask_place(conversation, facts).also(OpenTicket())
    if heard.is_silence:
        return after_silence(conversation, one_key("menu", Say(Prompt.MENU_SILENCE), seconds=MENU_AGAIN_SECONDS))
    pressed = MENU.get(heard.keys)
    if pressed is None:
        return after_wrong_key(conversation, *menu(conversation, Say(Prompt.WRONG_KEY)).plan)
    chosen = _CHOICES[pressed.choice](replace(conversation, choice=pressed.choice.value), facts)
    if pressed.opens_ticket:
        return chosen.also(OpenTicket(is_emergency=pressed.choice is MenuChoice.EMERGENCY))
    return chosen


def _asked_first(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome | None:
    """The answer to a question that the greeting asked; None: there was none, or what was heard is a usual choice."""
    if conversation.asking == CALLED_LATELY:
        return after_greeting_again(conversation, heard, facts) or _on_menu(conversation.ask(""), heard, facts).also(
            AnotherMatter()
        )
    return after_disaster_greeting(conversation, heard, facts) if conversation.asking == DISASTER else None


def _on_place(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    if conversation.asking in (INCIDENT, FULL):
        return on_bulletin(conversation, heard, facts)
    if conversation.asking == "afterwards" and heard.keys in _AS_IN_MENU:
        return _on_menu(conversation.at(CallState.MENU), heard, facts)
    return commanded(conversation, heard, facts) or on_place(conversation, heard, facts)


def _on_status(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    """Where many digits are asked for, one key alone is no part of them: it is meant as in the menu."""
    keys = _AS_IN_MENU if conversation.asking == "afterwards" else _ALONE
    if conversation.asking in ("reference", "pin", "afterwards") and heard.keys in keys:
        return _on_menu(conversation.at(CallState.MENU), heard, facts)
    return on_request(conversation, heard, facts)


def _emergency(conversation: Conversation, facts: CallFacts) -> TurnOutcome:
    return to_a_person_at_once(conversation, *_lines_place(facts))


def _lines_place(facts: CallFacts) -> tuple[NotePlace, ...]:
    return (NotePlace(facts.line_unit.id, "line"),) if facts.line_unit else ()


def _language(conversation: Conversation, facts: CallFacts) -> TurnOutcome:
    other = OTHER_LOCALE.get(conversation.locale, "vi")
    return _welcome(replace(conversation, locale=other), facts)


_CHOICES: Mapping[MenuChoice, Callable[[Conversation, CallFacts], TurnOutcome]] = {
    MenuChoice.REPORT: ask_place,
    MenuChoice.EMERGENCY: _emergency,
    MenuChoice.FOLLOW: lambda conversation, _: ask_reference(conversation),
    MenuChoice.WHERE: ask_where,
    MenuChoice.VOICEMAIL: lambda conversation, _: start_voicemail(conversation),
    MenuChoice.CALLBACK: start_callback,
    MenuChoice.PERSON: lambda conversation, facts: to_a_person(
        conversation, *_lines_place(facts), words=(Say(Prompt.TO_A_PERSON),)
    ),
    MenuChoice.REPEAT: lambda conversation, _: menu(replace(conversation, slow=True)),
    MenuChoice.LANGUAGE: _language,
}


def _on_ended(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    """Nobody listens any more; a message that its speaker ended by hanging up may be announced only now."""
    return goodbye(conversation).also(*message_in(heard))


def _on_failsafe(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    """The line works again while the caller is still there: a person, rather than a menu from the start."""
    return TurnOutcome(conversation.at(CallState.MENU), (Redirect("menu"),))


# A person, the menu again, a callback, the other language.
_ALONE = (PERSON_KEY, REPEAT_KEY, CALLBACK_KEY, LANGUAGE_KEY)
# Behind an answer: all but what the words behind it say of their own.
_AS_IN_MENU = tuple(key for key in MENU if key not in ("1", PERSON_KEY, REPEAT_KEY))
_STEPS: Mapping[CallState, Callable[[Conversation, Heard, CallFacts], TurnOutcome]] = {
    CallState.GREETING: _on_menu,
    CallState.MENU: _on_menu,
    CallState.PLACE: _on_place,
    CallState.STATUS: _on_status,
    CallState.QUEUED: on_queue,
    CallState.OFFERED: on_queue,
    CallState.TALKING: on_dial,
    CallState.VOICEMAIL: on_voicemail,
    CallState.CALLBACK: on_callback,
    CallState.FAILSAFE: _on_failsafe,
    CallState.ENDED: _on_ended,
}
