"""Lets go of whole applications that tests made: each reads the places, and what is read stays out of collections.

A process of ours makes one application and keeps it (`app/reference.py`); a process of the tests makes hundreds.
"""

import gc
import os
from pathlib import Path

# A collection of everything takes most of a second: one for each so many bytes that were added.
_GROWN = 512 * 2**20


class LetsGo:
    """A plugin of pytest, for one process of tests."""

    def __init__(self) -> None:
        self._kept = _resident()

    def pytest_runtest_logfinish(self) -> None:
        if _resident() - self._kept > _GROWN:
            gc.unfreeze()
            gc.collect()
            gc.freeze()
            self._kept = _resident()


def _resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
