"""`./hotline web`, `live`, `worker`, `scheduler`: one process of a production node, in the foreground."""

import argparse
import os

from app.cli.commands import CommandRefused, Commands
from app.engines.connected import connected_if_running
from app.processes.commands import command_of, environment_of
from app.settings import ROOT

PURPOSES = {
    "web": "pages, API and webhooks",
    "live": "live updates (server-sent events)",
    "worker": "sends messages and does jobs",
    "scheduler": "ticks promises and escalation",
}


def register(commands: Commands) -> None:
    """Add the four."""
    for name, purpose in PURPOSES.items():
        parser = commands.add_parser(name, help=f"one process of a node: {purpose}")
        parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")
        parser.set_defaults(run=run, name=name)


def run(arguments: argparse.Namespace) -> int:
    """Become the process, so that a service manager watches and signals it directly."""
    settings = connected_if_running(arguments.data)
    if settings is None:
        raise CommandRefused(
            f"./hotline {arguments.name} works on servers of yours: set HOTLINE_DATABASE_URL and HOTLINE_REDIS_URL. "
            "To try everything on this machine, use ./hotline up."
        )
    from app.storage.database import UnsafeDatabase
    from app.storage.starting import refuse_unsafe_start
    from app.wording.refusals import in_both_languages

    try:
        # Said here once more, because a web server tells its own story around what ends it.
        refuse_unsafe_start(settings)
    except UnsafeDatabase as unsafe:
        raise CommandRefused(in_both_languages(unsafe, settings)) from None
    command = command_of(arguments.name, settings)
    os.chdir(ROOT)
    os.execve(command[0], command, environment_of(settings))  # noqa: S606  (an argument list, no shell)
