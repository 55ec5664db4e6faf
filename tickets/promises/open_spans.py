"""A calendar as three lists of numbers, so that the database counts open time for many tickets at once.

`between` and `add` of a calendar are, with the open seconds before an instant, a subtraction and its way back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.promises.calendar import DAY_SECONDS, WorkingCalendar, open_spans

# How far ahead dates are told; what falls due later than that is said to be later.
FORESEEN_AHEAD = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class OpenSpans:
    """Where each open stretch begins and ends, in seconds since 1970, and the open seconds until its end."""

    opens: list[int]
    closes: list[int]
    until_end: list[int]


def open_spans_of(calendar: WorkingCalendar, *, since: datetime, now: datetime) -> OpenSpans:
    """From a little before `since` to some years after `now`."""
    first, last = since - timedelta(seconds=2 * DAY_SECONDS), now + FORESEEN_AHEAD
    if calendar.is_24x7:
        begins, ends = int(first.timestamp()), int(last.timestamp())
        return OpenSpans([begins], [ends], [ends - begins])
    spans = OpenSpans([], [], [])
    together = 0
    for opens, closes in open_spans(calendar, first, last):
        together += closes - opens
        spans.opens.append(opens)
        spans.closes.append(closes)
        spans.until_end.append(together)
    return spans


def open_before(at: str, spans: str) -> str:
    """SQL: the open seconds before an instant, given in seconds."""
    place = f"width_bucket({at}, {spans}.opens)"
    left = f"greatest({spans}.closes[{place}] - {at}, 0)"
    return f"(case when {place} = 0 then 0 else {spans}.until_end[{place}] - {left} end)"


def instant_of(open_seconds: str, spans: str) -> str:
    """SQL: the first instant before which so many seconds were open; null beyond the last of them."""
    place = f"width_bucket({open_seconds} - 1, {spans}.until_end) + 1"
    return f"({spans}.closes[{place}] - ({spans}.until_end[{place}] - {open_seconds}))"
