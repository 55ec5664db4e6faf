"""Counting the statements a block of code sends to the database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session


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
