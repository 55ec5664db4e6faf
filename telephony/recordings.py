"""Recordings: announced by the provider, fetched by a job, verified, and only then deleted there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import Call, Recording
from tickets.states import RecordingKind, RecordingState

# Provider states in ours; a state we do not know leaves the row as it is.
STATE_OF_STATUS = {
    "in-progress": RecordingState.IN_PROGRESS,
    "processing": RecordingState.IN_PROGRESS,
    "completed": RecordingState.COMPLETED,
    "absent": RecordingState.ABSENT,
    "failed": RecordingState.FAILED,
}
_FINAL = (RecordingState.COMPLETED, RecordingState.FETCHED, RecordingState.ABSENT, RecordingState.FAILED)
MOST_FETCHES = 12
# Below MOST_FETCHES, and with half an hour between the tries.
_PATIENT = 8
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Announced:
    """What a provider says of a recording; the steps that make one say it as well as its status callbacks."""

    account: str
    recording_sid: str
    status: str
    seconds: int | None
    kind: RecordingKind


def announce(session: Session, told: Announced, *, call: Call | None, now: datetime) -> Recording:
    """The recording exists: said in any order and any number of times."""
    session.execute(
        insert(Recording)
        .values(
            account=told.account,
            recording_sid=told.recording_sid,
            kind=told.kind,
            state=RecordingState.IN_PROGRESS,
            created_at=now,
        )
        .on_conflict_do_nothing()
    )
    recording = session.scalars(
        select(Recording)
        .where(Recording.account == told.account, Recording.recording_sid == told.recording_sid)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    if call is not None:
        recording.call_id, recording.ticket_id = call.id, recording.ticket_id or call.ticket_id
    # A status callback does not know what was recorded; the step that asked for it does.
    if told.kind is not RecordingKind.CONVERSATION:
        recording.kind = told.kind
    _advance(recording, told.status, seconds=told.seconds, now=now)
    return recording


def _advance(recording: Recording, status: str, *, seconds: int | None, now: datetime) -> None:
    if recording.state in _FINAL or status not in STATE_OF_STATUS:
        return
    recording.state = STATE_OF_STATUS[status]
    if seconds is not None:
        recording.duration_seconds = seconds
    if recording.state is RecordingState.COMPLETED:
        recording.next_attempt_at = now


def link_to_ticket(session: Session, call_id: int, ticket_id: int) -> None:
    """What was recorded of the call belongs to this ticket."""
    session.execute(update(Recording).where(Recording.call_id == call_id).values(ticket_id=ticket_id))


def due_for_fetching(session: Session, *, limit: int = 20, now: datetime) -> Sequence[Recording]:
    """Finished recordings we do not have yet, or whose copy at the provider still stands; skips what others fetch.

    What belongs to no call that we know is fetched, and stays there too: nobody would miss it here.
    """
    is_wanted = or_(Recording.state == RecordingState.COMPLETED, Recording.call_id.is_not(None))
    return session.scalars(
        select(Recording)
        .where(
            Recording.state.in_((RecordingState.COMPLETED, RecordingState.FETCHED)),
            is_wanted,
            Recording.provider_deleted_at.is_(None),
            Recording.next_attempt_at <= now,
        )
        .order_by(Recording.next_attempt_at, Recording.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()


def lease(recording: Recording, *, now: datetime) -> None:
    """Somebody is fetching it: nobody else for five minutes, then it is anybody's again."""
    recording.attempts += 1
    recording.next_attempt_at = now + timedelta(minutes=5)


def record_fetched(
    session: Session,
    recording_id: int,
    *,
    storage_key: str,
    media_type: str,
    size_bytes: int,
    sha256: str,
    now: datetime,
) -> None:
    """Our copy is complete and verified; the provider's may now be deleted."""
    recording = session.get_one(Recording, recording_id, with_for_update={"key_share": True})
    recording.state, recording.fetched_at = RecordingState.FETCHED, now
    recording.storage_key, recording.media_type = storage_key, media_type
    recording.size_bytes, recording.sha256 = size_bytes, sha256
    recording.next_attempt_at, recording.attempts = now, 0


def record_deleted_there(session: Session, recording_id: int, *, now: datetime) -> None:
    recording = session.get_one(Recording, recording_id, with_for_update={"key_share": True})
    recording.provider_deleted_at, recording.next_attempt_at = now, None


def record_fetch_failure(session: Session, recording_id: int, *, is_ours: bool = False, now: datetime) -> None:
    """Tried again later and later, for about half a day; then a failure people see. Never given up for what is ours."""
    recording = session.get_one(Recording, recording_id, with_for_update={"key_share": True})
    if is_ours:
        recording.attempts = min(recording.attempts, _PATIENT)
    if recording.attempts >= MOST_FETCHES:
        if recording.state is RecordingState.COMPLETED:
            recording.state = RecordingState.FAILED
        recording.next_attempt_at = None
        return
    recording.next_attempt_at = now + min(LONGEST_RETRY, FIRST_RETRY * 2**recording.attempts)
