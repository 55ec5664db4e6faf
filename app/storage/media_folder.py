"""Media in a folder: of this machine, or of a network file system that several nodes share."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import IO

from app.storage.folder_owner import leave_to_the_owner, make_folder
from app.storage.media_kept import PENDING_SECONDS, Lying, StoredFile, Written, chunks_of, copy_measured, new_key

_UNFINISHED = ".part"


class FolderStore:
    """Everything below one folder; a key is the path below it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def write(self, stream: IO[bytes], *, room: str, suffix: str = "", max_bytes: int) -> Written:
        """Durable before it is named."""
        key = new_key(room, suffix)
        with _Draft(self.folder / key) as file:
            size, digest = copy_measured(stream, file, max_bytes=max_bytes)
        return Written(key, size, digest)

    def write_pending(self, stream: IO[bytes], *, suffix: str = "", max_bytes: int) -> Written:
        return self.write(stream, room="pending", suffix=suffix, max_bytes=max_bytes)

    def keep(self, key: str) -> str:
        """The pending one stays until it is swept: if the transaction that names it fails, it can be tried again."""
        source = self.path_of(key)
        lasting = new_key("attachments", source.suffix)
        target = self.folder / lasting
        make_folder(target.parent)
        try:
            os.link(source, target)
        except OSError:
            # Some network folders know no links.
            with target.open("xb") as copy:
                copy.write(source.read_bytes())
                copy.flush()
                os.fsync(copy.fileno())
            leave_to_the_owner(target)
        _sync_folder(target.parent)
        return lasting

    def open(self, key: str) -> StoredFile:
        file = self.path_of(key).open("rb")
        return StoredFile(file, os.fstat(file.fileno()).st_size)

    def put(self, key: str, stream: IO[bytes]) -> None:
        with _Draft(self.folder / key) as file:
            for chunk in chunks_of(stream):
                file.write(chunk)

    def remove(self, key: str) -> None:
        try:
            self.path_of(key).unlink(missing_ok=True)
        except FileNotFoundError:
            return

    def sweep_pending(self, named_among: Callable[[Sequence[str]], Collection[str]], *, now: float) -> int:
        """Nothing here is named by a row: what is kept has a second name from then on."""
        removed = 0
        for path in (self.folder / "pending").glob("*/*"):
            if path.is_file() and path.stat().st_mtime < now - PENDING_SECONDS:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def lying(self) -> Iterator[Lying]:
        for path in self.folder.rglob("*"):
            if path.is_file() and not path.name.startswith(".") and path.suffix != _UNFINISHED:
                yield Lying(path.relative_to(self.folder).as_posix(), path.stat().st_size)

    def prove(self) -> None:
        make_folder(self.folder)
        probe = self.folder / f".proof-{os.getpid()}"
        probe.write_text("written")
        probe.unlink()

    def path_of(self, key: str) -> Path:
        """The file of a key; raises FileNotFoundError when it is gone or the key would lead out of the folder."""
        root = self.folder.resolve()
        path = (root / key).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise FileNotFoundError(key)
        return path


class _Draft:
    """A file that appears under its name when it is whole and on the disk, and not at all when something goes wrong."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._draft = target.with_name(f".{target.name}{_UNFINISHED}")

    def __enter__(self) -> IO[bytes]:
        make_folder(self._target.parent)
        self._file = self._draft.open("wb")
        leave_to_the_owner(self._draft)
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            with self._file:
                self._file.flush()
                os.fsync(self._file.fileno())
            if kind is None:
                self._draft.replace(self._target)
        finally:
            self._draft.unlink(missing_ok=True)
        _sync_folder(self._target.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
