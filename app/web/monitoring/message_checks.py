"""Whether messages leave: how long the oldest one waits, and whether a carrier refuses our account."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.phone.accounts import provider_accounts
from app.phone.reconciliation import ASKING, kinds_of
from app.settings import Settings
from telephony.provider.kept_accounts import kept_accounts
from telephony.reconciliation_marks import marks
from tickets.outbox.counted import MOST_OF_EACH, held_by_code
from tickets.outbox.over_budget import OVER
from tickets.outbox.troubles import oldest_unsent, refused_accounts
from tickets.schema import LeaderJob

LATE_AFTER = timedelta(minutes=5)
# Asked every five minutes; a provider that has not told all it had three times in a row has calls and texts of ours.
NOT_TOLD_AFTER = timedelta(minutes=16)
URGENT_LATE_AFTER = timedelta(seconds=45)


def message_checks(session: Session, *, now: datetime) -> dict[str, str]:
    """`ok`, or since when a message should have left, and since when which account is refused."""
    oldest = oldest_unsent(session)
    late = [
        since for is_urgent, since in oldest.items() if now - since > (URGENT_LATE_AFTER if is_urgent else LATE_AFTER)
    ]
    refused = refused_accounts(session)
    said = [f"{one.channel.value} is refused by {one.account} ({one.code})" for one in refused]
    account = f"{', '.join(said)} since {min(one.since_at for one in refused).isoformat()}" if refused else "ok"
    return {"outbox": f"late since {min(late).isoformat()}" if late else "ok", "sending_account": account}


def reconciliation_check(session: Session, here: Settings, *, now: datetime) -> dict[str, str]:
    """`ok`, or since when a provider has not told what it never reported: lost calls, texts and recordings stay lost.

    Before the first answer it counts from when the asking was announced.
    """
    since: dict[str, datetime] = {}
    for (name, _), at in _told(session, here).items():
        since[name] = min(since.get(name, at), at)
    late = [f"{name} since {at.isoformat()}" for name, at in sorted(since.items()) if now - at > NOT_TOLD_AFTER]
    return {"provider": f"has not told all it has: {', '.join(late)}" if late else "ok"}


def _told(session: Session, here: Settings) -> dict[tuple[str, str], datetime]:
    """By account and kind, until when everything is known; accounts that are no longer set up have none.

    Nor has one that is switched off: its contract may be over, and nobody waits for what it does not tell. One that was
    added, changed or switched on again has been asked since then, whatever came before.
    """
    announced = session.scalar(select(LeaderJob.announced_at).where(LeaderJob.name == ASKING))
    if announced is None:
        return {}
    told = {(mark.account, mark.kind): mark.up_to for mark in marks(session)}
    changed = {row.name: row.changed_at for row in kept_accounts(session)}
    asked = [(one.name, kind) for one in provider_accounts(here).values() if one.sends for kind in kinds_of(one)]
    # Who leads anew announces anew: that is no answer, and hides none that is missing.
    since = {each: told.get(each, announced) for each in asked}
    return {(name, kind): max(at, changed.get(name, at)) for (name, kind), at in since.items()}


def message_metrics(session: Session, here: Settings, *, now: datetime) -> Iterator[Metric]:
    """The age counts from when a message should have left, whatever its next try is planned for."""
    oldest = oldest_unsent(session)
    ages = {is_urgent: max(0.0, (now - since).total_seconds()) for is_urgent, since in oldest.items()}
    whole = GaugeMetricFamily("hotline_outbox_oldest_waiting_seconds", "Age of the oldest unsent message")
    whole.add_metric([], max(ages.values(), default=0.0))
    yield whole
    urgent = GaugeMetricFamily("hotline_outbox_oldest_urgent_seconds", "Age of the oldest unsent urgent message")
    urgent.add_metric([], ages.get(True, 0.0))
    yield urgent
    trouble = GaugeMetricFamily(
        "hotline_account_refused_seconds", "Since a carrier refuses our account", labels=["channel", "account", "code"]
    )
    for one in refused_accounts(session):
        trouble.add_metric([one.channel.value, one.account, one.code], (now - one.since_at).total_seconds())
    yield trouble
    held = GaugeMetricFamily(
        "hotline_messages_held", f"Messages that a budget holds, counted up to {MOST_OF_EACH}", labels=["reason"]
    )
    for reason, count in held_by_code(session, OVER).items():
        held.add_metric([reason], count)
    yield held
    asked = GaugeMetricFamily(
        "hotline_provider_asked_seconds", "Since a provider last told all it had", labels=["account", "kind"]
    )
    for each, at in _told(session, here).items():
        asked.add_metric(list(each), max(0.0, (now - at).total_seconds()))
    yield asked
