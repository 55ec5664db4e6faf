"""Fetching the pictures of texts: by addresses of our own making, judged by their bytes and drawn anew, then kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO

import requests
import structlog
from sqlalchemy.orm import Session, sessionmaker
from urllib3.exceptions import HTTPError as ConnectionCut

from app.phone.recording_fetch import NotComplete, asked
from app.recurring.aside import Aside
from app.storage.database import transaction
from app.storage.media import MAX_PICTURE_BYTES, store_picture
from app.storage.media_kept import MediaRefused
from app.storage.media_store import MediaStore
from telephony.provider.account import ProviderAccount
from telephony.provider.driver import ProviderUnreachable
from telephony.provider.drivers import carrier_of
from telephony.provider.limited_answer import LimitedAnswer
from telephony.sms import pictures
from telephony.sms.pictures import PictureErrand
from tickets.work.attachments import NewFile

# Of one picture; all of a text sooner than its lease ends.
LONGEST_PICTURE_SECONDS = 40.0

log = structlog.get_logger()


@dataclass
class _Round:
    kept: list[NewFile] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    refused: int = 0


def fetch_pictures(
    factory: sessionmaker[Session],
    accounts: Mapping[str, ProviderAccount],
    *,
    media: MediaStore,
    aside: Aside | None = None,
    now: datetime,
) -> int:
    """One round; returns of how many texts. No transaction is open while the network is waited for."""
    with transaction(factory) as session:
        errands = pictures.lease_due(session, now=now)

    def fetch(errand: PictureErrand) -> None:
        found = _fetched(errand, accounts.get(errand.account), media)
        with transaction(factory) as session:
            pictures.record_round(session, errand, found.kept, waiting=found.waiting, refused=found.refused, now=now)

    aside = aside or Aside("fetch pictures")
    aside.each(errands, fetch, named=lambda errand: f"pictures of text {errand.inbound_id}")
    return len(errands)


def _fetched(errand: PictureErrand, account: ProviderAccount | None, media: MediaStore) -> _Round:
    found = _Round()
    for number, sid in enumerate(errand.picture_sids, start=1):
        try:
            if account is None:
                raise NotComplete(f"no account {errand.account}")
            found.kept.append(_one(account, errand.message_sid, sid, media, file_name=f"mms-{number}"))
        except MediaRefused as refused:
            # It will be the same the next time: not a picture we can show, or too large.
            log.info("picture.refused", inbound=errand.inbound_id, reason=refused.code)
            found.refused += 1
        except (requests.RequestException, ConnectionCut, ProviderUnreachable, NotComplete, OSError) as trouble:
            log.warning("picture.not_fetched", inbound=errand.inbound_id, reason=type(trouble).__name__)
            found.waiting.append(sid)
    return found


def _one(account: ProviderAccount, message_sid: str, sid: str, media: MediaStore, *, file_name: str) -> NewFile:
    """The address is of our configuration; the webhook gave nothing but a number."""
    with asked(carrier_of(account).picture_source(message_sid, sid)) as answer:
        if answer.status_code != 200:
            raise NotComplete(f"status {answer.status_code}")
        whole = _whole(LimitedAnswer(answer, most_bytes=2 * MAX_PICTURE_BYTES, seconds=LONGEST_PICTURE_SECONDS))
    picture = store_picture(media, whole, file_name=file_name)
    key = media.keep(picture.storage_key)
    return NewFile(picture.file_name, picture.media_type, picture.size_bytes, picture.sha256, key)


def _whole(answer: LimitedAnswer) -> BytesIO:
    """No more than tells that it is too large."""
    whole = BytesIO()
    while whole.tell() <= MAX_PICTURE_BYTES and (part := answer.read()):
        whole.write(part)
    whole.seek(0)
    return whole
