"""`./hotline golive` as a script and a person at a terminal meet it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from app.clock import utc_now
from app.storage.database import transaction
from tests.conftest import Committed
from tests.factories import staff, unit
from tickets.city import day_of
from tickets.directory import going_live
from tickets.schema import AuditEntry
from tickets.states import Role

ROOT = Path(__file__).resolve().parents[3]
BOSS, AGENT = "boss@example.vn", "agent@example.vn"


@pytest.fixture
def beginning(committed: Committed) -> Committed:
    with transaction(committed.factory) as session:
        staff(session, email=BOSS, role=Role.ADMINISTRATOR, at="79")
        staff(session, email=AGENT, role=Role.AGENT, at="TTDH")
        going_live.begin(session, are_live=False, now=utc_now())
    return committed


def golive(committed: Committed, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return hotline(committed, folder, "golive", *arguments)


def hotline(committed: Committed, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "HOTLINE_DATABASE_URL": committed.url,
        "HOTLINE_OWNER_DATABASE_URL": committed.owner_url,
        "HOTLINE_REDIS_URL": committed.redis_url,
        "HOTLINE_DATA_DIR": str(folder),
    }
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=environment, cwd=ROOT, timeout=60, check=False
    )


def waiting(committed: Committed) -> frozenset[int]:
    with committed.factory() as session:
        return going_live.not_live(session, on=day_of(utc_now()))


def test_two_wards_and_then_the_whole_city_go_live_by_name_and_can_be_taken_back(
    beginning: Committed, tmp_path: Path
) -> None:
    with beginning.factory() as session:
        first, second, third = (unit(session, code).id for code in ("26740", "26743", "26737"))

    done = golive(beginning, tmp_path, "26740", "26743", "--by", BOSS, "--json")
    left = waiting(beginning)
    everybody = golive(beginning, tmp_path, "--all", "--by", BOSS)
    back = golive(beginning, tmp_path, "26740", "--by", BOSS, "--take-back", "Chưa có người trực đêm")

    assert json.loads(done.stdout)["units"] == 2, done.stderr
    assert not {first, second} & left
    assert third in left
    assert "receive what is theirs" in everybody.stdout, everybody.stderr
    assert "The city works for 1 unit again." in back.stdout
    assert waiting(beginning) == {first}
    with beginning.factory() as session:
        by_somebody = AuditEntry.action == "unit.taken_back", AuditEntry.staff_id.is_not(None)
        kept = session.scalars(select(AuditEntry).where(*by_somebody)).one()
        assert kept.params["reason"] == "Chưa có người trực đêm"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("26740", "--by", AGENT), "may not decide this"),
        (("26740", "--by", "nobody@example.vn"), "There is nobody"),
        (("99999", "--by", BOSS), "There is no unit 99999."),
        (("26740", "--by", BOSS, "--on", "31/02/2027"), "is no date"),
        (("26740", "--by", BOSS, "--on", "2020-01-01"), "The day has passed"),
        (("--by", BOSS), "say --all"),
        (("26740", "--all", "--by", BOSS), "say --all"),
    ],
)
def test_what_is_no_decision_is_refused_in_words_and_changes_nothing(
    beginning: Committed, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = waiting(beginning)

    done = golive(beginning, tmp_path, *arguments)

    assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    assert waiting(beginning) == before


def test_the_doctor_names_what_each_unit_lacks_and_ends_with_one_while_anything_is_missing(
    beginning: Committed, tmp_path: Path
) -> None:
    as_json = hotline(beginning, tmp_path, "doctor", "--city", "--json")
    in_words = hotline(beginning, tmp_path, "doctor", "--city")

    bodies = [json.loads(line) for line in as_json.stdout.splitlines()]
    assert (as_json.returncode, in_words.returncode) == (1, 1), as_json.stderr
    assert bodies[0]["unit"]["code"] == "79" and len(bodies) > 168
    assert "backup_missing" in {lack["code"] for lack in bodies[0]["lacks"]}
    assert "0 of them live" in in_words.stdout
