"""How many calls a half hour of the days ahead will bring, from the same half hour of comparable days, and for whom.

Comparable to a working day are the same weekdays of the last weeks that were no days off; to a day off, the days off
and Sundays; to a worked weekend day, the working days.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from telephony.floor.erlang import Outlook, Traffic, agents_needed, outlook
from telephony.floor.figures import ANSWER_WITHIN_SECONDS, SHORT_ABANDON_SECONDS
from tickets.city import day_of, zone

WEEKS_LOOKED_BACK = 6
DAYS_AHEAD = 7
HALF_HOURS = 48
HALF_HOUR = timedelta(minutes=30)
# With fewer, one odd day would be the rule.
FEWEST_DAYS, FEWEST_ANSWERED, FEWEST_ABANDONED = 3, 30, 10
_SUNDAY = 6

_CALLS = text("""
    select date_bin('30 minutes', queued_at, :since) as begins_at,
           count(*) filter (where not is_short) as calls,
           count(*) filter (where answered_at is not null) as answered,
           count(*) filter (where gave_up and not is_short) as abandoned,
           extract(epoch from coalesce(sum(coalesce(answered_at, abandoned_at) - queued_at)
                                       filter (where not is_short), interval '0')) as waited,
           extract(epoch from coalesce(sum(coalesce(wrapped_up_at, ended_at) - answered_at)
                                       filter (where answered_at is not null and ended_at is not null),
                                       interval '0')) as handled
    from (select queued_at, answered_at, abandoned_at, ended_at, wrapped_up_at,
                 abandoned_at is not null and answered_at is null as gave_up,
                 abandoned_at is not null and answered_at is null
                     and abandoned_at - queued_at < make_interval(secs => :short) as is_short
          from call
          where call.direction = 'inbound' and queued_at >= :since and queued_at < :until
            and (cast(:units as bigint[]) is null or unit_id = any(:units))) of_late
    group by 1
""")
_DAYS_OFF = text("select day, kind from holiday where day between :since and :until")


@dataclass(frozen=True, slots=True)
class Experience:
    """What the last weeks brought: calls by day and half hour, and what one call and one caller were like.

    Lengths are seconds; `patience` is None where too few hung up to know it.
    """

    calls: Mapping[tuple[date, int], float]
    days: Sequence[date]
    days_off: Mapping[date, str]
    answered: int
    handling_seconds: float
    patience_seconds: float | None
    # Units whose own calls are too few share in the city's: which part of them came here, and how many of ours were
    # answered. None where it is all their own.
    share_of_city: float | None = None
    answered_here: int = 0

    @property
    def is_enough(self) -> bool:
        return len(self.days) >= FEWEST_DAYS and self.answered >= FEWEST_ANSWERED and self.handling_seconds > 0


@dataclass(frozen=True, slots=True)
class HalfHour:
    """One of the days ahead: the calls to be expected, and the agents they need."""

    at: datetime
    calls: float
    agents: int
    outlook: Outlook


def experience(session: Session, *, unit_ids: Sequence[int] | None, now: datetime) -> Experience:
    """Of whole days before today; where these units had too few calls to tell, their share of all that the city had.

    Most wards have a call a day: when people ring, and for how long, the whole city's calls know better.
    """
    own = _experience(session, unit_ids=unit_ids, now=now)
    if unit_ids is None or own.is_enough or not sum(own.calls.values()):
        return own
    of_all = _experience(session, unit_ids=None, now=now)
    if not of_all.is_enough:
        return own
    share = sum(own.calls.values()) / sum(of_all.calls.values())
    calls = {half: count * share for half, count in of_all.calls.items()}
    return replace(of_all, calls=calls, share_of_city=share, answered_here=own.answered)


def _experience(session: Session, *, unit_ids: Sequence[int] | None, now: datetime) -> Experience:
    """Two statements."""
    today = day_of(now)
    since = today - timedelta(weeks=WEEKS_LOOKED_BACK)
    units = list(unit_ids) if unit_ids is not None else None
    rows = session.execute(
        _CALLS,
        {
            "since": _midnight(since), "until": _midnight(today), "units": units, "short": SHORT_ABANDON_SECONDS,
        },
    ).all()  # fmt: skip
    calls: Counter[tuple[date, int]] = Counter()
    for row in rows:
        calls[_slot(row.begins_at)] += row.calls
    first = min((day for day, _half in calls), default=today)
    off = session.execute(_DAYS_OFF, {"since": since, "until": today + timedelta(days=DAYS_AHEAD)})
    answered, abandoned = sum(row.answered for row in rows), sum(row.abandoned for row in rows)
    waited = float(sum(row.waited for row in rows))
    return Experience(
        calls=calls,
        days=[first + timedelta(days=number) for number in range((today - first).days)],
        days_off={row.day: row.kind for row in off},
        answered=answered,
        handling_seconds=float(sum(row.handled for row in rows)) / answered if answered else 0.0,
        # The likeliest mean of a patience of which most waits saw only the beginning: all waiting, by those who left.
        patience_seconds=waited / abandoned if abandoned >= FEWEST_ABANDONED and waited > 0 else None,
    )


def comparable_days(past: Experience, day: date) -> list[date]:
    """The days by which one ahead is judged."""
    kind = past.days_off.get(day)
    if kind == "off":
        return [one for one in past.days if past.days_off.get(one) == "off" or one.weekday() == _SUNDAY]
    if kind == "worked":
        return [one for one in past.days if one.weekday() < _SUNDAY - 1 and one not in past.days_off]
    return [one for one in past.days if one.weekday() == day.weekday() and one not in past.days_off]


def forecast(past: Experience, day: date, *, share: float) -> list[HalfHour] | None:
    """The half hours of a day, each with the fewest agents who answer this share of all calls in time.

    None where too few comparable days are known: a guess would look like knowledge.
    """
    days = comparable_days(past, day)
    if len(days) < FEWEST_DAYS or not past.is_enough:
        return None
    return [_half_hour(past, days, day, half, share) for half in range(HALF_HOURS)]


def _half_hour(past: Experience, days: Sequence[date], day: date, half: int, share: float) -> HalfHour:
    calls = sum(past.calls.get((one, half), 0) for one in days) / len(days)
    traffic = Traffic(calls / HALF_HOUR.total_seconds(), past.handling_seconds, past.patience_seconds)
    agents = agents_needed(traffic, within_seconds=ANSWER_WITHIN_SECONDS, share=share)
    seen = outlook(traffic, agents, within_seconds=ANSWER_WITHIN_SECONDS)
    return HalfHour(_midnight(day) + half * HALF_HOUR, calls, agents, seen)


def _slot(begins_at: datetime) -> tuple[date, int]:
    """Of the city's day and its half hours. Reckoned of two thousand half hours, not of each of a million calls."""
    local = begins_at.astimezone(zone())
    return local.date(), local.hour * 2 + local.minute // 30


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), zone())
