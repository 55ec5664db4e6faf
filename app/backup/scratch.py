"""What a backup or a restore writes on its way, in the clear or half: gone with it, also when it was killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIXES = ("backup-", "restore-")
# Ends the names of files that are being written, so that nobody else's are taken for ours.
DRAFT = ".hotline-part"


class DraftRefused(Exception):
    """Nothing can be written there, for the reason the system gives."""


@contextmanager
def folder_beside(data_dir: Path, prefix: str) -> Iterator[Path]:
    """A folder of this run alone; those of runs that were killed (no memory, no power) are removed before."""
    for left in _of_nobody(path for one in _PREFIXES for path in data_dir.glob(f"{one}*") if path.is_dir()):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=data_dir) as folder, _held(Path(folder)):
        yield Path(folder)


@contextmanager
def draft_of(file: Path) -> Iterator[Path]:
    """Where `file` is written until it is whole; drafts of killed runs beside it go. Raises DraftRefused."""
    for left in _of_nobody(file.parent.glob(f".*{DRAFT}")):
        left.unlink(missing_ok=True)
    draft = file.with_name(f".{file.name}{DRAFT}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    except OSError as refused:
        raise DraftRefused(refused.strerror) from refused
    try:
        with _held(draft):
            yield draft
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """The system lets the lock go with the process, however it ends."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _of_nobody(paths: Iterator[Path]) -> Iterator[Path]:
    for path in paths:
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield path
            finally:
                os.close(descriptor)
