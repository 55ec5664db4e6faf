"""G22: a command whose database freezes ends soon and in a sentence, also where its statements may take long."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import make_url

from app.cli.__main__ import main
from app.storage import bounded_connection
from tests.faults.breakable import Place
from tests.faults.nodes import LONG, wait_until
from tests.faults.test_silent_database import everybody_of, frozen

pytestmark = pytest.mark.fault

ENDS_WITHIN_SECONDS = 180.0 if LONG else 40.0
# Whose statements have no limit, or one of minutes, and a table that each reads.
LONG_ONES = {
    "audit verify": "audit_entry",
    "ledger export 2026-11 {folder}/ledger.csv": "planned_step",
    "ledger verify 2026-11": "planned_step",
    "figures check": "clock",
    "figures rebuild": "clock",
    "import units {folder}/units.csv": "unit",
    "backup {folder}/backup": "ticket",
    "migrate": "unit",
}
AT_ONCE = ["audit verify", "figures check", "backup {folder}/other", "migrate", "clock", "messages outages"]
if not LONG:
    # Five seconds each: one that reads, the one with a program of PostgreSQL's beside it, and the one that writes.
    LONG_ONES = {words: LONG_ONES[words] for words in ("figures check", "backup {folder}/backup", "migrate")}
    AT_ONCE = ["clock", "backup {folder}/other"]
UNITS = "code,name,kind,parent,valid_from\n99001,Phường Thử Nghiệm,ward,79,2026-01-01\n"


@pytest.fixture
def here(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The commands of this process work on that database, and lose patience sooner in the short form."""
    monkeypatch.setenv("HOTLINE_DATABASE_URL", place.settings.database_url)
    monkeypatch.setenv("HOTLINE_OWNER_DATABASE_URL", place.settings.owner_database_url)
    monkeypatch.setenv("HOTLINE_REDIS_URL", place.settings.redis_url)
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(place.folder / "data"))
    if not LONG:
        monkeypatch.setattr(bounded_connection, "ASK_AFTER_SECONDS", 0.5)
        monkeypatch.setattr(bounded_connection, "_ASKED_FOR_SECONDS", 2)
    (place.folder / "units.csv").write_text(UNITS, "utf-8")
    return place


def test_the_server_freezes_while_a_command_waits_for_it(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    ended: dict[str, tuple[int, bool, bool]] = {}
    for words, table in LONG_ONES.items():
        began = time.monotonic()
        with freezes_at(here, table):
            code = main(words.format(folder=here.folder).split())
        told = capsys.readouterr().err
        in_words = "Traceback" not in told and "has said nothing" in told
        ended[words] = code, in_words, time.monotonic() - began < ENDS_WITHIN_SECONDS

    assert ended == dict.fromkeys(LONG_ONES, (1, True, True))


def test_the_server_is_frozen_before_a_command_begins(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    ended: dict[str, tuple[int, bool, bool]] = {}
    with frozen(here):
        for words in AT_ONCE:
            began = time.monotonic()
            code = main(words.format(folder=here.folder).split())
            told = capsys.readouterr().err
            ended[words] = code, "atabase" in told and "Traceback" not in told, time.monotonic() - began < 30

    assert ended == dict.fromkeys(AT_ONCE, (1, True, True))


def test_a_statement_that_takes_long_on_a_server_that_answers_others_is_waited_for(here: Place) -> None:
    no_limit = bounded_connection.Limits(statement_ms=0)
    url = make_url(here.settings.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with bounded_connection.connect(url, limits=no_limit) as connection:
        seconds = 60 if LONG else 4
        assert connection.execute("select 1 from pg_sleep(%s)", (seconds,)).fetchone() == (1,)


@contextmanager
def freezes_at(place: Place, table: str) -> Iterator[None]:
    """The server, as soon as somebody waits for this table, which is held meanwhile."""
    superuser = make_url(place.engines.superuser_database_url).set(
        drivername="postgresql", database=make_url(place.settings.database_url).database
    )
    waiting = "select count(*) from pg_locks where not granted and database = "
    waiting += "(select oid from pg_database where datname = current_database())"
    over = threading.Event()
    with psycopg.connect(superuser.render_as_string(hide_password=False), autocommit=True) as watching:
        with psycopg.connect(superuser.render_as_string(hide_password=False)) as holding:
            holding.execute(f"lock table {table} in access exclusive mode".encode())
            stopped: list[int] = []

            def freeze() -> None:
                if wait_until(lambda: over.is_set() or watching.execute(waiting).fetchone() != (0,), seconds=60):
                    for pid in everybody_of(place):
                        os.kill(pid, signal.SIGSTOP)
                        stopped.append(pid)

            thread = threading.Thread(target=freeze, daemon=True)
            thread.start()
            try:
                yield
            finally:
                over.set()
                thread.join()
                for pid in stopped:
                    os.kill(pid, signal.SIGCONT)
