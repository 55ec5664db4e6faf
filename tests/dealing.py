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
# Then the files that take longest after those: whichever came last would be waited for by all processes but one.
LONG_FILES = (
    "tests/app/web/provider_events/waiting/test_every_break.py",
    "tests/whole_app/test_what_is_hidden.py",
    "tests/app/web/provider_events/waiting/test_waiting_callers.py",
    "tests/app/rehearsal/test_simulate.py",
    "tests/app/delivery/test_bad_night.py",
    "tests/whole_app/test_hostile_input.py",
    "tests/app/seeding/test_demonstration.py",
    "tests/whole_app/test_backup_commands.py",
    "tests/telephony/floor/test_pairs_of_stories.py",
    "tests/app/recurring/test_watchdog.py",
    "tests/app/rehearsal/test_calls.py",
    "tests/app/seeding/test_playing_beside.py",
    "tests/app/storage/test_redis_by_sentinels.py",
    "tests/whole_app/test_leaves_nothing.py",
    "tests/whole_app/test_audited.py",
    "tests/whole_app/test_rights.py",
    "tests/telephony/floor/test_pairs_of_callback_stories.py",
)
_ORDER = {lot: place for place, lot in enumerate((*FIRST, *LONG_FILES))}


class ByLot(LoadScopeScheduling):
    """pytest-xdist's scheduling by scope, where a scope is a lot; the lots keep the order in which they were found."""

    def _split_scope(self, nodeid: str) -> str:
        return lot_of(nodeid)


def lot_of(nodeid: str) -> str:
    """Which tests one process runs together."""
    return next((lot for lot in FIRST if nodeid.startswith(lot)), nodeid.split("::", maxsplit=1)[0])


def put_first(items: list[pytest.Item]) -> None:
    """Sort in place; what is of the same lot, and whatever has no place here, stays as it was found."""
    items.sort(key=lambda item: _ORDER.get(lot_of(item.nodeid), len(_ORDER)))
