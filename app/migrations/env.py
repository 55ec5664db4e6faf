"""How Alembic connects: with the owner's URL that `app.storage.database` hands over."""

from typing import Any

from alembic import context
from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy import Column, Constraint, Index, Table, text

from app.storage.database import make_engine
from tickets.schema import Base

_IS_THERE = text("select true from pg_constraint where conrelid = to_regclass(:table) and conname = :name")


class Repeatable(PostgresqlImpl):
    """Whatever is made is made where it is missing; Alembic takes the last class of a dialect.

    A migration that makes an index beside the city's work commits what stands before it, under the version before:
    whoever keeps a snapshot for longer than `lock_timeout`, or kills it, has all of it begin again. Statements in words
    say so themselves (`or replace`, `if not exists`). What came of it is compared by `schema_state`.
    """

    __dialect__ = "postgresql"

    def add_column(self, table_name: str, column: Column[Any], **how: Any) -> None:
        super().add_column(table_name, column, **how | {"if_not_exists": True})

    def create_table(self, table: Table, **how: Any) -> None:
        super().create_table(table, **how | {"if_not_exists": True})

    def create_index(self, index: Index, **how: Any) -> None:
        super().create_index(index, **how | {"if_not_exists": True})

    def drop_index(self, index: Index, **how: Any) -> None:
        super().drop_index(index, **how | {"if_exists": True})

    def add_constraint(self, const: Constraint, **how: Any) -> None:
        # PostgreSQL has no words for it.
        table = const.table
        if self.connection is None or not self.connection.scalar(_IS_THERE, {"table": table.name, "name": const.name}):
            super().add_constraint(const, **how)

    def drop_constraint(self, const: Constraint, **how: Any) -> None:
        super().drop_constraint(const, **how | {"if_exists": True})


def run() -> None:
    # Each migration in a transaction of its own: one that makes an index beside the city's work runs outside of any.
    engine = make_engine(context.config.attributes["url"], pool_size=1, statement_timeout_ms=0)
    with engine.connect() as connection:
        # For the whole connection: a migration that commits in between keeps it.
        connection.execute(text(f"set lock_timeout = '{context.config.attributes['lock_timeout']}'"))
        connection.commit()
        context.configure(
            connection=connection, target_metadata=Base.metadata, compare_type=True, transaction_per_migration=True
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
