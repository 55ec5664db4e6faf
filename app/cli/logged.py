"""Where the log of a command goes whose answer is a table: nowhere, beside the answer, or into a file."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.commands import CommandRefused


def said_besides(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--verbose", action="store_true", help="also what the product logs meanwhile, on standard error")
    where.add_argument("--log", type=Path, metavar="FILE", help="write what the product logs meanwhile into FILE")


@contextmanager
def log_of(arguments: argparse.Namespace) -> Iterator[None]:
    """Raises CommandRefused for a file that cannot be written, before anything is done."""
    from app.log_setup import logged_to

    if arguments.log is None:
        with logged_to(sys.stderr if arguments.verbose else None):
            yield
        return
    try:
        lines = arguments.log.open("w", encoding="utf-8")
    except OSError as error:
        raise CommandRefused(f"{arguments.log} cannot be written: {error.strerror}.") from None
    with lines, logged_to(lines):
        yield
