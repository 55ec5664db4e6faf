"""That the system works through what fell due while it was off: a file of the data folder, which pages look for."""

from contextlib import suppress
from pathlib import Path


def note(data_dir: Path) -> None:
    with suppress(OSError):
        _path(data_dir).touch(mode=0o600)


def forget(data_dir: Path) -> None:
    with suppress(OSError):
        _path(data_dir).unlink()


def is_noted(data_dir: Path) -> bool:
    return _path(data_dir).exists()


def _path(data_dir: Path) -> Path:
    return data_dir / "catching-up"
