"""A job that hangs is named in the log, its process ends itself, and the next one does the work."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from app.processes.commands import environment_of
from app.recurring.watchdog import HUNG_EXIT_CODE
from app.settings import ROOT, Settings
from app.storage.database import transaction
from tests.faults.breakable import Place
from tests.faults.nodes import HANG_SECONDS, running, wait_until
from tickets.audit import entries, unsealed
from tickets.outbox.posting import post_email
from tickets.people.actor import SYSTEM
from tickets.schema import OutboundMessage
from tickets.states import OutboundState

pytestmark = pytest.mark.fault

# As production starts them, but for what hangs, or for how long a hang is borne: a test has no five minutes.
SCHEDULER = """
import time
from dataclasses import replace
from app.clockwork import scheduler
hangs = {"act": lambda node: time.sleep(9_999), "limit_seconds": 5}
scheduler.SCHEDULE = tuple(
    replace(job, **hangs) if job.name == "seal audit trail" else job for job in scheduler.SCHEDULE
)
raise SystemExit(scheduler.main())
"""
WORKER = """
from app.processes import worker
worker._DELIVERY_LIMIT_SECONDS = 8
raise SystemExit(worker.main())
"""


def ended(program: str, settings: Settings, log: Path) -> int | None:
    """The exit code of a process that runs `program`; None when it did not end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**environment_of(settings), "HOTLINE_SMTP_URL": settings.smtp_url},
            stdout=output,
            stderr=output,
        )
    with suppress(subprocess.TimeoutExpired):
        return process.wait(HANG_SECONDS)
    process.kill()
    process.wait(10)
    return None


def named(log: Path) -> list[str]:
    lines = (line for line in log.read_text().splitlines() if "watchdog.hung" in line)
    return [json.loads(line)["job"] for line in lines]


def test_a_scheduler_whose_job_hangs_ends_and_the_next_does_the_work(place: Place):
    with transaction(place.factory) as session:
        entries.record(
            session, actor=SYSTEM, action="x", subject_kind="y", subject_id=1, now=datetime(2026, 1, 1, tzinfo=UTC)
        )
    log = place.folder / "hung.log"

    code = ended(SCHEDULER, place.settings, log)
    with running("scheduler", place.settings):
        sealed = wait_until(lambda: not _unsealed(place))

    assert (code, named(log)) == (HUNG_EXIT_CODE, ["seal audit trail"])
    assert sealed


def _unsealed(place: Place) -> int:
    with place.factory() as session:
        return unsealed.count(session)


@contextmanager
def trickling_mail_server() -> Iterator[str]:
    """It says a letter every second and never comes to the end of a line: no single wait is ever too long."""
    listening = socket.create_server(("127.0.0.1", 0))

    def trickle(connection: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection.sendall(b"2")
                time.sleep(1)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=trickle, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"smtp://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()


def test_a_worker_whose_mail_server_never_ends_its_sentence_ends_and_the_mail_is_not_lost(place: Place):
    with transaction(place.factory) as session:
        message = post_email(
            session, to="a@b.vn", template="ticket_opened", params={"reference": "2600421733"}, locale="vi",
            dedup_key="k", now=datetime(2026, 1, 1, tzinfo=UTC),
        )  # fmt: skip
    log = place.folder / "hung.log"

    with trickling_mail_server() as address:
        code = ended(WORKER, place.settings.model_copy(update={"smtp_url": address}), log)
    with place.factory() as session:
        state = session.scalar(select(OutboundMessage.state).where(OutboundMessage.id == message))

    assert (code, named(log)) == (HUNG_EXIT_CODE, ["deliver email"])
    assert state is OutboundState.CLAIMED, "its lease brings it back"
