"""`./hotline bench`: the figures of the README, measured here and now on engines of their own."""

import argparse
import json
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime

from app.cli.commands import Commands
from app.cli.logged import log_of, said_besides
from app.cli.terminal import stop_by_signal

PARTS = ("matter", "places", "growth", "phone", "desk", "intake", "escalation")


def register(commands: Commands) -> None:
    parser = commands.add_parser("bench", help="measure the product on engines of its own")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {', '.join(PARTS)} (default: all)")
    parser.add_argument("--tickets", type=int, default=200_000, help="volume of the large database")
    parser.add_argument("--port", type=int, default=8970, help="first of two free ports")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    said_besides(parser)
    parser.set_defaults(run=run, repeatable=False)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when a limit was not kept or a part did not do the work it times, so that both are seen."""
    from app.bench.measure import MeasuredNothing
    from app.bench.report import figures

    unknown = [part for part in arguments.parts if part not in PARTS]
    if unknown:
        print(f"There is no part {', '.join(unknown)}; choose from {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    parts = arguments.parts or list(PARTS)

    def say(words: str) -> None:
        print(words, file=sys.stderr, flush=True)

    try:
        # Any signal that ends us lets the stages be taken down first.
        with stop_by_signal(), log_of(arguments):
            found = figures(parts, tickets=arguments.tickets, port=arguments.port, say=say)
    except MeasuredNothing as nothing:
        say(f"No figures: {nothing}.")
        return 1
    machine = f"{platform.machine()}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    if arguments.json:
        print(json.dumps({"machine": machine, "figures": [asdict(figure) for figure in found]}, ensure_ascii=False))
    else:
        print(f"\n| what | measured | limit | | ({machine})\n| --- | --- | --- | --- |")
        for figure in found:
            kept = ("kept" if figure.is_kept else "**missed**") if figure.limit else ""
            note = f" ({figure.note})" if figure.note else ""
            print(f"| {figure.name} | {figure.value}{note} | {figure.limit} | {kept} |")
    return 0 if all(figure.is_kept for figure in found) else 1
