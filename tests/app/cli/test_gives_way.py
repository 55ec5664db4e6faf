"""Commands that meet trouble of the database: what gives way is done again at once, the rest is a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, make_url, select
from sqlalchemy.exc import IntegrityError

from app.cli.__main__ import main
from tests.app.cli.test_directory_commands import environment, hotline
from tests.conftest import Committed
from tickets.schema import Staff

__all__ = ["environment"]
LAN = "lan@example.vn"
ADD = ["user", "add", "--email", LAN, "--role", "agent", "--unit", "26740", "--name", "Lan"]
PEOPLE = f"email,name,role,unit\n{LAN},Nguyễn Thị Lan,agent,26740\n"
IN_WORDS = {
    "40P01": "give way to others again and again",
    "57014": "answers too slowly",
    "55P03": "has a table that somebody keeps locked",
    "25006": "answers and keeps nothing",
    "53100": "make room on its disk",
    "42501": "./hotline migrate gives the application's role its rights",
}


@pytest.fixture
def here(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of this process work on that database."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@contextmanager
def refused(committed: Committed, state: str, *, times: int) -> Iterator[None]:
    """Whoever adds a person is refused with this SQLSTATE, so often; a sequence counts past what is undone."""
    url = make_url(committed.owner_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create sequence refusals; grant usage on sequence refusals to public")
        connection.execute(
            "create function refuse() returns trigger language plpgsql as $$ begin "
            f"if nextval('refusals') <= {times} then raise exception using errcode = '{state}', "
            "message = 'somebody else was first'; end if; return new; end $$".encode()
        )
        connection.execute("create trigger refuse before insert on staff for each row execute function refuse()")
        try:
            yield
        finally:
            connection.execute("drop function refuse cascade; drop sequence refusals")


def people(committed: Committed) -> int:
    with committed.factory() as session:
        return session.scalar(select(func.count()).select_from(Staff).where(Staff.email == LAN)) or 0


@pytest.mark.parametrize("state", ["40P01", "40001"])
def test_a_command_that_gave_way_twice_is_done_the_third_time_and_once(
    committed: Committed, here: None, capsys: pytest.CaptureFixture[str], state: str
):
    with refused(committed, state, times=2):
        code = main(ADD)

    told = capsys.readouterr()
    assert code == 0, told.err
    assert told.out.count("http") == 1
    assert people(committed) == 1


def test_a_file_from_standard_input_is_read_once_for_every_try(committed: Committed, environment: dict[str, str]):
    with refused(committed, "40P01", times=1):
        done = hotline(environment, "import", "people", "-", given=PEOPLE)

    assert done.returncode == 0, done.stderr
    assert people(committed) == 1


def test_what_stays_in_the_way_is_a_sentence_with_what_to_do_and_nothing_is_half_done(
    committed: Committed, here: None, capsys: pytest.CaptureFixture[str]
):
    for state, words in IN_WORDS.items():
        with refused(committed, state, times=100):
            code = main(ADD)

        told = capsys.readouterr()
        assert (code, told.out) == (1, ""), told.err
        assert words in told.err
        assert "undone: run it again then" in told.err
        assert people(committed) == 0


def test_a_mistake_of_ours_is_not_called_the_databases(committed: Committed, here: None):
    with refused(committed, "23502", times=100), pytest.raises(IntegrityError):
        main(ADD)


def test_a_file_is_whole_or_what_stood_there_before(
    committed: Committed, here: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    kept = tmp_path / "out" / "ledger.csv"
    kept.parent.mkdir()
    kept.write_text("last month's")

    codes = [
        main(["ledger", "export", "2026-11", str(tmp_path / "nowhere" / "ledger.csv")]),
        main(["ledger", "export", "2026-11", str(kept.parent)]),
        main(["export", "units", "/dev/full"]),
        main(["prompts", "export", str(kept / "folder")]),
    ]

    told = capsys.readouterr().err
    assert codes == [1, 1, 1, 1], told
    assert told.count("cannot be written") == 3
    assert told.count("cannot be made") == 1
    assert [path.name for path in kept.parent.iterdir()] == ["ledger.csv"]
    assert kept.read_text() == "last month's"
