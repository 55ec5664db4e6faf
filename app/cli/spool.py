"""`./hotline spool list|show|replay`: the provider's events that lie on this node's disk, waiting or given up."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from app.cli.commands import CommandRefused, Commands

if TYPE_CHECKING:
    from app.phone.spool import Spool, Spooled

# They may be somebody's PIN, or what somebody confides.
_NOT_SHOWN = ("keys", "body", "speech")


def register(commands: Commands) -> None:
    """Add `spool` with its three actions."""
    parser = commands.add_parser("spool", help="events of the phone provider kept on this node's disk")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="what waits and what was given up")
    listed.set_defaults(run=run_list)
    shown = actions.add_parser("show", help="one event, without keys and words of a caller")
    shown.add_argument("name", metavar="NAME", help="as `list` says it")
    shown.set_defaults(run=run_show)
    again = actions.add_parser("replay", help="take in now what waits; with names or --refused also what was given up")
    again.add_argument("names", nargs="*", metavar="NAME")
    again.add_argument("--refused", action="store_true", help="everything that was given up")
    again.set_defaults(run=run_replay)
    for action in (listed, shown, again):
        action.add_argument("--json", action="store_true", help="one JSON line per event")
        action.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")


def run_list(arguments: argparse.Namespace) -> int:
    """Oldest first; the exit code is 1 when something was given up."""
    spool = _spool(arguments.data)
    given_up = list(spool.set_aside())
    for state, found in (("waiting", list(spool.waiting())), ("refused", given_up)):
        for one in found:
            told = _told(one, state)
            print(json.dumps(told) if arguments.json else "  ".join(str(told[name]) for name in _COLUMNS), flush=True)
    if not arguments.json and not (given_up or spool.depth()):
        print("Nothing lies in the spool.")
    return 1 if given_up else 0


_COLUMNS = ("name", "state", "account", "kind", "received_at", "attempts", "failure")


def _told(one: "Spooled", state: str) -> dict[str, Any]:
    return {
        "name": one.path.name,
        "state": state,
        "account": one.webhook.account,
        "kind": one.webhook.kind,
        "received_at": one.received_at.isoformat(),
        "attempts": one.attempts,
        "failure": one.failure,
        "next_try_at": one.next_try_at.isoformat() if one.next_try_at else None,
    }


def run_show(arguments: argparse.Namespace) -> int:
    spool = _spool(arguments.data)
    one, state = _named(spool, arguments.name)
    form = {name: "…" if name in _NOT_SHOWN else told for name, told in one.webhook.form.items()}
    told = {**_told(one, state), "form": form, "query": dict(one.webhook.query)}
    print(json.dumps(told, ensure_ascii=False, indent=None if arguments.json else 2))
    return 0


def run_replay(arguments: argparse.Namespace) -> int:
    """The exit code is 1 when something still waits or was given up again."""
    from app.engines.connected import connected_if_running
    from app.phone.answers import Phones
    from app.phone.replay import Replayer
    from app.reference import Reference
    from app.storage.database import make_engine, session_factory

    spool = _spool(arguments.data)
    chosen = [_named(spool, name)[0] for name in arguments.names]
    settings = connected_if_running(arguments.data)
    if settings is None:
        raise CommandRefused("There is no database to take them in: start ./hotline up, or set HOTLINE_DATABASE_URL.")
    # Whoever asks for it by hand does not wait for the next planned try.
    for one in [*chosen, *(spool.set_aside() if arguments.refused else ()), *spool.waiting()]:
        spool.take_back(one)
    engine = make_engine(settings.database_url, pool_size=2)
    try:
        phones = Phones(settings, Reference.from_settings(settings))
        done = Replayer(spool, phones, session_factory(engine)).replay_now()
    finally:
        engine.dispose()
    left = {"done": done, "waiting": spool.depth(), "refused": spool.refused_count()}
    words = f"Taken in: {done}. Still waiting: {left['waiting']}, given up: {left['refused']}."
    print(json.dumps(left) if arguments.json else words)
    return 1 if left["waiting"] or left["refused"] else 0


def _named(spool: "Spool", name: str) -> "tuple[Spooled, str]":
    for state, found in (("waiting", spool.waiting()), ("refused", spool.set_aside())):
        for one in found:
            if name in (one.path.name, one.path.stem):
                return one, state
    raise CommandRefused(f"There is no event {name} in the spool of this node; ./hotline spool list tells the names.")


def _spool(data_dir: str | None) -> "Spool":
    """Needs no database: a spool is looked into when there is none."""
    from pathlib import Path

    from app.phone.spool import Spool
    from app.settings import load_settings

    return Spool.in_data_dir(load_settings(**({"data_dir": Path(data_dir)} if data_dir else {})).data_dir)
