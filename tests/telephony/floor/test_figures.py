"""The call floor's figures against the published example, and from rows."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from telephony.floor.figures import (
    CallCounts,
    abandonment,
    average_handling_time,
    average_speed_of_answer,
    call_counts,
    service_level,
)
from tickets.schema import Call
from tickets.states import CallState


def test_the_service_level_of_the_published_example_is_81_90_per_cent() -> None:
    counts = CallCounts(answered=1000, answered_within=860, abandoned=60, short_abandoned=10)

    assert service_level(counts) == pytest.approx(0.8190, abs=0.00005)


def test_without_calls_there_is_no_service_level_rather_than_a_perfect_one() -> None:
    assert service_level(CallCounts()) is None
    assert abandonment(CallCounts()) is None


def call(session: Session, *, queued_at: datetime, sid: str, **times: datetime | int) -> None:
    session.add(
        Call(
            account="sim",
            call_sid=sid,
            state=CallState.ENDED,
            state_since=queued_at,
            state_until=queued_at,
            arrived_at=queued_at,
            queued_at=queued_at,
            **times,
        )
    )


def test_figures_are_counted_from_the_events_of_the_calls(session: Session, now: datetime) -> None:
    start = now - timedelta(days=4000)

    def after(seconds: int) -> datetime:
        return start + timedelta(seconds=seconds)

    call(
        session,
        queued_at=start,
        sid="a",
        answered_at=after(10),
        ended_at=after(110),
        hold_seconds=20,
        wrapped_up_at=after(140),
    )
    call(session, queued_at=start, sid="b", answered_at=after(40), ended_at=after(100), wrapped_up_at=after(100))
    call(session, queued_at=start, sid="c", abandoned_at=after(3), ended_at=after(3))
    call(session, queued_at=start, sid="d", abandoned_at=after(60), ended_at=after(60))
    call(session, queued_at=start, sid="e", flowout_at=after(30), ended_at=after(90))
    session.flush()

    counts = call_counts(session, from_at=start, to_at=start + timedelta(hours=1))

    assert (counts.answered, counts.abandoned, counts.short_abandoned, counts.flowed_out) == (2, 2, 1, 1)
    assert service_level(counts) == pytest.approx(1 / 3)
    assert average_speed_of_answer(counts) == pytest.approx(25)
    assert average_handling_time(counts) == pytest.approx((80 + 20 + 30 + 60) / 2)
    assert abandonment(counts) == pytest.approx(1 / 4)
