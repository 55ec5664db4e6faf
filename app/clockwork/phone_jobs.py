"""What happens by itself on the telephone side: the sweep of the floor, fetching recordings, forgetting old events."""

from datetime import datetime
from functools import cache, partial

from sqlalchemy.orm import Session

from app.clockwork.node import Node
from app.clockwork.one_leader import LeadershipLost
from app.phone.answers import Phones
from app.phone.ended_talks import take_down_again
from app.phone.left_legs import end_left_legs
from app.phone.picture_fetch import fetch_pictures
from app.phone.reconciliation import ASKING, reconcile
from app.phone.recording_fetch import fetch_due
from app.phone.recording_limits import record_again
from app.phone.silent_callers import ask_for_silent_callers
from app.reference import Reference
from app.settings import Settings
from app.storage.bounded_connection import within_less
from app.storage.database import repeated, transaction
from app.storage.database_faults import OF_EVERYBODY, fault_of
from app.storage.media_store import media_store
from telephony.desk import Desk
from telephony.provider.webhook_inbox import forget_old_events
from telephony.sweep import Part, sweep_parts
from tickets.each_alone import PutAside

# Each part is a few short statements; seven that hang at once still end before the next would be missed.
_PART_MS = 2_000
_PART_LOCK_MS = 500


@cache
def phones_of(settings: Settings) -> Phones:
    """One per process: it keeps the places and rules it has read."""
    return Phones(settings, Reference.from_settings(settings))


def sweep_floor(node: Node) -> None:
    """Rings, states and consoles that ran out; offers for callers who wait. A part that fails holds up no other."""
    phones = phones_of(node.settings)
    phones.known.renew(node.factory)
    with transaction(node.factory) as session:
        now = node.now(session)

    def desk_of(account: str) -> Desk | None:
        """Read only where a call has to be ended: most sweeps end none."""
        if account not in phones.accounts:
            return None
        with transaction(node.factory) as session:
            return phones.desk(session, account, now=now)

    failures = [
        failure
        for name, part in sweep_parts(desk_of, now=now, hearing_since=node.hearing.since(now)).items()
        if (failure := _sweep_part(node, name, part, now=now)) is not None
    ]
    if failures:
        raise failures[0]


def _sweep_part(node: Node, name: str, part: Part, *, now: datetime) -> Exception | None:
    aside = node.aside(f"sweep the phone floor: {name}")

    def work(session: Session, put_aside: PutAside | None = None) -> None:
        within_less(session.connection(), statement_ms=_PART_MS, lock_ms=_PART_LOCK_MS)
        part(session, now, put_aside)

    try:
        try:
            repeated(node.factory, work)
        except LeadershipLost:
            raise
        except Exception as trouble:
            if fault_of(trouble) in OF_EVERYBODY:
                raise
            # One of many is refused or held: the others are done without it.
            repeated(node.factory, partial(work, put_aside=aside))
        aside.say()
    except LeadershipLost:
        raise
    except Exception as trouble:
        if fault_of(trouble) in OF_EVERYBODY:
            raise
        node.jobs.troubles.failed(aside.job, trouble)
        return trouble
    node.jobs.troubles.succeeded(aside.job)
    return None


def fetch_recordings(node: Node) -> None:
    """And the pictures of texts; some at a time, until none is due."""
    phones, media, aside = phones_of(node.settings), media_store(node.settings), node.aside("fetch recordings")
    for _ in range(20):
        with transaction(node.factory) as session:
            now = node.now(session)
        if not fetch_due(node.factory, phones.accounts, media=media, aside=aside, now=now) + fetch_pictures(
            node.factory, phones.accounts, media=media, aside=aside, now=now
        ):
            break
    aside.say()


def ask_provider(node: Node) -> None:
    """What it never told us."""
    with transaction(node.factory) as session:
        now = node.now(session)
    aside = node.aside(ASKING)
    reconcile(node.factory, phones_of(node.settings), aside=aside, now=now)
    aside.say()


def ask_for_silent(node: Node) -> None:
    """Whether waiting callers of whom nothing is heard are still there, and those with whom an agent has done; who is
    alone in a room is sent home."""
    aside = node.aside("ask for silent callers")
    with transaction(node.factory) as session:
        now = node.now(session)
    ask_for_silent_callers(node.factory, phones_of(node.settings), aside=aside, now=now)
    take_down_again(node.factory, phones_of(node.settings), aside=aside, now=now)
    end_left_legs(node.factory, phones_of(node.settings), aside=aside, now=now)
    aside.say()


def let_recordings_go_on(node: Node) -> None:
    """Those that an agent paused and forgot."""
    aside = node.aside("let recordings go on")
    with transaction(node.factory) as session:
        now = node.now(session)
    record_again(node.factory, node.settings, aside=aside, now=now)
    aside.say()


def forget_webhooks(node: Node) -> None:
    with transaction(node.factory) as session:
        forget_old_events(session, now=node.now(session))
