"""What one run of a job could not do while it did the rest: each item is named once, and the run counts as failed."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from app.storage.database_faults import OF_EVERYBODY, fault_of, passes
from tickets.each_alone import EnoughPutAside

log = structlog.get_logger()

Item = TypeVar("Item")

# What is held or hangs may cost a run a statement's time each; with more of them something else is wrong.
_MOST_PASSING = 8


class SomePutAside(Exception):
    """Everything else was done; which ones were not stands in the log."""

    def __init__(self, count: int, first: Exception) -> None:
        self.first = first
        super().__init__(f"{count} put aside, the first: {fault_of(first) or first!r}")


class SomeHeld(SomePutAside):
    """Among them what may be done if it is tried again soon."""


@dataclass
class Aside:
    """Of one run. `told` is what runs of this process have named and still cannot do.

    `lets_through` is raised, and so is what is everybody's trouble: then there are no others to go on with. So is what
    is held or hangs when it has come so often, or comes after `until` (by time.monotonic). With `rest_waits` it is put
    aside as often as there is time, and then the others wait for the next run.
    """

    job: str
    told: set[tuple[str, int | str]] = field(default_factory=set)
    lets_through: tuple[type[Exception], ...] = ()
    items: dict[int | str, Exception] = field(default_factory=dict)
    until: float | None = None
    rest_waits: bool = False

    def __call__(self, item: int | str, trouble: Exception) -> None:
        if isinstance(trouble, self.lets_through) or fault_of(trouble) in OF_EVERYBODY:
            raise trouble
        is_enough = passes(trouble) and self._has_cost_enough()
        if is_enough and not self.rest_waits:
            raise trouble
        self.items.setdefault(item, trouble)
        if (self.job, item) not in self.told:
            self.told.add((self.job, item))
            log.error("job.item_put_aside", job=self.job, item=item, reason=str(fault_of(trouble) or repr(trouble)))
        if is_enough:
            raise EnoughPutAside from trouble

    def _has_cost_enough(self) -> bool:
        if self.until is not None and time.monotonic() >= self.until:
            return True
        return not self.rest_waits and sum(map(passes, self.items.values())) >= _MOST_PASSING

    @property
    def ids(self) -> set[int]:
        return {item for item in self.items if isinstance(item, int)}

    def each(self, items: Iterable[Item], act: Callable[[Item], object], *, named: Callable[[Item], int | str]) -> None:
        """Do each in transactions of its own, whatever becomes of the others."""
        for item in items:
            try:
                act(item)
            except Exception as trouble:  # whatever is wrong with one, the others are nothing to it
                self(named(item), trouble)

    def say(self) -> None:
        """At the end of the run. Raises SomePutAside if there was any; what it could do again is news when it fails."""
        self.told -= {(job, item) for job, item in self.told if job == self.job and item not in self.items}
        if self.items:
            raised = SomeHeld if any(map(_may_pass, self.items.values())) else SomePutAside
            raise raised(len(self.items), next(iter(self.items.values())))


def _may_pass(trouble: Exception) -> bool:
    return passes(trouble) or isinstance(trouble, SomeHeld)
