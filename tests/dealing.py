"""How tests are dealt to the processes that run them: a file stays together, and what breaks processes goes singly.

A file's tests share scenes, so that two processes would make each of them twice. Tests that kill processes or cut
lines look at what a person sees meanwhile; three of them at once on two cores would look at each other. The same
holds for browsers and for whole installations.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling

# What takes longest comes first, so that no process is left with it at the end. Each of these is one lot.
FIRST = (
    "tests/faults/",
    "tests/browser/",
    "tests/exchange/",
    "tests/whole_app/test_bootstrap.py",
    "tests/whole_app/test_own_servers.py",
)


class ByLot(LoadScopeScheduling):
    """pytest-xdist's scheduling by scope, where a scope is a lot; the lots keep the order in which they were found."""

    def _split_scope(self, nodeid: str) -> str:
        return lot_of(nodeid)


def lot_of(nodeid: str) -> str:
    """Which tests one process runs together."""
    return next((lot for lot in FIRST if nodeid.startswith(lot)), nodeid.split("::", maxsplit=1)[0])


def put_first(items: list[pytest.Item]) -> None:
    """Sort in place; what is of the same lot, and whatever has no place here, stays as it was found."""
    items.sort(key=lambda item: FIRST.index(lot) if (lot := lot_of(item.nodeid)) in FIRST else len(FIRST))
