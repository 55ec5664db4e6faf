"""`./hotline ledger` as an auditor sees it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.cli.commands import CommandRefused
from app.cli.ledger import month_of
from tests.app.cli.test_directory_commands import environment, hotline
from tests.conftest import Committed

__all__ = ["environment"]
CITY = ZoneInfo("Asia/Ho_Chi_Minh")


def test_a_line_that_the_database_does_not_have_leaves_the_month_unproved(
    committed: Committed, environment: dict[str, str], tmp_path: Path
):
    file = tmp_path / "ledger.csv"
    exported = hotline(environment, "ledger", "export", "2026-11", str(file))
    headings = file.read_text("utf-8-sig")
    file.write_text(headings + "260000001" + "," * (headings.count(",")) + "\n", "utf-8")

    verified = hotline(environment, "ledger", "verify", "2026-11", str(file), "--json")

    assert exported.returncode == 0, exported.stderr
    assert verified.returncode == 1
    told = json.loads(verified.stdout)
    assert (told["proved"], told["levels"], told["broken_entry"], told["changed"]) == (False, 0, None, [])
    assert [(one["reference"], one["column"]) for one in told["differences"]] == [("260000001", None)]


def test_a_month_begins_and_ends_by_the_citys_time_and_what_is_none_is_refused():
    assert month_of("2026-12", CITY) == (
        datetime(2026, 11, 30, 17, tzinfo=UTC),
        datetime(2026, 12, 31, 17, tzinfo=UTC),
    )
    with pytest.raises(CommandRefused):
        month_of("2026-13", CITY)
