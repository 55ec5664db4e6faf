"""The inside of a backup: a tar file of the dump, the media and, last, the manifest that tells their digests."""

import hashlib
import io
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from app.backup.manifest import Manifest, Told
from app.backup.trouble import BackupTrouble
from app.storage.play_progress import TellProgress

DUMP = "database.dump"
MANIFEST = "manifest.json"
MEDIA = "media/"
_CHUNK = 1024 * 1024
_TELL_EVERY_SECONDS = 5.0


class BytesPassed:
    """Says from time to time how many bytes of how many have passed."""

    def __init__(self, say: TellProgress, what: str, *, of_bytes: int) -> None:
        self._say, self._what, self._total = say, what, max(of_bytes, 1)
        self._done, self._told_at = 0, time.monotonic()

    def add(self, size: int) -> None:
        self._done += size
        if time.monotonic() - self._told_at > _TELL_EVERY_SECONDS:
            self._told_at = time.monotonic()
            self._say(f"  … {self._what}: {100 * self._done // self._total} %")


def add_file(tar: tarfile.TarFile, name: str, file: IO[bytes], size: int, progress: BytesPassed) -> Told:
    """Put a file in as it is now; its size is taken first, and what grows behind that is left out."""
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o600
    reader = _Counted(file, progress)
    tar.addfile(entry, cast("IO[bytes]", reader))
    return Told(entry.size, reader.digest.hexdigest())


class _Counted:
    """Digests what is read through it."""

    def __init__(self, file: IO[bytes], progress: BytesPassed) -> None:
        self._file, self._progress, self.digest = file, progress, hashlib.sha256()

    def read(self, size: int) -> bytes:
        chunk = self._file.read(size)
        self.digest.update(chunk)
        self._progress.add(len(chunk))
        return chunk


def add_manifest(tar: tarfile.TarFile, manifest: Manifest) -> None:
    told = manifest.to_json().encode()
    entry = tarfile.TarInfo(MANIFEST)
    entry.size, entry.mode = len(told), 0o600
    tar.addfile(entry, io.BytesIO(told))


def read_whole(stream: IO[bytes], *, into: Path | None, progress: BytesPassed) -> Manifest:
    """Read a backup to its end and compare every part with the manifest; with `into`, its parts lie there afterwards.

    Raises BackupTrouble where anything is missing, is there twice, or is not what was written.
    """
    manifest: Manifest | None = None
    found: dict[str, Told] = {}
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for entry, file in _parts(tar):
                if entry.name == MANIFEST:
                    manifest = Manifest.from_json(file.read().decode())
                    continue
                if entry.name in found:
                    raise BackupTrouble(f"{entry.name} stands in the backup twice.")
                found[entry.name] = _unpacked(file, entry.name, into, progress)
    except (tarfile.TarError, EOFError, UnicodeDecodeError) as broken:
        raise BackupTrouble(f"The backup is damaged or is none ({broken}).") from broken
    if manifest is None:
        raise BackupTrouble("The backup has no manifest: it was broken off, or is none.")
    _compare(manifest, found)
    return manifest


def _parts(tar: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for entry in tar:
        file = tar.extractfile(entry) if entry.isfile() else None
        if file is None or Path(entry.name).is_absolute() or ".." in Path(entry.name).parts:
            raise BackupTrouble(f"{entry.name} has no place in a backup.")
        yield entry, file


def _unpacked(file: IO[bytes], name: str, into: Path | None, progress: BytesPassed) -> Told:
    digest, size = hashlib.sha256(), 0
    target = into / name if into else None
    if target:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    out = target.open("xb") if target else None
    try:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            progress.add(len(chunk))
            if out:
                out.write(chunk)
    finally:
        if out:
            out.close()
    return Told(size, digest.hexdigest())


def _compare(manifest: Manifest, found: dict[str, Told]) -> None:
    wanted = {DUMP: manifest.database} | {f"{MEDIA}{key}": told for key, told in manifest.media.items()}
    wrong = [f"{name} is missing" for name in wanted.keys() - found.keys()]
    wrong += [f"{name} is not named in the manifest" for name in found.keys() - wanted.keys()]
    wrong += [f"{name} is not what was written" for name in wanted.keys() & found.keys() if wanted[name] != found[name]]
    if wrong:
        raise BackupTrouble(f"The backup is damaged: {'; '.join(sorted(wrong)[:5])}.")
