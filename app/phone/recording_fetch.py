"""Fetching finished recordings: ours is complete and verified before the provider's copy is deleted."""

import wave
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, cast
from urllib.parse import urlsplit

import requests
import structlog
from sqlalchemy.orm import Session, sessionmaker
from urllib3.exceptions import HTTPError as ConnectionCut

from app.recurring.aside import Aside
from app.storage.database import transaction
from app.storage.media_kept import MediaRefused, Written
from app.storage.media_store import MediaStore
from telephony import recordings
from telephony.provider.account import ProviderAccount
from telephony.provider.driver import ProviderUnreachable, RecordingSource
from telephony.provider.drivers import carrier_of
from telephony.provider.http_client import CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS
from telephony.provider.limited_answer import LimitedAnswer
from telephony.provider.timely_session import timely_session
from tickets.schema import Recording
from tickets.states import RecordingState

# Two hours of two channels; whatever is larger is no telephone call.
MOST_BYTES = 300 * 1024 * 1024
# Sooner than it becomes anybody's again (`telephony.recordings.lease`).
LONGEST_FETCH_SECONDS = 240.0
MEDIA_TYPE = "audio/wav"
_SENT_ON = frozenset({301, 302, 303, 307, 308})

log = structlog.get_logger()


class NotComplete(Exception):
    """What came is not a whole recording."""


@dataclass(frozen=True)
class RecordingErrand:
    """A recording to be fetched, or, once it lies here, to be deleted there."""

    id: int
    account: str
    recording_sid: str
    is_here: bool


def fetch_due(
    factory: sessionmaker[Session],
    accounts: Mapping[str, ProviderAccount],
    *,
    media: MediaStore,
    aside: Aside | None = None,
    now: datetime,
) -> int:
    """One round; returns how many steps were done. No transaction is open while the network is waited for.

    One whose row is refused is put aside until its lease is over.
    """
    with transaction(factory) as session:
        due = recordings.due_for_fetching(session, now=now)
        for recording in due:
            recordings.lease(recording, now=now)
        wanted = [_wanted(recording) for recording in due]
    aside, done = aside or Aside("fetch recordings"), list[int]()
    aside.each(
        wanted, lambda one: done.append(_attempt(factory, accounts, one, media=media, now=now)),
        named=lambda one: f"recording {one.id}",
    )  # fmt: skip
    return sum(done)


def _wanted(recording: Recording) -> RecordingErrand:
    is_here = recording.state is RecordingState.FETCHED
    return RecordingErrand(recording.id, recording.account, recording.recording_sid, is_here)


def _attempt(
    factory: sessionmaker[Session],
    accounts: Mapping[str, ProviderAccount],
    wanted: RecordingErrand,
    *,
    media: MediaStore,
    now: datetime,
) -> int:
    account = accounts.get(wanted.account)
    try:
        if account is None:
            raise NotComplete(f"no account {wanted.account}")
        if wanted.is_here:
            carrier_of(account).delete_recording(wanted.recording_sid)
            with transaction(factory) as session:
                recordings.record_deleted_there(session, wanted.id, now=now)
            return 1
        written = _fetch(account, wanted.recording_sid, media=media)
    except (requests.RequestException, ConnectionCut, ProviderUnreachable, NotComplete, MediaRefused) as trouble:
        _failed(factory, wanted, trouble, is_ours=False, now=now)
        return 0
    except OSError as trouble:
        # A full disk or a store that is away says nothing about the recording, which is safe where it is.
        _failed(factory, wanted, trouble, is_ours=True, now=now)
        return 0
    with transaction(factory) as session:
        recordings.record_fetched(
            session,
            wanted.id,
            storage_key=written.storage_key,
            media_type=MEDIA_TYPE,
            size_bytes=written.size_bytes,
            sha256=written.sha256,
            now=now,
        )
    return 1


def _failed(
    factory: sessionmaker[Session], wanted: RecordingErrand, trouble: Exception, *, is_ours: bool, now: datetime
) -> None:
    log.warning("recording.not_fetched", recording=wanted.id, reason=type(trouble).__name__, ours=is_ours)
    with transaction(factory) as session:
        recordings.record_fetch_failure(session, wanted.id, is_ours=is_ours, now=now)


def _fetch(account: ProviderAccount, recording_sid: str, *, media: MediaStore) -> Written:
    """Streamed into the store. The address is of our configuration, never of a webhook."""
    source = carrier_of(account).recording_source(recording_sid)
    with asked(source) as answer:
        if answer.status_code != 200:
            raise NotComplete(f"status {answer.status_code}")
        sound = LimitedAnswer(answer, most_bytes=MOST_BYTES, seconds=LONGEST_FETCH_SECONDS)
        written = media.write(cast("IO[bytes]", sound), room="recordings", suffix=".wav", max_bytes=MOST_BYTES)
        announced = answer.headers.get("Content-Length")
    try:
        with media.open(written.storage_key).stream as kept:
            _verify(kept, written, announced)
    except NotComplete:
        media.remove(written.storage_key)
        raise
    return written


def asked(source: RecordingSource) -> requests.Response:
    """Sent on once at most, and only to a media host of the account, who is not shown our credentials."""
    answer = _get(source.address, source.credentials)
    if answer.status_code not in _SENT_ON:
        return answer
    answer.close()
    address = answer.headers.get("Location", "")
    host = urlsplit(address)
    # Never from a protected line to an open one.
    is_safe = host.scheme in ("https", urlsplit(source.address).scheme)
    if not is_safe or host.hostname not in source.media_hosts:
        raise NotComplete("sent on to a host that is none of this account's")
    return _get(address, None)


def _get(address: str, credentials: tuple[str, str] | None) -> requests.Response:
    return timely_session(WHOLE_SECONDS).get(
        address,
        auth=credentials,
        stream=True,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        allow_redirects=False,
    )


def _verify(kept: IO[bytes], written: Written, announced: str | None) -> None:
    """As long as it was announced to be, and a sound file whose length is that of its samples."""
    if announced is not None and announced.isdecimal() and int(announced) != written.size_bytes:
        raise NotComplete("shorter than announced")
    try:
        with wave.open(kept, "rb") as sound:
            expected = sound.getnframes() * sound.getnchannels() * sound.getsampwidth()
    except (wave.Error, EOFError) as broken:
        raise NotComplete("not a sound file") from broken
    if written.size_bytes < expected:
        raise NotComplete("shorter than its samples")
