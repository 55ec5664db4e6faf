"""Writing rows of several tables in one statement: what makes opening a ticket cheap."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, DefaultClause, Table, TextClause, any_, literal, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from tickets.schema.base import Base

Row = Mapping[str, Any]
Batch = tuple[type[Base], Sequence[Row]]
# A statement that changes rows which are there already, with its parameters.
Change = tuple[str, Row]

_AT_ONCE = 400
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


def insert_rows(session: Session, *batches: Batch, changes: Sequence[Change] = ()) -> None:
    """Insert all rows of all batches at once, and make `changes` with them; the rows of one batch have the same keys.

    Rows travel as one JSON text per table, so that the statement is the same whatever their number and is prepared
    once. References between the batches are checked when the statement ends: their order does not matter. Changes do
    not see the new rows, and each names its parameters differently from the others.
    """
    filled = [(table, rows) for table, rows in batches if rows]
    if not filled and not changes:
        return
    shape = tuple((table.__tablename__, tuple(rows[0])) for table, rows in filled)
    values = {f"rows_{n}": as_json(rows) for n, (_, rows) in enumerate(filled)}
    for _sql, parameters in changes:
        values |= parameters
    session.execute(_statement(shape, tuple(sql for sql, _parameters in changes)), values)


def insert_many(session: Session, table: type[Base], rows: Sequence[Row], *, unless_known: str = "") -> None:
    """As `insert_rows`, of one table; a row whose unique column `unless_known` is there already is left out.

    So many at a time: a statement of a tick may take three seconds, also on a machine with too much to do.
    """
    for begin in range(0, len(rows), _AT_ONCE):
        part = rows[begin : begin + _AT_ONCE]
        session.execute(_many(table.__tablename__, tuple(part[0]), unless_known), {"rows": as_json(part)})


def among(column: InstrumentedAttribute[int], ids: Iterable[int]) -> ColumnElement[bool]:
    """The column is one of these ids, which travel as one value: hundreds of parameters cost more than the look-up."""
    return column == any_(literal(sorted(ids), ARRAY(BigInteger)))


def as_json(rows: Sequence[Row]) -> str:
    """Rows as one text, for a statement that takes them apart with `jsonb_to_recordset`."""
    return json.dumps(rows, default=_as_json)


def columns_of(row: Base) -> Row:
    """A row that was read, by column: as the rows that are written here."""
    return {column.key: getattr(row, column.key) for column in type(row).__mapper__.columns}


def as_inserted(table: type[Base], row: Row) -> Row:
    """A row that is written here, as reading it would tell: a column that it does not name has its default."""
    return {**_defaults(table), **row}


@cache
def _defaults(table: type[Base]) -> Row:
    return {column.key: _default(column) for column in table.__mapper__.columns}


def _default(column: ColumnElement[Any]) -> object:
    default = getattr(column, "server_default", None)
    if not isinstance(default, DefaultClause):
        return None
    # Words and codes stand as they are; numbers, truth and JSON in the database's spelling, which is JSON's too.
    if isinstance(default.arg, str):
        return column.type.python_type(default.arg)
    return json.loads(str(default.arg).strip("'"))


@lru_cache(maxsize=256)
def _statement(shape: tuple[tuple[str, tuple[str, ...]], ...], changes: tuple[str, ...]) -> TextClause:
    tables = Base.metadata.tables
    inserts = [_insert(tables[name], columns, parameter=f"rows_{n}") for n, (name, columns) in enumerate(shape)]
    *before, last = [*inserts, *changes]
    parts = ", ".join(f"part_{n} as ({part})" for n, part in enumerate(before))
    return text(f"with {parts} {last}" if parts else last)


@lru_cache(maxsize=16)
def _many(table: str, columns: tuple[str, ...], unless_known: str) -> TextClause:
    known = f' on conflict ("{unless_known}") do nothing' if unless_known else ""
    return text(f"{_insert(Base.metadata.tables[table], columns, parameter='rows')}{known}")


def _insert(table: Table, columns: tuple[str, ...], *, parameter: str) -> str:
    # Names and types come from the metadata, never from outside.
    names = ", ".join(f'"{c}"' for c in columns)
    typed = ", ".join(f'"{c}" {table.c[c].type.compile(dialect=_DIALECT)}' for c in columns)
    source = f"jsonb_to_recordset(cast(:{parameter} as jsonb)) as r({typed})"
    return f'insert into "{table.name}" ({names}) select {names} from {source}'  # noqa: S608  (our own names)


@lru_cache(maxsize=256)
def _instant(at: datetime) -> str:
    """Of thousands of rows nearly all have the same few."""
    return at.isoformat()


def _as_json(value: object) -> str | list[object]:
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot travel as JSON")
