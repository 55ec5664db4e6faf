"""`./hotline clock`: the clocks side by side; `--believe-database` ends a hold that they cannot end themselves."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from app.cli.commands import CommandRefused, Commands

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def register(commands: Commands) -> None:
    parser = commands.add_parser("clock", help="show the clocks by which promises are counted, or end a hold")
    parser.add_argument("--believe-database", action="store_true", help="go on by the database's clock")
    parser.add_argument("--reason", default="", help="why; stands in the audit trail")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", metavar="DIR", help="the data folder (default: .hotline)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 while the clocks do not agree."""
    from app.engines.connected import connected
    from app.storage.database import make_engine, session_factory, transaction
    from app.web.monitoring.clock_checks import read_clocks

    with connected(arguments.data) as settings:
        engine = make_engine(settings.database_url, pool_size=1)
        try:
            with transaction(session_factory(engine)) as session:
                found = read_clocks(session)
                if arguments.believe_database:
                    _believe(session, found.are_well, arguments.reason, found.database_at)
        finally:
            engine.dispose()
    facts = {
        "database_at": found.database_at.isoformat(),
        "here_ahead_seconds": round(found.here_ahead_seconds, 1),
        "ticked_at": found.ticked_at.isoformat() if found.ticked_at else None,
        "schedulers": [
            {"name": one.name, "leads": one.leads, "state": one.clock.state, "left_out": one.clock.left_out,
             "ahead_seconds": one.clock.node_ahead_seconds, "tick_ahead_seconds": one.clock.tick_ahead_seconds}
            for one in found.schedulers
        ],
    }  # fmt: skip
    print(json.dumps(facts) if arguments.json else _lines(facts))
    if arguments.believe_database:
        print("Within seconds the schedulers go on by the database's clock.")
        return 0
    return 0 if found.are_well else 1


def _believe(session: "Session", are_well: bool, reason: str, database_at: "datetime") -> None:
    from tickets.clock_decisions import believe_the_database
    from tickets.errors import InvalidInput
    from tickets.people.actor import SYSTEM

    if are_well:
        raise CommandRefused("The clocks agree: nothing has to be decided.")
    try:
        believe_the_database(session, reason=reason, actor=SYSTEM, now=database_at)
    except InvalidInput as wrong:
        words = "Say why: --reason TEXT." if wrong.code == "missing" else "The reason is too long."
        raise CommandRefused(words) from wrong


def _lines(facts: dict[str, Any]) -> str:
    lines = [
        f"database      {facts['database_at']}",
        f"last tick     {facts['ticked_at'] or 'never'}",
        f"this machine  {facts['here_ahead_seconds']:+.1f} s",
    ]
    for one in facts["schedulers"]:
        tick = "" if one["tick_ahead_seconds"] is None else f", last tick leads to {one['tick_ahead_seconds']:+.1f} s"
        without = f" without the clock of the {one['left_out']}" if one["left_out"] else ""
        lines.append(f"{one['name']}  {one['ahead_seconds']:+.1f} s{tick}: {one['state']}{without}")
    return "\n".join(lines)
