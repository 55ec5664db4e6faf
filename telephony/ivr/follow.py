"""Key 3: the state of an earlier request, by reference and PIN on the keypad."""

from __future__ import annotations

from dataclasses import replace

from telephony.ivr.conversation import Conversation
from telephony.ivr.facts import CallFacts
from telephony.ivr.heard import Heard
from telephony.ivr.outcome import TurnOutcome, after_silence, one_key
from telephony.ivr.place import afterwards
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Gather, Say, Spoken
from tickets.states import CallState


def ask_reference(conversation: Conversation, *first: Spoken) -> TurnOutcome:
    asking = conversation.at(CallState.STATUS, "reference")
    return TurnOutcome(asking, (_keys(10, *first, Say(Prompt.FOLLOW_REFERENCE)),))


def on_request(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    """Unknown, locked and somebody else's requests sound alike, so that nothing can be found out by trying."""
    if conversation.asking == "afterwards":
        return afterwards(conversation, heard, facts)
    if conversation.asking == "pin":
        if heard.keys and not facts.followed.words and "pin_again" not in conversation.told:
            again = _keys(6, Say(Prompt.FOLLOW_UNKNOWN), Say(Prompt.FOLLOW_PIN))
            return TurnOutcome(conversation.tell("pin_again"), (again,))
        words = facts.followed.words or (Say(Prompt.FOLLOW_UNKNOWN),)
        # What may not be told may not be gone on with either.
        conversation = conversation if facts.followed.words else replace(conversation, reference="")
        return TurnOutcome(conversation.ask("afterwards"), (one_key("request", *words, Say(Prompt.AFTERWARDS)),))
    if heard.is_silence:
        return after_silence(conversation, _keys(10, Say(Prompt.SILENCE), Say(Prompt.FOLLOW_REFERENCE)))
    # A reference with a wrong digit is asked for its PIN like any other, for the same reason.
    known = replace(conversation, asking="pin", reference=heard.keys)
    return TurnOutcome(known, (_keys(6, Say(Prompt.FOLLOW_PIN)),))


def _keys(count: int, *spoken: Spoken) -> Gather:
    return Gather("request", spoken, num_digits=count)
