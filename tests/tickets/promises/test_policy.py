"""Choosing a policy, and reading files of policies, calendars and holidays (R2, R12, R19)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import tickets
from tests.tickets.promises.test_calendar import WORKING_DAY, local
from tickets.promises.calendar import WorkingCalendar, add, check, windows_on
from tickets.promises.calendar_files import (
    calendar_from,
    parse_calendars,
    parse_holidays,
    spec_of,
    with_holidays,
)
from tickets.promises.plan import not_later
from tickets.promises.policy import Match, PolicySet, PolicyTarget, SlaPolicy, TicketFacts, choose
from tickets.promises.policy_file import KnownNames, parse_policies, step_from, step_mapping
from tickets.states import Channel, ClockKind, Level, Priority

DATA = Path(next(iter(tickets.__path__))) / "reference_data"
HOUR = 3600


def shipped() -> PolicySet:
    return parse_policies((DATA / "policies.yaml").read_text("utf-8"))


def working() -> WorkingCalendar:
    entries, errors = parse_calendars((DATA / "calendars.yaml").read_text("utf-8"))
    days, day_errors = parse_holidays((DATA / "holidays.csv").read_text("utf-8"))
    assert (errors, day_errors) == ((), ())
    entry = next(entry for entry in entries if entry.calendar.key == "working")
    assert entry.keeps_holidays
    return with_holidays(entry.calendar, days)


def facts(
    *categories: str,
    level: Level = Level.WARD,
    unit: str = "26740",
    channel: Channel = Channel.VOICE,
    priority: Priority = Priority.NORMAL,
) -> TicketFacts:
    return TicketFacts(categories or ("pothole", "roads"), level, unit, channel, priority)


def policy(name: str, match: Match, **targets: int) -> SlaPolicy:
    rows = tuple(PolicyTarget(Priority.NORMAL, ClockKind(kind), seconds, "24x7") for kind, seconds in targets.items())
    return SlaPolicy(name, match, rows)


def chosen_name(policies: list[SlaPolicy], ticket: TicketFacts, clock: ClockKind = ClockKind.RESOLVE) -> str:
    return choose(policies, ticket)[clock].policy.name


# R2: choosing -------------------------------------------------------------------------------------------------------


def test_r2_the_most_specific_policy_wins_in_whatever_order_they_come() -> None:
    everybody = policy("everybody", Match(), resolve=1)
    parent = policy("parent", Match(category="roads"), resolve=2)
    child = policy("child", Match(category="pothole"), resolve=3)
    unit = policy("unit", Match(unit="26740"), resolve=4)
    channel = policy("channel", Match(channel=Channel.VOICE), resolve=5)
    level = policy("level", Match(level=Level.WARD), resolve=6)

    order = [everybody, level, channel, unit, parent, child]

    for count in range(1, len(order) + 1):
        assert chosen_name(order[:count], facts()) == order[count - 1].name
        assert chosen_name(order[:count][::-1], facts()) == order[count - 1].name


def test_r2_a_policy_for_another_category_unit_channel_or_level_does_not_apply() -> None:
    everybody = policy("everybody", Match(), resolve=1)
    others = [
        policy("category", Match(category="noise"), resolve=2),
        policy("unit", Match(unit="26743"), resolve=2),
        policy("channel", Match(channel=Channel.SMS), resolve=2),
        policy("level", Match(level=Level.CITY), resolve=2),
    ]

    assert chosen_name([everybody, *others], facts()) == "everybody"


def test_r2_between_equals_the_newer_wins() -> None:
    older, newer = policy("older", Match(), resolve=1), policy("newer", Match(), resolve=2)

    assert chosen_name([older, newer], facts()) == "newer"


def test_r2_a_policy_silent_about_a_clock_leaves_it_to_the_less_specific_one() -> None:
    everybody = policy("everybody", Match(), resolve=1, first=1)
    roads = policy("roads", Match(category="roads"), resolve=2)

    rows = choose([everybody, roads], facts())

    assert rows[ClockKind.RESOLVE].policy.name == "roads"
    assert rows[ClockKind.FIRST].policy.name == "everybody"
    assert ClockKind.NEXT not in rows


# The shipped promises -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "priority", "seconds", "calendar"),
    [
        ("accept", "emergency", 5 * 60, "24x7"),
        ("accept", "urgent", 30 * 60, "24x7"),
        ("accept", "normal", 4 * HOUR, "working"),
        ("first", "emergency", 15 * 60, "24x7"),
        ("first", "urgent", 2 * HOUR, "24x7"),
        ("first", "normal", WORKING_DAY, "working"),
        ("next", "emergency", 30 * 60, "24x7"),
        ("next", "urgent", 2 * HOUR, "24x7"),
        ("next", "normal", WORKING_DAY, "working"),
        ("update", "normal", 3 * WORKING_DAY, "working"),
        ("resolve", "emergency", 4 * HOUR, "24x7"),
        ("resolve", "urgent", 24 * HOUR, "24x7"),
        ("resolve", "normal", 5 * WORKING_DAY, "working"),
    ],
)
def test_r2_the_shipped_promises_are_those_that_were_decided(
    clock: str, priority: str, seconds: int, calendar: str
) -> None:
    row = choose(shipped().policies, facts(priority=Priority(priority)))[ClockKind(clock)].row

    assert (row.target_seconds, row.calendar_key) == (seconds, calendar)


def test_r2_night_noise_and_rule_proposals_have_promises_of_their_own() -> None:
    policies = shipped().policies

    noise = choose(policies, facts("night_noise", "noise", priority=Priority.URGENT))
    proposal = choose(policies, facts("rule_proposal", "proposal", level=Level.CITY))

    assert noise[ClockKind.ACCEPT].row.target_seconds == 15 * 60
    assert noise[ClockKind.FIRST].row.target_seconds == 60 * 60
    assert noise[ClockKind.RESOLVE].policy.name == "Mặc định"
    assert proposal[ClockKind.RESOLVE].row.target_seconds == 15 * WORKING_DAY


def test_r12_shipped_chains_end_where_their_clocks_should() -> None:
    pack = shipped()
    last = {chain.name: chain.steps[-1].level for chain in pack.chains}

    ends = {(row.clock.value, last[row.chain]) for policy in pack.policies for row in policy.rows if row.chain}

    assert ends == {
        ("accept", 2), ("next", 2), ("first", 3), ("update", 3), ("resolve", 5), ("appeal", 3), ("dispute", 4),
    }  # fmt: skip


def test_r12_shipped_chains_climb_for_every_shipped_promise() -> None:
    pack = shipped()
    chains = {chain.name: chain for chain in pack.chains}

    assert pack.errors == ()
    for policy_ in pack.policies:
        for row in policy_.rows:
            assert row.chain is not None
            assert not_later(chains[row.chain], target_seconds=row.target_seconds) is None


def test_r12_shipped_steps_name_posts_that_exist() -> None:
    codes = {line.split(",")[0] for line in (DATA / "posts.csv").read_text("utf-8").splitlines()[1:]}

    pack = parse_policies((DATA / "policies.yaml").read_text("utf-8"), known=KnownNames(posts=codes))

    assert pack.errors == ()


# Reading files ------------------------------------------------------------------------------------------------------

ONE_MINUTE = """
name: One minute
match: {category: street_light, level: ward}
rows:
  - {priority: normal, clock: resolve, target_seconds: 60, calendar: 24x7, warn: [50, 75], chain: quick}
chains:
  - name: quick
    steps:
      - {level: 1, post: unit_lead, offset_seconds: 0, channels: [sms]}
      - {level: 4, post: city_leader, offset_percent: 100, least_seconds: 20, channels: [sms, screen]}
"""


def test_a_one_minute_promise_can_be_written_on_one_screen() -> None:
    pack = parse_policies(ONE_MINUTE)

    assert pack.errors == ()
    assert pack.policies[0].match == Match(category="street_light", level=Level.WARD)
    assert pack.policies[0].rows[0].target_seconds == 60
    assert [step.level for step in pack.chains[0].steps] == [1, 4]
    assert pack.chains[0].steps[1].least_seconds == 20


def test_several_policies_may_share_a_file_and_a_chain_that_already_exists() -> None:
    existing = {"quick": parse_policies(ONE_MINUTE).chains[0]}
    row = "{priority: normal, clock: first, target_seconds: 60, calendar: working, chain: quick}"

    pack = parse_policies(
        f"policies:\n- {{name: A, rows: [{row}]}}\n- {{name: B, rows: [{row}]}}", known=KnownNames(chains=existing)
    )

    assert pack.errors == ()
    assert [one.name for one in pack.policies] == ["A", "B"]


def test_every_wrong_row_is_named_with_its_place() -> None:
    pack = parse_policies(
        """
        policies:
          - name: A
            rows:
              - {priority: normal, clock: resolve, target_seconds: 60, calendar: 24x7}
              - {priority: highest, clock: resolve, target_seconds: 60, calendar: 24x7}
              - {priority: normal, clock: first, target_seconds: -5, calendar: 24x7}
              - {priority: normal, clock: next, target_seconds: 60, calendar: lunar}
          - name: B
            match: {colour: red}
            rows: [{priority: normal, clock: resolve, target_seconds: 60, calendar: 24x7}]
        chains:
          - name: c
            steps: [{level: 1, offset_seconds: 0}, {level: 2, post: a, offset_seconds: 1, offset_percent: 2}]
        """,
        known=KnownNames(calendars={"24x7"}),
    )

    assert {(error.where, error.code) for error in pack.errors} == {
        ("policies[0].rows[1]", "no_such_priority"),
        ("policies[0].rows[2]", "bad_target"),
        ("policies[0].rows[3]", "no_such_calendar"),
        ("policies[1]", "unknown_field"),
        ("chains[0].steps[0]", "no_post"),
        ("chains[0].steps[1]", "one_offset"),
    }


def _file(row: str = "", steps: str = "") -> str:
    row = row or "{priority: normal, clock: resolve, target_seconds: 60, calendar: 24x7, chain: c}"
    steps = steps or "[{level: 1, post: a, offset_seconds: 0}]"
    return f"name: A\nrows: [{row}]\nchains:\n  - {{name: c, steps: {steps}}}\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_a_mapping"),
        ("[", "not_yaml"),
        ("policies: []", "empty"),
        ("name: A\nrows: 5", "no_rows"),
        ("a: &x [1]\nb: *x", "aliases"),
        pytest.param("x" * 1_000_001, "too_long", id="too_long"),
        ("!!python/object/apply:os.system ['true']", "not_yaml"),
        (_file(row="{priority: normal, clock: resolve, target_seconds: true, calendar: 24x7}"), "bad_target"),
        (_file(row="{priority: normal, clock: resolve, target_seconds: 6, calendar: 24x7, warn: [0]}"), "bad_warn"),
        (_file(row="{priority: normal, clock: resolve, target_seconds: 6, calendar: 24x7, chain: d}"), "no_such_chain"),
        (_file(steps="[]"), "no_steps"),
        (_file(steps="[{level: 1, post: ' | ', offset_seconds: 0}]"), "no_post"),
        (_file(steps="[{level: 1, post: a, offset_seconds: 0, channels: [pigeon]}]"), "no_such_channel"),
        (_file(steps="[{level: 1, post: a, offset_seconds: 0, actions: [dance]}]"), "no_such_action"),
        (_file(steps="[{level: 1, post: a, after_level_seconds: 5}]"), "no_level_before"),
        (
            _file(steps="[{level: 2, post: a, offset_seconds: 0}, {level: 1, post: a, offset_seconds: 9}]"),
            "levels_do_not_climb",
        ),
        (
            _file(steps="[{level: 1, post: a, offset_seconds: 60}, {level: 2, post: a, offset_percent: 100}]"),
            "offsets_do_not_increase",
        ),
    ],
)
def test_r12_r19_a_file_that_cannot_work_is_refused_with_the_reason(text: str, code: str) -> None:
    errors = parse_policies(text, known=KnownNames(actions={"raise_priority"})).errors

    assert code in {error.code for error in errors}


def test_a_promise_given_twice_is_refused() -> None:
    row = "{priority: normal, clock: resolve, target_seconds: 60, calendar: 24x7}"

    errors = parse_policies(f"name: A\nrows: [{row}, {row}]").errors

    assert [(error.code, error.detail) for error in errors] == [("twice", "normal/resolve")]


def test_a_step_survives_the_way_to_the_database_and_back() -> None:
    for chain in shipped().chains:
        for step in chain.steps:
            assert step_from(step_mapping(step)) == step


# Calendars and holidays ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["[", "[" * 50_000, "calendars: [{since: 2026-13-45}]", "a: &a [*a"])
def test_a_file_of_calendars_that_cannot_be_read_is_told_of_and_not_fallen_over(text):
    entries, errors = parse_calendars(text)

    assert (entries, [(one.where, one.code) for one in errors]) == ((), [("file", "not_yaml")])


def test_r1_the_shipped_calendars_can_be_saved_and_read_back() -> None:
    entries, errors = parse_calendars((DATA / "calendars.yaml").read_text("utf-8"))

    assert errors == ()
    assert {entry.calendar.key for entry in entries} == {"working", "24x7", "duty"}
    for entry in entries:
        check(entry.calendar, now=local("2026-03-06 08:00"))
        assert calendar_from(entry.calendar.key, spec_of(entry.calendar)) == entry.calendar
    assert calendar_from("working", spec_of(working())) == working()
    assert next(entry.calendar for entry in entries if entry.calendar.key == "24x7").is_24x7


def test_r1_the_second_of_january_2026_was_off_and_the_tenth_was_worked() -> None:
    calendar = working()

    assert windows_on(calendar, date(2026, 1, 2)) == ()
    assert windows_on(calendar, date(2026, 1, 10)) == windows_on(calendar, date(2026, 1, 9))
    assert windows_on(calendar, date(2026, 8, 22)) != ()
    assert windows_on(calendar, date(2026, 8, 31)) == ()
    assert windows_on(calendar, date(2025, 4, 26)) != ()


def test_r1_tet_2026_takes_five_working_days_out_of_a_promise() -> None:
    assert add(working(), local("2026-02-13 08:00"), 5 * WORKING_DAY) == local("2026-02-27 08:00")


def test_every_shipped_holiday_falls_on_a_day_it_changes() -> None:
    days, _ = parse_holidays((DATA / "holidays.csv").read_text("utf-8"))

    for row in days:
        is_weekend = row.day.weekday() >= 5
        assert is_weekend == (row.kind == "worked"), row
    assert {row.day.year for row in days} == {2025, 2026, 2027}


def test_wrong_holiday_rows_are_named_with_their_line() -> None:
    text = (
        "day,kind,name,name_en,source\n"
        "2026-13-01,off,A,A,s\n"
        "2026-01-01,holiday,A,A,s\n"
        "2026-01-02,off,A,A,\n"
        "2026-01-03,off,A,A,s\n"
        "2026-01-03,worked,A,A,s\n"
    )

    days, errors = parse_holidays(text)

    assert [str(row.day) for row in days] == ["2026-01-03"]
    assert [(error.where, error.code) for error in errors] == [
        ("line 2", "bad_day"),
        ("line 3", "bad_kind"),
        ("line 4", "no_name_or_source"),
        ("line 6", "twice"),
    ]
    assert parse_holidays("date,kind\n")[1][0].code == "missing_columns"


@pytest.mark.parametrize(
    "text",
    ["", "calendars: 5", "calendars: [{key: a}]", "calendars: [{key: a, weekly: {mon: [9-5]}}]", "calendars: [5]", "["],
)
def test_a_calendar_file_that_makes_no_sense_is_refused(text: str) -> None:
    entries, errors = parse_calendars(text)

    assert entries == ()
    assert errors
