"""When a promise was last taken up again after its matter had ended (R9): what was raised before then is over."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

# Why a due date moved, as a clock's history says it.
TAKEN_UP_AGAIN = "reopened"
# The same of a clock `c` and its step `s`, in a statement: the step was raised for a matter that has ended since.
RAISED_BEFORE = f"""
    exists (select from jsonb_array_elements(c.history) past
            where past ->> 'cause' = '{TAKEN_UP_AGAIN}' and (past ->> 'at')::timestamptz >= s.fired_at)
"""


def taken_up_again_at(history: Iterable[Mapping[str, Any]]) -> datetime | None:
    """None for one whose matter never ended, or ended for good."""
    return max(
        (datetime.fromisoformat(past["at"]) for past in history if past["cause"] == TAKEN_UP_AGAIN), default=None
    )


def ended_since(history: Iterable[Mapping[str, Any]], fired_at: datetime | None) -> bool:
    """Whether the matter had ended after a level was raised, and runs anew: nobody answers for that level any more."""
    again_at = taken_up_again_at(history)
    return again_at is not None and fired_at is not None and fired_at <= again_at
