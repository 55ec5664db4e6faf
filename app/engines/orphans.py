"""Processes of an engine whose supervisor was killed: found by the data folder they stand in, and ended."""

import contextlib
import os
import signal
import time
from pathlib import Path


def end_orphans(data: Path, *, gentle: signal.Signals, leader: int | None = None) -> None:
    """End every process that works in `data`: the leader (or all, without one) by `gentle`, after 5 s by SIGKILL.

    Both engines change into their data folder, so this finds a server and its children even when the pid file is
    stale or gone, and never a stranger that was given a recycled pid.
    """
    deadline = time.monotonic() + 5
    told: set[int] = set()
    while pids := processes_in(data):
        for pid in pids:
            if time.monotonic() > deadline or (leader is not None and leader not in pids):
                # Children that outlived their server can only be killed; recovery from the log follows anyway.
                _signal(pid, signal.SIGKILL)
            elif pid not in told and leader in (None, pid):
                told.add(pid)
                _signal(pid, gentle)
        time.sleep(0.05)


def processes_in(folder: Path) -> list[int]:
    """The ids of living processes whose working directory is `folder`."""
    wanted = os.path.realpath(folder)
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if str((entry / "cwd").readlink()) == wanted:
                found.append(int(entry.name))
    return found


def _signal(pid: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, which)
