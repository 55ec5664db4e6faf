"""How many pages of the database a piece of work reads: the figure that does not depend on the machine's mood."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event

_COUNTED = ("select", "insert", "update", "delete", "with")


@dataclass(frozen=True, slots=True)
class Read:
    """What a piece of work sent: `pages` are shared buffers hit or read (8 kB each), over all `statements`."""

    statements: int
    pages: int
    # The statement that read most, with its pages.
    heaviest: tuple[int, str]


@contextmanager
def statements_sent(engine: Engine | Connection) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that this engine or connection sends within the block, with its parameters."""
    sent: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, params: Any, _context: Any, many: bool) -> None:
        if statement.lstrip().lower().startswith(_COUNTED):
            # Many rows of one statement that answers with them come as one mapping.
            sent.extend((statement, one) for one in (params if many and not isinstance(params, Mapping) else [params]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def pages_read(engine: Engine, work: Callable[[], object]) -> Read:
    """Do `work` once, then ask PostgreSQL what each of its statements reads, in a transaction that is rolled back.

    Planning is left out: it reads the catalogue, which is the same for any volume. What `work` changed is there when
    its statements are asked about again, so it should be work that finds nothing new, or only reads.
    """
    with statements_sent(engine) as sent:
        work()
    with engine.connect() as connection:
        read = read_by(connection, sent)
        connection.rollback()
    return read


def read_by(connection: Connection, sent: Sequence[tuple[str, Any]]) -> Read:
    """What these statements read, asked for within the connection's transaction; what they change stays."""
    counts = [(_pages(connection, statement, params), " ".join(statement.split())) for statement, params in sent]
    return Read(len(counts), sum(pages for pages, _statement in counts), max(counts, default=(0, "")))


def _pages(connection: Connection, statement: str, params: Any) -> int:
    plan = connection.exec_driver_sql(f"explain (analyze, buffers, timing off, format json) {statement}", params)
    top = plan.scalar_one()[0]["Plan"]
    return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])
