"""`./hotline migrate`: bring the schema up to date, and load the reference data of which there is none."""

import argparse

from app.cli.commands import CommandRefused, Commands
from app.engines.connected import connected
from app.settings import Settings


def register(commands: Commands) -> None:
    """Add `migrate`."""
    parser = commands.add_parser("migrate", help="upgrade the database schema, and load missing reference data")
    parser.add_argument("--schema-only", action="store_true", help="load no reference data: a city brings its own")
    parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Migrate as the role that owns the schema. What the city has of a kind of reference data is left as it is."""
    with connected(arguments.data) as settings:
        from app.storage import database

        try:
            database.migrate(settings.migrations_url, settings.database_url)
            _settle_key(settings)
        except database.UnsafeDatabase as unsafe:
            from app.wording.refusals import in_both_languages

            raise CommandRefused(in_both_languages(unsafe, settings)) from None
        print("The database schema is up to date.")
        if not arguments.schema_only:
            from app.seeding import prepare

            prepare.load_reference(settings, progress=print)
    return 0


def _settle_key(settings: Settings) -> None:
    """Note the key with which these data begin, or refuse another before anything is written."""
    from app.clock import utc_now
    from app.storage.database import make_engine, session_factory, transaction
    from app.storage.secret_keys import settle_key

    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with transaction(session_factory(engine)) as session:
            settle_key(session, settings, now=utc_now())
    finally:
        engine.dispose()
