"""Counting the statements a block of code sends to the database."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

# As `tickets/routing/rules.py` asks it.
_WHICH_RULES = "SELECT (SELECT reference_version.rules"


@contextmanager
def counted(where: Engine | Session) -> Iterator[list[str]]:
    """The statements a block sends, savepoints of the test aside: of an engine, or of a session's connection alone.

    What other threads send counts for none: a process reads places and rules ahead of its first caller.
    """
    listened: Engine | Connection = where.connection() if isinstance(where, Session) else where
    seen, here = list[str](), threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if threading.get_ident() == here and not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append(statement)

    event.listen(listened, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(listened, "before_cursor_execute", note)


def of_the_page(statements: Sequence[str]) -> list[str]:
    """Without the look at which rules hold: a page that only shows asks anew after three seconds, and a busy machine
    takes that long between two pages.
    """
    return [one for one in statements if not one.startswith(_WHICH_RULES)]
