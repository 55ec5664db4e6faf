"""How long a caller is told to wait is what the callers before really waited for, or nothing is said."""

from datetime import timedelta

import pytest

from telephony.calls import new_call
from telephony.floor.floor import load_staffing
from telephony.floor.waiting import expected_wait
from tests.telephony.floor.test_offer_races import NOW
from tickets.schema import Call
from tickets.states import CallState

AN_ANSWER_EVERY = timedelta(minutes=2)


def waiting(session, number, *, queued_at=NOW, answered_at=None, **more) -> Call:
    state = CallState.ENDED if answered_at else CallState.QUEUED
    row = {"account": "sim", "call_sid": f"CA-{number}", "state": state, "queued_at": queued_at, **more}
    return new_call(session, {**row, "answered_at": answered_at}, now=queued_at)


def answered(session, count, *, until=NOW):
    """One every two minutes, up to now."""
    for number in range(count):
        at = until - number * AN_ANSWER_EVERY
        waiting(session, f"answered-{number}", queued_at=at - timedelta(seconds=30), answered_at=at)


def told(session, *, place):
    call = waiting(session, "mine")
    session.flush()
    return expected_wait(session, call, place=place, staffing=load_staffing(session, now=NOW), now=NOW)


@pytest.mark.parametrize("place", [2, 5])
def test_the_wait_is_the_pace_of_the_last_half_hour(session, place):
    answered(session, 15)

    assert told(session, place=place) == place * AN_ANSWER_EVERY


def test_too_few_answers_make_no_figure(session):
    answered(session, 4)

    assert told(session, place=3) is None


def test_answers_of_this_morning_say_nothing_of_now(session):
    answered(session, 15, until=NOW - timedelta(hours=3))

    assert told(session, place=3) is None


def test_calls_that_we_made_are_no_callers_answered(session):
    for number in range(9):
        at = NOW - timedelta(minutes=number)
        waiting(session, f"out-{number}", queued_at=at, answered_at=at, direction="outbound")

    assert told(session, place=3) is None
