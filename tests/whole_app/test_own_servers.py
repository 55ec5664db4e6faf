"""With servers of one's own (Debian's PostgreSQL 15 and redis-server) the same commands start no engine."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis

from app.engines.identity import Identity, as_we_are, in_user_namespace
from app.settings import ROOT
from tests.faults.nodes import HANG_SECONDS, wait_until
from tests.whole_app.bare_machine import living

POSTGRES_BINS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
REDIS = shutil.which("redis-server") or shutil.which("valkey-server")

pytestmark = [
    pytest.mark.skipif(not POSTGRES_BINS, reason="needs Debian's package postgresql (.ci/run installs it)"),
    pytest.mark.skipif(REDIS is None, reason="needs Debian's package redis-server (.ci/run installs it)"),
]


SECRET_KEY = "a-key-of-ones-own-of-sufficient-length-0123456789"
_DATABASES = ("DATABASE_URL", "OWNER_DATABASE_URL")


@dataclass(frozen=True)
class OwnServers:
    """What an operator would write into `.env`."""

    environment: dict[str, str]
    owner_url: str

    def with_an_empty_database(self) -> "OwnServers":
        moved = {f"HOTLINE_{name}": self.environment[f"HOTLINE_{name}"] + "_new" for name in _DATABASES}
        return OwnServers({**self.environment, **moved}, self.owner_url)


@pytest.fixture(scope="module")
def servers_of_ones_own() -> Iterator[OwnServers]:
    identity = in_user_namespace() if os.geteuid() == 0 else as_we_are()
    with tempfile.TemporaryDirectory(prefix="own-servers-") as name, ExitStack() as stack:
        folder = Path(name)
        postgres_port, redis_port = free_port(), free_port()
        stack.callback(stop, start_postgres(identity, folder, postgres_port))
        stack.callback(stop, start_redis(identity, folder, redis_port))
        make_roles(postgres_port)
        yield OwnServers(
            environment={
                "HOTLINE_DATABASE_URL": f"postgresql://hotline_app:app@127.0.0.1:{postgres_port}/hotline",
                "HOTLINE_OWNER_DATABASE_URL": f"postgresql://hotline_owner:owner@127.0.0.1:{postgres_port}/hotline",
                "HOTLINE_REDIS_URL": f"redis://:secret@127.0.0.1:{redis_port}/0",
                # The tests share a database and not their folders, in which a key would be made otherwise.
                "HOTLINE_SECRET_KEY": SECRET_KEY,
            },
            owner_url=f"postgresql://hotline_owner:owner@127.0.0.1:{postgres_port}/hotline",
        )


def start_postgres(identity: Identity, folder: Path, port: int) -> subprocess.Popen[bytes]:
    data, password = folder / "postgres", folder / "password"
    password.write_text("superuser")
    initdb = POSTGRES_BINS[-1].with_name("initdb")
    words = ["-U", "postgres", "--pwfile", password, "--auth", "scram-sha-256", "-E", "UTF8", "--locale", "C.UTF-8"]
    identity.run([initdb, "-D", data, *words], cwd=folder)
    command = [POSTGRES_BINS[-1], "-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"]
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT)
    process = identity.popen(command, log=log, cwd=folder, death_signal=signal.SIGINT)
    os.close(log)
    return process


def start_redis(identity: Identity, folder: Path, port: int) -> subprocess.Popen[bytes]:
    command = [REDIS, "--port", str(port), "--bind", "127.0.0.1", "--requirepass", "secret", "--dir", folder]
    log = os.open(folder / "redis-log", os.O_WRONLY | os.O_CREAT)
    process = identity.popen(command, log=log, cwd=folder, death_signal=signal.SIGTERM)
    os.close(log)
    wait_for(lambda: redis.Redis(port=port, password="secret").ping(), redis.RedisError)
    return process


def make_roles(port: int) -> None:
    url = f"postgresql://postgres:superuser@127.0.0.1:{port}/postgres"
    wait_for(lambda: psycopg.connect(url).close(), psycopg.OperationalError)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create role hotline_owner login password 'owner'")
        connection.execute("create role hotline_app login password 'app'")
        connection.execute("create database hotline owner hotline_owner")
        connection.execute("create database hotline_new owner hotline_owner")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)


def wait_for(attempt, error) -> None:
    deadline = time.monotonic() + HANG_SECONDS
    while True:
        try:
            attempt()
            return
        except error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10):
            return True
    except OSError:  # a refusal with a status is one too
        return False


def hotline(*words: str) -> list[str]:
    return [sys.executable, "-m", "app.cli", *words]


def environment(servers: OwnServers) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return {**kept, **servers.environment}


def run(servers: OwnServers, *words: str, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        hotline(*words, "--data", str(data)),
        cwd=ROOT,
        env=environment(servers),
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    return {finding["subject"]: finding for finding in map(json.loads, done.stdout.splitlines())}


def test_doctor_names_the_missing_tables_before_migrate_and_the_missing_people_after(servers_of_ones_own, tmp_path):
    servers = servers_of_ones_own.with_an_empty_database()

    before = run(servers, "doctor", "--json", data=tmp_path)
    migrated = run(servers, "migrate", data=tmp_path)
    after = run(servers, "doctor", "--json", data=tmp_path)
    again = run(servers, "migrate", data=tmp_path)

    assert before.returncode == 1
    assert findings(before)["schema"]["words"] == "there are no tables; run ./hotline migrate"
    assert migrated.returncode == 0, migrated.stderr
    assert "Loaded reference data: units, queues" in migrated.stdout
    assert after.returncode == 0
    assert "./hotline user add" in findings(after)["administrator"]["words"]
    assert "directory" not in findings(after)
    assert again.returncode == 0
    assert "Loaded" not in again.stdout


def test_up_runs_on_ones_own_servers_and_starts_no_engine(servers_of_ones_own, tmp_path):
    port = free_port()
    command = hotline("up", "--json", "--no-demo", "--port", str(port), "--data", str(tmp_path))
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(servers_of_ones_own), stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            note = json.loads(running.stdout.readline())
            is_ready = wait_until(lambda: answers(f"{note['url']}/health/ready"))
            pids = json.loads((tmp_path / "up.json").read_text())["pids"]
            with urllib.request.urlopen(f"{note['url']}/open-data/directory.json") as opened:
                public = json.load(opened)["items"]
        finally:
            running.terminate()

    assert is_ready
    assert living(tmp_path) == [], "who is told to end takes everything along"
    assert set(pids) == {"web", "live", "worker", "scheduler"}
    assert set(note["links"]) == {"administrator"}
    assert not (tmp_path / "engines").exists()
    # A city of its own begins with bodies, and with no line, address or hours that nobody entered.
    assert {(*one["hotlines"], one["address"], one["opening_hours"]) for one in public} == {("", "")}
    with psycopg.connect(servers_of_ones_own.owner_url) as connection:
        assert connection.execute("select count(*) > 160 from unit").fetchone() == (True,)


def test_doctor_finds_ones_own_servers_fit_and_says_which_they_are(servers_of_ones_own, tmp_path):
    run(servers_of_ones_own, "migrate", data=tmp_path)

    done = run(servers_of_ones_own, "doctor", "--json", data=tmp_path)

    told = findings(done)
    assert done.returncode == 0, done.stderr
    assert told["database"]["verdict"] == "ok"
    assert told["roles"]["verdict"] == "ok"
    assert "two" in told["roles"]["words"]
    assert not (tmp_path / "engines").exists()
