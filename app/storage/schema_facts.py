"""What stands in a database, fact by fact, against what this build's tables ask for; neither side needs Alembic.

A fact has a name (`ticket.subject`, `index ix_ticket_wake`) and its words. Both sides are brought to the same words:
PostgreSQL writes `status in ('new')` as `((status)::text = 'new'::text)`, and not in every version alike.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Enum,
    ForeignKeyConstraint,
    Identity,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import Constraint, CreateIndex

from tickets.schema import Base
from tickets.schema.attempt import WRITES_ATTEMPTS
from tickets.schema.kept_facts import KEEPS_FACTS
from tickets.schema.open_breach import COUNTS_OPEN_BREACHES
from tickets.schema.problem import KEEPS_EVIDENCE
from tickets.schema.reference_version import MOVES_PLACES, MOVES_RULES
from tickets.schema.sealed_due import SEALS_DUES
from tickets.schema.standing import KEEPS_WHAT_STANDS
from tickets.schema.waiting import COUNTS_WAITING

Facts = Mapping[str, str]

_OF_FACTS = {
    **WRITES_ATTEMPTS,
    **KEEPS_FACTS,
    **COUNTS_OPEN_BREACHES,
    **SEALS_DUES,
    **KEEPS_WHAT_STANDS,
    **KEEPS_EVIDENCE,
    **COUNTS_WAITING,
}

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]
_CAST = re.compile(r"::(?:character varying|timestamp with time zone|double precision|[a-z_]+)(?:\(\d+\))?(?:\[\])?")
_WORD = re.compile(r"'[^']*'|[a-z_][a-z0-9_.]*|\d+|<>|<=|>=|[<>=+*/-]")
# One list is `in (…)` where it was written and `= any (array[…])` where it is kept; `using btree` is often left unsaid.
_SAID_OTHERWISE = {"in": "="}
_UNSAID = frozenset({"any", "array", "using", "btree"})

# One row a fact, in one statement: it is asked at every start and by whoever asks whether we are ready.
_THERE = text(
    """
    select 'column', c.relname || '.' || a.attname,
           format_type(a.atttypid, a.atttypmod)
           || case when a.attnotnull then ' not null' else '' end
           || case when a.attidentity <> '' then ' identity' else '' end,
           coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
           not a.attnotnull or a.atthasdef or a.attidentity <> ''
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    union all
    select 'index', c.relname, pg_get_indexdef(c.oid) || case when i.indisvalid then '' else ' invalid' end,
           '', not i.indisunique
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where c.relnamespace = 'public'::regnamespace
      and not exists (select from pg_constraint where conindid = c.oid and contype in ('p', 'u', 'x'))
    union all
    select 'constraint', t.relname || '.' || k.conname, pg_get_constraintdef(k.oid), k.contype::text, false
    from pg_constraint k join pg_class t on t.oid = k.conrelid
    where t.relnamespace = 'public'::regnamespace and k.contype in ('p', 'u', 'f', 'c', 'x')
    union all
    select 'trigger', t.relname || '.' || g.tgname, p.prosrc, g.tgenabled::text, true
    from pg_trigger g join pg_class t on t.oid = g.tgrelid join pg_proc p on p.oid = g.tgfoid
    where t.relnamespace = 'public'::regnamespace and not g.tgisinternal
    """
)


def facts_there(connection: Connection) -> tuple[Facts, frozenset[str]]:
    """What the catalog says, and the names of those facts that refuse no row which knows nothing of them.

    A trigger we do not know counts as harmless: it may be a city's own replication.
    """
    facts, harmless = {}, set()
    for kind, name, words, more, is_harmless in connection.execute(_THERE):
        fact = name if kind == "column" else f"{kind} {name}"
        facts[fact] = _words_there(kind, words, more)
        if is_harmless:
            harmless.add(fact)
    return facts, frozenset(harmless)


def _words_there(kind: str, words: str, more: str) -> str:
    if kind == "column":
        return _column_words(words, more)
    if kind == "index":
        return normalised(words)
    if kind == "trigger":
        # O: it fires; anything else was switched off by hand.
        return normalised(words) if more == "O" else "switched off"
    return normalised(words)


@cache
def facts_expected() -> Facts:
    """What `tickets/schema` asks for. The codes that a column allows are judged one by one elsewhere."""
    return (
        {name: words for table in Base.metadata.sorted_tables for name, words in _expected_of(table)}
        | {
            f"trigger {table}.{function}": normalised(body)
            for function, (body, tables) in (MOVES_RULES, MOVES_PLACES)
            for table in tables
        }
        | {f"trigger {table}.{name}": normalised(body) for name, (body, table, _) in _OF_FACTS.items()}
    )


def _expected_of(table: Table) -> Iterator[tuple[str, str]]:
    for column in table.columns:
        yield f"{table.name}.{column.name}", _column_expected(column)
    for index in table.indexes:
        yield f"index {index.name}", normalised(str(CreateIndex(index).compile(dialect=_POSTGRESQL)))
    for constraint in table.constraints:
        name = _POSTGRESQL.identifier_preparer.format_constraint(constraint)
        words = _constraint_words(constraint)
        if name and words:
            yield f"constraint {table.name}.{name}", normalised(words)


def _column_expected(column: Column[object]) -> str:
    of_type = column.type.compile(_POSTGRESQL).lower().replace("varchar", "character varying")
    identity = " identity" if isinstance(column.identity, Identity) else ""
    default = getattr(column.server_default, "arg", None)
    written = f"'{default}'" if isinstance(default, str) else str(default) if default is not None else ""
    return _column_words(f"{of_type}{'' if column.nullable else ' not null'}{identity}", written)


def _column_words(words: str, default: str) -> str:
    if default.startswith("nextval("):
        # A number drawn for a key that is always given.
        return words
    # `0` and `'0'::bigint` are one default.
    said = " ".join(re.sub(r"'(-?\d+)'", r"\1", _CAST.sub("", default.lower())).split()).strip("()")
    return f"{words} default {said.replace(' ', '')}" if said else words


def _constraint_words(constraint: Constraint) -> str:
    if isinstance(constraint, PrimaryKeyConstraint):
        return f"primary key ({_names(constraint)})"
    if isinstance(constraint, UniqueConstraint):
        return f"unique ({_names(constraint)})"
    if isinstance(constraint, ForeignKeyConstraint):
        target = f"{constraint.referred_table.name}({', '.join(one.column.name for one in constraint.elements)})"
        on_delete = f" on delete {constraint.ondelete}" if constraint.ondelete else ""
        return f"foreign key ({_names(constraint)}) references {target}{on_delete}"
    if isinstance(constraint, CheckConstraint) and not _is_of_codes(constraint):
        return f"check ({constraint.sqltext})"
    return ""


def _is_of_codes(constraint: CheckConstraint) -> bool:
    """Made by `coded()`: its name is the column's type, and the type knows its codes."""
    return bool(getattr(constraint, "_type_bound", False))


def _names(constraint: PrimaryKeyConstraint | UniqueConstraint | ForeignKeyConstraint) -> str:
    return ", ".join(column.name for column in constraint.columns)


def constraints_of_codes() -> frozenset[str]:
    """The names of the facts that are judged code by code."""
    return frozenset(
        f"constraint {table.name}.{_POSTGRESQL.identifier_preparer.format_constraint(constraint)}"
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint) and _is_of_codes(constraint)
    )


def codes_of(column: Column[object]) -> tuple[str, ...]:
    return tuple(column.type.enums) if isinstance(column.type, Enum) else ()


def normalised(words: str) -> str:
    """The words of a definition without casts, brackets, schema names and the ways one list can be written."""
    plain = _CAST.sub("", words.lower().replace("public.", "").replace('"', ""))
    return " ".join(_SAID_OTHERWISE.get(word, word) for word in _WORD.findall(plain) if word not in _UNSAID)
