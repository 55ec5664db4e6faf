"""Files that a command writes: whole, or what stood there before; what the system refuses is a sentence."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from app.cli.commands import CommandRefused


@contextmanager
def whole_file(path: Path, mode: str = "wb", **how: Any) -> Iterator[IO[Any]]:
    """Open for writing. Half of it, where the disk is full or the database goes, must not be taken for all."""
    # A pipe or a terminal is written as it comes, by the name it was given; a folder is refused in the system's words.
    is_stream = path.exists() and not path.is_file()
    target = path if is_stream else path.resolve()
    draft = target if is_stream else target.with_name(f".{target.name}.part")
    try:
        with draft.open(mode, **how) as file:
            if draft != target and target.exists():
                # Who could not read the old one must not read the new one.
                os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
            yield file
        if draft != target:
            draft.replace(target)
    except OSError as refused:
        raise CommandRefused(f"{path} cannot be written: {refused.strerror or refused}.") from refused
    finally:
        if draft != target:
            draft.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """It and the folders above it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        raise CommandRefused(f"{folder} cannot be made: {refused.strerror or refused}.") from refused
