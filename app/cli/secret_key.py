"""`./hotline key`: which secret key the data know, and the end of a rotation."""

import argparse

from app.cli.commands import CommandRefused, Commands
from app.engines.connected import connected

_STATES = {
    "new": "The data know no key yet; the first process that starts notes ours.",
    "current": "The data were made under our key.",
    "rotating": "The data know a key that we only accept. When every node has the new one: ./hotline key finish",
    "wrong": "The data were made under another key. Set HOTLINE_SECRET_KEY to that one, or name it in "
    "HOTLINE_SECRET_KEY_PREVIOUS.",
}


def register(commands: Commands) -> None:
    """Add `key`."""
    parser = commands.add_parser("key", help="the secret key's fingerprint, and the end of its rotation")
    parser.add_argument("action", choices=("show", "finish"))
    parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """`show` says how our key and the data stand to each other; `finish` makes ours that of the data."""
    with connected(arguments.data) as settings:
        from app.clock import utc_now
        from app.storage.database import UnsafeDatabase, make_engine, session_factory, transaction
        from app.storage.secret_keys import KeyState, finish_rotation, key_state
        from app.wording.refusals import in_both_languages
        from tickets.keys import fingerprint_of
        from tickets.people.actor import SYSTEM

        engine = make_engine(settings.database_url, pool_size=1)
        try:
            with transaction(session_factory(engine)) as session:
                if arguments.action == "finish":
                    done = finish_rotation(session, settings, actor=SYSTEM, now=utc_now())
                    print("The rotation is finished." if done else "There was no rotation to finish.")
                state = key_state(session, settings)
        except UnsafeDatabase as unsafe:
            raise CommandRefused(in_both_languages(unsafe, settings)) from None
        finally:
            engine.dispose()
    print(f"Our key has the fingerprint {fingerprint_of(settings.secret_key)}. {_STATES[state]}")
    return 1 if state is KeyState.WRONG else 0
