"""`doctor` within each fault: in bounded time it says in a sentence what is wrong and what to do, and fails."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from sqlalchemy import make_url

from app.cli.installation_findings import findings
from app.settings import ROOT, Settings
from app.web.monitoring.node_metrics import redis_seconds
from tests.faults.breakable import Place
from tests.faults.clocks import FakedClock, needs_libfaketime
from tests.faults.redis_keeps_nothing import became_a_replica, full

pytestmark = pytest.mark.fault

# Each is asked for 5 s: the database, Redis, the public address (10 s).
LONGEST_SECONDS = 30


def failed(settings: Settings) -> dict[str, str]:
    """What the doctor calls failed, by its subject."""
    begun = time.monotonic()
    found = {one.subject: one.words for one in findings(settings) if one.verdict == "failed"}
    assert time.monotonic() - begun < LONGEST_SECONDS
    return found


@contextmanager
def silent_server() -> Iterator[int]:
    """It takes every connection and says nothing, as a frozen one does."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as server:
        yield server.getsockname()[1]


def of_database(place: Place, *statements: str) -> None:
    url = make_url(place.engines.superuser_database_url).set(
        drivername="postgresql", database=make_url(place.settings.database_url).database
    )
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_a_well_installation_has_nothing_that_failed_but_people(place: Place) -> None:
    assert set(failed(place.settings)) <= {"administrator", "agents", "city line"}


def test_a_database_and_a_redis_that_are_away_are_named_with_what_to_do(place: Place) -> None:
    away = {"database_url": "postgresql+psycopg://a:b@127.0.0.1:1/hotline", "redis_url": "redis://127.0.0.1:1/0"}

    found = failed(place.settings.model_copy(update=away))

    assert "does not answer" in found["database"]
    assert "start PostgreSQL, or mend the address in HOTLINE_DATABASE_URL" in found["database"]
    assert "start it, or mend HOTLINE_REDIS_URL" in found["redis"]


def test_a_database_and_a_redis_that_take_connections_and_say_nothing_are_given_up(place: Place) -> None:
    with silent_server() as port:
        frozen = {
            "database_url": f"postgresql+psycopg://a:b@127.0.0.1:{port}/hotline",
            "redis_url": f"redis://127.0.0.1:{port}/0",
        }
        found = failed(place.settings.model_copy(update=frozen))

    assert "does not answer" in found["database"]
    assert "cannot be used" in found["redis"]


@pytest.mark.parametrize("keeps_nothing", [full, became_a_replica], ids=lambda one: one.__name__)
def test_a_redis_that_answers_and_keeps_nothing_is_called_neither_well_nor_silent(place: Place, keeps_nothing) -> None:
    url = place.settings.redis_url
    assert redis_seconds(url) is not None

    with keeps_nothing(Redis.from_url(url)):
        found, told = failed(place.settings), redis_seconds(url)

    assert "answers and keeps nothing" in found["redis"]
    assert "give it memory or disk, or name the master in HOTLINE_REDIS_URL" in found["redis"]
    assert told is None
    assert "redis" not in failed(place.settings)
    assert redis_seconds(url) is not None


def test_a_database_that_only_reads_is_not_called_well(place: Place) -> None:
    with place.read_only():
        found = failed(place.settings)

    assert "answers and keeps nothing" in found["writing"]
    assert "name the one that may be written to in HOTLINE_DATABASE_URL" in found["writing"]


def test_a_database_whose_disk_is_full_is_not_called_well(place: Place) -> None:
    of_database(
        place,
        "create function no_room() returns event_trigger language plpgsql as "
        "$$ begin raise exception using errcode = '53100', message = 'No space left on device'; end $$",
        "create event trigger no_room on ddl_command_start when tag in ('CREATE TABLE AS') execute function no_room()",
    )

    found = failed(place.settings)

    assert "answers and keeps nothing (No space left on device)" in found["writing"]
    assert "make room on its disk" in found["writing"]


def test_where_no_table_may_be_made_for_a_moment_writing_is_asked_otherwise(place: Place) -> None:
    name = make_url(place.settings.database_url).database
    of_database(place, f"revoke temporary on database {name} from public, hotline_app")

    assert "writing" not in failed(place.settings)
    with place.read_only():
        assert "writing" in failed(place.settings)


def test_a_locked_table_ends_the_questions_about_contents_and_not_the_doctor(place: Place) -> None:
    with psycopg.connect(_owner(place)) as holder:
        holder.execute("lock table staff in access exclusive mode")
        found = list(findings(place.settings))

    contents = next(one for one in found if one.subject == "contents")
    assert "somebody keeps locked" in contents.words
    assert "pg_blocking_pids" in contents.words
    assert {"redis", "media", "public address"} <= {one.subject for one in found}


def _owner(place: Place) -> str:
    owner = make_url(place.settings.owner_database_url).set(drivername="postgresql")
    return owner.render_as_string(hide_password=False)


def test_a_table_that_may_not_be_read_is_named(place: Place) -> None:
    of_database(place, "revoke select on policy_row from hotline_app")

    found = failed(place.settings)

    assert found["rights"].startswith("the application may not read policy_row; ./hotline migrate")


def test_no_tables_and_older_ones_are_told_apart(place: Place) -> None:
    of_database(place, "update alembic_version set version_num = '0002'")
    older = failed(place.settings)["schema"]
    of_database(place, "drop schema public cascade", "create schema public")
    empty = failed(place.settings)["schema"]

    assert older == "is of an older version; run ./hotline migrate"
    assert empty == "there are no tables; run ./hotline migrate"


class _Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"code": 20003, "message": "Authenticate", "status": 401}')

    def log_message(self, *_words: object) -> None:
        pass


def test_a_provider_that_refuses_our_account_is_told_from_one_that_is_not_reached(place: Place) -> None:
    account = {"twilio_account_sid": "AC" + "1" * 32, "twilio_auth_token": "abcdef0123456789" * 2}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        there = {"twilio_base_url": f"http://127.0.0.1:{server.server_port}"}
        refused = failed(place.settings.model_copy(update=account | there))["provider"]
    finally:
        server.shutdown()
        server.server_close()
    away = failed(place.settings.model_copy(update=account | {"twilio_base_url": "http://127.0.0.1:1"}))["provider"]

    assert "refuses our account (401: set its number and token or key anew)" in refused
    assert "is not reached from here" in away


@needs_libfaketime
def test_the_command_fails_in_a_sentence_where_this_machines_clock_is_wrong(place: Place, tmp_path: Path) -> None:
    clock = FakedClock.in_folder(tmp_path)
    clock.set_ahead(7200)

    ended = subprocess.run(
        [sys.executable, ROOT / "hotline", "doctor"],
        env={
            **os.environ,
            "HOTLINE_DATABASE_URL": place.settings.database_url,
            "HOTLINE_OWNER_DATABASE_URL": place.settings.owner_database_url,
            "HOTLINE_REDIS_URL": place.settings.redis_url,
            "HOTLINE_SECRET_KEY": place.settings.secret_key,
            "HOTLINE_DATA_DIR": str(tmp_path),
            **clock.environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert "failed   clocks: this machine and the database are 7200" in ended.stdout
