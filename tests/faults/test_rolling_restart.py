"""G15: a restart loses no request: the socket stays while the process behind it is another one, as systemd keeps it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import requests
from sqlalchemy import select

from app.accounts.enrolment import add_token
from app.processes.commands import command_of, environment_of
from app.settings import ROOT
from app.storage.database import transaction
from tests.faults.breakable import Carrier, Place, sms_form
from tests.faults.nodes import HANG_SECONDS, LONG
from tests.faults.test_proxy_speaks_for_us import Started, free_port, halves, proxy
from tickets.schema import InboundSms, Ticket

pytestmark = pytest.mark.fault
__all__ = ["halves", "proxy"]

RESTARTS = 10 if LONG else 1
SENDERS = 3
# What systemd does for whom it starts with a socket: hands it over as descriptor 3, says how many, and who is meant.
_WITH_SOCKET = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


class Held:
    """A listening socket that outlives whoever answers on it, as that of `hotline@web.socket` does."""

    def __init__(self, place: Place) -> None:
        self.place, self.environment = place, environment_of(place.settings)
        self.socket = socket.create_server(("127.0.0.1", place.settings.port), backlog=2048)
        self.process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        kept = self.socket.fileno()
        words = [sys.executable, "-c", _WITH_SOCKET, str(kept), *command_of("web", self.place.settings)]
        with (self.place.folder / "web.log").open("ab") as log:
            return subprocess.Popen(
                words, cwd=ROOT, env=self.environment, stdout=log, stderr=log, pass_fds=(kept,),
                start_new_session=True,
            )  # fmt: skip

    def restart(self) -> None:
        """As `systemctl restart` does: asked to end, waited for, started again."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.process = self._started()
        self.answers()

    def answers(self) -> None:
        """Whoever asks waits at the socket until somebody is there."""
        try:
            assert requests.get(f"{self.place.base_url}/health/live", timeout=HANG_SECONDS).ok
        except requests.RequestException:
            pytest.fail(f"nobody answers: {self.place.log()}")

    def end(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.socket.close()


@pytest.fixture
def held(place: Place) -> Iterator[Held]:
    held = Held(place)
    held.answers()
    yield held
    held.end()


class Load:
    """Programs and a provider behind the proxy; nobody asks twice."""

    def __init__(self, place: Place, port: int, token: str) -> None:
        self.place, self.port, self.token = place, port, token
        self.stop = threading.Event()
        self.references: list[str] = []
        self.texts: list[str] = []
        self.answers: Counter[object] = Counter()

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._send, args=(n,)) for n in range(SENDERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def goes_on(self, more: int = 6) -> None:
        wanted = len(self.references) + more
        while len(self.references) < wanted:
            assert set(self.answers) <= {200, 201}, self.answers
            time.sleep(0.05)

    def _send(self, sender: int) -> None:
        with requests.Session() as browser:
            number = sender * 100_000
            while not self.stop.is_set():
                number += 1
                try:
                    self._once(browser, number)
                except requests.RequestException as lost:
                    self.answers[type(lost).__name__] += 1

    def _once(self, browser: requests.Session, number: int) -> None:
        body = {"subject": f"program-{number}", "body": "Đèn đường không sáng.", "unit": "26740"}
        headers = {"Authorization": f"Bearer {self.token}"}
        address = f"http://127.0.0.1:{self.port}"
        opened = browser.post(f"{address}/api/v1/tickets", json=body, headers=headers, timeout=90)
        self.answers[opened.status_code] += 1
        if opened.status_code == 201:
            self.references.append(opened.json()["reference"])
        self.answers[browser.get(f"{address}/directory", timeout=90).status_code] += 1
        form = sms_form(number, "Rác ba ngày nay không ai lấy ở phường Sài Gòn")
        told = Carrier(self.place).post("sms", form, seconds=90, port=self.port)
        self.answers[told.status_code] += 1
        if told.ok:
            self.texts.append(form["MessageSid"])


@pytest.mark.parametrize("proxy", ["nginx", "haproxy"] if LONG else ["nginx"], indirect=True)
def test_no_request_is_lost_while_the_process_that_answers_is_changed_under_load(
    place: Place, held: Held, proxy: Started
) -> None:
    with transaction(place.factory) as session:
        token = add_token(session, name="load", scopes=["tickets:write"], unit_code="", now=datetime.now(UTC))
    # How long a start takes on a machine with other work is not what is tried here.
    load = Load(place, proxy(place.settings.port, free_port(), patience="60s"), token)

    with load.running():
        for _ in range(RESTARTS):
            load.goes_on()
            held.restart()
        load.goes_on()

    assert set(load.answers) == {200, 201}, load.answers
    with place.factory() as session:
        opened = Counter(session.scalars(select(Ticket.subject).where(Ticket.subject.like("program-%"))))
        kept = set(session.scalars(select(Ticket.reference)))
        texts = Counter(session.scalars(select(InboundSms.message_sid)))
    assert set(load.references) <= kept
    assert max(opened.values()) == 1
    assert [sid for sid in load.texts if texts[sid] != 1] == []
    print(f"{RESTARTS} restarts, {sum(load.answers.values())} requests: {dict(load.answers)}")
