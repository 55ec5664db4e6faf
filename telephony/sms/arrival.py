"""Text messages coming in: kept, understood, and led to the ticket they are about."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlalchemy import bindparam, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from telephony.call.arrival import Caller
from telephony.desk import Desk
from telephony.request_state import request_state
from telephony.sms.answered import asked_which
from telephony.sms.appeal import take_appeal
from telephony.sms.codes import CodesIntent
from telephony.sms.intent import (
    AppealIntent,
    DoubtfulIntent,
    HelpIntent,
    SmsIntent,
    StartIntent,
    StatusIntent,
    StopIntent,
    TextIntent,
    parse_sms,
    without_pin,
)
from telephony.sms.matter import is_talking, take_text
from telephony.sms.noise import take_reply_of_nobody
from telephony.sms.pictures import picture_sids
from tickets.outbox import posting
from tickets.people import citizens
from tickets.people.phones import parse_phone
from tickets.schema import InboundSms
from tickets.typed_text import typed_number

MAX_SMS_BODY = 5000
_NAMES: Mapping[type[SmsIntent], str] = {
    TextIntent: "text",
    StatusIntent: "status",
    AppealIntent: "appeal",
    StopIntent: "stop",
    StartIntent: "start",
    HelpIntent: "help",
    DoubtfulIntent: "text",
    CodesIntent: "acknowledge",
}


@dataclass(frozen=True, slots=True)
class ReceivedSms:
    """A message once it is kept: what it asks for, and the row it stands in."""

    inbound_id: int
    account: str
    message_sid: str
    phone: str | None
    phone_raw: str
    to_phone: str
    body: str
    intent: SmsIntent
    # The carrier itself took it for one of its own words, and has confirmed it.
    is_carriers_word: bool = False
    has_pictures: bool = False


def keep_sms(session: Session, form: Mapping[str, str], *, account: str, now: datetime) -> ReceivedSms:
    """Keep a message, but for a PIN. The carrier's own verdict on an opt-out word counts as much as ours."""
    sender = Caller.of(form.get("from", ""))
    body = form.get("body", "").replace("\0", "")[:MAX_SMS_BODY]
    intent = _intent(body, form.get("opt_out", ""))
    sid = (form.get("message_sid", ""))[:128]
    pictures = picture_sids(form.get("pictures", ""))
    inbound_id = session.execute(
        insert(InboundSms)
        .values(
            account=account,
            message_sid=sid,
            phone=sender.phone,
            phone_raw=sender.raw,
            to_phone=form.get("to", "")[:100],
            body=without_pin(body, intent),
            intent=_NAMES[type(intent)],
            received_at=now,
            pictures=pictures,
            pictures_due_at=now if pictures else None,
        )
        .returning(InboundSms.id)
    ).scalar_one()
    to = form.get("to", "")
    is_carriers_word = bool(form.get("opt_out"))
    return ReceivedSms(
        inbound_id, account, sid, sender.phone, sender.raw, to, body, intent, is_carriers_word, bool(pictures)
    )


def act_on_sms(session: Session, sms: ReceivedSms, desk: Desk, *, now: datetime) -> None:
    """Do what a message asks for.

    Taking a leader's reply is not ours: one that comes here was taken by nobody, because its sender is no leader or
    hides the number, and is a citizen's ordinary words that began like a leader's code. Where it says nothing else,
    nobody could work on it: its sender is told how to be heard.
    """
    match sms.intent:
        case StopIntent():
            _stop(session, sms, sms.intent, now=now)
        case StartIntent():
            _start(session, sms, now=now)
        case DoubtfulIntent() if is_talking(session, sms.phone, now=now):
            _take(session, sms, desk, now=now)
        case HelpIntent() | StatusIntent() | AppealIntent() | DoubtfulIntent() if _is_for_a_person(sms):
            # Nobody hears an answer at a hidden number or a telephone on a wall: a person sees what was asked.
            _take(session, sms, desk, now=now)
        case HelpIntent() | DoubtfulIntent():
            _answer(session, sms, "sms_help", {}, now=now)
        case StatusIntent() if sms.intent.pin is None and _answers_which(session, sms, sms.intent, now=now):
            _take(session, sms, desk, now=now)
        case StatusIntent():
            _tell_state(session, sms, sms.intent, desk, now=now)
        case AppealIntent():
            answer = take_appeal(session, sms, sms.intent, desk, is_simulated=_is_simulated(desk), now=now)
            _answer(session, sms, answer.template, answer.params, now=now)
            _note_led_to(session, sms, contact_id=answer.contact_id, ticket_id=answer.ticket_id)
        case TextIntent() | CodesIntent():
            _take(session, sms, desk, now=now)
        case _:
            assert_never(sms.intent)


def _answers_which(session: Session, sms: ReceivedSms, asked: StatusIntent, *, now: datetime) -> bool:
    """A bare reference is asked for its state, unless it answers our question which one is not solved."""
    waiting = asked_which(session, sms.phone, now=now)
    return waiting is not None and asked.reference in waiting["references"]


def _stop(session: Session, sms: ReceivedSms, asked: StopIntent, *, now: datetime) -> None:
    """Confirmed once: to a number that had asked the same before, nothing is sent. A hidden number is never written to.

    What the carrier itself takes for a wish to hear nothing, it also enforces.
    """
    if sms.phone is None:
        return
    everything = asked.everything or sms.is_carriers_word
    if not sms.is_carriers_word and not citizens.has_opted_out(session, sms.phone, everything=everything):
        _answer(session, sms, "sms_stopped", {"everything": everything}, now=now)
    citizens.opt_out(session, sms.phone, reason="asked", everything=everything, now=now)


def _start(session: Session, sms: ReceivedSms, *, now: datetime) -> None:
    if sms.phone is None:
        return
    citizens.opt_in(session, sms.phone)
    _answer(session, sms, "sms_welcome", {}, now=now)


def _take(session: Session, sms: ReceivedSms, desk: Desk, *, now: datetime) -> None:
    words = sms_body(without_pin(sms.body, sms.intent))
    take = take_reply_of_nobody if _is_code_alone(session, sms, now=now) else take_text
    taken = take(session, words, sms, desk, is_simulated=_is_simulated(desk), now=now)
    _note_led_to(session, sms, contact_id=taken.contact_id, ticket_id=taken.ticket_id)


def _is_simulated(desk: Desk) -> bool:
    return desk.account.is_simulated


def _note_led_to(session: Session, sms: ReceivedSms, *, contact_id: int | None, ticket_id: int | None) -> None:
    session.execute(
        update(InboundSms)
        .where(InboundSms.id == bindparam("row"))
        .values(contact_id=contact_id, ticket_id=ticket_id)
        .execution_options(synchronize_session=False),
        {"row": sms.inbound_id},
    )


def _tell_state(session: Session, sms: ReceivedSms, asked: StatusIntent, desk: Desk, *, now: datetime) -> None:
    state = request_state(
        session, reference=asked.reference, pin=asked.pin or "", caller=sms.phone, keys=desk.keys, now=now
    )
    if state is None:
        _answer(session, sms, "request_unknown", {}, now=now)
        return
    unit = desk.unit(state.unit_id)
    params = {
        "reference": state.reference,
        "status": state.status.value,
        "unit": {"vi": unit.name, "en": unit.name_en} if unit else None,
        "due_at": state.due_at.isoformat() if state.due_at else None,
        "level": state.level,
    }
    _answer(session, sms, "request_state", params, now=now)


def _answer(session: Session, sms: ReceivedSms, template: str, params: Mapping[str, object], *, now: datetime) -> None:
    """To the very number that wrote, once per message; nothing it wrote is in the answer."""
    if sms.phone is None or not _can_be_answered(sms):
        return
    known = citizens.find(session, phone=sms.phone)
    posting.post_sms(
        session,
        to=sms.phone,
        template=template,
        params=params,
        locale=known.locale if known else "vi",
        dedup_key=f"sms-answer:{sms.account}:{sms.message_sid}",
        citizen_id=known.id if known else None,
        now=now,
    )


def _is_code_alone(session: Session, sms: ReceivedSms, *, now: datetime) -> bool:
    """Whoever shows us something, or talks with us about a matter, may mean that."""
    if not isinstance(sms.intent, CodesIntent) or not sms.intent.says_no_more:
        return False
    return not sms.has_pictures and not is_talking(session, sms.phone, now=now)


def _is_for_a_person(sms: ReceivedSms) -> bool:
    """Pictures show something, whatever the word beside them was meant for; those of an appeal go with it."""
    shows = sms.has_pictures and not isinstance(sms.intent, AppealIntent)
    return shows or not _can_be_answered(sms)


def _can_be_answered(sms: ReceivedSms) -> bool:
    phone = parse_phone(sms.phone) if sms.phone else None
    return phone is not None and phone.may_get_sms


def _intent(body: str, opt_out_type: str) -> SmsIntent:
    if opt_out_type == "stop":
        return StopIntent(body)
    if opt_out_type == "start":
        return StartIntent(body)
    if opt_out_type == "help":
        return HelpIntent(body)
    return parse_sms(body)


def sms_body(body: str) -> str:
    return unicodedata.normalize("NFC", body).strip()


def note_sms_status(
    session: Session, form: Mapping[str, str], query: Mapping[str, str], *, account: str, now: datetime
) -> None:
    """The provider's word on a message of ours; `m` in the callback's address is the row it was sent from."""
    row = query.get("m", "")
    posting.record_status(
        session,
        account=account,
        sid=form.get("message_sid", ""),
        status=form.get("message_status", ""),
        error_code=form.get("error_code", ""),
        trouble=form.get("trouble", ""),
        outbound_id=typed_number(row),
        now=now,
    )
