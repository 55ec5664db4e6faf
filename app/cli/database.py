"""`./hotline migrate`: bring the schema up to date."""

import argparse

from app.cli.commands import Commands
from app.engines.connected import connected


def register(commands: Commands) -> None:
    """Add `migrate`."""
    parser = commands.add_parser("migrate", help="upgrade the database schema")
    parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Migrate as the role that owns the schema."""
    with connected(arguments.data) as settings:
        from app.storage import database

        database.migrate(settings.migrations_url, settings.database_url)
    print("The database schema is up to date.")
    return 0
