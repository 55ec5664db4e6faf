"""A command ended by a signal leaves no folder and no process; what a killed one leaves is swept by the next."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.engines.leftovers import sweep
from app.settings import ROOT

PREFIX = "hotline-bench-"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A benchmark that has made its engines and is at work in them."""
    command = [sys.executable, "-m", "app.cli", "bench", "places", "--tickets", "400"]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stderr=subprocess.DEVNULL,
        preexec_fn=of_a_terminal,  # noqa: PLW1509  (it takes no lock)
    ) as running:
        while not list(tmp_path.glob(f"{PREFIX}*/engines.json")):
            assert running.poll() is None
            time.sleep(0.05)
        yield running
        running.kill()


def of_a_terminal() -> None:
    """Tests run under nohup hand a deaf ear for SIGHUP down, and a benchmark rightly keeps it."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda which: which.name)
def test_a_benchmark_ended_by_a_signal_leaves_nothing(
    bench: subprocess.Popen[bytes], tmp_path: Path, which: signal.Signals
) -> None:
    bench.send_signal(which)

    assert bench.wait(timeout=120) == 130
    assert list(tmp_path.iterdir()) == []
    assert working_in(tmp_path) == []


def test_what_a_killed_benchmark_left_is_swept_and_what_is_in_use_is_not(
    bench: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sweep(PREFIX)
    in_use = list(tmp_path.glob(f"{PREFIX}*"))
    bench.kill()
    bench.wait()

    sweep(PREFIX)

    assert len(in_use) == 1
    assert list(tmp_path.iterdir()) == []
    assert working_in(tmp_path) == []


def working_in(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str((entry / "cwd").readlink()).startswith(str(folder)):
                    found.append((entry / "cmdline").read_bytes().replace(bytes(1), b" ").decode())
            except OSError:
                continue
    return found
