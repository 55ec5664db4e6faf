"""`./hotline clock` as an operator sees it."""

import json

import pytest
from sqlalchemy import select

from app.processes.signs_of_life import database_now
from app.storage.database import transaction
from tests.app.cli.test_directory_commands import environment, hotline
from tests.conftest import Committed
from tickets import process_beats
from tickets.schema import AuditEntry, ClockDecision
from tickets.told_clocks import ToldTime, as_detail

__all__ = ["environment"]


def tell(committed: Committed, clock: ToldTime) -> None:
    with transaction(committed.factory) as session:
        detail = {"leads": True, **as_detail(clock)}
        process_beats.note(session, "scheduler:one:1", kind="scheduler", detail=detail, now=database_now(session))


def decisions(committed: Committed) -> list[str]:
    with committed.factory() as session:
        return list(session.scalars(select(ClockDecision.reason)))


def test_it_shows_every_clock_and_fails_while_they_do_not_agree(committed: Committed, environment: dict[str, str]):
    tell(committed, ToldTime("holds", "", -7200.0, -7200.0, 10))

    plain = hotline(environment, "clock")
    tell(committed, ToldTime("holds", "", -7200.0, -7200.0, 10))
    told = hotline(environment, "clock", "--json")

    assert (plain.returncode, told.returncode) == (1, 1)
    assert "scheduler:one:1  -7200.0 s, last tick leads to -7200.0 s: holds" in plain.stdout
    [scheduler] = json.loads(told.stdout)["schedulers"]
    assert scheduler["state"] == "holds"
    assert abs(json.loads(told.stdout)["here_ahead_seconds"]) < 5


def test_a_decision_needs_a_reason_and_is_audited(committed: Committed, environment: dict[str, str]):
    tell(committed, ToldTime("holds", "", -7200.0, None, 10))

    without = hotline(environment, "clock", "--believe-database")
    # A sign of life grows old while a busy machine starts a command.
    tell(committed, ToldTime("holds", "", -7200.0, None, 10))
    decided = hotline(environment, "clock", "--believe-database", "--reason", "compared with the radio")

    assert (without.returncode, without.stderr.strip()) == (1, "Say why: --reason TEXT.")
    assert decided.returncode == 0, decided.stderr
    assert decisions(committed) == ["compared with the radio"]
    with committed.factory() as session:
        assert session.scalar(select(AuditEntry.params).where(AuditEntry.action == "clock.decided")) is not None


@pytest.mark.parametrize("clock", [None, ToldTime("agrees", "", 0.1, 0.0, 0)])
def test_where_the_clocks_agree_nothing_is_decided(
    committed: Committed, environment: dict[str, str], clock: ToldTime | None
):
    if clock:
        tell(committed, clock)

    shown = hotline(environment, "clock")
    decided = hotline(environment, "clock", "--believe-database", "--reason", "x")

    assert shown.returncode == 0
    assert (decided.returncode, decided.stderr.strip()) == (1, "The clocks agree: nothing has to be decided.")
    assert decisions(committed) == []
