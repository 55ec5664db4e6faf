"""Data folders that are thrown away after use: those of benchmarks and tests, also of such as were killed."""

import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.engines.folders import moved_to, socket_folder_of
from app.engines.orphans import end_orphans

# Between making a folder and locking it nobody may take it for abandoned.
_YOUNG_SECONDS = 3600


@contextmanager
def undisturbed() -> Iterator[None]:
    """A signal that comes meanwhile waits: tidying up is not to be torn apart by whoever presses the key twice."""
    which = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, which)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def discard(data_dir: Path) -> None:
    """End what still works on the data and remove all of them."""
    data_dir = data_dir.resolve()
    moved = moved_to(data_dir)
    for engines in (data_dir / "engines", *([moved / "data"] if moved else [])):
        end_orphans(engines / "postgres", gentle=signal.SIGINT)
        end_orphans(engines / "valkey", gentle=signal.SIGTERM)
    for folder in (moved, socket_folder_of(data_dir), data_dir):
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(prefix: str, *, within: str | None = None) -> None:
    """Discard the data folders whose names begin so, are ours, and are held by no living process; they lie `within`
    that folder, else where temporary files do."""
    for folder in Path(within or tempfile.gettempdir()).glob(f"{prefix}*"):
        with suppress(OSError):
            if folder.is_dir() and folder.lstat().st_uid == os.geteuid() and _is_abandoned(folder):
                discard(folder)


def _is_abandoned(data_dir: Path) -> bool:
    try:
        descriptor = os.open(data_dir / "engines.lock", os.O_RDWR)
    except FileNotFoundError:
        return time.time() - data_dir.stat().st_mtime > _YOUNG_SECONDS
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
