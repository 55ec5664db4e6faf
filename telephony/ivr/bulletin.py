"""What many call about now: said before the queue, where one key is enough to be counted and told when it is over.

Nobody in danger waits behind it: the emergency key and words of danger go past it, before, during and after. Whoever
listens keeps their place in the queue, and is offered to nobody meanwhile.
"""

from __future__ import annotations

from dataclasses import replace

from telephony.ivr.again import CALLED_LATELY
from telephony.ivr.conversation import BEFORE_A_PERSON, Conversation
from telephony.ivr.danger import EMERGENCY_KEY
from telephony.ivr.effects import (
    AnotherMatter,
    AnswerBy,
    CountOn,
    GoOnWith,
    JoinQueue,
    LeaveQueue,
    NotePlace,
    OpenTicket,
)
from telephony.ivr.facts import CallFacts, IncidentFacts
from telephony.ivr.heard import Heard
from telephony.ivr.message import start_callback, start_voicemail
from telephony.ivr.outcome import (
    TurnOutcome,
    after_wrong_key,
    goodbye,
    menu,
    one_key,
    opening,
    to_a_person,
    to_a_person_at_once,
)
from telephony.plan.menu import MENU_SECONDS, PERSON_KEY, REPEAT_KEY, MenuChoice
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Gather, Say, Spoken
from tickets.people.phones import parse_phone
from tickets.states import CallState

# What is asked behind a bulletin, behind the greeting of a disaster, and of whoever comes when too many wait already.
INCIDENT, DISASTER, FULL = "incident", "disaster", "full"
COUNT_KEY = "1"
_AFTER_BULLETIN_SECONDS = 3


def disaster_at(facts: CallFacts) -> IncidentFacts | None:
    """The disaster of the whole city, or of the unit whose line was dialled."""
    unit_id = facts.line_unit.id if facts.line_unit else None
    return next((one for one in facts.incidents if one.is_disaster and _is_at(one, unit_id)), None)


def disaster_greeting(conversation: Conversation, incident: IncidentFacts, *greeting: Spoken) -> TurnOutcome:
    """The short menu: danger first, what is known, and three keys."""
    words = (*opening(conversation, *greeting), _bulletin(conversation, incident), Say(Prompt.DISASTER_CHOICES))
    asking = replace(conversation.tell(_told(incident)), state=CallState.MENU, asking=DISASTER)
    return TurnOutcome(asking, (one_key("menu", *words, seconds=MENU_SECONDS),))


def after_disaster_greeting(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome | None:
    """None: what was heard is a choice of the usual menu, and is taken there."""
    incident = disaster_at(facts)
    if heard.keys == COUNT_KEY:
        # What ended meanwhile is no incident any more: the key means what it always does.
        return _counted(conversation, incident, facts) if incident else None
    if heard.keys == REPEAT_KEY:
        return menu(conversation.at(CallState.MENU))
    if heard.is_silence:
        return to_a_person(conversation, words=(Say(Prompt.TO_A_PERSON),))
    if heard.keys == "*" or heard.speech or heard.keys in "234890":
        return None
    return after_wrong_key(conversation, one_key("menu", Say(Prompt.WRONG_KEY), Say(Prompt.DISASTER_CHOICES)))


def before_the_queue(before: Conversation, outcome: TurnOutcome, facts: CallFacts) -> TurnOutcome:
    """A step that led into the queue, with what is known of the place said first, or a way out where too many wait."""
    after = outcome.conversation
    if not (facts.incidents or facts.guidance) or before.state not in BEFORE_A_PERSON:
        return outcome
    if after.state is not CallState.QUEUED:
        return outcome
    if _is_urgent(outcome) or any(isinstance(one, GoOnWith) for one in outcome.effects):
        return outcome
    if _goes_on_as_lately(before, outcome):
        incident = next((one for one in facts.incidents if one.id in facts.news_since), None)
    else:
        incident = next((one for one in facts.incidents if _is_at(one, _place(outcome, facts))), None)
    if incident is None:
        return _answered(before, outcome, facts)
    if _told(incident) in after.told:
        return _no_room(outcome) if incident.is_full else outcome
    words = (*_words_of(outcome), _bulletin(after, incident), Say(Prompt.INCIDENT_CHOICES))
    listening = replace(after.tell(_told(incident)), state=CallState.PLACE, asking=INCIDENT, reference=str(incident.id))
    return replace(outcome, conversation=listening, plan=(one_key("place", *words, seconds=_AFTER_BULLETIN_SECONDS),))


def _answered(before: Conversation, outcome: TurnOutcome, facts: CallFacts) -> TurnOutcome:
    """With the guidance for what was just told said once; whoever it does not help stays on the line."""
    after = outcome.conversation
    found = next((one for one in facts.guidance if not one.unit_ids or _place(outcome, facts) in one.unit_ids), None)
    if found is None or f"guidance:{found.id}" in after.told or _goes_on_as_lately(before, outcome):
        return outcome
    answer = Say(Prompt.GUIDANCE_ANSWER, {"answer": found.spoken_vi if after.locale == "vi" else found.spoken_en})
    words = (*_words_of(outcome), answer, Say(Prompt.GUIDANCE_CHOICES))
    listening = replace(after.tell(f"guidance:{found.id}"), state=CallState.PLACE, asking=INCIDENT, reference="")
    said = replace(outcome, conversation=listening, plan=(one_key("place", *words, seconds=_AFTER_BULLETIN_SECONDS),))
    return said.also(AnswerBy(found.id))


def on_bulletin(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    """After the bulletin, or where too many wait. Whoever says nothing goes on to a person, or leaves a message."""
    incident = next((one for one in facts.incidents if str(one.id) == conversation.reference), None)
    if heard.keys == EMERGENCY_KEY:
        urgent = replace(conversation, choice=MenuChoice.EMERGENCY.value)
        return to_a_person_at_once(urgent).also(OpenTicket(is_emergency=True))
    if heard.keys == "9" or (heard.keys == PERSON_KEY and conversation.asking == FULL):
        return start_callback(conversation, facts).also(LeaveQueue("callback"))
    if heard.keys == "8" or conversation.asking == FULL:
        return start_voicemail(conversation).also(LeaveQueue("voicemail"))
    if heard.keys == COUNT_KEY and incident is not None:
        return _counted(conversation, incident, facts).also(LeaveQueue("counted"))
    waiting = to_a_person(replace(conversation, reference=""))
    return _no_room(waiting) if incident is not None and incident.is_full else waiting


def _counted(conversation: Conversation, incident: IncidentFacts, facts: CallFacts) -> TurnOutcome:
    caller = parse_phone(facts.caller) if facts.caller else None
    if caller is not None and caller.may_get_sms:
        words = Say(Prompt.INCIDENT_COUNTED)
    elif caller is not None and caller.is_rung_instead and not facts.do_not_call:
        words = Say(Prompt.INCIDENT_COUNTED_CALL)
    else:
        words = Say(Prompt.INCIDENT_COUNTED_ONLY, {"reference": incident.reference})
    return goodbye(conversation, words).also(CountOn(incident.id))


def _no_room(outcome: TurnOutcome) -> TurnOutcome:
    """A message or a callback at once, rather than a wait that would not end; whatever was to be written is."""
    asking = replace(outcome.conversation.tell("full"), state=CallState.PLACE, asking=FULL)
    words = (Say(Prompt.MANY_CALLERS), Say(Prompt.NOBODY_CHOICES))
    effects = tuple(one for one in outcome.effects if not isinstance(one, JoinQueue))
    return TurnOutcome(asking, (one_key("place", *words, seconds=MENU_SECONDS),), effects)


def _is_urgent(outcome: TurnOutcome) -> bool:
    opened = any(isinstance(one, OpenTicket) and one.is_emergency for one in outcome.effects)
    return opened or outcome.conversation.choice == MenuChoice.EMERGENCY.value


def _goes_on_as_lately(before: Conversation, outcome: TurnOutcome) -> bool:
    """Whoever called a moment ago calls about that, and hears only what has become known since."""
    is_other = any(isinstance(one, AnotherMatter) for one in outcome.effects)
    return before.asking == CALLED_LATELY and not is_other


def _place(outcome: TurnOutcome, facts: CallFacts) -> int | None:
    named = next((one.unit_id for one in outcome.effects if isinstance(one, NotePlace)), None)
    return named if named is not None or facts.line_unit is None else facts.line_unit.id


def _is_at(incident: IncidentFacts, unit_id: int | None) -> bool:
    return not incident.unit_ids or unit_id in incident.unit_ids


def _words_of(outcome: TurnOutcome) -> tuple[Spoken, ...]:
    """Which place was understood is said as always; that somebody will be there is not true yet."""
    first = outcome.plan[0]
    spoken = first.spoken if isinstance(first, Gather) else ()
    return tuple(one for one in spoken if isinstance(one, Say) and one.prompt is Prompt.PLACE_UNDERSTOOD)


def _bulletin(conversation: Conversation, incident: IncidentFacts) -> Say:
    words = incident.bulletin_vi if conversation.locale == "vi" else incident.bulletin_en
    return Say(Prompt.INCIDENT_BULLETIN, {"bulletin": words})


def _told(incident: IncidentFacts) -> str:
    return told_of(incident.id)


def told_of(incident_id: int) -> str:
    """What a conversation keeps of a bulletin that was said in it."""
    return f"incident:{incident_id}"
