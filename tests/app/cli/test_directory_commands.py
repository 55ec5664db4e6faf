"""`import`, `export`, `user add` and `token add` as a script sees them."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.accounts.enrolment import token_hash
from app.storage.database import transaction
from tests.conftest import Committed
from tickets.directory.staff import person_by_email
from tickets.people.roles import load_viewer
from tickets.schema import ApiToken, Invitation, Unit
from tickets.states import Role

ROOT = Path(__file__).resolve().parents[3]
UNITS = "code,name,kind,parent,valid_from\n99001,Phường Thử Nghiệm,ward,79,2026-01-01\n"


@pytest.fixture
def environment(committed: Committed, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HOTLINE_DATABASE_URL": committed.url,
        "HOTLINE_OWNER_DATABASE_URL": committed.owner_url,
        "HOTLINE_REDIS_URL": committed.redis_url,
        "HOTLINE_DATA_DIR": str(tmp_path / "data"),
    }


def hotline(environment: dict[str, str], *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


def test_a_dry_run_tells_what_would_be_added_and_writes_nothing(
    committed: Committed, environment: dict[str, str]
) -> None:
    done = hotline(environment, "import", "units", "-", "--dry-run", "--json", given=UNITS)

    assert json.loads(done.stdout)["added"] == ["99001 Phường Thử Nghiệm"], done.stderr
    with committed.factory() as session:
        assert session.scalar(select(func.count(Unit.id)).where(Unit.code == "99001")) == 0


def test_an_import_writes_the_file_and_an_export_gives_it_back(
    committed: Committed, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "units.csv").write_text(UNITS, encoding="utf-8")

    done = hotline(environment, "import", "units", str(tmp_path / "units.csv"))
    out = hotline(environment, "export", "units")

    assert "1 were added" in done.stdout, done.stderr
    assert "99001,Phường Thử Nghiệm" in out.stdout


def test_a_wrong_row_is_named_and_the_exit_code_says_so(environment: dict[str, str]) -> None:
    done = hotline(environment, "import", "lines", "-", given="phone,unit\nnumber,26740\n")

    assert done.returncode == 1
    assert "line 2: not a phone number: number" in done.stderr
    assert "Nothing was imported" in done.stderr


def test_a_person_added_holds_the_role_and_gets_a_link(committed: Committed, environment: dict[str, str]) -> None:
    arguments = ("user", "add", "--email", "moi@example.vn", "--role", "agent", "--unit", "26740", "--json")

    done = hotline(environment, *arguments)
    again = hotline(environment, *arguments)
    # The first link lies in a mailbox that nobody opens any more.
    anew = hotline(environment, "user", "link", "--email", "MOI@example.vn")
    unknown = hotline(environment, "user", "link", "--email", "khong@example.vn")

    assert "/sign-in/link/" in anew.stdout and anew.stdout.strip() != json.loads(done.stdout)["link"]
    assert unknown.returncode == 1 and "There is no person khong@example.vn." in unknown.stderr
    assert "/sign-in/link/" in json.loads(done.stdout)["link"], done.stderr
    assert again.returncode == 1 and "already" in again.stderr
    with transaction(committed.factory) as session:
        person = person_by_email(session, "MOI@example.vn")
        assert person is not None
        viewer = load_viewer(session, person.id, now=datetime.now(UTC))
        assert viewer is not None and viewer.holds(Role.AGENT)


def test_a_token_is_printed_once_and_only_its_hash_is_kept(committed: Committed, environment: dict[str, str]) -> None:
    done = hotline(environment, "token", "add", "--name", "portal", "--scope", "tickets:read", "--json")

    token = json.loads(done.stdout)["token"]
    with transaction(committed.factory) as session:
        row = session.scalars(select(ApiToken)).one()
        assert row.token_hash == token_hash(token)
        assert token not in (row.name, row.token_hash)
        assert row.scopes == ["tickets:read"]


def test_an_unknown_unit_is_a_plain_sentence(environment: dict[str, str]) -> None:
    done = hotline(environment, "user", "add", "--email", "a@example.vn", "--role", "agent", "--unit", "nowhere")

    assert done.returncode == 1
    assert "There is no unit nowhere." in done.stderr


def test_whoever_is_brought_in_can_be_invited_at_once(committed: Committed, environment: dict[str, str]) -> None:
    rows = "name,unit,role,email\nNguyễn Văn Mời,26740,agent,moi@example.vn\n"

    tried = hotline(environment, "import", "people", "-", "--invite", "--dry-run", "--json", given=rows)
    done = hotline(environment, "import", "people", "-", "--invite", "--json", given=rows)
    refused = hotline(environment, "import", "units", "-", "--invite", given=UNITS)

    assert json.loads(tried.stdout)["invited"] >= 1, tried.stderr
    assert json.loads(done.stdout)["invited"] >= 1, done.stderr
    assert refused.returncode != 0
    with committed.factory() as session:
        person = person_by_email(session, "moi@example.vn")
        assert person is not None
        assert session.get(Invitation, person.id) is not None
