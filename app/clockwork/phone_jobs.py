"""What happens by itself on the telephone side: the sweep of the floor, fetching recordings, forgetting old events."""

from functools import cache

from app.clockwork.node import Node
from app.phone.answers import Phones
from app.phone.reconciliation import reconcile
from app.phone.recording_fetch import fetch_due
from app.reference import Reference
from app.settings import Settings
from app.storage.database import transaction
from telephony.desk import Desk
from telephony.provider.webhook_inbox import forget_old_events
from telephony.sweep import sweep


@cache
def phones_of(settings: Settings) -> Phones:
    """One per process: it keeps the places and rules it has read."""
    return Phones(settings, Reference.from_settings(settings))


def sweep_floor(node: Node) -> None:
    """Rings, states and consoles that ran out; offers for callers who wait."""
    phones = phones_of(node.settings)
    with transaction(node.factory) as session:
        now = node.now(session)

        def desk_of(account: str) -> Desk | None:
            return phones.desk(session, account, now=now) if account in phones.accounts else None

        sweep(session, desk_of, now=now, hearing_since=node.hearing.since(now))


def fetch_recordings(node: Node) -> None:
    """Some at a time, until none is due."""
    phones = phones_of(node.settings)
    for _ in range(20):
        with transaction(node.factory) as session:
            now = node.now(session)
        if not fetch_due(node.factory, phones.accounts, media=node.settings.media_folder, now=now):
            return


def ask_provider(node: Node) -> None:
    """What it never told us."""
    with transaction(node.factory) as session:
        now = node.now(session)
    reconcile(node.factory, phones_of(node.settings), now=now)


def forget_webhooks(node: Node) -> None:
    with transaction(node.factory) as session:
        forget_old_events(session, now=node.now(session))
