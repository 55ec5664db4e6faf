"""A leader's text message `GN <code>`: taken as an acknowledgement, and answered, so that they know that it arrived."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.acknowledge import AlreadyAcknowledged, acknowledge_by_code
from escalation.firing.codes import SHORTEST
from tickets.audit import entries
from tickets.directory.standing_rows import administrators
from tickets.errors import HotlineError
from tickets.outbox import posting
from tickets.outbox.posting import Outgoing
from tickets.people.actor import SYSTEM
from tickets.people.pins import count_attempt, forget_attempts
from tickets.schema import Staff, StepRecipient
from tickets.states import OutboundChannel

TAKEN, TAKEN_BEFORE, UNKNOWN = "acknowledge_taken", "acknowledge_taken_before", "acknowledge_unknown"
LOCKED, ALARM = "acknowledge_locked", "codes_locked"


def take_code(
    session: Session,
    *,
    phone: str,
    code: str,
    instruction: str,
    may_be_words: bool = False,
    message_sid: str,
    now: datetime,
) -> bool:
    """Acknowledge by a text message and answer it; False when nobody who is ever told of a level has this phone.

    False also for ordinary words with a number that is too short to be a code, unless it is one of this person's.
    `message_sid` names the message that is answered, so that its repetition is not answered twice.
    """
    staff = _recipient_with(session, phone)
    if staff is None:
        return False
    if may_be_words and len(code) < SHORTEST and not _is_code_of(session, staff, code):
        return False
    template, params = _judged(session, staff, phone=phone, code=code, instruction=instruction, now=now)
    posting.post_sms(
        session,
        to=phone,
        template=template,
        params=params,
        locale=staff.locale,
        dedup_key=f"code:{message_sid}",
        staff_id=staff.id,
        # They hold the phone in their hand: an answer in the morning would be none.
        is_urgent=True,
        now=now,
    )
    return True


def _judged(
    session: Session, staff: Staff, *, phone: str, code: str, instruction: str, now: datetime
) -> tuple[str, dict[str, Any]]:
    """Each try is counted before the code is compared: after five wrong ones this phone's codes rest for a while."""
    guarded = f"code:{phone}"
    attempt = count_attempt(session, guarded, now=now)
    if attempt.locked_until is not None:
        if attempt.locks:
            _alarm(session, staff, until=attempt.locked_until, now=now)
        return LOCKED, {"until": attempt.locked_until.isoformat()}
    template, params = _taken(session, phone=phone, code=code, instruction=instruction, now=now)
    if template != UNKNOWN:
        forget_attempts(session, guarded)
    return template, params


def _alarm(session: Session, staff: Staff, *, until: datetime, now: datetime) -> None:
    """Somebody guesses at this person's codes, perhaps under a false number: it is written down and told."""
    params = {"name": staff.name, "until": until.isoformat()}
    entries.record(
        session,
        actor=SYSTEM,
        action="escalation.codes_locked",
        subject_kind="staff",
        subject_id=staff.id,
        params={"until": until.isoformat()},
        now=now,
    )
    messages = [
        Outgoing(
            channel=channel,
            address=one.email if channel is OutboundChannel.EMAIL else "",
            template=ALARM,
            params=params,
            locale=one.locale,
            dedup_key=f"codes-locked:{staff.id}:{until.isoformat()}:{one.staff_id}:{channel}",
            staff_id=one.staff_id,
        )
        for one in administrators(session, now=now)
        for channel in (OutboundChannel.SCREEN, OutboundChannel.EMAIL)
    ]
    posting.post_all(session, messages, now=now)


def _taken(session: Session, *, phone: str, code: str, instruction: str, now: datetime) -> tuple[str, dict[str, Any]]:
    try:
        with session.begin_nested():
            done = acknowledge_by_code(session, phone=phone, code=code, instruction=instruction, via="sms", now=now)
    except AlreadyAcknowledged as refused:
        return TAKEN_BEFORE, {"code": code, "by": refused.by, "at": refused.at.isoformat()}
    except HotlineError:
        return UNKNOWN, {"code": code}
    params = {"reference": done.reference, "at": done.at.isoformat(), "holds_until": done.holds_until.isoformat()}
    return TAKEN, params | {"is_repeat": done.is_repeat}


def _is_code_of(session: Session, staff: Staff, code: str) -> bool:
    mine = select(StepRecipient.id).where(StepRecipient.staff_id == staff.id, StepRecipient.reply_code == code)
    return bool(session.scalar(select(mine.exists())))


def _recipient_with(session: Session, phone: str) -> Staff | None:
    told = select(StepRecipient.id).where(StepRecipient.staff_id == Staff.id).exists()
    return session.scalars(
        select(Staff).where(Staff.phone == phone, Staff.disabled_at.is_(None), told).order_by(Staff.id).limit(1)
    ).one_or_none()
