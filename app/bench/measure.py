"""Timing and counting: percentiles of repeated calls, and the statements a piece of work sends to the database."""

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event


class MeasuredNothing(RuntimeError):
    """What was timed did not do its work, so that its figure would say nothing. The text says what was missing."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of repeated runs, sorted."""

    seconds: tuple[float, ...]

    def at(self, share: float) -> float:
        """The percentile by the nearest rank, in milliseconds."""
        rank = max(1, math.ceil(share * len(self.seconds)))
        return self.seconds[rank - 1] * 1000

    @property
    def p50(self) -> float:
        return self.at(0.50)

    @property
    def p95(self) -> float:
        return self.at(0.95)

    @property
    def p99(self) -> float:
        return self.at(0.99)


def times_of(seconds: Sequence[float]) -> Times:
    return Times(tuple(sorted(seconds)))


def timed(work: Callable[[], object]) -> float:
    """Seconds that one call of `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def processor_of(process_id: int) -> float:
    """Seconds of processor that a process of this machine has used so far."""
    # The name of a process may hold spaces; what is counted stands behind it.
    words = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def in_turn(works: Sequence[Callable[[], object]], *, rounds: int, warm_up: int = 3) -> list[Times]:
    """Time several works A B A B …, so that a drifting machine is fair to each."""
    for work in works:
        for _round in range(warm_up):
            work()
    taken: list[list[float]] = [[] for _work in works]
    for _round in range(rounds):
        for slot, work in zip(taken, works, strict=True):
            slot.append(timed(work))
    return [times_of(seconds) for seconds in taken]


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements sent through `engine` within the block; BEGIN, COMMIT and SET are not among them."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, _params: Any, _context: Any, _many: bool) -> None:
        if not statement.lstrip().lower().startswith(("set ", "savepoint", "release")):
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report: what was measured, the value, and the limit it is held against."""

    name: str
    value: str
    limit: str = ""
    is_kept: bool = True
    note: str = ""
