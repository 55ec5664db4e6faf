"""Recordings that have been paused for too long go on by themselves: a pause that is forgotten must not lose a talk."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.phone.call_control import LegChange, set_recording
from app.recurring.aside import Aside
from app.settings import Settings
from app.storage.database import transaction
from telephony.call.recording_pause import RecordingPause, forget_pause, pause_of, paused_too_long
from telephony.calls import lock_call
from telephony.floor.rooms import open_room
from tickets.audit import entries
from tickets.people.actor import SYSTEM

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Due:
    call_id: int
    change: LegChange
    pause: RecordingPause


def record_again(
    factory: sessionmaker[Session], settings: Settings, *, aside: Aside | None = None, now: datetime
) -> int:
    """One round; no transaction is open while a provider is asked. What it refuses is asked for again next time."""
    with transaction(factory) as session:
        due = [
            _Due(call.id, LegChange(call.account, call.call_sid, room=open_room(session, call)), pause)
            for call, pause in paused_too_long(session, now=now)
        ]
    aside, resumed = aside or Aside("let recordings go on"), list[int]()

    def resume(one: _Due) -> None:
        if not set_recording(settings, one.change, is_paused=False):
            log.warning("recording.still_paused", call_id=one.call_id)
            return
        with transaction(factory) as session:
            resumed.append(_note(session, one, now=now))

    aside.each(due, resume, named=lambda one: one.call_id)
    return sum(resumed)


def _note(session: Session, one: _Due, *, now: datetime) -> int:
    call = lock_call(session, one.call_id)
    if pause_of(call.detail) != one.pause:
        # Paused anew meanwhile, or over: that is another pause, with a time of its own.
        return 0
    forget_pause(call)
    entries.record(
        session, actor=SYSTEM, action="call.recording_resumed", subject_kind="call", subject_id=call.id,
        ticket_id=call.ticket_id, now=now,
    )  # fmt: skip
    return 1
