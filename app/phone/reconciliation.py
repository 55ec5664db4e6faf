"""Asking the provider what it never told us: calls that ended, texts that came, recordings that were made.

Lost callbacks are normal. What is missing is created anew through the very same door, under the same keys.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, sessionmaker

from app.phone.answers import Phones, take_in
from app.recurring.aside import Aside
from app.storage.database import repeated, transaction
from telephony.provider.account import Capability, ProviderAccount
from telephony.provider.driver import Carrier, Event, ProviderUnreachable
from telephony.provider.drivers import carrier_of
from telephony.provider.status_rank import is_final_call_state
from telephony.provider.webhook_inbox import Webhook
from telephony.reconciliation_marks import asked_from, note_round
from tickets.schema import Call, InboundSms, Recording

# Longer than any step of a conversation is quiet: whoever is silent for this long may have gone.
QUIET_FOR = timedelta(minutes=2)
ASKED_FOR = timedelta(days=1)
MOST_AT_ONCE = 200
# The leader's job that does it.
ASKING = "ask the phone provider"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Repairs:
    """What had not reached us, by kind: `calls` that ended, `missed` ones of which we had heard nothing at all."""

    calls: int = 0
    missed: int = 0
    texts: int = 0
    recordings: int = 0

    @property
    def total(self) -> int:
        return self.calls + self.missed + self.texts + self.recordings


def reconcile(factory: sessionmaker[Session], phones: Phones, *, aside: Aside | None = None, now: datetime) -> Repairs:
    """One round over all accounts, each kind from where its last good round ended.

    A provider that does not answer, or an event that cannot be taken in, leaves the mark where it stands.
    """
    aside = aside or Aside(ASKING)
    counts = dict.fromkeys(LOOKS, 0)
    for account in phones.accounts.values():
        for kind, taken in _rounds(factory, phones, account, aside=aside, now=now):
            counts[kind] += taken
    repairs = Repairs(**counts)
    if repairs.total:
        log.warning("provider.reconciled", **counts)
    return repairs


def _rounds(
    factory: sessionmaker[Session], phones: Phones, account: ProviderAccount, *, aside: Aside, now: datetime
) -> Iterable[tuple[str, int]]:
    """Kind by kind. Recordings wait for the round in which the calls came that they belong to."""
    carrier, unfinished = carrier_of(account), set[str]()
    for kind in kinds_of(account):
        if kind == "recordings" and "missed" in unfinished:
            continue
        taken = _round(factory, phones, Asked(account, carrier, kind, LOOKS[kind]), aside=aside, now=now)
        if taken is None:
            unfinished.add(kind)
        yield kind, taken or 0


def kinds_of(account: ProviderAccount) -> Sequence[str]:
    """What it is asked for: texts only where they may come in by it."""
    return [kind for kind in LOOKS if kind != "texts" or account.can(Capability.SMS_INBOUND)]


def _round(
    factory: sessionmaker[Session], phones: Phones, asked: "Asked", *, aside: Aside, now: datetime
) -> int | None:
    """How many of one kind were taken in; None where the provider did not answer."""
    account = asked.account
    with transaction(factory) as session:
        since = asked_from(session, account=account.name, kind=asked.kind, now=now)
    try:
        events = list(asked.look(factory, asked.carrier, account, since, now))
    except ProviderUnreachable as trouble:
        log.warning("provider.not_reconciled", account=account.name, kind=asked.kind, reason=str(trouble))
        return None
    taken = sum(_taken_in(factory, phones, account, event, aside=aside, now=now) for event in events)
    if taken == len(events):
        with transaction(factory) as session:
            note_round(session, account=account.name, kind=asked.kind, began_at=now)
    return taken


def _taken_in(
    factory: sessionmaker[Session],
    phones: Phones,
    account: ProviderAccount,
    event: Event,
    *,
    aside: Aside,
    now: datetime,
) -> bool:
    """One transaction for each thing found, at once again where another was in the way; its promises run since it
    happened (R5). One that fails stops no other."""
    kind, form, at = event
    webhook = Webhook(account.name, kind, {"account_sid": account.account_sid, **form}, {})
    try:
        repeated(factory, lambda session: take_in(session, webhook, phones, received_at=now, now=min(at or now, now)))
    except Exception as trouble:
        sid = form.get("recording_sid") or form.get("message_sid") or form.get("call_sid", "")
        aside(f"{account.name} {kind} {sid}", trouble)
        log.exception("provider.event_not_taken", account=account.name, kind=kind)
        return False
    return True


def _ended_calls(
    factory: sessionmaker[Session], carrier: Carrier, account: ProviderAccount, since: datetime, now: datetime
) -> Iterable[Event]:
    with transaction(factory) as session:
        quiet = session.scalars(
            select(Call.call_sid)
            .where(Call.account == account.name, Call.ended_at.is_(None), Call.state_since < now - QUIET_FOR)
            # Who was said goodbye to is not hung up yet. What nobody knows of any more is in nobody's way after a day.
            .where(Call.state_since > now - ASKED_FOR)
            .order_by(Call.id)
            .limit(MOST_AT_ONCE)
        ).all()
    for call_sid in quiet:
        status = carrier.call_status(call_sid)
        if is_final_call_state(status):
            yield "status", {"call_sid": call_sid, "call_status": str(status), "direction": "inbound"}, None


def _with_pictures(carrier: Carrier, account: ProviderAccount, event: Event) -> Event:
    """A text that comes late comes with its pictures; where they cannot be had now, the whole round comes again."""
    kind, told, at = event
    if "picture_count" not in told or not account.can(Capability.MMS):
        return event
    return kind, {**told, "pictures": " ".join(carrier.picture_numbers(told["message_sid"]))}, at


def _lost_texts(
    factory: sessionmaker[Session], carrier: Carrier, account: ProviderAccount, since: datetime, now: datetime
) -> Iterable[Event]:
    inbound = {event[1]["message_sid"]: event for event in carrier.texts_since(since)}
    known = select(InboundSms.message_sid).where(
        InboundSms.account == account.name, InboundSms.message_sid.in_(inbound)
    )
    return [_with_pictures(carrier, account, one) for one in _unknown(factory, inbound, known)]


def _missed_calls(
    factory: sessionmaker[Session], carrier: Carrier, account: ProviderAccount, since: datetime, now: datetime
) -> Iterable[Event]:
    """Nobody who called while we could not even be asked is without a trace."""
    made = {event[1]["call_sid"]: event for event in carrier.calls_since(since)}
    known = select(Call.call_sid).where(Call.account == account.name, Call.call_sid.in_(made))
    return _unknown(factory, made, known)


def _lost_recordings(
    factory: sessionmaker[Session], carrier: Carrier, account: ProviderAccount, since: datetime, now: datetime
) -> Iterable[Event]:
    """Also how messages left on the fail-safe document are found: it announces its recordings to nobody."""
    made = {event[1]["recording_sid"]: event for event in carrier.recordings_since(since)}
    known = select(Recording.recording_sid).where(Recording.account == account.name, Recording.recording_sid.in_(made))
    return _unknown(factory, made, known)


def _unknown(factory: sessionmaker[Session], listed: Mapping[str, Event], known: Select[str]) -> Iterable[Event]:
    if not listed:
        return []
    with transaction(factory) as session:
        ours = set(session.scalars(known))
    return [event for sid, event in listed.items() if sid not in ours]


Look = Callable[[sessionmaker[Session], Carrier, ProviderAccount, datetime, datetime], Iterable[Event]]
# Calls before what was recorded of them, so that a recording finds its call.
LOOKS: Mapping[str, Look] = {
    "calls": _ended_calls,
    "missed": _missed_calls,
    "texts": _lost_texts,
    "recordings": _lost_recordings,
}


@dataclass(frozen=True)
class Asked:
    """One kind, looked for at one account."""

    account: ProviderAccount
    carrier: Carrier
    kind: str
    look: Look
