"""Keeping the floor true when nobody calls: rings and states that ran out, consoles that went silent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.call.end import end_call
from telephony.call.untold_talks import note_lasting_talks
from telephony.calls import LIMITS
from telephony.desk import Desk
from telephony.floor.callbacks import close_withheld
from telephony.floor.calling_back import KEPT_FOR, end_late_attempts, mend_kept
from telephony.floor.floor import HEARTBEAT_LOST
from telephony.floor.offers import RING, expire_offers, mend_presence, offer_waiting_calls
from telephony.floor.presence import end_wrap_ups_in_time, lose_silent_consoles, lose_silent_telephones
from telephony.floor.waiting import waiting_count
from telephony.lock_order import lock_around_call
from tickets.each_alone import PutAside, each_alone
from tickets.schema import Call
from tickets.states import CallState

# A waiting caller comes by every 20 s; one who has not for this long is gone, whatever the provider forgot to say.
SILENT_FOR = timedelta(minutes=2)
# A sweep that comes later than this after the last one follows an outage, or a change of the one who leads.
LATEST_SWEEP = timedelta(seconds=15)
_EVER = datetime.min.replace(tzinfo=UTC)
_BATCH = 50

EXPIRE_OFFERS = "expire offers"
LOSE_SILENT = "lose silent consoles"
END_ATTEMPTS = "end late attempts to call back"
END_OVERDUE = "end overdue calls"
OFFER_WAITING = "offer waiting calls"


# How many rows it changed; with `put_aside` each item is done on its own.
class Part(Protocol):
    def __call__(self, session: Session, at: datetime, put_aside: PutAside | None = None, /) -> int: ...


@dataclass(frozen=True, slots=True)
class Swept:
    offered: int = 0
    expired: int = 0
    ended: int = 0
    silent_consoles: int = 0
    waiting: int = 0


class Hearing:
    """Since when we could be heard from: silence and delays before that were ours, and nobody is made to bear them.

    While the database is away no console beats, no ring can be answered, and callers who hold the line leave no mark.
    """

    def __init__(self) -> None:
        self._swept_at: datetime | None = None
        self._since: datetime | None = None

    def since(self, now: datetime) -> datetime:
        """Asked at every sweep; where none succeeded for a while, hearing begins anew."""
        if self._since is None or self._swept_at is None or now - self._swept_at > LATEST_SWEEP:
            self._since = now
        self._swept_at = now
        return self._since


def sweep(
    session: Session, desk_of: Callable[[str], Desk | None], *, now: datetime, hearing_since: datetime = _EVER
) -> Swept:
    """Everything the floor needs, in one transaction; the scheduler gives each part one of its own."""
    done = {
        name: part(session, now) for name, part in sweep_parts(desk_of, now=now, hearing_since=hearing_since).items()
    }
    return Swept(
        done[OFFER_WAITING], done.get(EXPIRE_OFFERS, 0), done[END_OVERDUE], done.get(LOSE_SILENT, 0),
        waiting_count(session, now=now),
    )  # fmt: skip


def _lose_silent(session: Session, now: datetime, put_aside: PutAside | None = None, /) -> int:
    return lose_silent_consoles(session, put_aside=put_aside, now=now) + lose_silent_telephones(
        session, put_aside=put_aside, now=now
    )


def sweep_parts(
    desk_of: Callable[[str], Desk | None], *, now: datetime, hearing_since: datetime = _EVER
) -> Mapping[str, Part]:
    """What is done every few seconds, by any number of schedulers, in this order: rows are locked or skipped.

    A part that cannot be done (its row hangs, or somebody holds it) must keep no caller from being offered.
    """
    heard_for = now - hearing_since
    parts: dict[str, Part] = {}
    if heard_for >= RING:
        parts[EXPIRE_OFFERS] = lambda session, at, put_aside=None: expire_offers(session, put_aside=put_aside, now=at)
    if heard_for >= HEARTBEAT_LOST:
        parts[LOSE_SILENT] = _lose_silent
    if heard_for >= KEPT_FOR:
        parts[END_ATTEMPTS] = lambda session, at, put_aside=None: end_late_attempts(
            session, put_aside=put_aside, now=at
        )
    return parts | {
        "end wrap-ups": lambda session, at, put=None: end_wrap_ups_in_time(session, put_aside=put, now=at),
        "mend presence": lambda session, at, put=None: mend_presence(session, put_aside=put, now=at),
        "mend callbacks": lambda session, at, put=None: mend_kept(session, put_aside=put, now=at),
        "close withheld callbacks": lambda session, at, put=None: close_withheld(session, put_aside=put, now=at),
        "note talks that last": lambda session, at, put=None: note_lasting_talks(
            session, desk_of, put_aside=put, now=at
        ),
        END_OVERDUE: lambda session, at, put=None: end_overdue_calls(
            session, desk_of, put_aside=put, now=at, hearing_since=hearing_since
        ),
        OFFER_WAITING: lambda session, at, put=None: offer_waiting_calls(session, put_aside=put, now=at),
    }


def end_overdue_calls(
    session: Session,
    desk_of: Callable[[str], Desk | None],
    *,
    put_aside: PutAside | None = None,
    now: datetime,
    hearing_since: datetime = _EVER,
) -> int:
    """End calls that stayed in a state beyond its limit: their hang-up was never told, or nobody asked for it.

    A waiting caller whose phone still comes by is left waiting, however long: the limit of the queue only makes the
    flow offer voicemail and callback.
    """
    overdue = session.execute(
        select(Call.id, Call.account, Call.call_sid)
        .where(Call.state != CallState.ENDED, Call.state_until <= now)
        .order_by(Call.state_until)
        .limit(_BATCH)
    ).all()

    def end(call_id: int, account: str, call_sid: str) -> bool:
        desk = desk_of(account)
        return desk is not None and _end_overdue(
            session, call_id, desk, call_sid=call_sid, is_heard=now - hearing_since >= SILENT_FOR, now=now
        )

    ended = each_alone(session, overdue, lambda one: end(*one), named=lambda one: one.id, put_aside=put_aside)
    return sum(ended)


def _end_overdue(session: Session, call_id: int, desk: Desk, *, call_sid: str, is_heard: bool, now: datetime) -> bool:
    lock_around_call(session, account=desk.account.name, call_sid=call_sid)
    call = session.scalars(
        select(Call)
        .where(Call.id == call_id, Call.state != CallState.ENDED, Call.state_until <= now)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if call is None:
        return False
    if not is_heard or _still_there(call, now=now):
        call.state_until = now + LIMITS[call.state]
        return False
    end_call(session, call, desk, now=now)
    return True


def _still_there(call: Call, *, now: datetime) -> bool:
    """Whether the phone has asked for its next words lately."""
    seen_at = call.detail.get("seen_at")
    return (
        call.state in (CallState.QUEUED, CallState.OFFERED)
        and isinstance(seen_at, str)
        and now - datetime.fromisoformat(seen_at) < SILENT_FOR
    )
