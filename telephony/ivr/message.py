"""Keys 8 and 9: leaving a voicemail, or asking to be called back."""

from __future__ import annotations

from dataclasses import replace

from telephony.ivr.conversation import Conversation
from telephony.ivr.effects import AskCallback, Effect, KeepRecording, LeaveQueue
from telephony.ivr.facts import CallFacts
from telephony.ivr.heard import Heard
from telephony.ivr.outcome import (
    OTHER_LOCALE,
    TurnOutcome,
    after_silence,
    after_words,
    after_wrong_key,
    goodbye,
    one_key,
    reference_words,
    to_a_person,
)
from telephony.plan.menu import CALLBACK_KEY, LANGUAGE_KEY, PERSON_KEY, REPEAT_KEY, VOICEMAIL_KEY
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Gather, Record, Say, Spoken
from tickets.people.phones import PhoneKind, national_digits, parse_phone
from tickets.states import CallbackReason, CallState, RecordingKind

LEAST_SECONDS = 2
MOST_SECONDS = 180
_MAY_HAVE_WAITED = (CallState.QUEUED, CallState.OFFERED, CallState.VOICEMAIL, CallState.CALLBACK)
_MESSAGE = Record("voicemail", max_seconds=MOST_SECONDS)
# Whoever pays is not the one who keys: only numbers of this country that cost what a call costs.
CALLED_BACK_COUNTRY = 84
CALLED_BACK_KINDS = (PhoneKind.MOBILE, PhoneKind.LANDLINE)


def start_voicemail(conversation: Conversation, *first: Spoken) -> TurnOutcome:
    plan = after_words("voicemail", *first, Say(Prompt.VOICEMAIL), then=_MESSAGE)
    return TurnOutcome(conversation.at(CallState.VOICEMAIL, "message"), plan, _leave(conversation, "voicemail"))


def on_voicemail(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    if kept := message_in(heard):
        return goodbye(conversation, Say(Prompt.VOICEMAIL_THANKS), *reference_words(conversation, facts)).also(*kept)
    if heard.keys == PERSON_KEY:
        return _to_a_person(conversation)
    if heard.keys == CALLBACK_KEY and not facts.do_not_call:
        return start_callback(conversation, facts)
    if heard.keys and "cut_short" not in conversation.told:
        # A key while the words were said: they are known, the tone may come.
        return TurnOutcome(conversation.tell("cut_short"), (_MESSAGE,))
    if "empty" in conversation.told:
        return _said_nothing(conversation, facts)
    plan = after_words("voicemail", Say(Prompt.VOICEMAIL_EMPTY), then=_MESSAGE)
    return TurnOutcome(conversation.tell("empty"), plan)


def _said_nothing(conversation: Conversation, facts: CallFacts) -> TurnOutcome:
    """Whoever cannot or will not speak to a machine waits for a person; where there is none, they are called back."""
    if {"nobody", "full", "spoke_to_nobody"} & set(conversation.told):
        return goodbye(conversation, *reference_words(conversation, facts))
    return _to_a_person(conversation.tell("spoke_to_nobody"))


def _to_a_person(conversation: Conversation) -> TurnOutcome:
    return to_a_person(conversation, words=(Say(Prompt.TO_A_PERSON),))


def message_in(heard: Heard) -> tuple[KeepRecording, ...]:
    """What was spoken after the tone, long enough to be words; many end it by hanging up."""
    if not heard.recording_sid or heard.recording_seconds < LEAST_SECONDS:
        return ()
    return (KeepRecording(heard.recording_sid, heard.recording_seconds, RecordingKind.VOICEMAIL),)


def start_callback(conversation: Conversation, facts: CallFacts) -> TurnOutcome:
    """The place in the queue is kept. Somebody who must not be called is asked for a message instead."""
    if facts.do_not_call:
        return start_voicemail(conversation, Say(Prompt.CALLBACK_BLOCKED))
    left = _leave(conversation, "callback")
    if facts.caller and may_be_called(facts.caller):
        return _confirm(conversation.at(CallState.CALLBACK, "confirm"), facts).also(*left)
    return TurnOutcome(conversation.at(CallState.CALLBACK, "number"), (_ask_number(),), left)


def _confirm(conversation: Conversation, facts: CallFacts, *first: Spoken) -> TurnOutcome:
    words = Say(Prompt.CALLBACK_CONFIRM, {"phone": national_digits(facts.caller or "")})
    return TurnOutcome(conversation, (one_key("callback", *first, words),))


def on_callback(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    if heard.keys in (PERSON_KEY, VOICEMAIL_KEY):
        return _to_a_person(conversation) if heard.keys == PERSON_KEY else start_voicemail(conversation)
    if conversation.asking == "confirm":
        return _confirmed(conversation, heard, facts)
    if heard.is_silence:
        return after_silence(conversation, _ask_number(Say(Prompt.SILENCE)))
    return _keyed(conversation, heard, facts)


def _keyed(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    phone = parse_phone(heard.keys)
    if phone and may_be_called(phone.number) and not facts.keyed_is_blocked:
        return _promised(conversation, phone.number, facts)
    if "bad_number" in conversation.told:
        return start_voicemail(conversation, Say(Prompt.CALLBACK_BAD_NUMBER))
    return TurnOutcome(conversation.tell("bad_number"), (_ask_number(Say(Prompt.CALLBACK_BAD_NUMBER)),))


def _confirmed(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    """Silence is consent here: the number is the one they call from, and they asked for it. A wrong key is none."""
    if heard.keys == "2":
        return TurnOutcome(conversation.ask("number"), (_ask_number(),))
    if heard.keys == LANGUAGE_KEY:
        return _confirm(replace(conversation, locale=OTHER_LOCALE.get(conversation.locale, "vi")), facts)
    if heard.keys in ("", "1", CALLBACK_KEY):
        return _promised(conversation, facts.caller or "", facts)
    asked = () if heard.keys == REPEAT_KEY else (Say(Prompt.WRONG_KEY),)
    return after_wrong_key(conversation, *_confirm(conversation, facts, *asked).plan)


def _promised(conversation: Conversation, phone: str, facts: CallFacts) -> TurnOutcome:
    """Which number, that the place is kept, from which number we call; a number that waits already is told so."""
    prompt = Prompt.CALLBACK_KEPT if facts.waits_for_callback else Prompt.CALLBACK_THANKS
    words: tuple[Spoken, ...] = (Say(prompt, {"phone": national_digits(phone)}),)
    if facts.callback_line:
        words = (*words, Say(Prompt.CALLBACK_LINE, {"line": national_digits(facts.callback_line)}))
    reason = CallbackReason.NOBODY_ON_DUTY if "nobody" in conversation.told else CallbackReason.REQUESTED
    return goodbye(conversation, *words, *reference_words(conversation, facts)).also(AskCallback(phone, reason))


def _ask_number(*first: Spoken) -> Gather:
    return Gather("callback", (*first, Say(Prompt.CALLBACK_KEY_NUMBER)), timeout_seconds=10)


def may_be_called(phone: str | None) -> bool:
    parsed = parse_phone(phone)
    return parsed is not None and parsed.country_code == CALLED_BACK_COUNTRY and parsed.kind in CALLED_BACK_KINDS


def _leave(conversation: Conversation, kind: str) -> tuple[Effect, ...]:
    return (LeaveQueue(kind),) if conversation.state in _MAY_HAVE_WAITED else ()
