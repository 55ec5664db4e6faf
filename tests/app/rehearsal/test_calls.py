"""Many callers on the product's own code: as quickly answered as arithmetic says, and under no trouble let go."""

import subprocess
import sys
from argparse import Namespace
from dataclasses import replace

import pytest

from app.cli.commands import CommandRefused
from app.cli.simulate import is_well, run_calls, tell
from app.rehearsal.call_figures import TOLERATED_POINTS, CallsRehearsed, Met, figures_of_calls, formula_of
from app.rehearsal.call_script import Arrivals, CallScript, ScriptRefused, read_script
from app.rehearsal.ideal_queue import Comes, Counter, served_by_chance, served_in_turn
from app.rehearsal.rehearse_calls import call_centre
from app.settings import ROOT, Settings
from app.web.factory import create_app

# The published example: 200 calls an hour of three minutes each, a patience of two, twelve agents.
PUBLISHED = """
minutes: 60
seed: 1
patience_seconds: 120
arrivals: [{calls_an_hour: 200}]
agents: [{number: 12, talk_seconds: 177.6, answers_after_seconds: 1}]
"""
TROUBLED = """
minutes: 12
seed: 7
patience_seconds: 90
withheld: 0.5
english: 0.1
arrivals: [{calls_an_hour: 150}, {from_minute: 6, calls_an_hour: 300}]
keys:
  - {press: "0", share: 0.7}
  - {press: "1", share: 0.2}
  - {press: "-", share: 0.1}
agents: [{number: 8, talk_seconds: 100, wrap_up_seconds: 20, answers_after_seconds: 4, pauses: [[3, 3]]}]
trouble: {late: 0.2, late_seconds: 25, repeated: 0.2, lost: 0.1, rest_fails: 0.2, rest_seconds: 3}
"""


@pytest.fixture
def rehearsed(committed, settings, now):
    """On a database of its own: a transaction does not last as long as a rehearsal."""
    own = Settings(**{**settings.model_dump(), "database_url": committed.url}, _env_file=None)
    app = create_app(own, engine=committed.engine)

    def rehearsed(script: CallScript) -> CallsRehearsed:
        with committed.factory() as session:
            centre = call_centre(app, session, script, begins_at=now)
            session.commit()
            centre.run()
            return figures_of_calls(centre)

    return rehearsed


@pytest.mark.timeout(600)
def test_the_same_callers_meet_the_product_as_they_would_meet_an_ideal_counter(rehearsed) -> None:
    busy = replace(read_script(PUBLISHED), minutes=12, arrivals=(Arrivals(calls_an_hour=260),))

    found = rehearsed(busy)

    assert found.joined > 30
    assert (found.let_go, found.faults) == (0, {})
    # Of so few callers each is two points or three: two of them may be answered sooner or later.
    assert found.points_from_ideal <= 100 * 2 / found.joined, found
    assert abs(found.product.wait_seconds - found.ideal.wait_seconds) < 2


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_callers_are_answered_and_give_up_as_erlang_s_formula_says(rehearsed) -> None:
    found = rehearsed(read_script(PUBLISHED))

    assert found.calls > 150
    assert found.points_from_ideal <= TOLERATED_POINTS, found
    assert found.points_from_formula <= TOLERATED_POINTS, found
    assert (found.let_go, found.faults) == (0, {})


@pytest.mark.timeout(600)
def test_late_lost_and_repeated_callbacks_and_a_failing_carrier_let_nobody_go(rehearsed) -> None:
    found = rehearsed(read_script(TROUBLED))

    assert found.joined > 20
    assert (found.let_go, found.faults) == (0, {})


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_whole_morning_of_trouble_lets_nobody_go_and_answers_nobody_twice(rehearsed) -> None:
    script = read_script((ROOT / "deploy" / "simulation" / "calls.yaml").read_text("utf-8"))

    found = rehearsed(replace(script, seed=11))

    assert found.joined > 250
    assert (found.let_go, found.faults) == (0, {})


@pytest.mark.parametrize(("rings", "sweeps"), [(0.0, 0.0), (2.4, 3.0)])
def test_the_ideal_counter_comes_to_what_the_formula_says_when_it_is_watched_for_long(rings, sweeps) -> None:
    script = read_script(PUBLISHED)
    counter = Counter(12, 20, rings, sweeps)

    watched = served_by_chance(script, counter, joining=1.0).in_the_long_run
    known = formula_of(script, counter, joining=1.0)

    assert watched.calls > 100_000
    assert watched.answered_within == pytest.approx(known.answered_within, abs=0.015)
    assert watched.abandoned == pytest.approx(known.abandoned, abs=0.01)
    assert watched.wait_seconds == pytest.approx(known.wait_seconds, abs=1.0)


def test_how_far_apart_days_are_by_chance_alone_is_told() -> None:
    counter = Counter(12, 20)
    hour, day = read_script(PUBLISHED), replace(read_script(PUBLISHED), minutes=24 * 60)

    of_an_hour, of_a_day = (served_by_chance(one, counter, joining=1.0) for one in (hour, day))

    assert of_an_hour.apart_answered > 0.05, "so a single hour is never held to the formula by itself"
    assert of_a_day.apart_answered < of_an_hour.apart_answered / 3


def test_a_caller_whose_patience_ends_while_it_rings_is_not_answered_and_frees_the_agent() -> None:
    counter = Counter(agents=1, within_seconds=20, rings_seconds=5)

    met = served_in_turn([Comes(0, 3, 100), Comes(10, 60, 100), Comes(20, 60, 100)], counter)

    assert (met.calls, met.abandoned, met.answered_within) == (3, 2 / 3, 1 / 3)
    assert met.wait_seconds == pytest.approx((3 + 5 + 60) / 3)


def test_the_shipped_script_is_one() -> None:
    assert read_script((ROOT / "deploy" / "simulation" / "calls.yaml").read_text("utf-8")).calls > 300


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("minutes: soon", "minutes is a number"),
        ("minutes: .nan", "minutes is a number"),
        ("callers: 5", "the script knows no callers"),
        ("agents: 12", "agents: a list is expected"),
        ("agents: [{number: 0}]", "Between 1 and 200 agents"),
        ("arrivals: [{calls_an_hour: 900000}]", "can be played"),
        ("arrivals: [{from_minute: 5}]", "begin with from_minute: 0"),
        ('keys: [{press: "0", share: 0.5}]', "must come to 1"),
        ("trouble: {lost: 2}", "lost is a share"),
        ("agents: [{pauses: [5]}]", "pairs are expected"),
        ("patience_seconds: 0", "patience_seconds is more than 0"),
        ("- a\n- b", "names with values are expected"),
        ("a: [", "This is not YAML"),
    ],
)
def test_what_is_wrong_with_a_script_is_said(written: str, words: str) -> None:
    with pytest.raises(ScriptRefused, match="(?s)" + words):
        read_script(written)


def figures(script: CallScript, **more) -> CallsRehearsed:
    """As a rehearsal of it comes to."""
    counter = Counter(12, 20, 2.4, 3.0)
    known = {
        "calls": 200, "joined": 198, "ends": {"ended_by_us": 190, "gave_up": 8}, "product": Met(0.83, 0.08, 9.0),
        "ideal": Met(0.84, 0.07, 8.6), "chance": served_by_chance(script, counter, joining=1.0),
        "by_formula": formula_of(script, counter, joining=1.0), "service_level": 0.9, "rings_seconds": 2.4,
        "let_go": 0, "faults": {}, "requests": 4000,
    }  # fmt: skip
    return CallsRehearsed(**known | more)


def test_the_command_tells_what_is_the_product_s_doing_and_what_is_chance(capsys) -> None:
    found = figures(read_script(PUBLISHED))

    tell(found)

    said = capsys.readouterr().out
    assert "the same callers, ideal counter" in said and "Erlang A, steady state" in said
    assert "away from the ideal counter: 1.0 points" in said and "one deviation" in said
    assert is_well(found)


@pytest.mark.parametrize(
    "wrong",
    [{"let_go": 1}, {"faults": {"answered twice": 1}}, {"product": Met(0.80, 0.08, 9.0)}],
)
def test_the_command_fails_when_anybody_was_let_go_or_the_figures_are_far_apart(wrong) -> None:
    assert not is_well(figures(read_script(PUBLISHED), **wrong))


def test_beside_trouble_and_pauses_no_counter_is_set(capsys) -> None:
    tell(figures(read_script(TROUBLED), ideal=None, chance=None, by_formula=None))

    assert "Beside no ideal counter" in capsys.readouterr().out
    assert not read_script(TROUBLED).has_a_counter


def test_a_script_that_cannot_be_read_is_said(tmp_path) -> None:
    with pytest.raises(CommandRefused, match="cannot be read"):
        run_calls(Namespace(script=tmp_path / "none.yaml", seed=None, json=False, verbose=False, log=None))


TWO_CALLERS = """
minutes: 2
arrivals: [{calls_an_hour: 60}]
agents: [{number: 2, talk_seconds: 20, answers_after_seconds: 1}]
trouble: {repeated: 0.5}
"""


def test_the_command_says_its_table_and_nothing_else_and_logs_into_a_file_where_that_is_wanted(tmp_path) -> None:
    script, log = tmp_path / "script.yaml", tmp_path / "log"
    script.write_text(TWO_CALLERS)

    told = subprocess.run(
        [sys.executable, ROOT / "hotline", "simulate", "calls", script, "--log", log],
        check=False, capture_output=True, text=True, timeout=120, cwd=ROOT,
    )  # fmt: skip

    assert told.stderr == ""
    assert "callers let go: 0" in told.stdout and "{" not in told.stdout.replace("other faults: {", "")
    assert [line for line in log.read_text().splitlines() if line.startswith("{")], "what was logged is there"
