"""R16: a stretch without ticks is logged and shown."""

from datetime import UTC, datetime, timedelta

from escalation.firing.gaps import note_tick, recent_gaps

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def test_ticks_a_few_seconds_apart_are_no_outage(session):
    note_tick(session, now=NOON)

    assert note_tick(session, now=NOON + timedelta(seconds=5)) is None
    assert recent_gaps(session, since=NOON) == []


def test_the_first_tick_after_a_silence_writes_from_when_to_when(session):
    note_tick(session, now=NOON)

    outage = note_tick(session, now=NOON + timedelta(minutes=7))

    assert (outage.from_at, outage.to_at) == (NOON, NOON + timedelta(minutes=7))
    assert note_tick(session, now=NOON + timedelta(minutes=7, seconds=2)) is None
    assert recent_gaps(session, since=NOON) == [outage]


def test_a_clock_that_was_set_back_is_no_outage(session):
    note_tick(session, now=NOON)
    note_tick(session, now=NOON - timedelta(hours=2))

    assert note_tick(session, now=NOON + timedelta(seconds=30)) is None


def test_a_last_tick_in_the_future_gives_way_and_hides_no_later_silence(session):
    note_tick(session, now=NOON + timedelta(hours=2))
    assert note_tick(session, now=NOON) is None
    assert note_tick(session, now=NOON + timedelta(seconds=2)) is None

    outage = note_tick(session, now=NOON + timedelta(hours=3))

    assert outage.from_at == NOON + timedelta(seconds=2)
