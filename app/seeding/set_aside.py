"""What the database does for every row, set aside while volume is copied and done at its end for all rows at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

_CONSTRAINTS = """
    select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) from pg_constraint
    where contype = :kind
        and (conrelid = any(cast(:tables as regclass[])) or confrelid = any(cast(:tables as regclass[])))
    order by 1, 2
"""
_INDEXES = """
    select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
    where indrelid = any(cast(:tables as regclass[])) and indexrelid not in (select conindid from pg_constraint)
    order by 1
"""


@contextmanager
def references_and_triggers(session: Session, tables: Sequence[str]) -> Iterator[None]:
    """Row by row, checking takes three times as long as copying; all at once it is one join for each reference.

    Triggers write down what a person does. What they wrote of the originals is copied with them.
    """
    with _without(session, tables, kind="f"):
        for table in tables:
            session.execute(text(f"alter table {table} disable trigger user"))
        yield
        for table in tables:
            session.execute(text(f"alter table {table} enable trigger user"))


@contextmanager
def indexes(session: Session, tables: Sequence[str]) -> Iterator[None]:
    """For so many rows that sorting all of them once is less than finding a place for each.

    Call it within `references_and_triggers`: references stand on primary keys.
    """
    found = session.execute(text(_INDEXES), {"tables": list(tables)}).all()
    session.execute(text("set local maintenance_work_mem = '256MB'"))
    for name, _definition in found:
        session.execute(text(f"drop index {name}"))
    with _without(session, tables, kind="p"), _without(session, tables, kind="u"):
        yield
    for _name, definition in found:
        session.execute(text(definition))


@contextmanager
def _without(session: Session, tables: Sequence[str], *, kind: str) -> Iterator[None]:
    """Constraints of this kind, as PostgreSQL calls it: of these tables, and of others that stand on them."""
    found = session.execute(text(_CONSTRAINTS), {"tables": list(tables), "kind": kind}).all()
    for table, name, _definition in found:
        session.execute(text(f"alter table {table} drop constraint {name}"))
    yield
    for table, name, definition in found:
        session.execute(text(f"alter table {table} add constraint {name} {definition}"))
