"""Asking the provider what it never told us: calls that ended, texts that came, recordings that were made.

Lost callbacks are normal. What is missing is created anew through the very same door, under the same keys.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, sessionmaker

from app.phone.answers import Phones, answer
from app.storage.database import transaction
from telephony.provider.account import ProviderAccount
from telephony.provider.driver import Carrier, Event, ProviderUnreachable
from telephony.provider.drivers import carrier_of
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
        carrier = carrier_of(account)
        for name, look in LOOKS.items():
            try:
                events = list(look(factory, carrier, account, now))
            except ProviderUnreachable as trouble:
                log.warning("provider.not_reconciled", account=account.name, reason=str(trouble))
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
        webhook = Webhook(account.name, kind, {"account_sid": account.account_sid, **form}, {})
        happened_at = min(at or now, now)
        with transaction(factory) as session:
            answer(session, webhook, phones, received_at=now, now=happened_at)


def _ended_calls(
    factory: sessionmaker[Session], carrier: Carrier, account: ProviderAccount, now: datetime
) -> Iterable[Event]:
    with transaction(factory) as session:
        quiet = session.scalars(
            select(Call.call_sid)
            .where(Call.account == account.name, Call.state != CallState.ENDED, Call.state_since < now - QUIET_FOR)
            .order_by(Call.state_since)
            .limit(MOST_AT_ONCE)
        ).all()
    for call_sid in quiet:
        status = carrier.call_status(call_sid)
        if is_final_call_state(status):
            yield "status", {"call_sid": call_sid, "call_status": str(status), "direction": "inbound"}, None


def _lost_texts(
    factory: sessionmaker[Session], carrier: Carrier, account: ProviderAccount, now: datetime
) -> Iterable[Event]:
    inbound = {event[1]["message_sid"]: event for event in carrier.texts_since(now - LOOK_BACK, limit=MOST_AT_ONCE)}
    known = select(InboundSms.message_sid).where(
        InboundSms.account == account.name, InboundSms.message_sid.in_(inbound)
    )
    return _unknown(factory, inbound, known)


def _lost_recordings(
    factory: sessionmaker[Session], carrier: Carrier, account: ProviderAccount, now: datetime
) -> Iterable[Event]:
    """Also how messages left on the fail-safe document are found: it announces its recordings to nobody."""
    made = {event[1]["recording_sid"]: event for event in carrier.recordings_since(now - LOOK_BACK, limit=MOST_AT_ONCE)}
    known = select(Recording.recording_sid).where(Recording.account == account.name, Recording.recording_sid.in_(made))
    return _unknown(factory, made, known)


def _unknown(factory: sessionmaker[Session], listed: Mapping[str, Event], known: Select[str]) -> Iterable[Event]:
    if not listed:
        return []
    with transaction(factory) as session:
        ours = set(session.scalars(known))
    return [event for sid, event in listed.items() if sid not in ours]


Look = Callable[[sessionmaker[Session], Carrier, ProviderAccount, datetime], Iterable[Event]]
LOOKS: Mapping[str, Look] = {"calls": _ended_calls, "texts": _lost_texts, "recordings": _lost_recordings}
