"""Calendars by screen: published as versions, taken back, refused in plain words; days off by hand and from a file."""

import io
import re
from contextlib import nullcontext
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.processes.previews import count_next_preview
from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import HERE, NOW, audited, me, post, shown
from tests.app.web.steering import LIGHT, csrf_of
from tests.escalation.scene import ward, with_role
from tests.factories import open_ticket
from tests.signing_in import sign_in
from tickets.promises.applying import apply_some
from tickets.schema import Calendar, CalendarVersion, Clock
from tickets.states import ClockKind, Role

PAGE = f"{HERE}/calendars"
OFFICE = {day: "07:30-11:30, 13:00-17:00" for day in ("mon", "tue", "wed", "thu", "fri")}
FILE = """BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261130
DTEND;VALUE=DATE:20261202
SUMMARY:Nghỉ\\, theo
  quyết định
END:VEVENT
BEGIN:VEVENT
DTSTART:20261203T080000Z
SUMMARY:Họp giao ban
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261224
RRULE:FREQ=YEARLY
SUMMARY:Giáng sinh
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261130
SUMMARY:Hội làng
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261332
END:VEVENT
END:VCALENDAR
"""


def working(session: Session) -> int:
    return session.scalars(select(Calendar.id).where(Calendar.key == "working")).one()


def newest(session: Session, calendar_id: int) -> CalendarVersion:
    versions = select(CalendarVersion).where(CalendarVersion.calendar_id == calendar_id)
    return session.scalars(versions.order_by(CalendarVersion.version.desc()).limit(1)).one()


def publish(browser: FlaskClient, session: Session, *, blind: bool = False, **days: str) -> object:
    """With the newest version seen, or the one before it."""
    calendar_id = working(session)
    seen = newest(session, calendar_id).version - blind
    named = {"name": "Giờ hành chính", "name_en": "Office hours", "keeps_holidays": "1", "seen": seen}
    return post(browser, f"{PAGE}/{calendar_id}", **named, **(OFFICE | days))


def resolve_due(session: Session, ticket_id: int) -> datetime:
    due_at = session.scalar(select(Clock.due_at).where(Clock.ticket_id == ticket_id, Clock.kind == ClockKind.RESOLVE))
    assert due_at is not None
    return due_at


def test_longer_hours_hold_for_the_next_matter_and_the_earlier_version_is_published_again(
    browser: FlaskClient, session: Session
) -> None:
    here = working(session)
    first = newest(session, here).version
    before = open_ticket(session).ticket_id

    saved = publish(browser, session, sat="07:30-11:30", fri="07:30-11:30, 13:00-17:00, 22:00-24:00")
    longer = open_ticket(session).ticket_id
    form = shown(browser, f"{PAGE}/{here}?version={first}")
    publish(browser, session)
    again = open_ticket(session).ticket_id

    assert saved.status_code == 303
    # Forty working hours from Monday 09:00, Tuesday off; Friday night and Saturday make six hours less.
    assert resolve_due(session, before) == datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
    assert resolve_due(session, longer) == datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
    assert resolve_due(session, again) == resolve_due(session, before)
    assert f"This is version {first}. Nothing changes until you publish it again." in form
    assert 'name="sat" type="text" value=""' in " ".join(form.split())
    assert [(one.params["version"], one.staff_id) for one in audited(session, "calendar.versioned")][-2:] == [
        (first + 1, me(session)),
        (first + 2, me(session)),
    ]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"mon": "7h30"}, "Write the hours like 07:30-11:30"),
        ({"tue": "25:00-26:00"}, "Write the hours like 07:30-11:30"),
        ({"wed": "07:00-12:00, 11:00-13:00"}, "overlap"),
        ({"wed": "22:00-06:00", "thu": "05:00-08:00"}, "runs into these hours"),
        ({"sun": "19:00-08:00"}, "runs into these hours"),
        (dict.fromkeys(OFFICE, ""), "closed for a whole year"),
    ],
)
def test_an_impossible_calendar_is_refused_at_its_field_and_what_was_typed_stays(
    browser: FlaskClient, session: Session, typed: dict[str, str], words: str
) -> None:
    before = newest(session, working(session)).id

    answer = publish(browser, session, **typed)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert words in page
    assert all(f'value="{value}"' in page for value in typed.values())
    assert newest(session, working(session)).id == before


def test_whoever_publishes_over_a_version_they_have_not_seen_is_told_first(
    browser: FlaskClient, session: Session
) -> None:
    before = newest(session, working(session)).version
    publish(browser, session, sat="07:30-11:30")

    blind = publish(browser, session, blind=True, sun="08:00-09:00")
    page = blind.get_data(as_text=True)
    knowing = publish(browser, session, sun="08:00-09:00")

    assert blind.status_code == 409
    assert "published a newer version meanwhile" in page and 'value="08:00-09:00"' in page
    assert knowing.status_code == 303
    assert newest(session, working(session)).version == before + 2


def test_a_new_calendar_is_added_and_its_short_name_is_used_once(browser: FlaskClient, session: Session) -> None:
    night = {"name": "Ca đêm", "mon": "22h-6h00"}

    post(browser, f"{PAGE}/new", key="night", **night)
    twice = post(browser, f"{PAGE}/new", key="night", **night)
    wrong = post(browser, f"{PAGE}/new", key="Ca đêm", **night)

    assert "Ca đêm" in shown(browser, PAGE) and "22:00-06:00" in shown(browser, PAGE)
    assert (twice.status_code, wrong.status_code) == (400, 400)
    assert "this short name already" in twice.get_data(as_text=True)
    assert 'value="Ca đêm"' in wrong.get_data(as_text=True)
    assert session.scalar(select(func.count()).where(Calendar.key == "night")) == 1


def test_a_day_off_moves_the_next_matters_date_until_it_is_taken_back(browser: FlaskClient, session: Session) -> None:
    day = {"first": "2026-11-25", "last": "2026-11-26", "kind": "off", "name": "Nghỉ bão", "source": "Công điện 12"}

    post(browser, f"{HERE}/days-off", **day)
    off = open_ticket(session).ticket_id
    page = shown(browser, f"{HERE}/days-off?year=2026")
    silent = post(browser, f"{HERE}/days-off/take-back", day="2026-11-25", reason=" ")
    post(browser, f"{HERE}/days-off/take-back", day="2026-11-25", reason="Bão đã tan")
    one_day_off = open_ticket(session).ticket_id

    assert resolve_due(session, off) == datetime(2026, 12, 3, 2, 0, tzinfo=UTC)
    assert "Nghỉ bão" in page and "Công điện 12" in page
    assert silent.status_code == 400
    assert resolve_due(session, one_day_off) == datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
    [kept], [taken] = audited(session, "holidays.kept"), audited(session, "holidays.taken_back")
    assert [one["day"] for one in kept.params["days"]] == ["2026-11-25", "2026-11-26"]
    assert (taken.params["reason"], taken.params["calendars"]) == ("Bão đã tan", ["working"])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"source": ""}, "This field is required."),
        ({"first": "31/11/2026"}, "This is not a date."),
        ({"last": "2026-11-01"}, "The end lies before the beginning."),
        ({"last": "2027-11-01"}, "are both dates right?"),
        ({}, " is a day off here (Resolution"),
        ({"first": "2026-11-25"}, " is a working day anyway"),
        ({"first": "2026-01-10", "kind": "off"}, " is worked in place of another day here"),
    ],
)
def test_a_day_without_its_decree_or_with_a_wrong_date_is_refused_and_kept_in_the_form(
    browser: FlaskClient, wrong: dict[str, str], words: str
) -> None:
    day = {"first": "2026-11-24", "last": "", "kind": "worked", "name": "Làm bù", "source": "Thông báo 1"}

    answer = post(browser, f"{HERE}/days-off", **(day | wrong))

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert words in page and 'value="Làm bù"' in page


def test_of_a_calendar_file_only_what_was_marked_is_kept_and_what_is_left_out_is_named(
    browser: FlaskClient, session: Session
) -> None:
    sent = {"csrf_token": csrf_of(browser, LIGHT), "file": (io.BytesIO(FILE.encode()), "le.ics")}

    seen = browser.post(f"{HERE}/days-off/file", data=sent).get_data(as_text=True)
    days = {"day": ["2026-11-30", "2026-12-01"], "name-2026-11-30": "Nghỉ", "kind-2026-11-30": "off"}
    nothing = post(browser, f"{HERE}/days-off/chosen", day="2026-11-30", source="Quyết định 7")
    post(browser, f"{HERE}/days-off/chosen", source="Quyết định 7", **days)

    assert "Nghỉ, theo quyết định" in seen and "Họp giao ban: Left out: it has an hour" in seen
    assert "Giáng sinh: Left out: it repeats" in seen and "event 5: Left out: its days cannot be right" in seen
    assert "Nghỉ, theo quyết định; Hội làng" in seen
    assert nothing.status_code == 400
    kept = newest(session, working(session)).spec["holidays"]
    assert "2026-11-30" in kept and "2026-12-01" not in kept


def test_the_public_holidays_of_a_year_are_proposed_kept_by_decree_and_never_by_themselves(
    browser: FlaskClient, session: Session
) -> None:
    seen = post(browser, f"{HERE}/days-off/public", year="2028").get_data(as_text=True)
    days = re.findall(r'name="day" value="(2028-\d\d-\d\d)"', seen)
    marked = re.findall(r'name="kind-(2028-\d\d-\d\d)".*?<option value="off" selected>', seen, re.DOTALL)
    unknown = post(browser, f"{HERE}/days-off/public", year="2019")
    assert not audited(session, "holidays.kept")

    chosen = {f"kind-{day}": "off" for day in days} | {f"name-{day}": "Tết" for day in days}
    chosen |= {f"name_en-{day}": "Tet" for day in days}
    post(browser, f"{HERE}/days-off/chosen", source="Thông báo 5", day=days, **chosen)

    # Tết of the year Mậu Thân begins on 26 January 2028.
    assert {"2028-01-25", "2028-01-26", "2028-01-27", "2028-01-28", "2028-09-01"} <= set(days) == set(marked)
    assert unknown.status_code == 400
    assert set(days) <= set(newest(session, working(session)).spec["holidays"])
    assert "Tet" in shown(browser, f"{HERE}/days-off?year=2028")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"BEGIN:VCALENDAR", b"x" * 1_100_000])
def test_what_is_no_calendar_file_is_refused_in_words(browser: FlaskClient, content: bytes) -> None:
    sent = {"csrf_token": csrf_of(browser, LIGHT), "file": (io.BytesIO(content), "le.ics")}

    assert browser.post(f"{HERE}/days-off/file", data=sent).status_code == 400


def test_a_supervisor_looks_at_calendars_and_changes_none(app: HotlineApp, session: Session) -> None:
    here = working(session)
    with app.bound_to(session, NOW):
        client = app.test_client()
        staff = with_role(session, Role.SUPERVISOR, ward(session), now=NOW)
        sign_in(client, session, role=Role.SUPERVISOR, staff=staff, now=NOW)

        page = shown(client, f"{PAGE}/{here}") + shown(client, f"{HERE}/days-off") + shown(client, PAGE)
        refused = client.post(f"{PAGE}/{here}", data={"csrf_token": csrf_of(client, LIGHT), **OFFICE})

    assert "07:30-11:30, 13:00-17:00" in page
    assert '<form class="panel' not in page
    assert refused.status_code == 403


def looked_at(browser: FlaskClient, session: Session, on: object) -> str:
    """The page of a draft, before and after the worker has counted it; what it says at the end."""
    assert on.status_code == 303
    assert "The count begins in a moment." in shown(browser, on.location)
    assert count_next_preview(lambda: nullcontext(session), at_once=1, time_of=lambda _session: NOW)
    return shown(browser, on.location)


def test_a_change_is_counted_first_by_the_worker_and_brought_to_open_tickets_on_request(
    browser: FlaskClient, session: Session
) -> None:
    running, here = open_ticket(session).ticket_id, working(session)
    before = newest(session, here).version

    on = publish(browser, session, sat="07:30-11:30", do="preview")
    looked = looked_at(browser, session, on)
    untouched = newest(session, here).version
    form = shown(browser, f"{PAGE}/{here}")
    done = post(browser, on.location, to="open")
    apply_some(session, failed=lambda *_: None, now=NOW)

    assert re.search(r"0 dates would come later,\s+1 earlier", looked)
    assert 'value="07:30-11:30"' in form and on.location in form
    assert (untouched, newest(session, here).version) == (before, before + 1)
    assert "/administration/applications/" in done.location
    # Four hours of Saturday: on Monday afternoon in place of Tuesday morning.
    assert resolve_due(session, running) == datetime(2026, 11, 30, 7, 30, tzinfo=UTC)
    assert browser.get(on.location).status_code == 404


def test_days_off_are_counted_first_stay_in_the_form_and_are_kept_from_there(
    browser: FlaskClient, session: Session
) -> None:
    running = open_ticket(session).ticket_id
    day = {"first": "2026-11-25", "kind": "off", "name": "Nghỉ bão", "name_en": "Storm", "source": "Công điện 12"}

    on = post(browser, f"{HERE}/days-off", **day, do="preview")
    storm = looked_at(browser, session, on)
    assert re.search(r'href="/administration/days-off" aria-current="page"', storm)
    form = shown(browser, f"{HERE}/days-off")
    assert not audited(session, "holidays.kept")
    done = post(browser, on.location, to="open")
    apply_some(session, failed=lambda *_: None, now=NOW)

    assert re.search(r"[1-9] dates? would come later,\s+0 earlier", storm) and "Storm" in storm
    assert 'value="Nghỉ bão"' in form and 'value="Công điện 12"' in form and on.location in form
    assert "/administration/applications/" in done.location
    assert [one["source"] for one in audited(session, "holidays.kept")[0].params["days"]] == ["Công điện 12"]
    assert resolve_due(session, running) == datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
    assert on.location not in shown(browser, f"{HERE}/days-off")


def test_days_that_were_looked_at_are_thrown_away_without_a_trace(browser: FlaskClient, session: Session) -> None:
    day = {"first": "2026-11-25", "kind": "off", "name": "Nghỉ bão", "source": "Công điện 12"}
    on = post(browser, f"{HERE}/days-off", **day, do="preview")

    post(browser, on.location, to="discard")

    assert "Nghỉ bão" not in shown(browser, f"{HERE}/days-off")
    assert not count_next_preview(lambda: nullcontext(session), at_once=1)
    assert not audited(session, "holidays.kept")


def test_a_draft_of_a_calendar_over_which_somebody_published_says_so_first(
    browser: FlaskClient, session: Session
) -> None:
    on = publish(browser, session, sat="07:30-11:30", do="preview")
    publish(browser, session, blind=False, sun="08:00-09:00")
    again = publish(browser, session, blind=True, sat="07:30-11:30", do="preview")

    blind = post(browser, again.location, to="new")
    knowing = post(browser, again.location, to="new")

    assert on.location == again.location
    assert (blind.status_code, knowing.status_code) == (409, 303)
    assert "published a newer version meanwhile" in blind.get_data(as_text=True)
