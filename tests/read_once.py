"""The hundreds of applications of a test process read the places and rules of one state of a database once for all.

What a version stands for never changes, rolled back or not (`tickets/routing/rules.py`); the version of the template is
that of each of its copies as well. `tests/app/test_reference.py` reads as a process does.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import reference
from tickets.matter import kept as kept_words
from tickets.matter.rulebook import MatterRulebook
from tickets.routing.rules import version_now

AS_IT_IS, LEAVING_OUT = reference._read_once, reference._leave_out_of_collections
_MOST = 8


@contextmanager
def read_once(template: int, words: int, made: Mapping[str, int]) -> Iterator[None]:
    """Until the block ends. `template` and `words`: the versions of the template's rules and words; `made`: its copies,
    by name, and how often one of that name was made.
    """
    kept: dict[tuple[str, int, date], reference._Kept] = {}

    def key(session: Session, version: int, on: date) -> tuple[str, int, date]:
        name = session.connection().engine.url.database or ""
        is_template = version == template and name in made
        return "" if is_template else f"{name} {made.get(name)}", version, on

    def once(session: Session, on: date, before: reference._Kept | None) -> reference._Kept:
        found = kept.get(key(session, version_now(session), on))
        if found is None:
            found = AS_IT_IS(session, on, before)
            if len(kept) >= _MOST:
                kept.clear()
            # What was published meanwhile is another version than the one that was asked for.
            kept[key(session, found.version, on)] = found
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reference, "_read_once", once)
        patched.setattr(kept_words, "_books", _Words(words, made))
        # A collection at each first reading, and what it leaves out would be left out hundreds of times.
        patched.setattr(reference, "_leave_out_of_collections", lambda: None)
        yield


class _Words(WeakKeyDictionary[Engine, tuple[int, MatterRulebook]]):
    """What each engine has read of the city's words; the first that reads the template's has read them for all."""

    def __init__(self, template: int, made: Mapping[str, int]) -> None:
        super().__init__()
        self._template, self._made = template, made
        self._shipped: tuple[int, MatterRulebook] | None = None

    def get(self, engine: Engine, default: Any = None) -> Any:
        is_copy = engine.url.database in self._made
        return super().get(engine, self._shipped if is_copy else default)

    def __setitem__(self, engine: Engine, read: tuple[int, MatterRulebook]) -> None:
        if read[0] == self._template and engine.url.database in self._made:
            self._shipped = read
        super().__setitem__(engine, read)
