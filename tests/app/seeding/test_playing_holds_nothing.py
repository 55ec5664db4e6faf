"""While the demonstration is played behind the pages, what was there before is anybody's: nobody waits for the play."""

import sys
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from app.clockwork.held_tables import PLAY_AFTER_SECONDS, ROWS_AFTER_SECONDS, HeldTables
from app.seeding import people
from app.seeding.demonstration import play
from app.settings import Settings
from app.storage.database import make_engine, session_factory, transaction
from tests.conftest import Committed
from tickets.promises import day_totals
from tickets.schema.base import Base

NOW = datetime.fromisoformat("2026-11-23T09:00:00+07:00")


def held_rows(committed: Committed) -> dict[str, int]:
    """By table, how many of the rows that can be seen somebody keeps from being changed."""
    found = {}
    with psycopg.connect(committed.superuser_url, autocommit=True) as connection:
        for table in Base.metadata.sorted_tables:
            (there,) = connection.execute(f"select count(*) from {table.name}".encode()).fetchone()
            free = len(
                connection.execute(f"select from {table.name} for no key update skip locked".encode()).fetchall()
            )
            if there != free:
                found[table.name] = there - free
    return found


def test_until_its_last_moments_the_play_keeps_nobody_from_a_row_that_was_there_before_and_no_light_is_red(
    committed: Committed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(
        database_url=committed.url, owner_database_url=committed.owner_url, redis_url=committed.redis_url,
        secret_key="a-test-key-of-sufficient-length-0123456789abcdef", public_base_url="http://127.0.0.1:8000",
        data_dir=tmp_path, demo=True, _env_file=None,
    )  # fmt: skip
    held, told, passed, counted = list[dict[str, int]](), list[object](), [0.0], list[int]()
    lights = HeldTables(seconds=lambda: passed[0])

    def look(*_: object, **__: object) -> None:
        held.append(held_rows(committed))
        with transaction(committed.factory) as session:
            counted.append(day_totals.count_next_day(session, now=NOW))
        with committed.factory() as session:
            for seconds in (0.0, ROWS_AFTER_SECONDS + 1, PLAY_AFTER_SECONDS):
                passed[0] += seconds
                told.append([bool(one["tables"]) for one in lights.look(session)])

    monkeypatch.setattr(sys.modules[play.__module__], "give_guidance", look)
    engine = make_engine(settings.migrations_url, statement_timeout_ms=120_000)
    with transaction(session_factory(engine)) as session:
        people.load(session, now=NOW, zone=settings.zone)
    with transaction(session_factory(engine)) as session:
        play(settings, session, tickets=20, now=NOW)
    engine.dispose()
    with committed.factory() as session:
        wrong = day_totals.days_that_differ(session, now=NOW)

    assert held == [{}]
    assert (counted, wrong) == ([1], []), "days are counted beside it, and anew once it is there"
    assert told == [[], [], [True]], "not after half a minute, and after ten it hangs"
