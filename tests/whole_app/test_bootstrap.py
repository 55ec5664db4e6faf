"""The two commands on a bare machine: a fresh copy in an awkward folder, a system Python, and what can go wrong."""

import hashlib
import importlib.metadata
import json
import os
import re
import runpy
import shutil
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
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.faults.nodes import wait_until

ROOT = Path(__file__).resolve().parents[2]
# Bounds for what hangs. How fast a start is on a quiet machine is measured there, not here beside the other tests.
START_SECONDS = 400
STOP_SECONDS = 120

# Longer than the bounds above: a start that hangs is ended by its own bound, which says what it was doing.
pytestmark = [pytest.mark.timeout(START_SECONDS + 2 * STOP_SECONDS)]


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


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    root = tmp_path_factory.mktemp("bare") / "Thư mục mới"
    shutil.copytree(
        ROOT,
        root,
        ignore=shutil.ignore_patterns(".hotline", ".git", "__pycache__", ".*_cache", ".hypothesis", "tests", ".env"),
    )
    yield Clone(root)
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def started(clone: Clone) -> Iterator[Running]:
    """One start for all tests that need something running; the last of them ends it."""
    running = clone.up(free_port())
    yield running
    if running.process.poll() is None:
        running.stop_by(signal.SIGTERM)


@pytest.fixture
def port() -> int:
    return free_port()


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


def test_the_pip_we_ship_is_the_one_we_name():
    listed = dict(reversed(line.split()) for line in (ROOT / "tools" / "SHA256SUMS").read_text().splitlines())

    for wheel in (ROOT / "tools").glob("*.whl"):
        assert hashlib.sha256(wheel.read_bytes()).hexdigest() == listed[wheel.name]
    assert "Permission is hereby granted" in (ROOT / "tools" / "pip-LICENSE.txt").read_text()


def test_every_requirement_is_pinned_with_hashes_and_names_no_machine():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert text.count("==") > 50
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_what_a_requirement_needs_is_pinned_too_because_nothing_is_resolved_at_a_first_start():
    text = (ROOT / "requirements.txt").read_text()
    pinned = {canonicalize_name(name) for name in re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.M)}

    needed = {
        canonicalize_name(wanted.name)
        for name in pinned
        for wanted in map(Requirement, requirements_of(name))
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""})
    }

    assert needed <= pinned


def requirements_of(name: str) -> list[str]:
    """What an installed package asks for; one that is pinned for another machine or Python is not here to be asked."""
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []


def test_every_pinned_package_is_dealt_out_once():
    bootstrap = runpy.run_path(str(ROOT / "hotline"))

    for name in ("requirements.txt", "requirements-dev.txt"):
        dealt = "".join(bootstrap["shares_of"](name)).splitlines()
        assert sorted(dealt) == sorted((ROOT / name).read_text().splitlines())


def test_an_old_python_is_told_so_in_a_sentence():
    pretend = "import sys, runpy; sys.version_info = (3, 10, 4, 'final', 0); runpy.run_path('hotline')"

    done = subprocess.run(
        [sys.executable, "-c", pretend], cwd=ROOT, text=True, capture_output=True, check=False, timeout=30
    )

    assert done.returncode == 1
    assert done.stderr.startswith("Hotline needs Python 3.11 or newer; this is 3.10.")
    assert "Traceback" not in done.stderr


def test_an_unreachable_index_is_named_and_leaves_no_trap(clone):
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_FIND_LINKS": "",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_RETRIES": "1",
    }

    done = clone.run("doctor", **nowhere)

    assert done.returncode == 1
    assert "The package index cannot be reached" in done.stderr
    assert "PIP_INDEX_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert (clone.root / ".hotline" / "venv").is_dir()  # half-written: the next test starts from it


def test_first_start_from_a_half_written_environment_serves_everybody(started):
    assert becomes_ready(started)
    assert read(started.note["live_url"] + "/health/live") == 200
    assert set(started.note["links"]) == {"agent", "supervisor", "office", "leader", "administrator"}
    assert started.note["pid"] == started.process.pid
    wait_for_the_demonstration(started)


def test_no_process_compiles_again_what_it_imports_even_where_the_machine_forbids_to_keep_it(clone, started):
    bootstrap = runpy.run_path(str(ROOT / "hotline"))
    watched = (
        "import sys; compiled = []\n"
        "sys.addaudithook(lambda event, about: event == 'compile' and compiled.append(str(about[1])))\n"
        f"import {', '.join(bootstrap['PROCESSES'])}\n"
        "print([path for path in compiled if path.endswith('.py')])"
    )

    done = subprocess.run(
        [clone.root / ".hotline" / "venv" / "bin" / "python", "-P", "-c", watched],
        env=clone.environment(PYTHONPATH=str(clone.root), PYTHONDONTWRITEBYTECODE="1"),
        cwd="/",
        text=True,
        capture_output=True,
        timeout=START_SECONDS,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_second_up_on_the_same_data_says_that_it_runs_already(clone, started, port):
    refused = clone.run("up", "--port", str(port))
    beside = clone.run("doctor", "--json")

    assert refused.returncode == 1
    assert "already runs" in refused.stderr
    assert started.note["url"] in refused.stderr
    findings = {finding["subject"]: finding for finding in map(json.loads, beside.stdout.splitlines())}
    assert {finding["verdict"] for finding in findings.values()} == {"ok"}
    assert "signed webhook reaches us" in findings["public address"]["words"]


def test_a_busy_port_is_named_before_anything_is_started(clone, port, tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", port))
        busy.listen()

        refused = clone.run("up", "--data", str(tmp_path), "--port", str(port))

    assert refused.returncode == 1
    assert list(tmp_path.glob("engines*")) == []
    assert f"port {port}" in refused.stderr
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_killed_processes_come_back_while_it_runs(started):
    before = started.pids()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    def all_are_back() -> bool:
        now = started.pids()
        return set(now) == set(before) and not set(now.values()) & set(before.values())

    assert wait_until(all_are_back), f"killed: {before}, running: {started.pids()}"
    assert becomes_ready(started)
    assert wait_until(lambda: answers(f"{started.note['live_url']}/health/live"))


def test_an_interrupt_ends_every_process(started):
    started.stop_by(signal.SIGINT)

    assert living(started.data) == []


def test_a_start_on_the_same_data_under_nohup_outlives_the_terminal(clone, port):
    with children_take_hang_ups(signal.SIG_IGN):  # what nohup does
        running = clone.up(port)

    running.process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        running.process.wait(timeout=1)

    assert becomes_ready(running)
    running.stop_by(signal.SIGTERM)
    assert living(running.data) == []


def test_a_closed_terminal_ends_every_process(clone, port):
    with children_take_hang_ups(signal.SIG_DFL):  # whoever runs the tests may have said nohup
        running = clone.up(port)

    running.stop_by(signal.SIGHUP)

    assert living(running.data) == []


def test_after_the_supervisor_was_killed_the_next_start_recovers(clone, port):
    running = clone.up(port)
    running.process.kill()
    running.process.wait()

    again = clone.up(port)

    assert becomes_ready(again)
    again.stop_by(signal.SIGTERM)
    assert living(again.data) == []


def test_refused_settings_are_all_named_without_a_traceback(clone):
    done = clone.run("up", HOTLINE_PUBLIC_BASE_URL="http://hotline.example.vn", HOTLINE_SECRET_KEY="short")

    assert done.returncode == 1
    assert done.stderr.count("\n  - ") == 3
    assert "Traceback" not in done.stderr
