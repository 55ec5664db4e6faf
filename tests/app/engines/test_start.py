"""The embedded engines: private, durable, joined or recovered, and leaving the machine as it was."""

import hashlib
import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from app.engines import Engines, EngineTrouble, folders, identity, running_engines, start_engines
from app.engines.orphans import processes_in
from app.settings import ROOT

STARTER = """
import json, sys, time
from pathlib import Path
from app.engines import start_engines
engines = start_engines(Path(sys.argv[1]))
print(json.dumps(engines.pids), flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    started = start_engines(tmp_path_factory.mktemp("Thư mục dữ liệu") / "with a space")
    yield started
    started.stop()


def connect(url: str, **options: object) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True, **options)


def answer(url: str, query: str) -> object:
    with connect(url) as connection:
        return connection.execute(query).fetchone()[0]


def test_both_engines_answer_from_a_folder_with_spaces_and_vietnamese_letters(engines):
    assert answer(engines.database_url, "select current_user::text") == "hotline_app"
    assert answer(engines.owner_database_url, "select current_user::text") == "hotline_owner"
    assert redis.Redis.from_url(engines.redis_url).ping()


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_an_acknowledged_commit_is_on_disk(engines, setting):
    assert answer(engines.database_url, f"show {setting}") == "on"


def test_text_is_compared_by_code_point_and_kept_in_utf8(engines):
    with connect(engines.database_url) as connection:
        row = connection.execute(
            "select pg_encoding_to_char(encoding), datlocprovider, datlocale from pg_database where datname = 'hotline'"
        ).fetchone()

    assert row == ("UTF8", "b", "C.UTF-8")


def test_nobody_without_the_password_comes_in(engines):
    wrong = engines.database_url.replace("hotline_app:", "hotline_app:x")

    with pytest.raises(psycopg.OperationalError, match="password"):
        connect(wrong)
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url("unix://" + engines.redis_url.split("@", 1)[1]).ping()


def test_the_engines_listen_on_private_sockets_only(engines):
    assert answer(engines.database_url, "show listen_addresses") == ""
    sockets = Path(str(answer(engines.superuser_database_url, "show unix_socket_directories")))
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert len(os.fsencode(sockets / ".s.PGSQL.5432")) < 107
    assert redis.Redis.from_url(engines.redis_url).config_get("port") == {"port": "0"}


def test_valkey_keeps_what_it_accepted_and_never_evicts(engines):
    client = redis.Redis.from_url(engines.redis_url)

    kept = {name: client.config_get(name)[name] for name in ("appendonly", "appendfsync", "maxmemory-policy")}

    assert kept == {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}


def test_the_applications_role_can_neither_make_tables_nor_databases(engines):
    with connect(engines.database_url) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create table intruder (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create database intruder")


def test_the_server_does_not_run_with_roots_rights(engines):
    status = Path(f"/proc/{engines.pids['postgres']}/status").read_text()

    effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff"))

    assert int(effective, 16) == 0


def test_a_second_start_on_the_same_data_joins_and_stopping_it_stops_nothing(engines):
    note = json.loads((engines.data_dir / "engines.json").read_text())
    assert note["supervisor"] == os.getpid()

    second = start_engines(engines.data_dir)
    joined = running_engines(engines.data_dir)
    second.stop()

    assert second.pids == {}
    assert joined is not None
    assert answer(second.database_url, "select 1") == 1


def test_killed_engines_are_revived_with_their_data(engines):
    with connect(engines.owner_database_url) as connection:
        connection.execute("create table if not exists kept (word text)")
        connection.execute("insert into kept values ('before the kill')")

    for pid in engines.pids.values():
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    revived = engines.revive()

    assert revived == ["postgres", "valkey"]
    assert answer(engines.owner_database_url, "select word from kept") == "before the kill"
    assert redis.Redis.from_url(engines.redis_url).ping()


def test_starting_leaves_users_and_foreign_folders_alone(tmp_path):
    watched = [Path.home(), tmp_path.parent, ROOT, Path("/etc/passwd")]
    before = [(path.stat().st_mode, path.stat().st_uid) for path in watched], pwd.getpwall()

    start_engines(tmp_path / "data").stop()

    assert ([(path.stat().st_mode, path.stat().st_uid) for path in watched], pwd.getpwall()) == before


def test_stopped_engines_leave_no_process_and_no_socket_behind(tmp_path):
    started = start_engines(tmp_path / "data")
    sockets = Path(str(answer(started.superuser_database_url, "show unix_socket_directories")))

    started.stop()
    started.stop()

    assert processes_in(tmp_path / "data" / "engines" / "postgres") == []
    assert not sockets.exists()
    assert running_engines(tmp_path / "data") is None


def test_the_engines_follow_a_supervisor_that_is_killed_and_start_again_on_the_same_data(tmp_path):
    data = tmp_path / "data"
    command = [sys.executable, "-c", STARTER, str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as supervisor:
        pids = json.loads(supervisor.stdout.readline())
        os.kill(pids["postgres"], signal.SIGSTOP)  # so that one of them cannot follow by itself
        supervisor.kill()
    os.kill(pids["postgres"], signal.SIGCONT)

    again = start_engines(data)

    assert not set(pids.values()) & set(again.pids.values())
    assert answer(again.database_url, "select 1") == 1
    again.stop()


def test_a_killed_initdb_is_begun_again(tmp_path):
    unfinished = tmp_path / "data" / "engines" / "postgres-unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18")

    started = start_engines(tmp_path / "data", valkey=False)

    assert answer(started.database_url, "select 1") == 1
    assert started.redis_url == ""
    started.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to leave root")
def test_where_no_user_namespace_may_be_made_root_drops_to_a_real_user(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "in_user_namespace", lambda: identity.Identity(identity.Manner.USER_NAMESPACE, -1, -1))
    started = start_engines(tmp_path / "data")
    moved = Path((tmp_path / "data" / "engines-moved-to").read_text())
    try:
        owner = Path(f"/proc/{started.pids['postgres']}").stat().st_uid

        assert owner != 0
        assert moved.parent == Path("/var/lib")
        assert answer(started.database_url, "select 1") == 1
        assert redis.Redis.from_url(started.redis_url).ping()
    finally:
        started.stop()
        subprocess.run(["rm", "-rf", moved], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="root's folders are the ones that others cannot write")
def test_a_data_folder_that_cannot_be_made_is_named_in_a_sentence():
    with pytest.raises(EngineTrouble, match="cannot be written"):
        start_engines(Path("/proc/hotline-data"))


def test_a_socket_folder_of_somebody_else_is_refused(monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        data = Path(folder) / "data"
        short = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:12]
        (Path(folder) / f"hotline-{short}").symlink_to("/var")

        with pytest.raises(EngineTrouble, match="belongs to somebody else"):
            start_engines(data)
