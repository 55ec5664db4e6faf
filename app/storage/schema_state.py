"""Whether a database has the tables this build works with: asked before anything claims to be ready."""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache

from sqlalchemy import Connection, Enum, Table, text
from sqlalchemy.exc import ProgrammingError

from app.settings import ROOT
from tickets.schema import Base

_VERSIONS = ROOT / "app" / "migrations" / "versions"
_REVISION = re.compile(r"^(down_)?revision\b[^=]*= ['\"](\w+)['\"]", re.M)

_COLUMNS = text(
    """
    select c.relname, a.attname,
           a.attnotnull and not a.atthasdef and a.attidentity = '' as must_be_filled
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
    """
)
_CHECKS = text(
    """
    select conrelid::regclass::text, string_agg(pg_get_constraintdef(oid), ' ')
    from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace group by 1
    """
)


class SchemaState(StrEnum):
    """How the recorded version of a database stands to the migrations of this build."""

    CURRENT = "current"
    EMPTY = "empty"
    OLDER = "older"
    UNKNOWN = "unknown"


@cache
def _revisions() -> tuple[str, frozenset[str]]:
    """The newest revision of this build, and all it knows. Read without Alembic, which web processes do not load."""
    own: set[str] = set()
    older: set[str] = set()
    for path in _VERSIONS.glob("*.py"):
        for is_down, revision in _REVISION.findall(path.read_text(encoding="utf-8")):
            (older if is_down else own).add(revision)
    (newest,) = own - older
    return newest, frozenset(own)


def schema_state(connection: Connection) -> SchemaState:
    """By the version that migrations record; a database without it, or without a row in it, is empty."""
    if connection.execute(text("select to_regclass('alembic_version')")).scalar_one() is None:
        return SchemaState.EMPTY
    recorded = connection.execute(text("select version_num from alembic_version")).scalar()
    newest, known = _revisions()
    if recorded is None:
        return SchemaState.EMPTY
    if recorded == newest:
        return SchemaState.CURRENT
    return SchemaState.OLDER if recorded in known else SchemaState.UNKNOWN


def schema_differences(connection: Connection) -> tuple[str, ...]:
    """What stops this build from working with the tables, though their version is right: another build made them."""
    there: dict[str, dict[str, bool]] = {}
    for table, column, must_be_filled in connection.execute(_COLUMNS):
        there.setdefault(table, {})[column] = must_be_filled
    checks: dict[str, str] = {table: words for table, words in connection.execute(_CHECKS)}
    found: list[str] = []
    for table in Base.metadata.sorted_tables:
        if table.name not in there:
            found.append(f"the table {table.name} is missing")
        else:
            found += _differences_of(table, there[table.name], checks.get(table.name, ""))
    return tuple(found)


def _differences_of(table: Table, there: dict[str, bool], checks: str) -> Iterator[str]:
    for column in table.columns:
        if column.name not in there:
            yield f"{table.name}.{column.name} is missing"
        elif isinstance(column.type, Enum):
            yield from (
                f"{table.name}.{column.name} does not allow {code}"
                for code in column.type.enums
                if f"'{code}'" not in checks
            )
    for name, must_be_filled in there.items():
        if must_be_filled and name not in table.columns:
            yield f"{table.name}.{name} is not known here"


def is_missing_table(error: BaseException) -> bool:
    """A statement refused because tables or columns are not there: the schema's fault, not that of a lost database."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return isinstance(error, ProgrammingError) and state in ("42P01", "42703")
