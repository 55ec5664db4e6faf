"""The order of a call's, a message's and a recording's states, so that a late callback never moves one back.

Providers repeat, reorder and lose status callbacks, and some send `SequenceNumber` 0 every time: only the rank counts.
"""

from __future__ import annotations

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

MESSAGE_RANK: Mapping[str, int] = {
    "accepted": 0,
    "scheduled": 0,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "delivered": FINAL,
    "undelivered": FINAL,
    "failed": FINAL,
    "canceled": FINAL,
    "received": FINAL,
}

RECORDING_RANK: Mapping[str, int] = {
    "in-progress": 1,
    "processing": 2,
    "paused": 1,
    "stopped": 2,
    "completed": FINAL,
    "absent": FINAL,
    "failed": FINAL,
}


def later_call_state(current: str | None, reported: str) -> str:
    """The state a call has after `reported` arrived; of two final ones the first is kept."""
    return _later(CALL_RANK, current, reported)


def later_message_state(current: str | None, reported: str) -> str:
    return _later(MESSAGE_RANK, current, reported)


def later_recording_state(current: str | None, reported: str) -> str:
    return _later(RECORDING_RANK, current, reported)


def is_final_call_state(state: str | None) -> bool:
    return CALL_RANK.get(state or "", -1) == FINAL


def is_final_message_state(state: str | None) -> bool:
    return MESSAGE_RANK.get(state or "", -1) == FINAL


def _later(ranks: Mapping[str, int], current: str | None, reported: str) -> str:
    """A state we do not know ranks below all others: it never hides one we do know."""
    if current is None:
        return reported
    return reported if ranks.get(reported, -1) > ranks.get(current, -1) else current
