"""Doing something for at most so long: what a stopped server would hold up for ever is left behind."""

import os
from collections.abc import Callable
from contextvars import Context
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

_MOST_IDLE = 16


class TookTooLong(Exception):
    """The deadline passed; the work may still finish later, unseen."""


class _Hand(Thread):
    """A thread that does one piece of work after the other; one that is held up is not idle, and another is taken."""

    def __init__(self) -> None:
        # A daemon, because a process that ends must not wait for what a stopped server holds up.
        super().__init__(daemon=True, name="webhook")
        self.given: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def run(self) -> None:
        while True:
            self.given.get()()
            if len(_idle) >= _MOST_IDLE:
                return
            _idle.append(self)


_idle: list[_Hand] = []
# Threads do not live on in a forked process.
os.register_at_fork(after_in_child=_idle.clear)


def within(seconds: float, work: Callable[[], T]) -> T:
    """The work's result, or TookTooLong. The work must be harmless to finish late: ours is unique by its event's key.

    In a thread of its own, because a driver that waits for a stopped server can be neither interrupted nor timed out
    from our side.
    """
    told: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            # Nothing that an earlier work of this thread has set may be seen.
            told.put((Context().run(work), None))
        except BaseException as error:
            told.put((None, error))

    _idle_hand().given.put(run)
    try:
        value, error = told.get(timeout=seconds)
    except Empty:
        raise TookTooLong from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]  # set, because nothing was raised


def _idle_hand() -> _Hand:
    try:
        return _idle.pop()
    except IndexError:
        hand = _Hand()
        hand.start()
        return hand
