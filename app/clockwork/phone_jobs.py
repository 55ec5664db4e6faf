"""What happens by itself on the telephone side: the sweep of the floor, fetching recordings, forgetting old events."""

import time
from dataclasses import dataclass
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
from app.recurring.aside import Aside
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

# Each part is a few short statements; ten that hang at once, with their second tries, still end within the job's limit.
_PART_MS, _PART_LOCK_MS = 1_500, 500
# The second tries, item by item: one part's, and those of a whole sweep. What is left comes with the next, in seconds.
_ONE_BY_ONE_SECONDS, _ALL_ONE_BY_ONE_SECONDS = 1.0, 3.0
_ONE_BY_ONE_MS, _ONE_BY_ONE_LOCK_MS = 500, 20


@dataclass
class _SecondTries:
    """How much time a sweep still has for them."""

    seconds: float = _ALL_ONE_BY_ONE_SECONDS


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

    second = _SecondTries()
    failures = [
        failure
        for name, part in sweep_parts(desk_of, now=now, hearing_since=node.hearing.since(now)).items()
        if (failure := _sweep_part(node, name, part, second, now=now)) is not None
    ]
    if failures:
        raise failures[0]


def _sweep_part(node: Node, name: str, part: Part, second: _SecondTries, *, now: datetime) -> Exception | None:
    aside = node.aside(f"sweep the phone floor: {name}")

    def work(session: Session) -> None:
        within_less(session.connection(), statement_ms=_PART_MS, lock_ms=_PART_LOCK_MS)
        part(session, now)

    try:
        try:
            repeated(node.factory, work)
        except LeadershipLost:
            raise
        except Exception as trouble:
            if fault_of(trouble) in OF_EVERYBODY or second.seconds <= 0:
                raise
            _one_by_one(node, part, second, aside, now=now)
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


def _one_by_one(node: Node, part: Part, second: _SecondTries, aside: Aside, *, now: datetime) -> None:
    """One of many is refused, hangs or is held: the others are done without it."""
    began = time.monotonic()
    aside.rest_waits, aside.until = True, began + min(_ONE_BY_ONE_SECONDS, second.seconds)

    def work(session: Session, put_aside: PutAside) -> None:
        within_less(session.connection(), statement_ms=_ONE_BY_ONE_MS, lock_ms=_ONE_BY_ONE_LOCK_MS)
        part(session, now, put_aside)

    try:
        repeated(node.factory, partial(work, put_aside=aside))
    finally:
        second.seconds -= time.monotonic() - began


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
