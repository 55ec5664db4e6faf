"""R21: policies, calendars and chains are immutable versions, and a change holds for tickets opened from then on."""

from dataclasses import replace
from datetime import date

import pytest
import yaml
from sqlalchemy import func, select, true

from escalation.firing.actions import ACTIONS
from tests.factories import NOW, open_ticket
from tickets.errors import CalendarRefused, InvalidInput, NotFound
from tickets.people.actor import SYSTEM
from tickets.promises.calendar import WorkingCalendar, weekly_windows
from tickets.promises.calendar_files import HolidayEntry
from tickets.promises.holidays import import_holidays
from tickets.promises.loading import load_rulebook
from tickets.promises.policies import import_policies, known_names, save_calendar
from tickets.promises.policy import Match, PolicySet, PolicyTarget, Retired, SlaPolicy
from tickets.promises.policy_export import policies_as_yaml
from tickets.promises.policy_file import KnownNames, parse_policies
from tickets.promises.retiring import leaves_gap, retire, retirement_of
from tickets.schema import AuditEntry, CalendarVersion, Clock, PolicyVersion
from tickets.states import Channel, ClockKind, Level, Priority

ONE_MINUTE = """
name: Một phút
match: {category: rubbish}
rows:
  - {priority: normal, clock: resolve, target_seconds: 60, calendar: 24x7, warn: [75], chain: to-city-leadership}
"""

EVERYTHING_ELSE = ONE_MINUTE.replace("Một phút", "Nhanh hơn").replace("{category: rubbish}", "{}")


def read(session, text):
    return parse_policies(text, known=known_names(session, actions=ACTIONS))


def resolve_target(session, opened) -> int:
    return session.scalars(
        select(Clock.target_seconds).where(Clock.ticket_id == opened.ticket_id, Clock.kind == ClockKind.RESOLVE)
    ).one()


def test_r21_a_new_policy_holds_for_tickets_opened_after_it_and_leaves_the_others_alone(session):
    before = open_ticket(session)
    imported = import_policies(session, read(session, ONE_MINUTE), actor=SYSTEM, now=NOW)
    after = open_ticket(session)

    assert imported.policies == ("Một phút",)
    assert resolve_target(session, before) == 144_000
    assert resolve_target(session, after) == 60


def test_r21_the_same_file_again_makes_no_new_version(session):
    import_policies(session, read(session, ONE_MINUTE), actor=SYSTEM, now=NOW)
    versions = session.scalar(select(func.count()).select_from(PolicyVersion))

    again = import_policies(session, read(session, ONE_MINUTE), actor=SYSTEM, now=NOW)

    assert (again.policies, again.chains) == ((), ())
    assert session.scalar(select(func.count()).select_from(PolicyVersion)) == versions


def test_r21_a_changed_file_is_a_further_version_and_the_old_rows_stay_for_the_clocks_that_run_under_them(session):
    import_policies(session, read(session, ONE_MINUTE), actor=SYSTEM, now=NOW)
    under_the_first = open_ticket(session)
    import_policies(session, read(session, ONE_MINUTE.replace("60,", "120,")), actor=SYSTEM, now=NOW)

    stored = session.scalars(select(Clock).where(Clock.ticket_id == under_the_first.ticket_id)).all()
    book = load_rulebook(session)
    promise = next(c for c in stored if c.kind is ClockKind.RESOLVE)
    assert book.rows[promise.policy_row_id].row.target_seconds == 60
    assert resolve_target(session, open_ticket(session)) == 120


def test_r21_a_retired_policy_leaves_tickets_to_the_less_specific_one(session):
    import_policies(session, read(session, ONE_MINUTE), actor=SYSTEM, now=NOW)

    under_it = open_ticket(session)
    told = retirement_of(session, "Một phút", scope=true())
    retire(session, "Một phút", reason="sai", actor=SYSTEM, now=NOW)

    assert (told.running, told.references, told.leaves_gap) == (1, (under_it.reference,), False)
    assert [(one.retired.target_seconds, one.by, one.row.target_seconds) for one in told.instead if one.row] == [
        (60, "Mặc định", 144_000)
    ]
    assert resolve_target(session, open_ticket(session)) == 144_000
    assert resolve_target(session, under_it) == 60


def test_r21_the_last_promise_for_everything_else_cannot_be_retired(session):
    with pytest.raises(InvalidInput, match="leaves_gap"):
        retire(session, "Mặc định", reason="sai", actor=SYSTEM, now=NOW)

    # A further one that speaks of one clock alone leaves the others uncovered.
    import_policies(session, read(session, EVERYTHING_ELSE), actor=SYSTEM, now=NOW)
    with pytest.raises(InvalidInput, match="leaves_gap"):
        retire(session, "Mặc định", reason="sai", actor=SYSTEM, now=NOW)

    retire(session, "Nhanh hơn", reason="sai", actor=SYSTEM, now=NOW)
    assert resolve_target(session, open_ticket(session)) == 144_000


def test_a_policy_that_is_not_in_force_cannot_be_retired(session):
    with pytest.raises(NotFound):
        retire(session, "Không có", reason="sai", actor=SYSTEM, now=NOW)


def test_r21_a_promise_of_one_channel_stays_while_nothing_else_covers_the_channel():
    row = PolicyTarget(Priority.NORMAL, ClockKind.RESOLVE, 60, "24x7")
    by_phone = SlaPolicy("p", Match(channel=Channel.VOICE), (row,))
    by_text = SlaPolicy("t", Match(channel=Channel.SMS), (row,))
    of_phone_rubbish = SlaPolicy("r", Match(category="rubbish", channel=Channel.VOICE), (row,))

    in_force = [by_phone, by_text, of_phone_rubbish]

    assert leaves_gap(in_force, PolicySet(retired=(Retired("p"),)), {})
    assert not leaves_gap(in_force, PolicySet(retired=(Retired("r"),)), {})


def test_an_export_names_what_is_retired_and_is_read_by_a_city_that_never_had_it(session):
    import_policies(session, read(session, ONE_MINUTE), actor=SYSTEM, now=NOW)
    retire(session, "Một phút", reason="sai", actor=SYSTEM, now=NOW)

    exported = yaml.safe_load(policies_as_yaml(session))
    elsewhere = parse_policies(policies_as_yaml(session), known=KnownNames(policies=frozenset({"Mặc định"})))

    assert [one["name"] for one in exported["policies"] if one.get("retired")] == ["Một phút"]
    assert (elsewhere.errors, elsewhere.retired) == ((), ())
    assert read(session, policies_as_yaml(session)).retired == (Retired("Một phút"),)
    assert read(session, "policies: [{name: Một phúc, retired: true}]").errors[0].code == "no_such_policy"


def test_a_retired_promise_that_is_brought_in_again_holds_again(session):
    import_policies(session, read(session, ONE_MINUTE), actor=SYSTEM, now=NOW)
    retire(session, "Một phút", reason="sai", actor=SYSTEM, now=NOW)

    import_policies(session, read(session, ONE_MINUTE), actor=SYSTEM, now=NOW)

    assert resolve_target(session, open_ticket(session)) == 60


def test_a_policy_for_one_unit_is_kept_by_the_unit_and_not_by_its_code(session):
    text = ONE_MINUTE.replace("{category: rubbish}", '{unit: "26740"}')
    import_policies(session, read(session, text), actor=SYSTEM, now=NOW)

    here = open_ticket(session, category_code="pothole")
    elsewhere = open_ticket(session, category_code="pothole", unit_code="26737")

    assert (resolve_target(session, here), resolve_target(session, elsewhere)) == (60, 144_000)


def test_a_file_with_an_error_changes_nothing(session):
    wrong = read(session, ONE_MINUTE.replace("24x7", "moonlight"))

    with pytest.raises(InvalidInput):
        import_policies(session, wrong, actor=SYSTEM, now=NOW)

    assert session.scalar(select(func.count()).where(AuditEntry.params["name"].astext == "Một phút")) == 0


def test_r21_a_new_holiday_versions_the_calendars_it_changes_and_only_those(session):
    running = open_ticket(session)
    old = session.scalars(
        select(Clock.calendar_version_id).where(Clock.ticket_id == running.ticket_id, Clock.kind == ClockKind.RESOLVE)
    ).one()

    changed = import_holidays(
        session, [HolidayEntry(date(2026, 11, 25), "off", "Nghỉ", "Day off", "999/QĐ")], actor=SYSTEM, now=NOW
    )
    later = open_ticket(session)

    dues = {
        t.ticket_id: session.scalars(
            select(Clock).where(Clock.ticket_id == t.ticket_id, Clock.kind == ClockKind.RESOLVE)
        ).one()
        for t in (running, later)
    }
    assert "working" in changed
    assert "24x7" not in changed
    assert dues[running.ticket_id].calendar_version_id == old
    assert dues[later.ticket_id].due_at > dues[running.ticket_id].due_at
    # The levels of what runs count by the calendars of their chain's time too.
    book = load_rulebook(session)
    steps_count_in = {who: book.step_calendars(due.chain_version_id)["working"] for who, due in dues.items()}
    assert date(2026, 11, 25) in steps_count_in[later.ticket_id].holidays
    assert date(2026, 11, 25) not in steps_count_in[running.ticket_id].holidays


def test_r1_the_swapped_days_of_the_shipped_calendar_are_those_of_the_decrees(session):
    working = load_rulebook(session).newest_calendars["working"]

    assert date(2026, 1, 2) in working.holidays
    assert date(2026, 1, 10) in working.swapped


def test_r1_a_calendar_that_never_opens_is_refused(session):
    closed = WorkingCalendar(key="never", weekly=weekly_windows({}))

    with pytest.raises(CalendarRefused):
        save_calendar(session, closed, name="x", name_en="x", keeps_holidays=False, actor=SYSTEM, now=NOW)


def test_the_rules_are_read_once_and_again_only_after_a_change(session):
    first, same = load_rulebook(session), load_rulebook(session)
    calendar = replace(first.newest_calendars["working"], zone="Asia/Bangkok")
    save_calendar(session, calendar, name="x", name_en="x", keeps_holidays=True, actor=SYSTEM, now=NOW)
    session.flush()
    anew = load_rulebook(session)

    assert same is first
    assert anew is not first
    assert session.scalar(select(func.max(CalendarVersion.id))) in anew.calendars
    # What was computed for the days of an unchanged version is kept.
    known = next(iter(first.calendars))
    assert anew.calendars[known] is first.calendars[known]


def test_r2_the_most_specific_policy_decides_clock_by_clock(session):
    book = load_rulebook(session)
    noise = next(i for i, codes in book.category_codes.items() if codes[0] == "night_noise")

    rows = book.rows_for(category_id=noise, level=Level.WARD, unit_id=1, channel=Channel.WEB, priority=Priority.NORMAL)

    assert rows[ClockKind.ACCEPT].row.target_seconds == 900
    assert rows[ClockKind.RESOLVE].row.target_seconds == 144_000
