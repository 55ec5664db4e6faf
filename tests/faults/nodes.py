"""Real processes of a node, started as production starts them, so that they can be killed without mercy."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from app.processes.commands import command_of, environment_of
from app.settings import ROOT, Settings

LONG = os.environ.get("HOTLINE_LONG_TESTS") == "1"


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


def wait_until(holds: Callable[[], bool], *, seconds: float) -> bool:
    """Whether it came to hold in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return holds()
