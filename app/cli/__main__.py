"""The entry of every command: parse, run, and turn refusals into a plain sentence instead of a traceback."""

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
        return int(arguments.run(arguments))
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
        if not _database_is_away(error):
            raise
        print(f"The database cannot be used: {getattr(error, 'orig', error)}", file=sys.stderr)
    return 1


def _database_is_away(error: Exception) -> bool:
    # Asked without an import: a command that never touched the database does not load its driver to fail.
    if "sqlalchemy.exc" not in sys.modules:
        return False
    from app.storage.database_faults import passes

    return passes(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
