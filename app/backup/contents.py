"""What a database holds, so briefly that two can be compared: rows and their digest by table, and the sequences."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

from app.backup.manifest import Told
from app.storage.bounded_connection import Limits
from app.storage.play_progress import TellProgress

# Reading every row takes as long as it takes.
FOR_EVERY_ROW = Limits(statement_ms=0, connect_seconds=10)

SnapshotConnection = psycopg.Connection[tuple[object, ...]]


# How values are written decides their digest.
_WRITING = {"timezone": "UTC", "datestyle": "ISO, YMD", "intervalstyle": "postgres", "bytea_output": "hex"}
_TABLES = """
    select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname
"""
_SEQUENCES = "select sequencename, coalesce(last_value, 0) from pg_sequences where schemaname = 'public' order by 1"
# In any order: rows have none. The sum keeps what a row that stands there twice would undo by exclusive or.
_DIGEST = sql.SQL(
    "select count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0)::text from {} t"
)


def write_alike(connection: SnapshotConnection) -> None:
    """Have this connection write values as every backup does."""
    for name, value in _WRITING.items():
        connection.execute("select set_config(%s, %s, false)", (name, value))


def tables_of(connection: SnapshotConnection, say: TellProgress) -> dict[str, Told]:
    """Every table of ours by name. Reads all of it once."""
    names = [str(name) for (name,) in connection.execute(_TABLES)]
    found = {}
    for number, name in enumerate(names, 1):
        row = connection.execute(_DIGEST.format(sql.Identifier("public", name))).fetchone()
        rows, digest = row if row else (0, "0")
        found[name] = Told(int(str(rows)), str(digest))
        if number % 10 == 0 or number == len(names):
            say(f"  … {number} of {len(names)} tables read")
    return found


def sequences_of(connection: SnapshotConnection) -> dict[str, int]:
    return {str(name): int(str(value)) for name, value in connection.execute(_SEQUENCES)}


def differences(
    wanted: Mapping[str, Told], there: Mapping[str, Told], drawn: Mapping[str, int], reached: Mapping[str, int]
) -> list[str]:
    """What a restored database has not, or has otherwise. After the snapshot a number may have been drawn."""
    found = [f"the table {name} is missing" for name in wanted.keys() - there.keys()]
    found += [
        f"the table {name} has {there[name].size} rows and should have {told.size}"
        if there[name].size != told.size
        else f"rows of the table {name} are not those of the backup"
        for name, told in wanted.items()
        if name in there and there[name] != told
    ]
    return found + [f"the sequence {name} is behind" for name, value in drawn.items() if reached.get(name, -1) < value]
