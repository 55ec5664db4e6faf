"""Gathering what one step of a call's conversation must know, and nothing more."""

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy.orm import Session

from telephony.desk import Desk
from telephony.floor.answerers import near_unit_of
from telephony.floor.callbacks import is_not_to_be_called, waits_for_callback
from telephony.floor.floor import HEARTBEAT_LOST, Staffing, load_floor, load_staffing, may_be_answered
from telephony.floor.offers import offer_back, offer_call
from telephony.floor.rooms import open_room
from telephony.floor.telephones import name_in_browser, way_to
from telephony.floor.waiting import expected_wait, position, waiting_at
from telephony.ivr import CallFacts, GuidanceFacts, Heard, IncidentFacts, NamedUnit, PlaceFacts, QueueFacts, SpokenState
from telephony.ivr.bulletin import told_of
from telephony.ivr.conversation import BEFORE_A_PERSON
from telephony.ivr.queue import may_come_to_the_front, words_are_due
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Client, Number, Say, Sip, Target
from telephony.provider.account import Capability
from telephony.provider.account_kinds import steers_talks
from telephony.request_state import RequestState, request_state
from tickets.city import day_of, wall_clock
from tickets.directory.places import Resolution, resolve, resolve_keys
from tickets.matter.reading import NOTHING_READ, Certainty
from tickets.people.phones import parse_phone
from tickets.routing.decision import guess_category
from tickets.routing.guidance import spoken_answers
from tickets.routing.incidents import IncidentRule, running
from tickets.schema import Call, Presence
from tickets.states import CallState, PlaceOutcome

# A console that sleeps for a moment takes nobody's caller away.
HOLDER_LOST = 2 * HEARTBEAT_LOST
# Whom a request has been reported to is said in words up to here; there is nobody above.
HIGHEST_LEVEL_SAID = 5


def facts_for(
    session: Session, call: Call, heard: Heard, desk: Desk, *, was_held: bool = False, now: datetime
) -> CallFacts:
    """`was_held`: this caller comes out of trouble of ours, in which no console could be heard either."""
    asking = str(call.detail.get("asking", ""))
    promised = _phone_to_promise(call, heard, asking)
    is_place = call.state is CallState.PLACE and asking in ("name", "where", "")
    danger = desk.read(heard.speech).danger if heard.speech else NOTHING_READ
    return CallFacts(
        caller=call.phone,
        do_not_call=bool(call.detail.get("do_not_call")),
        can_hear_speech=desk.account.can(Capability.SPEECH),
        is_fetched=steers_talks(desk.account),
        line_unit=_named(desk, call.detail.get("line_unit_id"), call.locale),
        last_unit=_named(desk, call.detail.get("last_unit_id"), call.locale),
        places=_places(heard, desk, call.locale, now=now) if is_place else None,
        says_danger=danger.certainty is Certainty.YES,
        may_be_danger=danger.certainty is Certainty.DOUBTFUL,
        danger_kinds=danger.kinds,
        queue=_queue(session, call, desk, was_held=was_held, now=now)
        if call.state in (CallState.QUEUED, CallState.OFFERED)
        else QueueFacts(target=_target(session, call) if call.state is CallState.TALKING else None),
        followed=_followed(session, call, heard, desk, now=now)
        if call.state is CallState.STATUS and asking == "pin"
        else SpokenState(),
        reference=str(call.detail.get("ticket_reference", "")),
        agent_finished=bool(call.detail.get("agent_finished")),
        is_on_hold=call.hold_since is not None,
        room=open_room(session, call) if call.state is CallState.TALKING else "",
        agent_is_gone=call.hold_since is not None and not was_held and _is_gone(session, call, now=now),
        place_names=desk.rules.ward_names,
        line_phone=str(call.detail.get("line_phone", "")),
        called_lately=bool(call.detail.get("resumes")),
        news_since=_news_since(call, desk, now=now) if call.detail.get("resumes") else (),
        waits_for_callback=promised is not None and waits_for_callback(session, promised),
        keyed_is_blocked=promised is not None and asking == "number" and is_not_to_be_called(session, promised),
        callback_line=desk.city_line if call.state is CallState.CALLBACK else "",
        guidance=_guidance(heard, desk) if call.state in BEFORE_A_PERSON and heard.speech else (),
        incidents=_incidents(session, call, heard, desk, now=now) if call.state in BEFORE_A_PERSON else (),
    )


def _phone_to_promise(call: Call, heard: Heard, asking: str) -> str | None:
    """The number that is about to be promised a call: what was keyed in, or what they call from."""
    if call.state is not CallState.CALLBACK:
        return None
    if asking != "number":
        return call.phone
    keyed = parse_phone(heard.keys)
    return keyed.number if keyed else None


def _incidents(session: Session, call: Call, heard: Heard, desk: Desk, *, now: datetime) -> tuple[IncidentFacts, ...]:
    """Those the caller may call about, from memory; of how many wait the database is asked where that has a limit."""
    known = running(desk.rules.incidents, now=now)
    if not known:
        return ()
    guess = guess_category(heard.speech, desk.rules.routing) if heard.speech else None
    category_id = guess[0].id if guess else call.detail.get("category_id")
    # For the place, the conversation knows it better: a place that is named in this very step is in no row yet.
    return tuple(
        IncidentFacts(
            one.id, one.reference, one.bulletin_vi, one.bulletin_en, one.unit_ids, one.is_disaster,
            one.most_waiting is not None and _wait_already(session, one, now=now) >= one.most_waiting,
        )
        for one in known
        if one.category_id is None or category_id in (None, one.category_id)
    )  # fmt: skip


def _wait_already(session: Session, incident: IncidentRule, *, now: datetime) -> int:
    return waiting_at(session, incident.unit_ids, told=told_of(incident.id), now=now)


def _guidance(heard: Heard, desk: Desk) -> tuple[GuidanceFacts, ...]:
    """What answers the words of this step; to whoever accuses somebody nothing is answered but by a person."""
    if not desk.rules.guidance:
        return ()
    guess = guess_category(heard.speech, desk.rules.routing)
    if guess is not None and guess[0].conduct:
        return ()
    found = spoken_answers(desk.rules.guidance, guess[0].id if guess else None, heard.speech)
    return tuple(GuidanceFacts(one.id, one.spoken["vi"], one.spoken["en"], one.scope.unit_ids) for one in found)


def _news_since(call: Call, desk: Desk, *, now: datetime) -> tuple[int, ...]:
    """What has become known of the matter of their last call; whoever was cut off or is in danger hears no news first.

    Told is told, however often somebody calls.
    """
    resumed = call.detail["resumes"]
    if resumed.get("emergency") or resumed.get("cut_off_from"):
        return ()
    told = set(resumed.get("told") or ())
    return tuple(
        one.id
        for one in running(desk.rules.incidents, now=now)
        if told_of(one.id) not in told
        and (not one.unit_ids or resumed.get("place_unit_id") in one.unit_ids)
        and one.category_id in (None, resumed.get("category_id"))
    )


def _named(desk: Desk, unit_id: int | None, locale: str) -> NamedUnit | None:
    unit = desk.unit(unit_id)
    return NamedUnit(unit.id, desk.unit_name(unit.id, locale)) if unit else None


def _places(heard: Heard, desk: Desk, locale: str, *, now: datetime) -> PlaceFacts | None:
    on = day_of(now)
    found: Resolution
    if heard.speech:
        found = resolve(desk.places, heard.speech, on=on)
    elif heard.keys:
        found = resolve_keys(desk.places, heard.keys, on=on)
    else:
        return None
    ids = dict.fromkeys(candidate.unit_id for candidate in found.candidates)
    units = tuple(NamedUnit(i, desk.unit_name(i, locale)) for i in ids if desk.unit(i) is not None)
    return PlaceFacts(PlaceOutcome(found.outcome) if units else PlaceOutcome.NONE, units)


def _queue(session: Session, call: Call, desk: Desk, *, was_held: bool, now: datetime) -> QueueFacts:
    if call.state is CallState.OFFERED and (target := _target(session, call)) is not None:
        return QueueFacts(target=target)
    # Whoever has just come is often rung for at once; whoever waits asks again and again, and most in vain.
    floor = load_floor(session, now=now) if call.last_position is None else None
    staffing = floor.staffing if floor is not None else load_staffing(session, now=now)
    waited = int((now - (call.queued_at or now)).total_seconds())
    is_told = words_are_due(call.detail.get("said_at"), waited)
    near = not steers_talks(desk.account) and may_come_to_the_front(call.last_position or 1)
    place = _place(session, call, staffing, is_wanted=is_told or near, now=now)
    # Only the first in line is offered at its own turn; everybody else's turn comes with the sweep.
    if call.state is CallState.QUEUED and not offer_back(session, call, now=now) and place == 1 and staffing.has_free:
        offer_call(session, call, floor or load_floor(session, now=now), now=now)
    says_how_long = place > 1 and is_told
    wait = expected_wait(session, call, place=place, staffing=staffing, now=now) if says_how_long else None
    return QueueFacts(
        position=place,
        # Not told that nobody is there, and sent to leave a message, before the consoles can have been heard again.
        staffed=was_held or _may_be_answered(session, call, staffing, now=now),
        offer_is_open=call.state is CallState.OFFERED,
        offers=call.offers,
        waited_seconds=waited,
        wait_minutes=ceil(wait / timedelta(minutes=1)) if wait is not None else None,
    )


def _may_be_answered(session: Session, call: Call, staffing: Staffing, *, now: datetime) -> bool:
    asked = (call.unit_id, near_unit_of(call.detail))
    return staffing.can_answer(*asked) or may_be_answered(session, *asked, now=now)


def _place(session: Session, call: Call, staffing: Staffing, *, is_wanted: bool, now: datetime) -> int:
    """Counted anew where it is said or acted upon, or somebody is free to answer: most turns of a full line do neither,
    and of all they ask this costs the database most."""
    if call.last_position is not None and not is_wanted and not staffing.has_free:
        return call.last_position
    return position(session, call, staffing=staffing, now=now)


def _is_gone(session: Session, call: Call, *, now: datetime) -> bool:
    """Whether whoever keeps the caller on hold is not there any more, to take them back."""
    mine = session.get(Presence, call.agent_id) if call.agent_id is not None else None
    return mine is None or mine.call_id != call.id or mine.heartbeat_at <= now - HOLDER_LOST


def _target(session: Session, call: Call) -> Target | None:
    """Where to connect the caller, once an agent has taken the offer."""
    return target_of(session, call.agent_id) if call.agent_id is not None else None


def target_of(session: Session, staff_id: int) -> Number | Client | Sip:
    """Where it rings at this agent."""
    presence = session.get(Presence, staff_id)
    phone = presence.phone if presence is not None else ""
    match way_to(phone):
        case Capability.SIP:
            return Sip(phone)
        case Capability.CLIENT:
            return Client(name_in_browser(staff_id))
        case _:
            # Whoever picks up a telephone must press a key: a mobile's voicemail presses none.
            return Number(phone, whisper_step="whisper")


def _followed(session: Session, call: Call, heard: Heard, desk: Desk, *, now: datetime) -> SpokenState:
    reference = str(call.detail.get("reference", ""))
    state = request_state(session, reference=reference, pin=heard.keys, caller=call.phone, keys=desk.keys, now=now)
    return SpokenState(state_words(state, desk, call.locale)) if state else SpokenState()


def state_words(state: RequestState, desk: Desk, locale: str) -> tuple[Say, ...]:
    """The state of a request in spoken words."""
    words = [Say(Prompt.FOLLOW_STATE, {"reference": state.reference}), Say(Prompt(f"state_{state.status.value}"))]
    if state.unit_id is not None:
        words.append(Say(Prompt.FOLLOW_UNIT, {"unit": desk.unit_name(state.unit_id, locale)}))
    if state.due_at is not None:
        local = wall_clock(state.due_at)
        words.append(Say(Prompt.FOLLOW_OVERDUE if state.is_overdue else Prompt.FOLLOW_DUE, {"due": local.isoformat()}))
    if state.level > 0:
        words.append(Say(Prompt(f"follow_level_{min(state.level, HIGHEST_LEVEL_SAID)}")))
    return tuple(words)
