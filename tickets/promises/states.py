"""The kinds of clock and the states a clock can be in; the words the database, the rules and the screens share."""

from __future__ import annotations

from enum import StrEnum


class ClockKind(StrEnum):
    ACCEPT = "accept"
    FIRST = "first"
    NEXT = "next"
    UPDATE = "update"
    RESOLVE = "resolve"


class ClockStatus(StrEnum):
    """`running` includes overdue: whether a clock is overdue is its due instant compared with now, never a state."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


class BreachCause(StrEnum):
    """`change`: the promise was shortened below what had already passed, so nobody is blamed for earlier time (R7)."""

    TIME = "time"
    CHANGE = "change"


LIVE = frozenset({ClockStatus.RUNNING, ClockStatus.PAUSED})
STOPPED = frozenset({ClockStatus.MET, ClockStatus.MISSED})

PAUSING = frozenset({ClockKind.RESOLVE, ClockKind.ACCEPT, ClockKind.UPDATE})
"""`first` and `next` never pause (R6)."""


def pauses(kind: ClockKind, *, ticket_status: str, third_party_pauses: bool) -> bool:
    """Whether a clock of this kind stands still in a ticket status (R6)."""
    if kind not in PAUSING:
        return False
    if ticket_status == "pending_citizen":
        return True
    return ticket_status == "pending_third_party" and third_party_pauses
