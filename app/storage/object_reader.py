"""A file in a bucket, read like one on a disk: a jump asks the store for the rest from there."""

import io
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError
from urllib3.exceptions import HTTPError

from app.storage.media_kept import MediaUnreachable


class ObjectReader(io.RawIOBase):
    """`get` gives a body that begins at a byte, and the size of the whole."""

    def __init__(self, get: Callable[[int], tuple[Any, int]]) -> None:
        self._get = get
        self._body: Any = None
        self._at = self._size = 0

    def begin(self) -> int:
        """Ask for the first byte; how many there are. Raises what `get` raises."""
        self._body, self._size = self._get(0)
        return self._size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begins = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        wanted = max(0, begins + offset)
        if wanted != self._at:
            self._let_go()
            self._at = wanted
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        if self._body is None:
            self._body, _ = self._get(self._at)
        chunk = self._read(len(buffer))
        if not chunk:
            raise MediaUnreachable("the store ended a file before its end")
        buffer[: len(chunk)] = chunk
        self._at += len(chunk)
        return len(chunk)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _read(self, size: int) -> bytes:
        try:
            chunk: bytes = self._body.read(size)
        except (BotoCoreError, HTTPError, OSError) as cut:
            raise MediaUnreachable(f"the store broke off ({type(cut).__name__})") from cut
        return chunk

    def _let_go(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()
