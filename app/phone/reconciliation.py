"""Asking the provider what it never told us: calls that ended, texts that came, recordings that were made.

Lost callbacks are normal. What is missing is created anew through the very same door, under the same keys.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from twilio.base.exceptions import TwilioException

from app.delivery.carrier import carrier_of
from app.phone.answers import Phones, answer
from app.storage.database import transaction
from telephony.provider.account import ProviderAccount
from telephony.provider.status_rank import is_final_call_state
from telephony.provider.webhook_inbox import Webhook
from tickets.schema import Call, InboundSms, Recording
from tickets.states import CallState

# Longer than any step of a conversation is quiet: whoever is silent for this long may have gone.
QUIET_FOR = timedelta(minutes=2)
# Read again from before the last round, because providers list with delay.
LOOK_BACK = timedelta(minutes=30)
MOST_AT_ONCE = 200

log = structlog.get_logger()

Event = tuple[str, Mapping[str, str], datetime | None]


@dataclass(frozen=True, slots=True)
class Repairs:
    """What had not reached us, by kind."""

    calls: int = 0
    texts: int = 0
    recordings: int = 0

    @property
    def total(self) -> int:
        return self.calls + self.texts + self.recordings


def reconcile(factory: sessionmaker[Session], phones: Phones, *, now: datetime) -> Repairs:
    """One round over all accounts; a provider that does not answer is asked again in the next one."""
    counts = dict.fromkeys(LOOKS, 0)
    for account in phones.accounts.values():
        client = carrier_of(account, phones.settings.base_url).client
        for name, look in LOOKS.items():
            try:
                events = list(look(factory, client, account, now))
            except (TwilioException, requests.RequestException) as trouble:
                log.warning("provider.not_reconciled", account=account.name, reason=type(trouble).__name__)
                continue
            _act(factory, phones, account, events, now=now)
            counts[name] += len(events)
    repairs = Repairs(**counts)
    if repairs.total:
        log.warning("provider.reconciled", **counts)
    return repairs


def _act(
    factory: sessionmaker[Session], phones: Phones, account: ProviderAccount, events: list[Event], *, now: datetime
) -> None:
    """One transaction for each thing found; its promises run since it happened (R5)."""
    for kind, form, at in events:
        webhook = Webhook(account.name, kind, {"AccountSid": account.account_sid, **form}, {})
        happened_at = min(at or now, now)
        with transaction(factory) as session:
            answer(session, webhook, phones, received_at=now, now=happened_at)


def _ended_calls(
    factory: sessionmaker[Session], client: Any, account: ProviderAccount, now: datetime
) -> Iterable[Event]:
    with transaction(factory) as session:
        quiet = session.scalars(
            select(Call.call_sid)
            .where(Call.account == account.name, Call.state != CallState.ENDED, Call.state_since < now - QUIET_FOR)
            .order_by(Call.state_since)
            .limit(MOST_AT_ONCE)
        ).all()
    for call_sid in quiet:
        status = _status_of(client, call_sid)
        if is_final_call_state(status):
            yield "status", {"CallSid": call_sid, "CallStatus": str(status), "Direction": "inbound"}, None


def _status_of(client: Any, call_sid: str) -> str | None:
    try:
        return str(client.calls(call_sid).fetch().status)
    except TwilioException as refused:
        if getattr(refused, "status", None) == 404:
            return None
        raise


def _lost_texts(
    factory: sessionmaker[Session], client: Any, account: ProviderAccount, now: datetime
) -> Iterable[Event]:
    listed = client.messages.list(date_sent_after=now - LOOK_BACK, limit=MOST_AT_ONCE)
    inbound = {message.sid: message for message in listed if message.direction == "inbound"}
    with transaction(factory) as session:
        known = set(
            session.scalars(
                select(InboundSms.message_sid).where(
                    InboundSms.account == account.name, InboundSms.message_sid.in_(inbound)
                )
            )
        )
    for sid, message in inbound.items():
        if sid not in known:
            told = {"MessageSid": sid, "From": message.from_ or "", "To": message.to or "", "Body": message.body or ""}
            yield "sms", told, message.date_sent if isinstance(message.date_sent, datetime) else None


def _lost_recordings(
    factory: sessionmaker[Session], client: Any, account: ProviderAccount, now: datetime
) -> Iterable[Event]:
    """Also how messages left on the fail-safe document are found: it announces its recordings to nobody."""
    made = {one.sid: one for one in client.recordings.list(date_created_after=now - LOOK_BACK, limit=MOST_AT_ONCE)}
    with transaction(factory) as session:
        known = set(
            session.scalars(
                select(Recording.recording_sid).where(
                    Recording.account == account.name, Recording.recording_sid.in_(made)
                )
            )
        )
    for sid, one in made.items():
        if sid not in known and one.status == "completed":
            told = {"CallSid": one.call_sid or "", "RecordingSid": sid, "RecordingStatus": "completed"}
            yield "recording", {**told, "RecordingDuration": str(one.duration or 0)}, None


Look = Callable[[sessionmaker[Session], Any, ProviderAccount, datetime], Iterable[Event]]
LOOKS: Mapping[str, Look] = {"calls": _ended_calls, "texts": _lost_texts, "recordings": _lost_recordings}
