"""`./hotline figures check|rebuild`: what is kept beside the clocks for pages, held against them or written anew."""

import argparse
import json

from app.cli.commands import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser("figures", help="check or rebuild the day totals and lists kept beside the clocks")
    parser.add_argument("action", choices=("check", "rebuild"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", metavar="DIR", help="the data folder (default: .hotline)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """`check` exits with 1 when something differs; `rebuild` corrects it and writes that into the audit trail."""
    from app.engines.connected import connected
    from app.processes.signs_of_life import database_now
    from app.storage.database import make_engine, session_factory, transaction
    from tickets.people.actor import SYSTEM
    from tickets.promises.proof import correct, differences

    is_check = arguments.action == "check"
    with connected(arguments.data) as settings:
        engine = make_engine(settings.database_url, pool_size=1, statement_timeout_ms=0)
        try:
            with transaction(session_factory(engine)) as session:
                now = database_now(session)
                found = differences(session, now=now)
                if not is_check:
                    found = correct(session, found, actor=SYSTEM, now=now)
        finally:
            engine.dispose()
    days = [day.isoformat() for day in found.days]
    if arguments.json:
        print(json.dumps({"days": days, "tickets": list(found.ticket_ids), "units": list(found.unit_ids)}))
    elif not found:
        print("What is kept is what the clocks say.")
    else:
        done = "Different from the clocks" if is_check else "Written anew"
        parts = f"{len(days)} days ({', '.join(days[:10]) or 'none'}), {len(found.ticket_ids)} tickets"
        print(f"{done}: {parts}, {len(found.unit_ids)} units with broken promises.")
    return 1 if found and is_check else 0
