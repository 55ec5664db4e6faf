"""`./hotline migrate`: bring the schema up to date, and load the reference data of which there is none."""

import argparse

from app.cli.commands import CommandRefused, Commands
from app.engines.connected import connected


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
        except database.UnsafeDatabase as unsafe:
            raise CommandRefused(str(unsafe)) from None
        print("The database schema is up to date.")
        if not arguments.schema_only:
            from app import seeding

            seeding.load_reference(settings, progress=print)
    return 0
