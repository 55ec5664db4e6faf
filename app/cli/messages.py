"""`./hotline messages outages|again`: what an outage of a carrier left behind, and sending all of it again."""

import argparse
import json
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from app.cli.commands import CommandRefused, Commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session


def register(commands: Commands) -> None:
    """Add `messages`."""
    parser = commands.add_parser("messages", help="messages that did not leave, and sending them again")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listed = actions.add_parser("outages", help="dead letters, by outage")
    listed.set_defaults(run=run_outages)
    again = actions.add_parser("again", help="send again all that was written between two instants and did not leave")
    again.add_argument("--since", required=True, metavar="INSTANT", help="as `outages` says it: 2026-11-28T01:00+07:00")
    again.add_argument("--until", required=True, metavar="INSTANT")
    again.add_argument("--channel", choices=("sms", "email", "voice"), help="all if not given")
    again.set_defaults(run=run_again)
    for action in (listed, again):
        action.add_argument("--json", action="store_true", help="JSON")
        action.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")


def run_outages(arguments: argparse.Namespace) -> int:
    from tickets.outbox.outages import outages

    with _session(arguments.data) as session:
        found = outages(session)
    for one in found:
        told = {
            "since": one.since.isoformat(), "until": one.until.isoformat(), "channel": one.channel.value,
            "letters": one.letters, "codes": list(one.codes),
        }  # fmt: skip
        words = f"{told['since']}  {told['until']}  {one.channel.value}  {one.letters}  {', '.join(one.codes)}"
        print(json.dumps(told) if arguments.json else words)
    if not found and not arguments.json:
        print("No message was given up.")
    return 0


def run_again(arguments: argparse.Namespace) -> int:
    """One step, written down once in the audit trail as done by the system."""
    from app.clock import utc_now
    from tickets.errors import InvalidInput
    from tickets.outbox.outages import send_outage_again
    from tickets.people.actor import SYSTEM
    from tickets.states import OutboundChannel

    since, until = _instant(arguments.since), _instant(arguments.until)
    channel = OutboundChannel(arguments.channel) if arguments.channel else None
    try:
        with _session(arguments.data) as session:
            letters = send_outage_again(session, since=since, until=until, channel=channel, actor=SYSTEM, now=utc_now())
    except InvalidInput as wrong:
        raise CommandRefused("--until is before --since.") from wrong
    print(json.dumps({"letters": letters}) if arguments.json else f"Sent again: {letters}.")
    return 0


@contextmanager
def _session(data_dir: str | None) -> "Iterator[Session]":
    from app.engines.connected import connected_if_running
    from app.storage.database import make_engine, session_factory, transaction

    settings = connected_if_running(data_dir)
    if settings is None:
        raise CommandRefused("There is no database: start ./hotline up, or set HOTLINE_DATABASE_URL.")
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with transaction(session_factory(engine)) as session:
            yield session
    finally:
        engine.dispose()


def _instant(said: str) -> datetime:
    try:
        at = datetime.fromisoformat(said)
    except ValueError as wrong:
        raise CommandRefused(f"{said} is no instant: write 2026-11-28T01:00+07:00.") from wrong
    return at if at.tzinfo is not None else at.astimezone()
