"""What both kinds of store tell and raise, and how a stream is measured while it passes."""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

PENDING_SECONDS = 24 * 3600
_CHUNK = 64 * 1024


class MediaRefused(Exception):
    """A file that is not kept; `code` is too_large, not_a_picture, too_many_pixels, heic or empty."""

    def __init__(self, code: str, file_name: str = "") -> None:
        super().__init__(code, file_name)
        self.code, self.file_name = code, file_name


class MediaUnreachable(OSError):
    """The store does not answer, or refuses us; its words are for the operator. Trying later may help."""


class MediaGone(Exception):
    """A row names a file that lies nowhere."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it lies in its store; `storage_key` is its path below the folder or the bucket's prefix."""

    storage_key: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file to be read; whoever opened it closes `stream`."""

    stream: IO[bytes]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Lying:
    """A file that is there."""

    key: str
    size_bytes: int


def new_key(room: str, suffix: str) -> str:
    """Not to be guessed, and spread over folders."""
    return f"{room}/{secrets.token_hex(1)}/{secrets.token_hex(16)}{suffix}"


def copy_measured(stream: IO[bytes], target: IO[bytes], *, max_bytes: int) -> tuple[int, str]:
    """Copy to the end; size and digest of it. Raises MediaRefused when there is too much."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks_of(stream):
        size += len(chunk)
        if size > max_bytes:
            raise MediaRefused("too_large")
        digest.update(chunk)
        target.write(chunk)
    return size, digest.hexdigest()


def chunks_of(stream: IO[bytes]) -> Iterator[bytes]:
    """A stream in handy pieces."""
    while chunk := stream.read(_CHUNK):
        yield chunk
