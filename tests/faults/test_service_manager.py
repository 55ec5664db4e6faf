"""Whoever starts a process as systemd does hears that it works and that it lives, and nothing once it stands."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.processes.commands import command_of, environment_of
from app.settings import ROOT
from tests.faults.breakable import Place
from tests.faults.nodes import LONG

pytestmark = pytest.mark.fault

LIMIT_SECONDS = 4
# systemd names the process to which the limit belongs; only the started one can know its own number.
AS_SYSTEMD = """
import os, sys
os.environ["WATCHDOG_PID"] = str(os.getpid())
os.execvp(sys.argv[1], sys.argv[1:])
"""


class Heard:
    """The socket of a service manager: what came, and from which process the kernel says it came."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(self.address)

    def words(self, pid: int, *, seconds: float) -> list[str]:
        """Every word of this process within so long; those of others are not counted, as by `NotifyAccess=main`."""
        found, ends = [], time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                said, extra, _, _ = self._socket.recvmsg(4096, socket.CMSG_SPACE(12))
            except TimeoutError:
                break
            if int.from_bytes(extra[0][2][:4], sys.byteorder) == pid:
                found += said.decode().splitlines()
        return found

    def wait_for(self, word: str, pid: int, *, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if word in self.words(pid, seconds=0.5):
                return
        raise AssertionError(f"{word} never came")


@pytest.fixture
def heard() -> Iterator[Heard]:
    path = Path(f"/tmp/hotline-notify-{os.getpid()}.sock")
    path.unlink(missing_ok=True)
    yield Heard(path)
    path.unlink(missing_ok=True)


# One that watches itself and one of a web server's; the others say it in the same two ways.
@pytest.mark.parametrize("name", ["scheduler", "web", *(("worker", "live") if LONG else ())])
def test_a_process_says_that_it_works_and_lives_and_is_silent_once_it_stands(name: str, place: Place, heard: Heard):
    manager = {"NOTIFY_SOCKET": heard.address, "WATCHDOG_USEC": str(LIMIT_SECONDS * 1_000_000)}
    process = subprocess.Popen(
        [sys.executable, "-c", AS_SYSTEMD, *command_of(name, place.settings)],
        cwd=ROOT,
        env={**environment_of(place.settings), **manager},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        heard.wait_for("READY=1", process.pid, seconds=120)
        heard.wait_for("WATCHDOG=1", process.pid, seconds=LIMIT_SECONDS)
        assert heard.words(process.pid, seconds=LIMIT_SECONDS).count("WATCHDOG=1") >= 2
        process.send_signal(signal.SIGSTOP)
        heard.words(process.pid, seconds=0.5)
        assert heard.words(process.pid, seconds=LIMIT_SECONDS) == []
        process.send_signal(signal.SIGCONT)
        heard.wait_for("WATCHDOG=1", process.pid, seconds=LIMIT_SECONDS)
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(30)
