"""The entry of every command: parse, run, and turn refusals into a plain sentence instead of a traceback."""

import argparse
import os
import sys

from app.cli.commands import CommandRefused, build_parser
from app.engines.trouble import EngineTrouble
from app.settings import SettingsRefused


def main(words: list[str]) -> int:
    """Run one command and return its exit code."""
    arguments, rest = build_parser().parse_known_args(words)
    if rest and not getattr(arguments, "passes_rest_on", False):
        build_parser().error(f"unrecognized arguments: {' '.join(rest)}")
    arguments.rest = rest
    try:
        return _run(arguments)
    except SettingsRefused as refused:
        print("Hotline does not start, because of its settings:", file=sys.stderr)
        for reason in refused.reasons:
            print(f"  - {reason}", file=sys.stderr)
    except (CommandRefused, EngineTrouble) as refused:
        print(refused, file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output is gone; Python would complain again while flushing at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        sentence = _of_database(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
    return 1


def _run(arguments: argparse.Namespace) -> int:
    """The command, and at once again, twice at most, where it gave way to another in the database.

    What a try had begun is undone by then. A command that may not be begun a second time says so (`repeatable=False`).
    """
    tries = 0
    while True:
        try:
            return int(arguments.run(arguments))
        except Exception as error:
            tries += 1
            if not getattr(arguments, "repeatable", True) or not _gave_way(error, tries):
                raise


# Asked without an import: a command that never touched the database does not load its driver to fail.
def _met_database() -> bool:
    return "sqlalchemy.exc" in sys.modules


def _gave_way(error: Exception, tries: int) -> bool:
    if not _met_database():
        return False
    from app.storage.database import AGAIN_AT_ONCE
    from app.storage.database_faults import DatabaseFault, fault_of

    return fault_of(error) is DatabaseFault.DEADLOCK and tries <= AGAIN_AT_ONCE


def _of_database(error: Exception) -> str | None:
    """What is wrong with the database and what to do, in a sentence; None for what is a mistake of ours."""
    if not _met_database():
        return None
    from app.cli.database_trouble import database_sentence

    return database_sentence(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
