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
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.seeding.demonstration.play import TICKETS
from tests.faults.nodes import LONG, wait_until
from tests.whole_app.bare_machine import (
    ROOT,
    START_SECONDS,
    STOP_SECONDS,
    Clone,
    Running,
    answers,
    becomes_ready,
    children_take_hang_ups,
    free_port,
    living,
    read,
    wait_for_the_demonstration,
)

# Longer than the bounds above: a start that hangs is ended by its own bound, which says what it was doing.
pytestmark = [pytest.mark.timeout(START_SECONDS + 2 * STOP_SECONDS)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    root = tmp_path_factory.mktemp("bare") / "Thư mục mới"
    shutil.copytree(
        ROOT,
        root,
        ignore=shutil.ignore_patterns(".hotline", ".git", "__pycache__", ".*_cache", ".hypothesis", "tests", ".env"),
    )
    if not LONG:
        play_less(root)
    yield Clone(root)
    shutil.rmtree(root, ignore_errors=True)


def play_less(root: Path) -> None:
    """A daily run plays a twentieth of the demonstration behind the pages; what is told of it meanwhile is the same."""
    play = root / "app" / "seeding" / "demonstration" / "play.py"
    whole, few = (f"\nTICKETS = {number}\n" for number in (TICKETS, TICKETS // 20))
    text = play.read_text()
    assert whole in text
    play.write_text(text.replace(whole, few))


@pytest.fixture(scope="module")
def started(clone: Clone) -> Iterator[Running]:
    """One start, under nohup, for all tests that need something running; the last of them ends it."""
    with children_take_hang_ups(signal.SIG_IGN):  # what nohup does
        running = clone.up(free_port())
    yield running
    if running.process.poll() is None:
        running.stop_by(signal.SIGTERM)


@pytest.fixture
def port() -> int:
    return free_port()


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


def test_a_start_under_nohup_outlives_the_terminal(started):
    started.process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        started.process.wait(timeout=1)

    assert becomes_ready(started)


def test_an_interrupt_ends_every_process(started):
    started.stop_by(signal.SIGINT)

    assert living(started.data) == []


def test_after_the_supervisor_was_killed_the_next_start_recovers_and_a_closed_terminal_ends_all_of_it(clone, port):
    with children_take_hang_ups(signal.SIG_DFL):  # whoever runs the tests may have said nohup
        running = clone.up(port)
        running.process.kill()
        running.process.wait()

        again = clone.up(port)

    assert becomes_ready(again)
    again.stop_by(signal.SIGHUP)
    assert living(again.data) == []


def test_refused_settings_are_all_named_without_a_traceback(clone):
    done = clone.run("up", HOTLINE_PUBLIC_BASE_URL="http://hotline.example.vn", HOTLINE_SECRET_KEY="short")

    assert done.returncode == 1
    assert done.stderr.count("\n  - ") == 3
    assert "Traceback" not in done.stderr
