"""Doing something for at most so long: what a stopped server would hold up for ever is left behind."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class TookTooLong(Exception):
    """The deadline passed; the work may still finish later, unseen."""


class _Result(Generic[T]):
    def __init__(self) -> None:
        self.done = threading.Event()
        self.value: T | None = None
        self.error: BaseException | None = None


def within(seconds: float, work: Callable[[], T]) -> T:
    """The work's result, or TookTooLong. The work must be harmless to finish late: ours is unique by its event's key.

    A thread of its own, because a driver that waits for a stopped server can be neither interrupted nor timed out from
    our side; a daemon, because a process that ends must not wait for it.
    """
    result: _Result[T] = _Result()

    def run() -> None:
        try:
            result.value = work()
        except BaseException as error:
            result.error = error
        finally:
            result.done.set()

    threading.Thread(target=run, daemon=True, name="webhook").start()
    if not result.done.wait(seconds):
        raise TookTooLong
    if result.error is not None:
        raise result.error
    return result.value  # type: ignore[return-value]  # set, because nothing was raised
