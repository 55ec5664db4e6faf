"""A database whose tables are not those of this build is told by name, by every process and to whoever asks."""

import os
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from app.bench.pages_read import statements_sent
from app.cli.contents import content_findings
from app.processes.commands import MARK, environment_of
from app.processes.start import settings_to_serve_with
from app.settings import ROOT, Settings
from app.storage.database import make_engine
from app.storage.known_schema import HOLDS_FOR, KnownSchema
from app.storage.schema_state import schema_differences, schema_fault
from app.storage.starting import SchemaUnfit, refuse_unsafe_start
from app.web.factory import create_app
from tests.conftest import NOW, Committed, Servers
from tests.readiness import when_heard

# What a hand or another build may have done, and the words by which it is found.
CHANGED = {
    "alter table ticket drop column subject": "ticket.subject is missing",
    "alter table ticket alter column subject type varchar(40)": "ticket.subject is “character varying(40)",
    "alter table ticket alter column subject drop not null": "ticket.subject is “text”",
    "alter table ticket add column colour text not null": "ticket.colour is not known here",
    "alter table outbound_message alter column attempts drop default": "outbound_message.attempts is",
    "drop table holiday": "the table holiday is missing",
    "drop index ix_planned_step_due": "index ix_planned_step_due is missing",
    "drop index ix_ticket_wake; create index ix_ticket_wake on ticket (wake_at) where wake_at is null": (
        "index ix_ticket_wake is"
    ),
    "drop index uq_offer_open_call; create index uq_offer_open_call on offer (call_id) where outcome is null": (
        "index uq_offer_open_call is “create index"
    ),
    "create unique index one_phone on call (phone)": "index one_phone is not known here",
    "alter table shift drop constraint ck_shift_range": "constraint shift.ck_shift_range is missing",
    "alter table shift drop constraint ck_shift_range, add constraint ck_shift_range check (ends_at >= starts_at)": (
        "constraint shift.ck_shift_range is"
    ),
    "alter table ticket add constraint short check (length(subject) < 5)": "constraint ticket.short is not known here",
    "alter table outbound_message drop constraint uq_outbound_message_dedup_key": (
        "constraint outbound_message.uq_outbound_message_dedup_key is missing"
    ),
    "alter table message drop constraint fk_message_ticket_id_ticket": "fk_message_ticket_id_ticket is missing",
    "alter table queue disable trigger rules_have_moved": "trigger queue.rules_have_moved is “switched off”",
    "drop trigger places_have_moved on unit": "trigger unit.places_have_moved is missing",
    "create or replace function rules_have_moved() returns trigger language plpgsql as 'begin return null; end'": (
        "trigger queue.rules_have_moved is “begin return null"
    ),
}


def change(committed: Committed, statement: str) -> None:
    owner = make_engine(committed.owner_url, pool_size=1)
    with owner.begin() as connection:
        connection.execute(text(statement))
    owner.dispose()


def of(committed: Committed, settings: Settings) -> Settings:
    urls = {"database_url": committed.url, "owner_database_url": committed.owner_url}
    return Settings(**{**settings.model_dump(), **urls}, _env_file=None)


def test_the_tables_that_the_migrations_make_differ_in_nothing(committed: Committed) -> None:
    with committed.engine.connect() as connection:
        assert schema_differences(connection) == ()
        assert schema_fault(connection) is None


def test_every_change_of_a_table_is_found_and_named(committed: Committed) -> None:
    owner = make_engine(committed.owner_url, pool_size=1)
    found = {}
    for statement in CHANGED:
        with owner.connect() as connection:
            connection.execute(text(statement))
            found[statement] = "; ".join(schema_differences(connection))
            connection.rollback()
    owner.dispose()

    assert {statement: said for statement, said in found.items() if CHANGED[statement] not in said} == {}


def test_a_finding_is_kept_for_half_a_minute_while_all_is_well_and_no_longer(committed: Committed) -> None:
    known, later = KnownSchema(), NOW + HOLDS_FOR

    def asked(now: datetime) -> tuple[str | None, int]:
        with committed.engine.connect() as connection, statements_sent(committed.engine) as statements:
            return known.fault(connection, now=now), len(statements)

    (first, whole), (second, kept) = asked(NOW), asked(NOW + timedelta(seconds=29))
    change(committed, "drop index ix_planned_step_due")
    found, again = asked(later), asked(later)
    change(committed, "create index ix_planned_step_due on planned_step (planned_at, ticket_id) where fired_at is null")
    mended = asked(later)
    change(committed, "update alembic_version set version_num = '0001'")
    moved = asked(later)

    assert (first, second) == (None, None)
    assert kept == 2 < whole
    assert found[0] == again[0] == "different"
    assert mended[0] is None
    assert moved[0] == "older"


def test_what_an_operator_may_add_for_themselves_is_no_fault(committed: Committed) -> None:
    change(
        committed,
        "create index for_a_report on ticket (subject); create table of_the_city (id int); create view v as select 1;"
        "alter table ticket add column note text; create function nothing() returns trigger language plpgsql as "
        "'begin return new; end'; create trigger copied after insert on ticket for each row execute function nothing()",
    )

    with committed.engine.connect() as connection:
        assert schema_fault(connection) is None


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("drop table alembic_version", "empty"),
        ("update alembic_version set version_num = '0000'", "newer"),
        ("alter table ticket drop column subject", "different"),
        ("revoke all on alembic_version from hotline_app", "unreadable"),
        ("revoke all on guidance from hotline_app", "unreadable"),
    ],
)
def test_no_process_starts_and_nothing_is_ready_on_tables_that_do_not_fit(
    committed: Committed, settings: Settings, statement: str, fault: str
) -> None:
    here = of(committed, settings)
    refuse_unsafe_start(here)
    change(committed, statement)
    if fault == "newer":
        change(committed, "alter table ticket drop column subject")

    with pytest.raises(SchemaUnfit) as refused:
        refuse_unsafe_start(here)
    ready = when_heard(create_app(here, engine=committed.engine).test_client())
    told = [finding for finding in content_findings(here) if finding.subject == "schema"]

    assert refused.value.fault == fault
    assert ready.status_code == 503
    assert "schema" in ready.get_json()["reasons"]
    assert [finding.verdict for finding in told] == ["failed"]


def test_for_one_version_a_newer_schema_carries_the_older_processes_too(
    committed: Committed, settings: Settings
) -> None:
    change(
        committed,
        "update alembic_version set version_num = '9999'; alter table ticket add column weight int default 1 not null;"
        "create table heavier (id int); alter table ticket add constraint heavy check (weight > 0)",
    )

    refuse_unsafe_start(of(committed, settings))
    ready = when_heard(create_app(of(committed, settings), engine=committed.engine).test_client())

    assert ready.get_json()["checks"]["schema"] == "ok"


@pytest.mark.parametrize("process", ["web", "live", "worker", "scheduler"])
def test_each_process_ends_with_a_sentence_in_both_languages(
    committed: Committed, settings: Settings, process: str
) -> None:
    change(committed, "drop index ix_planned_step_due")
    environment = {name: value for name, value in os.environ.items() if name != MARK}
    environment |= {
        "HOTLINE_DATABASE_URL": committed.url,
        "HOTLINE_REDIS_URL": committed.redis_url,
        "HOTLINE_DATA_DIR": str(settings.data_dir),
    }

    done = subprocess.run(
        [sys.executable, "-m", "app.cli", process],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "The tables are not those of this version" in done.stderr
    assert "Các bảng dữ liệu không đúng với phiên bản này" in done.stderr
    assert "index ix_planned_step_due is missing" in done.stderr


def test_pages_of_up_load_while_the_database_is_being_brought_up_to_date(
    committed: Committed, settings: Settings
) -> None:
    change(committed, "drop table alembic_version")

    refuse_unsafe_start(of(committed, settings), awaits_migration=True)

    with pytest.raises(SchemaUnfit):
        refuse_unsafe_start(of(committed, settings))


def test_processes_ready_and_the_doctor_say_that_there_is_no_directory(
    committed: Committed, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    here = of(committed, settings)
    assert refuse_unsafe_start(here) == ()
    change(committed, "delete from queue where kind = 'triage'")

    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment_of(here).items():
            patch.setenv(name, value)
        settings_to_serve_with()
    ready = when_heard(create_app(here, engine=committed.engine).test_client())
    failed = {finding.subject for finding in content_findings(here) if finding.verdict == "failed"}

    said = capfd.readouterr().err
    assert "There is no directory: no contact can be received." in said
    assert "Chưa có danh" in said
    assert ready.get_json()["reasons"]["directory"] == "is empty; run ./hotline migrate"
    assert "triage" in failed


def test_migrating_an_empty_database_twice_loads_every_kind_once(servers: Servers, settings: Settings) -> None:
    servers.create_database("hotline_twice", "template0")
    url, owner_url = servers.url("hotline_twice"), servers.url("hotline_twice", owner=True)
    here = Settings(**{**settings.model_dump(), "database_url": url, "owner_database_url": owner_url}, _env_file=None)
    environment = {**os.environ, **environment_of(here)}
    command = [sys.executable, "-m", "app.cli", "migrate"]
    try:
        done = [
            subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
            for _ in range(2)
        ]
        assert refuse_unsafe_start(here) == ()
    finally:
        servers.drop_database("hotline_twice")

    loaded = "units, queues, posts, aliases, streets, landmarks, procedures, categories, answers, calendars"
    assert f"Loaded reference data: {loaded}" in done[0].stdout
    assert "Loaded" not in done[1].stdout
