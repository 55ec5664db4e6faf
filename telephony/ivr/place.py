"""The place question, cheapest first: the line's own unit, the caller's last one, words, keys, or the agent asks."""

from __future__ import annotations

from dataclasses import replace

from telephony.ivr.conversation import Conversation
from telephony.ivr.effects import GoOnWith, KeepRecording, NotePlace, NoteSaid, OpenTicket
from telephony.ivr.facts import CallFacts, NamedUnit
from telephony.ivr.heard import Heard
from telephony.ivr.message import start_callback
from telephony.ivr.outcome import (
    OTHER_LOCALE,
    TurnOutcome,
    after_silence,
    after_words,
    after_wrong_key,
    menu,
    one_key,
    to_a_person,
)
from telephony.plan.menu import CALLBACK_KEY, LANGUAGE_KEY, MOST_OPTIONS, PERSON_KEY, REPEAT_KEY
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Gather, Record, Say, Spoken
from tickets.states import CallState, PlaceOutcome, RecordingKind

_STATEMENT = Record("place", max_seconds=30, silence_seconds=4)


def ask_place(conversation: Conversation, facts: CallFacts) -> TurnOutcome:
    """A unit's own line asks nothing; otherwise the citizen's last unit is offered first."""
    if facts.line_unit:
        return to_a_person(conversation, NotePlace(facts.line_unit.id, "line"))
    if facts.last_unit:
        words = Say(Prompt.PLACE_LAST_UNIT, {"unit": facts.last_unit.name})
        return TurnOutcome(conversation.at(CallState.PLACE, "last"), (one_key("place", words),))
    return ask_name(conversation.at(CallState.PLACE), facts)


def ask_name(conversation: Conversation, facts: CallFacts, *first: Spoken) -> TurnOutcome:
    said = Prompt.PLACE_SAY_AGAIN if "again" in conversation.told else Prompt.PLACE_SAY
    words = Say(said if facts.can_hear_speech else Prompt.PLACE_SPELL)
    gather = Gather("place", (*first, words), speech=facts.can_hear_speech, hints=facts.place_names)
    return TurnOutcome(conversation.ask("name"), (gather,))


def on_place(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    match conversation.asking:
        case "last":
            return _last(conversation, heard, facts)
        case "choose" | "confirm":
            return _chosen(conversation, heard, facts)
        case "statement":
            return _stated(conversation, heard)
        case "where":
            return _where(conversation, heard, facts)
        case "afterwards":
            return afterwards(conversation, heard, facts)
        case _:
            return _named(conversation, heard, facts)


def commanded(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome | None:
    """A key that means the same wherever one is asked for; None: what was heard answers the question."""
    if conversation.asking == "afterwards" or heard.recording_sid:
        return None
    if heard.keys == PERSON_KEY:
        # Whoever answers asks for it.
        return _agent_will_ask(conversation)
    if heard.keys == CALLBACK_KEY:
        return start_callback(conversation, facts).also(OpenTicket())
    return _in_other_language(conversation, facts) if heard.keys == LANGUAGE_KEY else None


def _in_other_language(conversation: Conversation, facts: CallFacts) -> TurnOutcome:
    """The same question anew; names that were read out stand in the language of before: they are asked for again."""
    other = replace(conversation, locale=OTHER_LOCALE.get(conversation.locale, "vi"), options=())
    if conversation.asking == "where":
        return ask_where(other, facts)
    return _ask_statement(other) if conversation.asking == "statement" else ask_name(other, facts)


def _last(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    if heard.keys == "1" and facts.last_unit:
        return to_a_person(conversation, NotePlace(facts.last_unit.id, "last"))
    if heard.is_silence:
        return _agent_will_ask(conversation)
    return ask_name(conversation, facts)


def _named(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    """Silence or `#` alone: the agent asks. What was said is kept in any case."""
    if heard.is_silence:
        return _agent_will_ask(conversation) if facts.can_hear_speech else _ask_statement(conversation)
    said = (NoteSaid(heard.speech),) if heard.speech else ()
    found = facts.places
    if found and found.outcome is PlaceOutcome.UNIQUE:
        unit = found.units[0]
        if heard.speech:
            words = (Say(Prompt.PLACE_UNDERSTOOD, {"unit": unit.name}),)
            return to_a_person(conversation, *said, NotePlace(unit.id, "speech"), words=words)
        return _confirm(conversation, unit)
    if found and 0 < len(found.units) <= MOST_OPTIONS:
        return _choose(conversation, found.units).also(*said)
    if "again" in conversation.told:
        return _agent_will_ask(conversation).also(*said)
    first = Say(Prompt.PLACE_TOO_MANY if found and found.units else Prompt.PLACE_NOT_FOUND)
    return ask_name(conversation.tell("again"), facts, first).also(*said)


def _confirm(conversation: Conversation, unit: NamedUnit) -> TurnOutcome:
    """Keys spell several names at once, so a name from the keypad is always read back."""
    waiting = replace(conversation, asking="confirm", options=((unit.id, unit.name),))
    return TurnOutcome(waiting, (one_key("place", Say(Prompt.PLACE_CONFIRM, {"unit": unit.name})),))


def _choose(conversation: Conversation, units: tuple[NamedUnit, ...]) -> TurnOutcome:
    options = tuple((unit.id, unit.name) for unit in units)
    lines = [Say(Prompt.PLACE_OPTION, {"key": key, "unit": name}) for key, (_, name) in enumerate(options, start=1)]
    words = (Say(Prompt.PLACE_CHOOSE), *lines, Say(Prompt.PLACE_NONE_OF_THESE))
    return TurnOutcome(replace(conversation, asking="choose", options=options), (one_key("place", *words),))


def _chosen(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    index = int(heard.keys) - 1 if heard.keys.isdecimal() and heard.keys.isascii() else -1
    if 0 <= index < len(conversation.options):
        unit_id, name = conversation.options[index]
        words = (Say(Prompt.PLACE_UNDERSTOOD, {"unit": name}),)
        return to_a_person(conversation, NotePlace(unit_id, "choice"), words=words)
    if conversation.asking == "confirm" and heard.keys == "2" and "again" not in conversation.told:
        return ask_name(conversation.tell("again"), facts)
    return _agent_will_ask(conversation)


def _agent_will_ask(conversation: Conversation) -> TurnOutcome:
    return to_a_person(conversation, words=(Say(Prompt.PLACE_AGENT_WILL_ASK),))


def _ask_statement(conversation: Conversation) -> TurnOutcome:
    """Where the provider hears no words, they are recorded and the agent resolves them."""
    plan = after_words("place", Say(Prompt.STATEMENT), then=_STATEMENT)
    return TurnOutcome(conversation.ask("statement"), plan)


def _stated(conversation: Conversation, heard: Heard) -> TurnOutcome:
    if heard.keys and not heard.recording_sid:
        return TurnOutcome(conversation, (_STATEMENT,))
    if not heard.recording_sid:
        return _agent_will_ask(conversation)
    kept = KeepRecording(heard.recording_sid, heard.recording_seconds, RecordingKind.PLACE)
    return _agent_will_ask(conversation).also(kept)


def ask_where(conversation: Conversation, facts: CallFacts, *first: Spoken) -> TurnOutcome:
    """Key 4: which unit an address belongs to now. Self-service: no ticket, no promise."""
    gather = Gather("place", (*first, Say(Prompt.WHERE)), speech=facts.can_hear_speech, hints=facts.place_names)
    return TurnOutcome(conversation.at(CallState.PLACE, "where"), (gather,))


def _where(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    if heard.is_silence:
        words = (Say(Prompt.SILENCE), Say(Prompt.WHERE))
        return after_silence(
            conversation, Gather("place", words, speech=facts.can_hear_speech, hints=facts.place_names)
        )
    units = facts.places.units if facts.places else ()
    if not 0 < len(units) <= MOST_OPTIONS and "where_again" not in conversation.told:
        return ask_where(conversation.tell("where_again"), facts, _where_words(units))
    return TurnOutcome(conversation.ask("afterwards"), (one_key("place", _where_words(units), Say(Prompt.AFTERWARDS)),))


def _where_words(units: tuple[NamedUnit, ...]) -> Say:
    match len(units):
        case 0:
            return Say(Prompt.PLACE_NOT_FOUND)
        case 1:
            return Say(Prompt.WHERE_ANSWER, {"unit": units[0].name})
        case number if number <= MOST_OPTIONS:
            return Say(Prompt.WHERE_SEVERAL, {"units": ", ".join(unit.name for unit in units)})
        case _:
            return Say(Prompt.PLACE_TOO_MANY)


def afterwards(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    """After self-service: a person, the menu again, or the caller simply hangs up."""
    again = one_key("place" if conversation.state is CallState.PLACE else "request", Say(Prompt.AFTERWARDS))
    if heard.keys in ("1", PERSON_KEY) and conversation.state is CallState.STATUS and conversation.reference:
        words = (Say(Prompt.TO_A_PERSON),)
        return to_a_person(conversation, words=words).also(GoOnWith(conversation.reference))
    if heard.keys == "1":
        return ask_place(conversation, facts).also(OpenTicket())
    if heard.keys == PERSON_KEY:
        return to_a_person(conversation, words=(Say(Prompt.TO_A_PERSON),))
    if heard.keys == REPEAT_KEY:
        return menu(conversation.at(CallState.MENU))
    if heard.is_silence:
        return after_silence(conversation, again)
    return after_wrong_key(conversation, again)
