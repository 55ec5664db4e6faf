"""Steering pages give way to intake (G12): they never hold more than a share of a process's threads.

Calls, texts, reports, agents' work and leaders' answers have the rest to themselves, whoever asks for figures.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.exceptions import ServiceUnavailable

# Of the sixteen threads of a web process (app/processes/commands.py): so many at once look at figures, lists of
# everything, exports and searches.
TURNS_AT_ONCE = 4
AGAIN_AFTER_SECONDS = 5
# Views of these modules, when they only read: what steers, administers or counts, and nobody waits for on the phone.
_GIVING_WAY = (
    "app.web.administration.",
    "app.web.api.figures",
    "app.web.console.searching",
    "app.web.leadership.ledger",
    "app.web.public.performance",
    "app.web.supervisor.",
)


class GivesWay(ServiceUnavailable):
    """All turns of steering pages are taken; whoever asks comes again in a few seconds."""


class Turns:
    """The share of one process that steering pages may take; whoever finds it taken is refused at once, not queued."""

    def __init__(self, at_once: int = TURNS_AT_ONCE) -> None:
        self._free = threading.BoundedSemaphore(at_once)

    @contextmanager
    def taken(self, view: Callable[..., Any] | None, method: str) -> Iterator[None]:
        """Around an answer. Raises GivesWay; a page that gives no way is let through without a turn."""
        if not gives_way(view, method):
            yield
            return
        if not self._free.acquire(blocking=False):
            raise GivesWay
        try:
            yield
        finally:
            self._free.release()


def gives_way(view: Callable[..., Any] | None, method: str) -> bool:
    """Whether it only reads and nobody's matter waits for it."""
    return view is not None and method in ("GET", "HEAD") and view.__module__.startswith(_GIVING_WAY)
