"""Bringing the directory and the rules in and out as files."""

import csv
import io
from datetime import date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.seeding.files import REFERENCE_DATA
from app.seeding.imports import FILE_KINDS, FileRefused, bring_in, take_out
from app.seeding.reference import load
from app.storage.database import make_engine, migrate, session_factory, transaction
from tests.conftest import Servers
from tickets.directory.lines import published_lines
from tickets.directory.queues import queue_of
from tickets.directory.units import predecessors, unit_by_code
from tickets.people.actor import SYSTEM
from tickets.queries.lacks import Lack, lacking
from tickets.schema import AuditEntry, Holiday, Line, PolicyVersion, Post, Procedure, Unit

AFTER = date(2027, 2, 1)
# A city that nobody works in yet has no rows of these, and has counted no year's dossiers.
NOBODY_YET = {"people", "rota", "leave", "responsibilities", "dossiers"}


@pytest.mark.parametrize("kind", sorted(FILE_KINDS))
def test_what_was_taken_out_changes_nothing_when_brought_in_again(session: Session, now: datetime, kind: str) -> None:
    text = take_out(session, kind)

    if kind in NOBODY_YET:
        with pytest.raises(FileRefused):
            bring_in(session, kind, text, actor=SYSTEM, now=now)
        return
    outcome = bring_in(session, kind, text, actor=SYSTEM, now=now)

    assert (outcome.added, outcome.changed) == ((), ())
    assert outcome.unchanged > 1


def test_a_unit_of_a_coming_reorganisation_knows_its_predecessors_and_can_keep_tickets(
    session: Session, now: datetime
) -> None:
    text = "code,name,kind,parent,valid_from,predecessors\n99001,Phường Thử Nghiệm,ward,79,2027-01-01,26740*|26743\n"

    outcome = bring_in(session, "units", text, actor=SYSTEM, now=now)

    unit = unit_by_code(session, "99001", on=AFTER)
    assert outcome.added == ("99001 Phường Thử Nghiệm",)
    assert unit is not None
    edges = {(edge.unit.code, edge.is_partial) for edge in predecessors(session, unit.id)}
    assert edges == {("26740", True), ("26743", False)}
    assert queue_of(session, unit.id).unit_id == unit.id
    assert "ward_chair" in session.scalars(select(Post.code).where(Post.unit_id == unit.id)).all()


def test_a_unit_ends_by_a_date_and_keeps_its_row(session: Session, now: datetime) -> None:
    rows = list(csv.DictReader(io.StringIO(take_out(session, "units"))))
    (row,) = [row for row in rows if row["code"] == "26740"]
    ended = io.StringIO()
    writer = csv.DictWriter(ended, row.keys())
    writer.writeheader()
    writer.writerow({**row, "valid_to": "2027-01-01"})

    outcome = bring_in(session, "units", ended.getvalue(), actor=SYSTEM, now=now)

    assert outcome.closed == ("26740 Phường Sài Gòn",)
    session.expire_all()
    assert unit_by_code(session, "26740", on=date(2026, 12, 31)) is not None
    assert unit_by_code(session, "26740", on=AFTER) is None


def test_every_wrong_row_is_told_with_its_line_and_nothing_is_written(session: Session, now: datetime) -> None:
    text = (
        "code,name,kind,parent,valid_from,lat\n"
        "99001,Phường Một,ward,79,2027-01-01,10.5\n"
        "99002,Phường Hai,hamlet,79,2027-01-01,\n"
        "99003,,ward,79,2027-01-01,\n"
        "99004,Phường Bốn,ward,nowhere,2027-01-01,\n"
        "99005,Phường Năm,ward,79,31.2.2027,\n"
        "99006,Phường Sáu,ward,79,2027-01-01,NaN\n"
        "99001,Phường Một,ward,79,2027-01-01,\n"
    )
    before = session.scalar(select(func.count(Unit.id)))

    with pytest.raises(FileRefused) as refused:
        bring_in(session, "units", text, actor=SYSTEM, now=now)

    assert [(error.where, error.code) for error in refused.value.errors] == [
        ("line 3", "no_such_code"),
        ("line 4", "missing"),
        ("line 5", "no_such_unit"),
        ("line 6", "bad_date"),
        ("line 7", "bad_number"),
        ("line 8", "twice"),
    ]
    assert session.scalar(select(func.count(Unit.id))) == before


def test_a_column_we_do_not_know_is_named_and_left_out(session: Session, now: datetime) -> None:
    outcome = bring_in(session, "lines", "phone,unit,colour\n+842890000999,79,blue\n", actor=SYSTEM, now=now)

    assert outcome.added == ("+842890000999",)
    assert outcome.read is not None and outcome.read.ignored_columns == ("colour",)


def test_a_line_is_published_at_the_units_office_and_withdrawn_by_a_date(session: Session, now: datetime) -> None:
    bring_in(session, "lines", "phone,unit\n028 9000 0999,26740\n", actor=SYSTEM, now=now)

    published = {line.phone: line.unit_name for line in published_lines(session, on=now.date())}
    assert published["+842890000999"] == "Phường Sài Gòn"

    text = "phone,unit,valid_to\n+842890000999,26740,2026-11-01\n"
    outcome = bring_in(session, "lines", text, actor=SYSTEM, now=now)

    assert outcome.closed == ("+842890000999",)
    assert "+842890000999" not in {line.phone for line in published_lines(session, on=now.date())}
    assert session.scalar(select(func.count(Line.id)).where(Line.phone == "+842890000999")) == 1


def test_a_procedure_is_corrected_by_its_code(session: Session, now: datetime) -> None:
    text = "code,name,field,level,department\n1.001193,Đăng ký khai sinh (mới),Hộ tịch,ward,STP\n"

    outcome = bring_in(session, "procedures", text, actor=SYSTEM, now=now)

    session.expire_all()
    name = session.scalar(select(Procedure.name).where(Procedure.code == "1.001193"))
    assert outcome.changed == ("1.001193",)
    assert name == "Đăng ký khai sinh (mới)"
    assert session.scalar(select(func.count(Procedure.id))) == 99


def test_a_holiday_versions_the_calendars_it_changes(session: Session, now: datetime) -> None:
    text = "day,kind,name,name_en,source\n2026-12-07,off,Ngày nghỉ thử,Trial day off,QĐ thử\n"

    outcome = bring_in(session, "holidays", text, actor=SYSTEM, now=now)

    assert outcome.added == ("2026-12-07",)
    assert session.scalar(select(Holiday.source).where(Holiday.day == date(2026, 12, 7))) == "QĐ thử"


def test_a_policy_of_one_minute_becomes_a_new_version(session: Session, now: datetime) -> None:
    text = (
        "name: Một phút\n"
        "match: {unit: '26740'}\n"
        "rows:\n"
        "  - {priority: normal, clock: first, target_seconds: 60, calendar: 24x7, warn: [50, 75], chain: minute}\n"
        "chains:\n"
        "  - {name: minute, steps: [{level: 1, post: unit_lead, offset_seconds: 0}, "
        "{level: 4, post: city_leader, offset_seconds: 60}]}\n"
    )
    before = session.scalar(select(func.count(PolicyVersion.id))) or 0

    outcome = bring_in(session, "policies", text, actor=SYSTEM, now=now)

    assert outcome.changed == ("minute", "Một phút")
    assert session.scalar(select(func.count(PolicyVersion.id))) == before + 1


def test_an_import_leaves_a_row_in_the_audit_trail(session: Session, now: datetime) -> None:
    bring_in(session, "lines", "phone,unit\n+842890000999,26740\n", actor=SYSTEM, now=now)

    params = session.scalar(select(AuditEntry.params).where(AuditEntry.action == "directory.lines_imported"))

    assert params == {"added": 1, "changed": 0, "unchanged": 0}


# What each shipped file is to the importer of its kind; what is in none of them is read by the loader alone.
SHIPPED = {
    "bodies.csv": "units",
    "units.csv": "units",
    "procedures.csv": "procedures",
    "holidays.csv": "holidays",
    "policies.yaml": "policies",
    "categories.csv": "categories",
    "calendars.yaml": "calendars",
    "answers.csv": "answers",
    "place_aliases.csv": "aliases",
    "streets.csv": "streets",
    "landmarks.csv": "landmarks",
}
# Read by the loader, the place resolver or the tests; a city edits what they become in administration, or not at all.
NOT_IMPORTED = {
    "address_cases.csv", "city.yaml", "departments.csv", "historic_wards.csv",
    "name_traps.csv", "old_districts.csv", "old_to_new.csv", "other_bodies.csv", "posts.csv",
    "public_days.csv", "thu_duc_before_2021.csv", "unit_boxes.csv",
}  # fmt: skip


def shipped(name: str) -> str:
    return (REFERENCE_DATA / name).read_text(encoding="utf-8")


def test_every_shipped_file_is_importable_or_named_as_not() -> None:
    files = {file.name for file in REFERENCE_DATA.iterdir() if file.suffix in (".csv", ".yaml")}

    assert files == SHIPPED.keys() | NOT_IMPORTED
    assert set(SHIPPED.values()) <= set(FILE_KINDS)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_file_brought_into_what_was_loaded_from_it_changes_nothing(
    session: Session, now: datetime, name: str
) -> None:
    outcome = bring_in(session, SHIPPED[name], shipped(name), actor=SYSTEM, now=now)

    assert (outcome.added, outcome.changed) == ((), ())
    assert outcome.unchanged > 2


@pytest.mark.parametrize("name", ["bodies.csv", "units.csv", "procedures.csv", "holidays.csv"])
def test_a_shipped_file_says_the_same_as_the_export_of_what_it_became(session: Session, name: str) -> None:
    exported = {tuple(row.items()) for row in csv.DictReader(io.StringIO(take_out(session, SHIPPED[name])))}

    for row in csv.DictReader(io.StringIO(shipped(name))):
        assert any(row.items() <= dict(other).items() for other in exported), row


def test_a_city_without_any_directory_gets_it_from_the_shipped_files(servers: Servers, now: datetime) -> None:
    servers.create_database("hotline_from_files", "template0")
    engine = make_engine(servers.url("hotline_from_files", owner=True), pool_size=1)
    try:
        migrate(servers.url("hotline_from_files", owner=True), servers.url("hotline_from_files"))
        with transaction(session_factory(engine)) as session:
            for name in ("bodies.csv", "units.csv", "procedures.csv"):
                assert bring_in(session, SHIPPED[name], shipped(name), actor=SYSTEM, now=now).changed == ()
            load(session, now=now)
            nobody = (Lack.ADMINISTRATOR, Lack.AGENTS, Lack.HOLDERS, Lack.TRIAL_PHONE)
            assert lacking(session, now=now) == (Lack.CITY_LINE, *nobody)
            assert load(session, now=now) == ()
            for name, kind in SHIPPED.items():
                assert bring_in(session, kind, shipped(name), actor=SYSTEM, now=now).added == ()
    finally:
        engine.dispose()
        servers.drop_database("hotline_from_files")


def test_hours_of_a_calendar_that_overlap_are_said_by_row_and_day(session: Session, now: datetime) -> None:
    rows = 'key,name,mon,tue\nlong,Dài,07:30-11:30,"07:30-12:00, 11:00-17:00"\nnever,Không mở,,\n'
    rows += "night,Ca đêm,22h-6h,05:00-08:00\n"

    with pytest.raises(FileRefused) as refused:
        bring_in(session, "calendars", rows, actor=SYSTEM, now=now)

    found = {(one.row, one.column, one.code) for one in refused.value.errors}
    assert found == {(2, "tue", "windows_overlap"), (3, "mon", "never_open"), (4, "tue", "night_overlaps")}
