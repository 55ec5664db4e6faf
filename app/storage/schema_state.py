"""Whether a database has the tables this build works with: asked before anything claims to be ready."""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import assert_never

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from app.settings import ROOT
from app.storage.schema_facts import Facts, codes_of, constraints_of_codes, facts_expected, facts_there
from tickets.schema import Base

_VERSIONS = ROOT / "app" / "migrations" / "versions"
_REVISION = re.compile(r"^(down_)?revision\b[^=]*= ['\"](\w+)['\"]", re.M)

_CHECKS = text(
    """
    select conrelid::regclass::text, string_agg(pg_get_constraintdef(oid), ' ')
    from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace group by 1
    """
)


_MAY_READ_VERSION = text(
    "select has_table_privilege(to_regclass('alembic_version'), 'select') from to_regclass('alembic_version') t"
    " where t is not null"
)
_UNREADABLE = text(
    """
    select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
        and relname = any(:tables) and not has_table_privilege(oid, 'select') limit 1
    """
)


class SchemaState(StrEnum):
    """How the recorded version of a database stands to the migrations of this build."""

    CURRENT = "current"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    OLDER = "older"
    UNKNOWN = "unknown"


class SchemaFault(StrEnum):
    """Why a build cannot work with the tables it finds.

    `different`: the version is right and the tables are not. `unreadable`: whoever brought them up to date was stopped
    before the application's role got its rights, or somebody took them away.
    """

    EMPTY = "empty"
    UNREADABLE = "unreadable"
    OLDER = "older"
    NEWER = "newer"
    DIFFERENT = "different"


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


def knows_revision(revision: str) -> bool:
    """Whether a schema of this version can be brought up to ours."""
    return revision in _revisions()[1]


def schema_state(connection: Connection) -> SchemaState:
    """By the version that migrations record; a database without it, or without a row in it, is empty."""
    may_read = connection.execute(_MAY_READ_VERSION).scalar()
    if may_read is None:
        return SchemaState.EMPTY
    if not may_read:
        return SchemaState.UNREADABLE
    recorded = connection.execute(text("select version_num from alembic_version")).scalar()
    newest, known = _revisions()
    if recorded is None:
        return SchemaState.EMPTY
    if recorded == newest:
        return SchemaState.CURRENT
    return SchemaState.OLDER if recorded in known else SchemaState.UNKNOWN


def schema_differences(connection: Connection) -> tuple[str, ...]:
    """What stops this build from working with the tables: another build made them, or somebody changed them by hand.

    Of a newer version only what we miss counts, and what asks us for more: for one version it carries us too (G21).
    """
    there, harmless = facts_there(connection)
    gone = frozenset(Base.metadata.tables) - {name.partition(".")[0] for name in there}
    every = facts_expected()
    expected = {name: words for name, words in every.items() if _table_of(name, every) not in gone}
    is_newer = schema_state(connection) is SchemaState.UNKNOWN
    found = [f"the table {name} is missing" for name in sorted(gone)]
    found += [f"{name} is missing" for name in expected if name not in there and (_is_column(name) or not is_newer)]
    found += _codes_missing(connection, gone)
    if not is_newer:
        found += _changed(expected, there)
    known = every.keys() | constraints_of_codes() | harmless
    for name in there.keys() - known:
        if _table_of(name, there) in Base.metadata.tables and (_is_column(name) or not is_newer):
            found.append(f"{name} is not known here")
    return tuple(found)


def _is_column(name: str) -> bool:
    return " " not in name


def _table_of(name: str, facts: Facts) -> str:
    """The table of `ticket.subject` and of `constraint ticket.ck_…`; an index names its own in its words."""
    if name.startswith("index "):
        return facts[name].partition(" on ")[2].split(" ")[0]
    return name.rpartition(" ")[2].partition(".")[0]


def _changed(expected: Facts, there: Facts) -> Iterator[str]:
    for name, words in expected.items():
        if there.get(name, words) != words:
            yield f"{name} is “{there[name]}” and should be “{words}”"


def _codes_missing(connection: Connection, gone: frozenset[str]) -> Iterator[str]:
    checks: dict[str, str] = {table: words for table, words in connection.execute(_CHECKS)}
    for table in Base.metadata.sorted_tables:
        for column in table.columns if table.name not in gone else ():
            allowed = checks.get(table.name, "")
            yield from (
                f"{table.name}.{column.name} does not allow {code}"
                for code in codes_of(column)
                if f"'{code}'" not in allowed
            )


def schema_fault(connection: Connection) -> SchemaFault | None:
    """Why this build cannot work with the tables; None when it can.

    A newer version with everything we need in it is no fault: nodes are renewed one after the other (G21).
    """
    state = schema_state(connection)
    match state:
        case SchemaState.EMPTY:
            return SchemaFault.EMPTY
        case SchemaState.UNREADABLE:
            return SchemaFault.UNREADABLE
        case SchemaState.OLDER:
            return SchemaFault.OLDER
        case SchemaState.UNKNOWN:
            return SchemaFault.NEWER if schema_differences(connection) else _unreadable(connection)
        case SchemaState.CURRENT:
            return SchemaFault.DIFFERENT if schema_differences(connection) else _unreadable(connection)
        case _:
            assert_never(state)


def _unreadable(connection: Connection) -> SchemaFault | None:
    there = connection.execute(_UNREADABLE, {"tables": list(Base.metadata.tables)}).scalar()
    return SchemaFault.UNREADABLE if there is not None else None


def is_missing_table(error: BaseException) -> bool:
    """A statement refused because tables or columns are not there: the schema's fault, not that of a lost database."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return isinstance(error, ProgrammingError) and state in ("42P01", "42703")
