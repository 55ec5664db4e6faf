"""Whoever keeps our tables or rows locked is named, from the sign of life of a scheduler to readiness."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
import pytest

from app.clockwork.held_tables import HeldTables
from app.clockwork.node import make_node
from app.clockwork.schedule import give_sign_of_life
from app.processes.signs_of_life import database_now
from app.settings import Settings
from app.storage.database import transaction
from app.web.monitoring.held_check import held_check
from tests.app.clockwork.test_batches import somebody
from tests.conftest import Committed
from tests.escalation.scene import ward

Look = Callable[[float], str]


@pytest.fixture
def look(committed: Committed, settings: Settings) -> Look:
    """What readiness says of locks, so many seconds after the last look of a scheduler that goes on looking."""
    node, passed = make_node(settings, committed.engine), [0.0]
    node.held = HeldTables(seconds=lambda: passed[0])
    with transaction(committed.factory) as session:
        ward(session)

    def said(seconds: float) -> str:
        passed[0] += seconds
        give_sign_of_life(node)
        with committed.factory() as session:
            return held_check(session, now=database_now(session))["locks"]

    return said


def test_a_table_that_is_held_against_writers_is_named_after_a_quarter_of_a_minute_until_it_is_let_go(
    committed: Committed, look: Look
) -> None:
    with somebody(committed, "lock table timeline_entry in share mode"):
        said = [look(0), look(10), look(6)]
    afterwards = look(5)

    assert said[:2] == ["ok", "ok"]
    assert "timeline_entry for 16 s" in said[2] and "rows" not in said[2]
    assert afterwards == "ok"


def test_rows_that_are_held_at_a_forgotten_terminal_are_named_after_half_a_minute(
    committed: Committed, look: Look
) -> None:
    with somebody(committed, "select from unit for update"):
        said = [look(0), look(20), look(11)]

    assert said[:2] == ["ok", "ok"]
    assert "rows of unit for 31 s" in said[2]


def ours(committed: Committed, statement: str) -> AbstractContextManager[psycopg.Connection]:
    url = committed.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(url)
    connection.execute(statement.encode())
    return connection


@pytest.mark.parametrize("statement", ["select from unit", "lock table unit in share update exclusive mode"])
def test_who_only_reads_or_tidies_holds_up_nobody_and_is_not_named(
    committed: Committed, look: Look, statement: str
) -> None:
    with somebody(committed, statement):
        assert [look(0), look(60)] == ["ok", "ok"]


def test_a_transaction_of_our_own_that_goes_on_is_not_named_however_long_it_lasts(
    committed: Committed, look: Look
) -> None:
    with ours(committed, "select from unit for update") as connection:
        said = [look(0), look(60)]
        connection.rollback()

    assert said == ["ok", "ok"]
