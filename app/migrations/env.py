"""How Alembic connects: with the owner's URL that `app.storage.database` hands over."""

from alembic import context
from sqlalchemy import text

from app.storage.database import make_engine
from tickets.schema import Base


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
