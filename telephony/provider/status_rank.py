"""The order of a call's states, so that a late callback never moves one back; messages have theirs in the outbox.

Providers repeat, reorder and lose status callbacks, and some send `SequenceNumber` 0 every time: only the rank counts.
"""

from collections.abc import Mapping

FINAL = 9

CALL_RANK: Mapping[str, int] = {
    "queued": 0,
    "initiated": 1,
    "ringing": 2,
    "in-progress": 3,
    "answered": 3,
    "completed": FINAL,
    "busy": FINAL,
    "failed": FINAL,
    "no-answer": FINAL,
    "canceled": FINAL,
}


def rank_of(state: str) -> int:
    """A state we do not know ranks below all others: it never hides one we do know."""
    return CALL_RANK.get(state, -1)


def is_final_call_state(state: str | None) -> bool:
    return CALL_RANK.get(state or "") == FINAL
