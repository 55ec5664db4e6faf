"""G1: what was answered with a 2xx is in the database, once, whatever was killed meanwhile."""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest
import requests
from sqlalchemy import func, select

from app.accounts.enrolment import add_token
from app.engines import postgres
from app.processes.commands import command_of, environment_of
from app.settings import ROOT
from app.storage.database import UnsafeDatabase, make_engine, refuse_unsafe, transaction
from tests.faults.breakable import Carrier, Place, sms_form
from tests.faults.nodes import LONG, wait_until
from tickets.schema import Contact, InboundSms, Ticket, WebhookEvent

pytestmark = pytest.mark.fault

POSTGRES_KILLS = 6 if LONG else 2
# So many tickets and so many texts are acknowledged before each kill of PostgreSQL and after the last one.
BETWEEN_KILLS = 100 if LONG else 10
WEB_KILLS = 5
SENDERS = 3


class Load:
    """Programs and a provider that send, repeat what got no answer, and remember what was acknowledged."""

    def __init__(self, place: Place, token: str) -> None:
        self.place, self.token = place, token
        self.stop = threading.Event()
        self.references: dict[str, set[str]] = {}
        self.texts: list[str] = []
        self.refused: Counter[int] = Counter()
        self.repeats = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._open_tickets, args=(n,)) for n in range(SENDERS)]
        threads += [threading.Thread(target=self._send_texts, args=(n,)) for n in range(SENDERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def acknowledged(self) -> int:
        return len(self.references) + len(self.texts)

    def goes_on(self) -> None:
        """Wait until as many more of each kind were acknowledged as lie between two kills."""
        tickets, texts = len(self.references) + BETWEEN_KILLS, len(self.texts) + BETWEEN_KILLS
        went_on = wait_until(lambda: len(self.references) >= tickets and len(self.texts) >= texts)
        came = f"{len(self.references)} of {tickets} tickets, {len(self.texts)} of {texts} texts"
        assert went_on, f"{came} were acknowledged; refused: {self.refused}"

    def _open_tickets(self, sender: int) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            key = f"program-{sender}-{number}"
            self._until_acknowledged(key)

    def _until_acknowledged(self, key: str) -> None:
        body = {"subject": key, "body": "Đèn đường không sáng.", "unit": "26740", "category": "other_matter"}
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        for _ in range(400):
            with suppress(requests.RequestException):
                answer = requests.post(f"{self.place.base_url}/api/v1/tickets", json=body, headers=headers, timeout=10)
                if answer.status_code == 201:
                    self.references.setdefault(key, set()).add(answer.json()["reference"])
                    return
                self.refused[answer.status_code] += 1
            self.repeats += 1
            time.sleep(0.1)

    def _send_texts(self, sender: int) -> None:
        number = sender * 100_000
        carrier = Carrier(self.place)
        while not self.stop.is_set():
            number += 1
            form = sms_form(number, "Rác ba ngày nay không ai lấy ở phường Sài Gòn")
            with suppress(requests.RequestException):
                answer = carrier.post("sms", form)
                if answer.ok:
                    self.texts.append(form["MessageSid"])
                else:
                    self.refused[answer.status_code] += 1
            time.sleep(0.05)


@contextmanager
def web_workers_killed(place: Place, load: Load, kills: list[int]) -> Iterator[None]:
    """Again and again after a few more acknowledgements: a slow machine is killed no more often than it works."""
    chance, stop = random.Random(7), threading.Event()

    def run() -> None:
        next_at = load.acknowledged()
        while not stop.wait(0.02):
            if load.acknowledged() >= next_at:
                with suppress(ProcessLookupError, OSError, IndexError):
                    victim = chance.choice(place.web_workers())
                    os.kill(victim, signal.SIGKILL)
                    kills.append(victim)
                next_at = load.acknowledged() + chance.randint(1, 2 * BETWEEN_KILLS // WEB_KILLS)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_every_acknowledged_ticket_and_message_is_there_once_after_kills_of_web_and_postgresql(place: Place):
    with transaction(place.factory) as session:
        token = add_token(session, name="load", scopes=["tickets:write"], unit_code="", now=datetime.now(UTC))
    place.start_web()
    load, kills = Load(place, token), []

    with load.running(), web_workers_killed(place, load, kills):
        # PostgreSQL is killed and revived by this thread, whose child it is.
        for _ in range(POSTGRES_KILLS):
            load.goes_on()
            place.kill_postgres()
            place.revive()
        load.goes_on()
        assert wait_until(lambda: len(kills) >= WEB_KILLS), f"only {kills} were killed"
    replayed = wait_until(lambda: place.spool.depth() == 0)

    assert load.repeats > 0, "nothing was ever interrupted: this run proves nothing"
    assert min(len(load.references), len(load.texts)) >= BETWEEN_KILLS * (POSTGRES_KILLS + 1)
    assert replayed, f"{place.spool.depth()} events were not replayed"
    assert set(load.refused) <= {500, 503}, load.refused
    assert_kept_once(place, load)


def assert_kept_once(place: Place, load: Load) -> None:
    with place.factory() as session:
        subjects = Counter(session.scalars(select(Ticket.subject).where(Ticket.subject.like("program-%"))))
        kept = set(session.scalars(select(Ticket.reference)))
        texts = Counter(session.scalars(select(WebhookEvent.form["message_sid"].as_string())))
        messages = Counter(session.scalars(select(InboundSms.message_sid)))
        contacts = Counter(session.scalars(select(Contact.source_key)))
        without_ticket = session.scalar(select(func.count()).where(InboundSms.ticket_id.is_(None)))
    told_two = {key: found for key, found in load.references.items() if len(found) != 1}
    lost = [ref for found in load.references.values() for ref in found if ref not in kept]
    assert told_two == {}
    assert lost == []
    assert {key for key, count in subjects.items() if count != 1} == set()
    assert [sid for sid in load.texts if texts[sid] != 1 or messages[sid] != 1] == []
    assert {key for key, count in contacts.items() if count != 1} == set()
    assert without_ticket == 0


@contextmanager
def started_with(place: Place, **unsafe: str) -> Iterator[None]:
    """PostgreSQL started anew with other settings than ours, as an operator's own server may be."""
    safe = dict(postgres.SETTINGS)
    postgres.SETTINGS.update(unsafe)
    try:
        place.kill_postgres()
        place.revive()
        postgres.SETTINGS.update(safe)
        yield
    finally:
        postgres.SETTINGS.update(safe)
        place.kill_postgres()
        place.revive()


def test_a_server_that_may_lose_commits_is_refused_and_every_unsafe_setting_named(place: Place):
    with started_with(place, fsync="off", full_page_writes="off"):
        with pytest.raises(UnsafeDatabase) as refused:
            refuse_unsafe(make_engine(place.settings.database_url, pool_size=1))

    assert "fsync is off, full_page_writes is off" in str(refused.value)
    refuse_unsafe(place.engine)


@pytest.mark.parametrize("name", ["web", "worker", "scheduler"])
def test_no_process_starts_on_a_role_whose_commits_are_not_waited_for(place: Place, name: str):
    place.as_superuser("alter role hotline_app set synchronous_commit = off")
    try:
        done = subprocess.run(
            command_of(name, place.settings), cwd=ROOT, env=environment_of(place.settings), capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
    finally:
        place.as_superuser("alter role hotline_app reset synchronous_commit")

    assert done.returncode != 0
    assert "synchronous_commit is off" in done.stdout + done.stderr


def test_a_process_whose_database_is_away_starts_all_the_same(place: Place):
    place.kill_postgres()

    place.start_web()

    assert requests.get(f"{place.base_url}/health/live", timeout=5).ok
