"""Real processes of a node, started as production starts them, so that they can be killed without mercy."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from app.processes.commands import command_of, environment_of
from app.settings import ROOT, Settings
from tickets.schema import ProcessBeat

LONG = os.environ.get("HOTLINE_LONG_TESTS") == "1"
# A machine with four times the work it can do is slow, and not at fault: whoever waits longer waits for nothing.
HANG_SECONDS = 120.0


def start(name: str, settings: Settings) -> subprocess.Popen[bytes]:
    """A process of this name (web, worker, scheduler, live); the caller ends it."""
    environment = {
        **environment_of(settings),
        "HOTLINE_PUBLIC_BASE_URL": settings.public_base_url,
        "HOTLINE_TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
        "HOTLINE_TWILIO_AUTH_TOKEN": settings.twilio_auth_token,
        "HOTLINE_TWILIO_BASE_URL": settings.twilio_base_url,
    }
    return subprocess.Popen(
        command_of(name, settings),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """As a power cut would: nothing is said, nothing is finished."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


@contextmanager
def running(name: str, settings: Settings, *, count: int = 1) -> Iterator[list[subprocess.Popen[bytes]]]:
    """`count` processes; whoever takes the place of a killed one in the list is ended with the others."""
    processes = [start(name, settings) for _ in range(count)]
    try:
        yield processes
    finally:
        for process in processes:
            kill(process)


def alive(factory: sessionmaker[Session], kind: str) -> int:
    """How many processes of a kind have given a sign of life; one that was killed took nothing back."""
    with factory() as session:
        return session.scalar(select(func.count()).where(ProcessBeat.name.startswith(f"{kind}:"))) or 0


def wait_until(holds: Callable[[], bool], *, seconds: float = HANG_SECONDS) -> bool:
    """Whether it came to hold; `seconds` are an upper bound for something that hangs, not what is promised."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while time.monotonic() < deadline:
        if holds():
            return True
        # Often at first: most comes at once. Then so seldom that looking costs nothing beside what is waited for.
        time.sleep(pause)
        pause = min(pause * 1.3, 0.1)
    return holds()
