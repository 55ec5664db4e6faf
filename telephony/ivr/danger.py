"""Danger that is told in words: who comes at once is said first; in doubt the key for danger is offered, once."""

from __future__ import annotations

from dataclasses import replace

from telephony.ivr.conversation import Conversation
from telephony.ivr.effects import NotePlace, NoteSaid, OpenTicket
from telephony.ivr.facts import CallFacts
from telephony.ivr.heard import Heard
from telephony.ivr.outcome import TurnOutcome, one_key, to_a_person_at_once
from telephony.plan.menu import MenuChoice
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Gather, Say
from tickets.states import CallState, PlaceOutcome

EMERGENCY_KEY = "2"
_DOUBT = "doubt"
_AFTER_DOUBT_SECONDS = 4


def in_danger(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    """Whoever tells of danger hears who comes at once, as behind the emergency key; no place is asked for."""
    found = facts.places
    unit = found.units[0] if found and found.outcome is PlaceOutcome.UNIQUE else facts.line_unit
    place = (NotePlace(unit.id, "line" if unit is facts.line_unit else "speech"),) if unit else ()
    urgent = replace(conversation, choice=MenuChoice.EMERGENCY.value)
    return to_a_person_at_once(urgent, NoteSaid(heard.speech), *place, kinds=facts.danger_kinds)


def asks_in_doubt(conversation: Conversation, facts: CallFacts) -> bool:
    """Asked once of a call: the words may mean danger, and the caller has not said so by key."""
    is_said = conversation.choice == MenuChoice.EMERGENCY.value
    return facts.may_be_danger and not is_said and _DOUBT not in conversation.told


def with_doubt(outcome: TurnOutcome) -> TurnOutcome:
    """The step as it would be, with whom to call and the key said first; where keys choose a place, the numbers."""
    after = outcome.conversation.tell(_DOUBT)
    waits = after.state is CallState.QUEUED
    word = Say(Prompt.DANGER_DOUBT if waits else Prompt.EMERGENCY_AGAIN)
    first, *rest = outcome.plan
    if isinstance(first, Gather):
        seconds = max(first.timeout_seconds, _AFTER_DOUBT_SECONDS)
        plan = (replace(first, spoken=(word, *first.spoken), timeout_seconds=seconds), *rest)
    else:
        plan = (one_key("queue", word, seconds=_AFTER_DOUBT_SECONDS),) if waits else (word, *outcome.plan)
    return replace(outcome, conversation=after, plan=plan)


def danger_in_line(conversation: Conversation) -> TurnOutcome:
    """The key for danger, pressed by whoever waits: they keep their place, and are answered before the others."""
    urgent = replace(conversation, choice=MenuChoice.EMERGENCY.value)
    plan = (one_key("queue", Say(Prompt.EMERGENCY_NUMBERS), seconds=1),)
    return TurnOutcome(urgent, plan, (OpenTicket(is_emergency=True),))
