"""A copy of the project as a newcomer has it, on a machine with a system Python, and what of it runs."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.nodes import wait_until

ROOT = Path(__file__).resolve().parents[2]
# Bounds for what hangs. How fast a start is on a quiet machine is measured there, not here beside the other tests.
START_SECONDS = 400
STOP_SECONDS = 120


@dataclass
class Running:
    """A started `./hotline up --json` and what it said."""

    process: subprocess.Popen[str]
    note: dict
    data: Path

    def stop_by(self, which: signal.Signals) -> None:
        """Send the signal and wait until everything has ended; what does not is killed, in nobody else's way."""
        self.process.send_signal(which)
        try:
            self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"{which.name} did not end it within {STOP_SECONDS} s")

    def pids(self) -> dict[str, int]:
        """The processes as they are noted at the moment, by name."""
        return json.loads((self.data / "up.json").read_text())["pids"]


@dataclass
class Clone:
    """A copy of the project as a newcomer has it."""

    root: Path
    trouble: str = ""
    running: Running | None = None

    def environment(self, **more: str) -> dict[str, str]:
        """A newcomer's environment: no HOTLINE_… variable, a system Python before any other, one that keeps nothing."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HOTLINE_", "PYTHON"))}
        path = f"/usr/local/bin:/usr/bin:/bin:{kept.get('PATH', '')}"
        return {**kept, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", **more}

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python(), str(self.root / "hotline"), *words],
            env=self.environment(**environment),
            cwd="/",
            text=True,
            capture_output=True,
            timeout=START_SECONDS,
            check=False,
        )

    def up(self, port: int, *words: str, **environment: str) -> Running:
        """Start it and wait for its line. Where one start has hung, no later one is waited for.

        What runs on the same data is ended first: which tests came before depends on how they are dealt out.
        """
        if self.running is not None and self.running.process.poll() is None:
            self.running.stop_by(signal.SIGTERM)
        if self.trouble:
            pytest.fail(f"an earlier start failed: {self.trouble}")
        errors = (self.root / "up.stderr").open("w")
        process = subprocess.Popen(
            [python(), str(self.root / "hotline"), "up", "--json", "--port", str(port), *words],
            env=self.environment(**environment),
            cwd="/",
            text=True,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        # One that hangs is ended, which ends the reading of its line too.
        bound = threading.Timer(START_SECONDS, process.send_signal, (signal.SIGTERM,))
        bound.start()
        line = process.stdout.readline()
        has_hung = not bound.is_alive()
        bound.cancel()
        if not line:
            process.wait(timeout=STOP_SECONDS)
            said = (self.root / "up.stderr").read_text()
            self.trouble = f"no line within {START_SECONDS} s; it said: {said}" if has_hung else ""
            pytest.fail(self.trouble or f"up ended: {said}")
        self.running = Running(process, json.loads(line), self.root / ".hotline")
        return self.running


def python() -> str:
    """The machine's own Python where it is new enough, else the one that runs the tests."""
    system = Path("/usr/bin/python3")
    if system.exists():
        version = subprocess.check_output([system, "-c", "import sys; print(sys.version_info >= (3, 11))"], text=True)
        if version.strip() == "True":
            return str(system)
    return sys.executable


def free_port() -> int:
    """A free port whose successor is free too."""
    # Each worker looks in a stretch of its own: between looking and starting, another one must not take the port.
    start = 10_000 + os.getpid() % 1000 * 20
    for candidate in range(start, start + 20_000, 2):
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", candidate))
                second.bind(("127.0.0.1", candidate + 1))
            except OSError:
                continue
            return candidate
    raise AssertionError("no free pair of ports")


def read(address: str) -> int:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return int(answer.status)


def becomes_ready(running: Running) -> bool:
    """Addresses are given as soon as it serves; what fell due while it was off may still be worked through."""
    return wait_until(lambda: answers(f"{running.note['url']}/health/ready"))


def what_ready_tells(running: Running) -> dict[str, Any]:
    """Its body says the same things whether it is ready or gives reasons why not."""
    try:
        with urllib.request.urlopen(f"{running.note['url']}/health/ready", timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as not_ready:
        return json.load(not_ready)


def wait_for_the_demonstration(running: Running) -> None:
    """It is played behind the pages, which say how far it is."""
    last = told = {"percent": -1, "complete": False}
    while not told["complete"]:
        told = what_ready_tells(running)["demonstration"]
        assert not told.get("failed")
        assert told["percent"] >= last["percent"]
        last = told
        time.sleep(0.5)


@contextmanager
def children_take_hang_ups(how: signal.Handlers) -> Iterator[None]:
    before = signal.signal(signal.SIGHUP, how)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def answers(address: str) -> bool:
    try:
        return read(address) == 200
    except OSError:
        return False


def living(data: Path) -> list[str]:
    """The command lines of every process that belongs to a data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                about = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                if os.fsencode(data) in about or str((entry / "cwd").readlink()).startswith(str(data)):
                    found.append(f"{entry.name} {(entry / 'cmdline').read_bytes().replace(bytes(1), b' ').decode()}")
            except OSError:
                continue
    return found
