"""Clock arithmetic: what the intervals of a clock have consumed, and when that makes it due (rules R4-R9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tickets.promises.calendar import WorkingCalendar, add, between
from tickets.states import ClockKind, TicketStatus

REOPEN_SHARE = 0.25
REOPEN_FLOOR_SECONDS = 4 * 3600
PAUSE_CAP_FACTOR = 2.0

PAUSING = frozenset({ClockKind.RESOLVE, ClockKind.ACCEPT, ClockKind.UPDATE, ClockKind.APPEAL})
"""`first` and `next` never pause (R6)."""


@dataclass(frozen=True)
class Interval:
    """A stretch in which a clock ran; `to_at` is None while it still runs."""

    from_at: datetime
    to_at: datetime | None = None


def consumed_seconds(calendar: WorkingCalendar, intervals: Iterable[Interval], *, now: datetime) -> int:
    """Open seconds the intervals have used up to `now`, whatever calendar they once ran under (R7)."""
    return sum(between(calendar, part.from_at, part.to_at or now) for part in intervals)


def due_after(calendar: WorkingCalendar, *, target_seconds: int, consumed: int, now: datetime) -> datetime:
    """When what is left of a promise runs out, counting from `now`; `now` itself when nothing is left (R7)."""
    return add(calendar, now, max(0, target_seconds - consumed))


def reached_at(calendar: WorkingCalendar, intervals: Sequence[Interval], seconds: int) -> datetime | None:
    """The instant at which the intervals had consumed `seconds`, or will if the last one goes on running.

    None when the clock stands still before that. This is the replay that a stored due instant must agree with (R22).
    """
    left = seconds
    for part in intervals:
        if part.to_at is None:
            return add(calendar, part.from_at, left)
        used = between(calendar, part.from_at, part.to_at)
        if used >= left:
            return add(calendar, part.from_at, left)
        left -= used
    return None


def reopening_floor_seconds(target_seconds: int) -> int:
    """What a reopened promise has left at least: 25 % of its target or 4 open hours, whichever is less (R9)."""
    return min(int(target_seconds * REOPEN_SHARE), REOPEN_FLOOR_SECONDS)


def pause_cap_seconds(target_seconds: int, *, factor: float = PAUSE_CAP_FACTOR) -> int:
    """How long a clock may stand still in all, in open seconds (R6)."""
    return int(target_seconds * factor)


def pauses(kind: ClockKind, *, in_status: TicketStatus, third_party_pauses: bool) -> bool:
    """Whether a clock of this kind stands still in a ticket status (R6)."""
    if kind not in PAUSING:
        return False
    if in_status is TicketStatus.PENDING_CITIZEN:
        return True
    return in_status is TicketStatus.PENDING_THIRD_PARTY and third_party_pauses


def is_met(*, stopped_at: datetime, due_at: datetime | None) -> bool:
    """Met or missed is decided when the clock stops, never by when somebody looked (R17)."""
    return due_at is None or stopped_at <= due_at
