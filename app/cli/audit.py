"""`./hotline audit verify`: recompute the whole chain of the audit trail."""

import argparse
import json
import sys
from dataclasses import asdict

from app.cli.commands import Commands
from app.cli.proof_sentences import SHOWN, sentence
from app.settings import Settings


def register(commands: Commands) -> None:
    parser = commands.add_parser("audit", help="check that nobody has changed the audit trail")
    parser.add_argument("action", choices=("verify",))
    parser.add_argument("--data", metavar="DIR", help="the data folder (default: .hotline)")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when an entry, or a fact that was written with one, was changed or is missing; its number is told."""
    from app.engines.connected import connected

    with connected(arguments.data) as settings:
        return tell_verified(settings, as_json=arguments.json)


def tell_verified(settings: Settings, *, as_json: bool) -> int:
    """Recompute the chain, print what was found, and give the exit code."""
    from app.storage.database import make_engine, session_factory, transaction
    from escalation.queries.proof import changed_since_written
    from tickets.audit.entries import verify

    engine = make_engine(settings.database_url, pool_size=1, statement_timeout_ms=0)
    try:
        with transaction(session_factory(engine)) as session:
            found, changed = verify(session), changed_since_written(session)
    finally:
        engine.dispose()
    intact = found.broken_entry_id is None and not changed
    if as_json:
        facts = [asdict(one) for one in changed]
        told: dict[str, object] = {"intact": intact, "checked": found.checked, "last_hash": found.last_hash}
        told |= {"broken_entry": found.broken_entry_id, "changed": facts}
        print(json.dumps(told))
    elif intact:
        print(f"The audit trail is intact: {found.checked:,} entries checked, and what was written with them.")
        print(f"Seal {found.checked} has the hash {found.last_hash}.")
    elif found.broken_entry_id is not None:
        print(f"Entry {found.broken_entry_id} of the audit trail was changed; {found.checked:,} before it are intact.")
    for one in changed[:SHOWN]:
        print(sentence(one), file=sys.stderr)
    return 0 if intact else 1
