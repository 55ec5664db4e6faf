"""Erlang's formulas against published tables."""

import math

import pytest

from telephony.floor.erlang import Traffic, agents_needed, blocking, outlook


@pytest.mark.parametrize(
    ("load", "agents", "share"),
    [(1, 1, 0.5), (2, 5, 0.036697), (10, 10, 0.214582), (10, 15, 0.036497), (20, 30, 0.008457)],
)
def test_calls_that_find_everybody_busy_where_nobody_waits(load, agents, share):
    assert blocking(load, agents) == pytest.approx(share, abs=5e-7)


@pytest.mark.parametrize(
    ("calls", "interval", "handling", "agents", "within", "waits", "in_time", "mean_wait"),
    [
        (360, 1800, 240, 55, 15, 0.238701, 0.845883, 8.184),
        (100, 1800, 180, 14, 20, 0.174132, 0.888350, 7.836),
        (100, 1800, 180, 12, 20, 0.449388, 0.640158, 40.445),
        (60, 3600, 300, 7, 20, 0.324150, 0.716313, 48.623),
        (240, 1800, 300, 45, 20, 0.340706, 0.755873, 20.442),
    ],
)
def test_patient_callers(calls, interval, handling, agents, within, waits, in_time, mean_wait):
    found = outlook(Traffic(calls / interval, handling), agents, within_seconds=within)

    assert found.waits == pytest.approx(waits, abs=5e-7)
    assert found.answered_within == pytest.approx(in_time, abs=5e-7)
    assert found.wait_seconds == pytest.approx(mean_wait, abs=6e-4)


@pytest.mark.parametrize(
    ("calls_a_second", "handling", "patience", "agents", "waits", "abandons", "mean_wait", "occupancy", "in_time"),
    [
        (48 / 60, 60, 120, 50, 0.467774, 0.030912, 3.709, 0.9303, 0.943019),
        (100 / 1800, 180, 120, 12, 0.279807, 0.061597, 7.392, 0.7820, 0.825583),
    ],
)
def test_callers_who_hang_up(
    calls_a_second, handling, patience, agents, waits, abandons, mean_wait, occupancy, in_time
):
    found = outlook(Traffic(calls_a_second, handling, patience), agents, within_seconds=20)

    assert found.waits == pytest.approx(waits, abs=5e-7)
    assert found.abandons == pytest.approx(abandons, abs=5e-7)
    assert found.wait_seconds == pytest.approx(mean_wait, abs=6e-4)
    assert found.occupancy == pytest.approx(occupancy, abs=5e-5)
    assert found.answered_within == pytest.approx(in_time, abs=5e-7)


def test_who_hangs_up_never_is_a_patient_caller():
    patient = outlook(Traffic(100 / 1800, 180), 14, within_seconds=20)
    nearly = outlook(Traffic(100 / 1800, 180, 1e7), 14, within_seconds=20)

    assert nearly.waits == pytest.approx(patient.waits, abs=1e-4)
    assert nearly.answered_within == pytest.approx(patient.answered_within, abs=1e-4)


def test_as_many_agents_as_the_target_needs_and_not_one_more():
    traffic = Traffic(100 / 1800, 180, 120)
    needed = agents_needed(traffic, within_seconds=20, share=0.9)

    assert outlook(traffic, needed, within_seconds=20).answered_within >= 0.9
    assert outlook(traffic, needed - 1, within_seconds=20).answered_within < 0.9


def test_without_calls_one_agent_is_enough_and_with_too_few_patient_callers_wait_for_ever():
    assert agents_needed(Traffic(0, 180, 120), within_seconds=20, share=0.99) == 1
    assert agents_needed(Traffic(0, 180), within_seconds=20, share=0.99) == 1
    assert outlook(Traffic(100 / 1800, 180), 10, within_seconds=20).wait_seconds == math.inf


def test_a_disaster_is_counted_without_overflow():
    flood = Traffic(2_000 / 600, 240, 120)

    assert outlook(flood, 10, within_seconds=20).abandons == pytest.approx(1 - 10 / flood.load, abs=0.01)
    assert 700 < agents_needed(flood, within_seconds=20, share=0.9) < 900
