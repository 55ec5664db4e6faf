"""What somebody else's server answers: read so far and for so long, and no further, however it drips."""

import time
from typing import Any

import requests

_AT_ONCE = 64 * 1024


class AnswerRefused(requests.RequestException):
    """It is longer, or comes slower, than any answer of theirs has a reason to."""


class NotTheirs(AnswerRefused):
    """A yes in words that are none of the carrier's: a gateway or a sign-in page on the way said it."""


class LimitedAnswer:
    """The body of a streamed answer. A limit on each read alone would let a server hold us with a byte now and then."""

    def __init__(self, answer: requests.Response, *, most_bytes: int, seconds: float) -> None:
        self._raw: Any = answer.raw
        self._left, self._until = most_bytes, time.monotonic() + seconds

    def read(self, amount: int = _AT_ONCE) -> bytes:
        """What there is, at most so much; empty at the end. Raises AnswerRefused, and what the connection raises."""
        found: bytes = self._raw.read1(amount, decode_content=True)
        self._left -= len(found)
        if self._left < 0:
            raise AnswerRefused("too long")
        if found and time.monotonic() > self._until:
            raise AnswerRefused("too slow")
        return found

    def whole(self) -> bytes:
        parts = []
        while part := self.read():
            parts.append(part)
        return b"".join(parts)
