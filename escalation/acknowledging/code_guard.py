"""Few tries for whoever guesses a leader's codes: wrong ones lock one phone's for a while, never another's."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.standing_rows import administrators
from tickets.outbox import posting
from tickets.outbox.posting import Outgoing
from tickets.people.actor import SYSTEM
from tickets.people.pins import count_attempt, forget_attempts
from tickets.schema import PinGuard, Staff
from tickets.states import OutboundChannel

ALARM = "codes_locked"


def locked_until(session: Session, *, phone: str, now: datetime) -> datetime | None:
    """Until when this phone's codes rest; asked without a code it counts nothing, and clears nothing either."""
    return session.scalar(
        select(PinGuard.locked_until).where(PinGuard.reference == _guarded(phone), PinGuard.locked_until > now)
    )


def count_codes(session: Session, staff: Staff, *, phone: str, wrong: int, now: datetime) -> datetime | None:
    """Until when this phone's codes rest, once more than five wrong ones came within fifteen minutes; None: they count.

    A message is a try before its codes are compared, so that a hundred at once are a hundred; each wrong code of it is
    one. A message without a wrong one clears the count.
    """
    guarded = _guarded(phone)
    until = None
    for _ in range(max(1, wrong)):
        attempt = count_attempt(session, guarded, now=now)
        until = attempt.locked_until
        if attempt.locks and until is not None:
            _alarm(session, staff, until=until, now=now)
    if until is None and not wrong:
        forget_attempts(session, guarded)
    return until


def _guarded(phone: str) -> str:
    return f"code:{phone}"


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
