"""A node whose engines and processes may be killed, and the requests that the world sends to it."""

import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psycopg
import requests
from psycopg import sql
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session, sessionmaker

from app.engines import Engines
from app.phone.accounts import simulated_account
from app.phone.spool import Spool
from app.processes.commands import spawn
from app.settings import Settings
from app.storage.database import make_engine, session_factory
from telephony.provider.signatures import sign
from tests.faults.nodes import HANG_SECONDS

TEMPLATE = "hotline_template"


@dataclass
class Place:
    """A fresh database on engines that this test alone uses, and a web process on a port of its own."""

    engines: Engines
    settings: Settings
    folder: Path
    engine: Engine
    factory: sessionmaker[Session]
    web: subprocess.Popen[bytes] | None = None
    trouble: threading.Lock = field(default_factory=threading.Lock)

    @property
    def base_url(self) -> str:
        return self.settings.base_url

    @property
    def spool(self) -> Spool:
        return Spool.in_data_dir(self.settings.data_dir)

    def start_web(self) -> None:
        """Serve, and wait until it does. Only from the main thread: a child ends with the thread that made it."""
        self.web = spawn("web", self.settings, log=self.folder / "web.log")
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline:
            with suppress(requests.RequestException):
                if requests.get(f"{self.base_url}/health/live", timeout=2).ok:
                    return
            assert self.web.poll() is None, self.log()
            time.sleep(0.05)
        raise AssertionError(f"the web process did not answer within {HANG_SECONDS:.0f} s: {self.log()}")

    def stop_web(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.web is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.web.pid, number)
            self.web.wait(30)
            self.web = None

    def web_workers(self) -> list[int]:
        """The processes that answer, without their master."""
        assert self.web is not None
        listed = Path(f"/proc/{self.web.pid}/task/{self.web.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def kill_postgres(self) -> None:
        """As a power cut: no process of the server has a word to say."""
        with self.trouble:
            os.kill(self.engines.pids["postgres"], signal.SIGKILL)
            self.engines._processes["postgres"].wait(30)

    def revive(self) -> None:
        with self.trouble:
            self.engines.revive()

    def as_superuser(self, statement: str) -> None:
        url = make_url(self.engines.superuser_database_url).set(drivername="postgresql", database="postgres")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(sql.SQL(statement))

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """As after a failover to a standby: the database answers, and takes nothing."""
        self.as_superuser("alter role hotline_app set default_transaction_read_only = on")
        self.drop_connections()
        try:
            yield
        finally:
            self.as_superuser("alter role hotline_app reset default_transaction_read_only")
            self.drop_connections()

    def drop_connections(self) -> None:
        self.as_superuser("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'hotline_app'")

    def log(self) -> str:
        return (self.folder / "web.log").read_text(errors="replace")[-3000:]


def free_port() -> int:
    """A port that is free, and the next one too (the live process would stand there)."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 65000:
            return port


@contextmanager
def place_on(engines: Engines, folder: Path) -> Iterator[Place]:
    name = f"hotline_{uuid.uuid4().hex[:12]}"
    owner = make_url(engines.owner_database_url)
    superuser = make_url(engines.superuser_database_url).set(drivername="postgresql", database="postgres")

    def run(statement: str) -> None:
        with psycopg.connect(superuser.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(sql.SQL(statement))

    run(f"create database {name} template {TEMPLATE} owner {owner.username} strategy file_copy")
    settings = Settings(
        database_url=make_url(engines.database_url).set(database=name).render_as_string(hide_password=False),
        owner_database_url=owner.set(database=name).render_as_string(hide_password=False),
        redis_url=engines.redis_url,
        secret_key="a-test-key-of-sufficient-length-0123456789abcdef",
        port=free_port(),
        data_dir=folder,
        demo=True,
        _env_file=None,
    )
    engine = make_engine(settings.database_url, pool_size=5)
    place = Place(engines, settings, folder, engine, session_factory(engine))
    try:
        yield place
    finally:
        place.stop_web()
        engine.dispose()
        engines.revive()
        run(f"drop database if exists {name} with (force)")


@dataclass(frozen=True)
class Carrier:
    """The provider's side of our webhooks; signs as the simulator's account does."""

    place: Place

    def post(
        self,
        kind: str,
        form: Mapping[str, str],
        *,
        query: Mapping[str, str] | None = None,
        seconds: float = 20,
        port: int | None = None,
    ) -> requests.Response:
        """Signed for our public address; `port` is where a proxy in front of it listens. Raises
        requests.RequestException when there was no answer."""
        account = simulated_account(self.place.settings)
        fields = {"AccountSid": account.account_sid, **form}
        url = f"{self.place.base_url}/webhooks/sim/{kind}" + (f"?{urlencode(query)}" if query else "")
        headers = {"X-Twilio-Signature": sign(account.auth_token, url, fields)}
        if port is not None:
            url, headers["Host"] = url.replace(f":{self.place.settings.port}/", f":{port}/"), urlsplit(url).netloc
        return requests.post(url, data=fields, headers=headers, timeout=seconds)


def call_form(number: int, **more: str) -> dict[str, str]:
    """The fields of a caller of one's own to the city's line."""
    return {
        "CallSid": f"CA{number:032d}", "From": f"+8490{number:07d}", "To": "+842838000000", "CallStatus": "ringing",
        "Direction": "inbound", **more,
    }  # fmt: skip


def sms_form(number: int, body: str) -> dict[str, str]:
    return {"MessageSid": f"SM{number:032d}", "From": f"+8491{number:07d}", "To": "+842838000000", "Body": body}
