"""Where files people give us are kept: one small interface, in front of a folder or of a bucket (S3)."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Protocol

from app.settings import Settings
from app.storage.media_folder import FolderStore
from app.storage.media_kept import Lying, StoredFile, Written

# Which of these keys a row names: nothing that a row names is ever swept.
NamedAmong = Callable[[Sequence[str]], Collection[str]]


class MediaStore(Protocol):
    """What every store does. What keeps it from its work is an OSError, a file that is not there FileNotFoundError."""

    def write(self, stream: IO[bytes], *, room: str, suffix: str = "", max_bytes: int) -> Written:
        """Keep a stream durably under a new key of this room; raises MediaRefused when it is too large."""

    def write_pending(self, stream: IO[bytes], *, suffix: str = "", max_bytes: int) -> Written:
        """Keep what came with a form that may never be finished: it is swept a day later unless a row names it."""

    def keep(self, key: str) -> str:
        """The lasting key of a pending file, which may be asked for inside a transaction: no network is waited for."""

    def open(self, key: str) -> StoredFile:
        """The file, to be read from anywhere in it."""

    def put(self, key: str, stream: IO[bytes]) -> None:
        """Keep a file under a key it already has: from a backup, or from another store."""

    def remove(self, key: str) -> None:
        """Remove a file that nothing names any more; harmless when it is gone."""

    def sweep_pending(self, named_among: NamedAmong, *, now: float) -> int:
        """Remove what came with forms that nobody finished within a day; how many files there were."""

    def lying(self) -> Iterator[Lying]:
        """Every file that is whole."""

    def prove(self) -> None:
        """Write, read and remove a few bytes; raises OSError with the reason in its words."""


@dataclass(frozen=True, slots=True)
class _Address:
    url: str
    folder: str
    endpoint: str
    region: str
    access_key: str
    secret_key: str


def media_store(settings: Settings) -> MediaStore:
    """The store of these settings; one for each process, because it remembers connections and that it was away."""
    return _store(
        _Address(
            settings.media_url,
            str(settings.media_folder),
            settings.media_endpoint,
            settings.media_region,
            settings.media_access_key,
            settings.media_secret_key,
        )
    )


@lru_cache(maxsize=16)
def _store(address: _Address) -> MediaStore:
    if not address.url.startswith("s3://"):
        return FolderStore(Path(address.folder))
    # Loaded where it is used: it costs a second and 40 MB.
    from app.storage.media_bucket import BucketStore  # noqa: PLC0415

    bucket, _, prefix = address.url.removeprefix("s3://").partition("/")
    return BucketStore(
        bucket,
        prefix.strip("/"),
        endpoint=address.endpoint,
        region=address.region,
        access_key=address.access_key,
        secret_key=address.secret_key,
    )
