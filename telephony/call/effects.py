"""Doing what a step of the conversation decided: tickets opened and routed, the queue joined and left, things kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony import recordings
from telephony.call.recording_pause import forget_pause
from telephony.calls import end_hold
from telephony.desk import Desk
from telephony.floor.answerers import (
    WithWhom,
    answered_as_before,
    give_to_answerers,
    is_hidden_from_wards,
    keep_from_wards,
)
from telephony.floor.callbacks import ask_callback, settle_by_message
from telephony.floor.offers import connection_failed, end_consult, withdraw_offer
from telephony.floor.rooms import close_room
from telephony.floor.waiting import front_of_line
from telephony.ivr import (
    AnotherMatter,
    AnswerBy,
    AskCallback,
    CountOn,
    Effect,
    GoOnWith,
    JoinQueue,
    KeepRecording,
    LeaveQueue,
    NotePlace,
    NoteSaid,
    OfferUnanswered,
    OpenTicket,
    TellDutyOfficer,
)
from telephony.ivr.danger import EMERGENCY_KEY
from telephony.recordings import Announced
from tickets import timeline
from tickets.directory.standing import Person
from tickets.directory.standing_rows import administrators, load_standing
from tickets.intake import contacts
from tickets.intake.cleaning import Matter
from tickets.intake.opening import open_ticket
from tickets.intake.repeats import attach_contact
from tickets.intake.rerouting import NewlyTold, reroute_at_intake
from tickets.outbox import posting
from tickets.people.actor import citizen_actor
from tickets.people.references import read_reference
from tickets.schema import Call, OutboundMessage, Ticket
from tickets.states import UNFINISHED, Channel, GuidanceUseKind, Priority, TimelineKind
from tickets.work import incident_people
from tickets.work.assignment import change_priority
from tickets.work.guidance import note_use
from tickets.work.suspicion import heed_words
from tickets.work.ticket import lock_ticket

# Who is told that a citizen calls and nobody is there: the unit's own people first, then the city's desk.
UNIT_DUTY_POSTS, CITY_DUTY_POSTS = ("duty_officer", "unit_lead"), ("city_office_duty",)


@dataclass(frozen=True)
class Scene:
    """One call at one instant, with what is needed to act on it. The call is locked."""

    session: Session
    call: Call
    desk: Desk
    now: datetime


def perform(session: Session, call: Call, effects: Iterable[Effect], desk: Desk, *, now: datetime) -> None:
    scene = Scene(session, call, desk, now)
    # The call's own row is written once, at the end of the turn.
    with session.no_autoflush:
        _perform_all(scene, effects)


def _perform_all(scene: Scene, effects: Iterable[Effect]) -> None:
    told: list[NotePlace | NoteSaid] = []
    for effect in effects:
        match effect:
            case OpenTicket() if effect.is_emergency and scene.call.ticket_id is not None:
                _make_urgent(scene, scene.call.ticket_id)
            case OpenTicket():
                ensure_ticket(scene.session, scene.call, scene.desk, emergency=effect.is_emergency, now=scene.now)
            case AnotherMatter():
                scene.call.detail = {name: kept for name, kept in scene.call.detail.items() if name != "resumes"}
            case GoOnWith():
                _go_on_with(scene, effect.reference)
            case NotePlace() | NoteSaid():
                told.append(effect)
            case _:
                _perform_one(scene, effect)
    if told:
        _route(scene, told)


def _perform_one(
    scene: Scene,
    effect: JoinQueue
    | LeaveQueue
    | KeepRecording
    | AskCallback
    | OfferUnanswered
    | TellDutyOfficer
    | CountOn
    | AnswerBy,
) -> None:
    match effect:
        case JoinQueue():
            _join(scene, in_front=effect.in_front)
        case LeaveQueue():
            if scene.call.queued_at is not None:
                scene.call.flowout_at, scene.call.flowout_kind = scene.now, effect.kind
            withdraw_offer(scene.session, scene.call, now=scene.now)
        case KeepRecording():
            _keep(scene, effect)
        case AskCallback():
            _callback(scene, effect)
        case OfferUnanswered():
            connection_failed(scene.session, scene.call, now=scene.now)
        case TellDutyOfficer():
            _tell_duty_officer(scene)
        case CountOn():
            _count(scene, effect.incident_id)
        case AnswerBy():
            note_use(scene.session, effect.guidance_id, GuidanceUseKind.SPOKEN, f"call:{scene.call.id}")
        case _:
            assert_never(effect)


def ensure_ticket(session: Session, call: Call, desk: Desk, *, emergency: bool = False, now: datetime) -> None:
    """The call's ticket: the one it already has, the one an earlier call of this number is about, or a new one."""
    if call.ticket_id is not None:
        return
    resumed = call.detail.get("resumes")
    if resumed and not emergency:
        _resume(session, call, resumed, now=now)
        return
    opened = open_ticket(
        session,
        Matter(
            channel=Channel.VOICE,
            arrived_at=call.arrived_at,
            phone=call.phone,
            phone_raw=call.phone_raw,
            locale=call.locale,
            emergency=emergency,
            line_id=call.line_id,
            contact_source_key=f"{call.account}:{call.call_sid}",
            is_simulated=call.is_simulated,
            # Told when the call is over: by then it is known where the matter lies.
            acknowledge=False,
        ),
        actor=citizen_actor(),
        keys=desk.keys,
        places=desk.places,
        rules=desk.rules,
        now=now,
    )
    call.ticket_id, call.citizen_id = opened.ticket_id, opened.citizen_id
    give_to_answerers(call, WithWhom.of(opened.row), desk.rules)
    call.detail = {
        **call.detail,
        "ticket_reference": opened.reference,
        "emergency": emergency,
        "opened_ticket": True,
    }


def _resume(session: Session, call: Call, resumed: dict[str, object], *, now: datetime) -> None:
    call.ticket_id = int(str(resumed["ticket_id"]))
    # As urgent as before; who had talked with somebody is put through to the same person first.
    goes_on = {name: resumed[name] for name in ("emergency", "cut_off_from") if resumed.get(name)}
    call.detail = {**call.detail, **goes_on, "ticket_reference": str(resumed["reference"])}
    if resumed.get("is_hidden"):
        keep_from_wards(call)
    elif call.unit_id is None:
        answered_as_before(call, resumed)
    if resumed.get("queued_at"):
        call.queued_at = datetime.fromisoformat(str(resumed["queued_at"]))
    if call.contact_id is not None:
        attach_contact(
            session, call.ticket_id, contact_id=call.contact_id, channel=Channel.VOICE, arrived_at=call.arrived_at,
            actor=citizen_actor(), now=now,
        )  # fmt: skip


def _go_on_with(scene: Scene, reference: str) -> None:
    """A request that is over is not gone on with: what the caller says about it is a matter of its own."""
    ticket = scene.session.scalars(
        select(Ticket).where(Ticket.reference == read_reference(reference), Ticket.status.in_(UNFINISHED))
    ).one_or_none()
    if ticket is None or scene.call.ticket_id is not None:
        return
    resumed = {"ticket_id": ticket.id, "reference": ticket.reference}
    scene.call.detail = {**scene.call.detail, "resumes": resumed}
    give_to_answerers(scene.call, ticket, scene.desk.rules)


def _route(scene: Scene, told: list[NotePlace | NoteSaid]) -> None:
    """Words and place of one step together: they are one statement of the caller."""
    call = scene.call
    if call.ticket_id is None:
        return
    said = "\n".join(effect.text for effect in told if isinstance(effect, NoteSaid))
    place = next((effect for effect in told if isinstance(effect, NotePlace)), None)
    decision = reroute_at_intake(
        scene.session,
        call.ticket_id,
        NewlyTold(said, place.unit_id if place else None, place.by if place else "", call.line_id),
        actor=citizen_actor(),
        places=scene.desk.places,
        rules=scene.desk.rules,
        now=scene.now,
    )
    ticket = scene.session.get_one(Ticket, call.ticket_id)
    if decision is not None:
        # Which incidents it may be about is asked at the next turns.
        call.detail = {**call.detail, "category_id": decision.category_id}
        give_to_answerers(call, ticket, scene.desk.rules)
    else:
        ticket = lock_ticket(scene.session, call.ticket_id)
        heed_words(scene.session, ticket, said, now=scene.now)
        if is_hidden_from_wards(ticket):
            keep_from_wards(call)
        elif place is not None:
            call.unit_id = place.unit_id
    if ticket.priority is Priority.EMERGENCY:
        # It is answered first, as if the emergency key had been pressed.
        call.detail = {**call.detail, "emergency": True}


def _join(scene: Scene, *, in_front: bool) -> None:
    call, before = scene.call, scene.call.agent_id
    call.agent_id = call.flowout_at = None
    call.flowout_kind = ""
    end_hold(call, now=scene.now)
    end_consult(scene.session, call, now=scene.now)
    close_room(scene.session, call, now=scene.now)
    if in_front:
        call.queued_at = front_of_line(scene.session, call, now=scene.now)
        forget_pause(call)
        # Whoever takes the caller next has a talk of their own to write down.
        call.detail = {**call.detail, "was_cut_off": True, "cut_off_from": before, "talk_noted": False}
    elif call.queued_at is None:
        call.queued_at = scene.now


def _keep(scene: Scene, effect: KeepRecording) -> None:
    told = Announced(scene.call.account, effect.recording_sid, "completed", effect.seconds, effect.kind)
    recording = recordings.announce(scene.session, told, call=scene.call, now=scene.now)
    settle_by_message(scene.session, scene.call.id, now=scene.now)
    if scene.call.ticket_id is not None:
        timeline.add(
            scene.session,
            scene.call.ticket_id,
            TimelineKind.CALL,
            actor=citizen_actor(),
            is_public=False,
            params={"what": effect.kind.value, "seconds": effect.seconds, "recording_id": recording.id},
            now=scene.now,
        )


def _make_urgent(scene: Scene, ticket_id: int) -> None:
    """The key for danger, pressed when the matter was known already."""
    ticket = lock_ticket(scene.session, ticket_id)
    if ticket.priority is not Priority.EMERGENCY and ticket.status in UNFINISHED:
        change_priority(
            scene.session, ticket_id, priority=Priority.EMERGENCY, reason=EMERGENCY_KEY, actor=citizen_actor(),
            now=scene.now,
        )  # fmt: skip
    scene.call.detail = {**scene.call.detail, "emergency": True}


def _count(scene: Scene, incident_id: int) -> None:
    """On the incident's request: by the one this call has just opened, which becomes its duplicate, or as a contact."""
    call = scene.call
    is_own = bool(call.detail.get("opened_ticket"))
    incident = next((one for one in scene.desk.rules.incidents if one.id == incident_id), None)
    if call.ticket_id is None and incident is not None and call.contact_id is not None:
        contacts.link(scene.session, call.contact_id, incident.master_id)
    person = incident_people.Counted(
        Channel.VOICE, phone=call.phone, locale=call.locale, contact_id=call.contact_id,
        ticket_id=call.ticket_id if is_own else None,
    )  # fmt: skip
    incident_people.count(scene.session, incident_id, person, actor=citizen_actor(), now=scene.now)
    call.detail = {**call.detail, "counted_on": incident_id}


def _callback(scene: Scene, effect: AskCallback) -> None:
    call = scene.call
    asked = ask_callback(scene.session, call, phone=effect.phone, reason=effect.reason, now=scene.now)
    if asked is not None and call.ticket_id is not None:
        timeline.add(
            scene.session,
            call.ticket_id,
            TimelineKind.CALL,
            actor=citizen_actor(),
            is_public=True,
            params={"what": "callback_asked", "callback_id": asked},
            now=scene.now,
        )


def _tell_duty_officer(scene: Scene) -> None:
    """Once an hour and unit: a night with many callers must not bury the officer in messages."""
    unit_id = scene.call.unit_id or scene.desk.rules.routing.operations_unit_id
    key = f"nobody-on-duty:{unit_id}:{scene.now:%Y%m%d%H}"
    if scene.session.scalar(select(OutboundMessage.id).where(OutboundMessage.dedup_key == key)) is not None:
        return
    officer = _on_duty(scene, unit_id)
    if officer is None or officer.phone is None:
        return
    unit = scene.desk.unit(unit_id)
    posting.post_sms(
        scene.session,
        to=officer.phone,
        template="nobody_on_duty",
        params={"unit": unit.name if unit else "", "unit_en": unit.name_en if unit else ""},
        locale=officer.locale,
        dedup_key=key,
        staff_id=officer.staff_id,
        is_urgent=True,
        now=scene.now,
    )


def _on_duty(scene: Scene, unit_id: int) -> Person | None:
    """Whoever has a phone to be told by; where no desk has anybody, an administrator has to know it."""
    posts = (*UNIT_DUTY_POSTS, *CITY_DUTY_POSTS)
    standing = load_standing(scene.session, posts=posts, unit_ids=[unit_id], now=scene.now)
    found = [
        one.person
        for codes in (UNIT_DUTY_POSTS, CITY_DUTY_POSTS)
        for one in standing.at(codes, unit_id=unit_id, field="")
    ]
    last = administrators(scene.session, now=scene.now)
    return next((person for person in (*found, *last) if person.phone), None)
