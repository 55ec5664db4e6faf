"""How Alembic connects: with the owner's URL that `app.storage.database` hands over."""

from alembic import context

from app.storage.database import make_engine
from tickets.schema import Base


def run() -> None:
    # Each migration in a transaction of its own: one that makes an index beside the city's work runs outside of any.
    given = context.config.attributes.get("connection")
    if given is not None:
        context.configure(
            connection=given, target_metadata=Base.metadata, compare_type=True, transaction_per_migration=True
        )
        with context.begin_transaction():
            context.run_migrations()
        return
    engine = make_engine(context.config.attributes["url"], pool_size=1, statement_timeout_ms=0)
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=Base.metadata, compare_type=True, transaction_per_migration=True
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
