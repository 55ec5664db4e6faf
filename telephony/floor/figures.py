"""The figures of the call floor as metrics.md defines them: from events only, the same on every screen and export."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, and_, case, func, literal_column, select
from sqlalchemy.orm import Session

from tickets.schema import Call

# Written out as in the partial index, which the planner then recognises.
_INBOUND: ColumnElement[bool] = literal_column("call.direction = 'inbound'", Boolean())
SHORT_ABANDON_SECONDS = 5
ANSWER_WITHIN_SECONDS = 20


@dataclass(frozen=True, slots=True)
class CallCounts:
    """Calls offered in a stretch of time, counted by what became of them; seconds are sums over the answered ones."""

    answered: int = 0
    answered_within: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    flowed_out: int = 0
    wait_seconds: float = 0
    talk_seconds: float = 0
    hold_seconds: float = 0
    wrap_up_seconds: float = 0

    @property
    def offered(self) -> int:
        return self.answered + self.abandoned + self.flowed_out


def service_level(counts: CallCounts) -> float | None:
    """Answered within T ÷ (answered + abandoned − short abandons); None when there was no such call."""
    return _share(counts.answered_within, counts.answered + counts.abandoned - counts.short_abandoned)


def average_speed_of_answer(counts: CallCounts) -> float | None:
    """ASA in seconds: the wait of the answered calls, shared among them."""
    return _share(counts.wait_seconds, counts.answered)


def average_handling_time(counts: CallCounts) -> float | None:
    """AHT in seconds: talk, hold and wrap-up of the handled calls."""
    return _share(counts.talk_seconds + counts.hold_seconds + counts.wrap_up_seconds, counts.answered)


def abandonment(counts: CallCounts) -> float | None:
    """(abandoned − short) ÷ (offered − short)."""
    return _share(counts.abandoned - counts.short_abandoned, counts.offered - counts.short_abandoned)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def call_counts(
    session: Session, *, from_at: datetime, to_at: datetime, unit_ids: tuple[int, ...] | None = None
) -> CallCounts:
    """Calls that entered the queue in [from_at, to_at); `unit_ids` None counts the whole city. One statement."""
    wait = _seconds(Call.answered_at, Call.queued_at)
    answered = Call.answered_at.is_not(None)
    abandoned = and_(Call.abandoned_at.is_not(None), ~answered)
    talk = func.greatest(_seconds(Call.ended_at, Call.answered_at) - Call.hold_seconds, 0)
    # Whoever is ready before the line is down has written nothing.
    wrap_up = func.greatest(_seconds(Call.wrapped_up_at, Call.ended_at), 0)
    statement = select(
        _count(answered),
        _count(and_(answered, wait <= ANSWER_WITHIN_SECONDS)),
        _count(abandoned),
        _count(and_(abandoned, _seconds(Call.abandoned_at, Call.queued_at) < SHORT_ABANDON_SECONDS)),
        _count(and_(Call.flowout_at.is_not(None), ~answered, ~abandoned)),
        _sum(answered, wait),
        _sum(answered, talk),
        _sum(answered, Call.hold_seconds),
        _sum(answered, wrap_up),
    ).where(Call.queued_at >= from_at, Call.queued_at < to_at, _INBOUND)
    if unit_ids is not None:
        statement = statement.where(Call.unit_id.in_(unit_ids))
    row = session.execute(statement).one()
    return CallCounts(*row[:5], *(float(value) for value in row[5:]))


def _seconds(later: Any, earlier: Any) -> Any:
    return func.extract("epoch", later - earlier)


def _count(condition: ColumnElement[bool]) -> Any:
    return func.count(case((condition, 1)))


def _sum(condition: ColumnElement[bool], value: Any) -> Any:
    return func.coalesce(func.sum(case((condition, value))), 0)
