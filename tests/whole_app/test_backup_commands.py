"""`backup` and `restore`: taken while people write, proved without a database, and back when everything is gone."""

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from sqlalchemy import func, select, text

from app.backup.contents import differences, sequences_of, tables_of, write_alike
from app.backup.restoring import restore, verify
from app.backup.taking import take
from app.backup.tools import tools_for
from app.backup.trouble import BackupTrouble
from app.cli import media
from app.settings import ROOT, Settings
from app.storage.database import alembic_config, make_engine, session_factory, transaction
from app.storage.starting import refuse_unsafe_start
from tests.conftest import NOW, Committed, Servers
from tests.factories import open_ticket
from tests.object_store import object_server, with_bucket
from tickets import done_days
from tickets.audit import entries
from tickets.schema import Ticket
from tickets.work import attachments
from tickets.work.attachments import NewFile

OTHER_KEY = "another-key-of-sufficient-length-0123456789abcdef"


def quiet(_words: str) -> None:
    return


@pytest.fixture
def house(committed: Committed, settings: Settings, tmp_path: Path) -> Settings:
    """A city that works: tickets, a sealed audit trail, and media beside them."""
    here = of(settings, committed.url, committed.owner_url, committed.redis_url, tmp_path / "house")
    refuse_unsafe_start(here)
    with transaction(committed.factory) as session:
        for _ in range(3):
            open_ticket(session)
    with transaction(committed.factory) as session:
        entries.seal(session, now=NOW, settled_before=NOW)
    for key in ("attachments/a1/đèn.jpg", "recordings/b2/voice.wav"):
        path = here.media_folder / key
        path.parent.mkdir(parents=True)
        path.write_bytes(os.urandom(70_000))
    (here.media_folder / "attachments" / ".half.part").write_bytes(b"not whole")
    return here


@pytest.fixture
def empty(servers: Servers, settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Where a backup is restored: an empty database and an empty folder."""
    name = f"hotline_{uuid.uuid4().hex[:12]}"
    servers.create_database(name, "template0")
    yield of(settings, servers.url(name), servers.url(name, owner=True), servers.engines.redis_url, tmp_path / "other")
    servers.drop_database(name)


def of(settings: Settings, url: str, owner_url: str, redis_url: str, folder: Path) -> Settings:
    given = {"database_url": url, "owner_database_url": owner_url, "redis_url": redis_url, "data_dir": folder}
    return Settings(**{**settings.model_dump(), **given}, _env_file=None)


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hotline(settings: Settings, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "HOTLINE_DATABASE_URL": settings.database_url,
        "HOTLINE_OWNER_DATABASE_URL": settings.owner_database_url,
        "HOTLINE_REDIS_URL": settings.redis_url,
        "HOTLINE_SECRET_KEY": settings.secret_key,
        "HOTLINE_DATA_DIR": str(settings.data_dir),
        **more,
    }
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_backup_under_load_is_back_the_same_after_everything_is_gone(
    house: Settings, empty: Settings, committed: Committed, servers: Servers, tmp_path: Path
) -> None:
    file, stop = tmp_path / "hotline.backup", threading.Event()
    writers = [threading.Thread(target=keep_writing, args=(committed, stop)) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        manifest = take(house, file, recipient="", say=quiet, now=NOW)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    kept = files_in(house.media_folder)
    committed.engine.dispose()
    servers.drop_database(make_engine(house.database_url).url.database or "")
    shutil.rmtree(house.data_dir)

    said: list[str] = []
    restore(empty, file, identity="", say=said.append)

    engine = make_engine(empty.database_url)
    with transaction(session_factory(engine)) as session:
        assert session.scalar(select(func.count(Ticket.id))) == manifest.tables["ticket"].size >= 3
        assert entries.verify(session).broken_entry_id is None
        assert open_ticket(session).reference not in session.scalars(select(Ticket.reference).limit(3)).all()
    with engine.connect() as connection, pytest.raises(Exception, match="permission denied"):
        connection.execute(text("update audit_entry set action = 'nothing.happened'"))
    engine.dispose()
    del kept["attachments/.half.part"]
    assert files_in(empty.media_folder) == kept
    refuse_unsafe_start(empty)
    assert any("Comparing" in words for words in said)


def keep_writing(committed: Committed, stop: threading.Event) -> None:
    while not stop.is_set():
        with transaction(committed.factory) as session:
            open_ticket(session)


def test_a_backup_is_verified_without_a_database_and_every_byte_counts(house: Settings, tmp_path: Path) -> None:
    file = tmp_path / "hotline.backup"
    take(house, file, recipient="", say=quiet, now=NOW)
    whole = file.read_bytes()
    assert verify(file, identity="", say=quiet).tables["ticket"].size == 3
    assert file.stat().st_mode & 0o077 == 0

    unseen = []
    manifest = whole.rindex(b'"format"')
    of_manifest = range(manifest, len(whole.rstrip(bytes(1))), 97)
    for place in (*range(600, len(whole), len(whole) // 40), *of_manifest):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            verify(file, identity="", say=quiet)
            unseen.append(place)
        except BackupTrouble:
            pass
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupTrouble):
        verify(file, identity="", say=quiet)

    # Only the padding between two parts means nothing.
    assert all(not whole[place] for place in unseen)


def test_what_does_not_fit_is_refused_before_anything_is_touched(
    house: Settings, empty: Settings, committed: Committed, tmp_path: Path
) -> None:
    file = tmp_path / "hotline.backup"
    take(house, file, recipient="", say=quiet, now=NOW)
    other_key = empty.model_copy(update={"secret_key": OTHER_KEY})
    engine = make_engine(empty.owner_database_url, pool_size=1)

    with pytest.raises(BackupTrouble, match="not empty"):
        committed.engine.dispose()
        restore(house, file, identity="", say=quiet)
    with pytest.raises(BackupTrouble, match="secret key with the fingerprint"):
        restore(other_key, file, identity="", say=quiet)
    with engine.connect() as connection:
        connection.execute(text("select 1"))
        with pytest.raises(BackupTrouble, match="Somebody is connected"):
            restore(empty, file, identity="", say=quiet)
    engine.dispose()
    (empty.media_folder / "attachments/a1").mkdir(parents=True)
    (empty.media_folder / "attachments/a1/đèn.jpg").write_bytes(b"of another city")
    with pytest.raises(BackupTrouble, match="another file"):
        restore(empty, file, identity="", say=quiet)
    file.write_bytes(b"no backup")
    with pytest.raises(BackupTrouble):
        restore(empty, file, identity="", say=quiet)

    with make_engine(empty.owner_database_url).connect() as connection:
        tables = connection.execute(text("select count(*) from pg_class where relnamespace = 'public'::regnamespace"))
        assert tables.scalar_one() == 0
    assert files_in(empty.media_folder) == {"attachments/a1/đèn.jpg": b"of another city"}


def test_media_that_moved_to_a_bucket_are_backed_up_from_there_and_restored_into_a_folder(
    house: Settings, empty: Settings, committed: Committed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hotline.backup"
    with object_server(tmp_path / "objects") as endpoint:
        moved = with_bucket(house, endpoint)

        for said_there in ("2 files from", "0 files from"):
            media.copy(moved, str(house.media_folder))
            assert said_there in capsys.readouterr().out
        with transaction(committed.factory) as session:
            ticket_id = session.scalars(select(Ticket.id)).first()
            for key in ("attachments/a1/đèn.jpg", "attachments/a1/never-copied.jpg"):
                attachments.add(session, ticket_id, [NewFile("a.jpg", "image/jpeg", 1, "0" * 64, key)], now=NOW)
        code = media.check(moved)
        said = capsys.readouterr().out
        manifest = take(moved, file, recipient="", say=quiet, now=NOW)

        restore(empty, file, identity="", say=quiet)

    assert code == 1
    assert "missing  attachments/a1/never-copied.jpg" in said
    assert manifest.missing == ("attachments/a1/never-copied.jpg",)
    kept = files_in(house.media_folder)
    del kept["attachments/.half.part"]
    assert files_in(empty.media_folder) == kept


def test_a_backup_that_could_not_be_taken_leaves_no_file(house: Settings, tmp_path: Path) -> None:
    file = tmp_path / "hotline.backup"

    for recipient, said in (("age1qqq", "age"), ("nobody@example.invalid", "gpg|GnuPG")):
        with pytest.raises(BackupTrouble, match=f"({said}).*(failed|not installed)"):
            take(house, file, recipient=recipient, say=quiet, now=NOW)
    assert list(tmp_path.glob("*backup*")) == [] and list(tmp_path.glob(".*part")) == []
    file.write_text("somebody's")
    with pytest.raises(BackupTrouble, match="never written over"):
        take(house, file, recipient="", say=quiet, now=NOW)


_KILLED = """
import os, signal, sys
from app.backup.scratch import draft_of, folder_beside
from pathlib import Path
with draft_of(Path(sys.argv[1])) as draft, folder_beside(Path(sys.argv[2]), "backup-") as folder:
    draft.write_bytes(b"half")
    (folder / "database.dump").write_bytes(b"what people said")
    os.kill(os.getpid(), int(sys.argv[3]))
    print("written", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_backup_left_in_the_clear_goes_with_the_next_one_and_what_a_living_one_writes_stays(
    house: Settings, tmp_path: Path
) -> None:
    def begun(name: str, by: int) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", _KILLED, str(tmp_path / name), str(house.data_dir), str(by)]
        return subprocess.Popen(arguments, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    killed = begun("yesterday", signal.SIGKILL)
    killed.wait(30)
    left = sorted(house.data_dir.glob("backup-*"))
    living = begun("beside", 0)
    assert living.stdout is not None and living.stdout.readline() == "written\n"
    beside = [path for path in house.data_dir.glob("backup-*") if path not in left]

    take(house, tmp_path / "today", recipient="", say=quiet, now=NOW)

    assert killed.returncode == -signal.SIGKILL and len(left) == 1
    assert list(house.data_dir.glob("backup-*")) == beside and (beside[0] / "database.dump").exists()
    assert [path.name for path in tmp_path.glob(".*part")] == [".beside.hotline-part"]
    living.communicate("")
    assert list(house.data_dir.glob("backup-*")) == []


@pytest.mark.skipif(not shutil.which("gpg"), reason="GnuPG is not installed")
def test_a_backup_for_a_recipient_is_opened_by_their_key_alone(
    house: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hotline.backup.gpg"
    # A socket of its agent stands in there, and its path may not be long.
    with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp") as ring, tempfile.TemporaryDirectory() as other:
        monkeypatch.setenv("GNUPGHOME", ring)
        subprocess.run(
            ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "backup@example.vn"], check=True
        )
        said: list[str] = []
        with pytest.raises(BackupTrouble, match="gpg failed"):
            take(house, file, recipient="nobody@example.vn", say=said.append, now=NOW)
        assert said == [], "before hours are spent on what goes in"
        take(house, file, recipient="backup@example.vn", say=quiet, now=NOW)
        assert verify(file, identity="", say=quiet).tables["ticket"].size == 3
        monkeypatch.setenv("GNUPGHOME", other)
        with pytest.raises(BackupTrouble, match="for another key, cut short or damaged"):
            verify(file, identity="", say=quiet)
        monkeypatch.setenv("GNUPGHOME", ring)
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=False)
    assert b"postgres" not in file.read_bytes() and not tarfile.is_tarfile(file)


def test_the_commands_take_prove_and_restore_and_end_with_the_audit_trail(
    house: Settings, empty: Settings, tmp_path: Path, committed: Committed
) -> None:
    file = str(tmp_path / "hotline.backup")

    taken, sound = hotline(house, "backup", file), hotline(house, "backup", "--verify", file)
    again = hotline(house, "backup", file)
    back = hotline(empty, "restore", file)

    assert taken.returncode == 0 and "not encrypted" in taken.stdout, taken.stderr
    assert sound.returncode == 0 and "The backup is sound." in sound.stdout
    assert again.returncode == 1 and "never written over" in again.stderr
    assert back.returncode == 0, back.stderr
    assert "Everything is back and the same." in back.stdout
    assert "schema: is that of this build" in back.stdout
    assert "The audit trail is intact" in back.stdout
    with committed.factory() as session:
        assert done_days.last_done(session, done_days.BACKUP) is not None, "monitoring knows of it"


def test_where_there_is_no_room_for_media_nothing_is_restored_and_it_is_simply_done_again(
    house: Settings, empty: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "hotline.backup"
    manifest = take(house, file, recipient="", say=quiet, now=NOW)
    empty.media_folder.mkdir(parents=True)
    in_the_way = empty.media_folder / "recordings"
    in_the_way.write_bytes(b"")

    with pytest.raises(OSError, match="recordings"):
        restore(empty, file, identity="", say=quiet)
    in_the_way.unlink()
    again = restore(empty, file, identity="", say=quiet)

    assert again.tables == manifest.tables
    assert set(files_in(empty.media_folder)) == set(manifest.media)


def test_a_changed_row_is_found_when_two_databases_are_compared(house: Settings, committed: Committed) -> None:
    def told() -> tuple:
        with psycopg.connect(committed.superuser_url) as connection:
            write_alike(connection)
            return tables_of(connection, quiet), sequences_of(connection)

    before = told()
    with transaction(committed.factory) as session:
        session.execute(text("update ticket set subject = subject || '.' where id = (select min(id) from ticket)"))

    wrong = differences(before[0], told()[0], before[1], before[1])

    assert "rows of the table ticket are not those of the backup" in wrong


def test_programs_that_are_too_old_for_the_server_are_named(tmp_path: Path) -> None:
    old = tmp_path / "bin"
    old.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (old / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
        (old / name).chmod(0o755)

    with pytest.raises(BackupTrouble, match=r"PostgreSQL 99.*9\.6 in .*postgresql-client-99.*HOTLINE_PG_BIN"):
        tools_for(990000, named=str(old))
    assert tools_for(180000, named=str(old)).folder != old
    with pytest.raises(BackupTrouble, match="there is no pg_dump in it"):
        tools_for(180000, named=str(tmp_path / "nowhere"))


def test_a_backup_of_an_older_schema_is_restored_and_brought_up_to_date(
    servers: Servers, settings: Settings, empty: Settings, tmp_path: Path
) -> None:
    servers.create_database("hotline_older", "template0")
    old = of(settings, servers.url("hotline_older"), servers.url("hotline_older", owner=True), "", tmp_path / "old")
    try:
        command.upgrade(alembic_config(old.owner_database_url), "0001")
        take(old, tmp_path / "old.backup", recipient="", say=quiet, now=NOW)
    finally:
        servers.drop_database("hotline_older")

    manifest = restore(empty, tmp_path / "old.backup", identity="", say=quiet)

    assert manifest.schema == "0001"
    refuse_unsafe_start(empty)


def test_what_goes_wrong_outside_is_a_sentence_and_leaves_nothing_in_the_clear(
    house: Settings, empty: Settings, tmp_path: Path
) -> None:
    away = {"HOTLINE_OWNER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}

    done = [
        hotline(house, "backup", str(tmp_path / "a.backup"), **away),
        hotline(empty, "backup", str(tmp_path / "b.backup")),
        hotline(house, "backup", "/nowhere/c.backup"),
        hotline(empty, "restore", str(tmp_path / "d.backup")),
    ]

    assert [one.returncode for one in done] == [1, 1, 1, 1]
    assert not any("Traceback" in one.stderr for one in done), [one.stderr for one in done]
    assert "no tables of ours" in done[1].stderr
    assert list(tmp_path.glob("*.backup")) == []
    assert list(house.data_dir.glob("backup-*")) == [] == list(empty.data_dir.glob("*store-*"))
