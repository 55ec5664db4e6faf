"""`./hotline audit verify`: recompute the whole chain of the audit trail."""

import argparse
import json

from app.cli.commands import Commands
from app.settings import Settings


def register(commands: Commands) -> None:
    parser = commands.add_parser("audit", help="check that nobody has changed the audit trail")
    parser.add_argument("action", choices=("verify",))
    parser.add_argument("--data", metavar="DIR", help="the data folder (default: .hotline)")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when an entry was changed or is missing; its number is told."""
    from app.engines.connected import connected

    with connected(arguments.data) as settings:
        return tell_verified(settings, as_json=arguments.json)


def tell_verified(settings: Settings, *, as_json: bool) -> int:
    """Recompute the chain, print what was found, and give the exit code."""
    from app.storage.database import make_engine, session_factory, transaction
    from tickets.audit.entries import verify

    engine = make_engine(settings.database_url, pool_size=1, statement_timeout_ms=0)
    try:
        with transaction(session_factory(engine)) as session:
            found = verify(session)
    finally:
        engine.dispose()
    intact = found.broken_entry_id is None
    if as_json:
        print(json.dumps({"intact": intact, "checked": found.checked, "broken_entry": found.broken_entry_id}))
    elif intact:
        print(f"The audit trail is intact: {found.checked:,} entries checked.")
    else:
        print(f"Entry {found.broken_entry_id} of the audit trail was changed; {found.checked:,} before it are intact.")
    return 0 if intact else 1
