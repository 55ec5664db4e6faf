"""`./hotline doctor`: is this installation fit to answer citizens? One line per finding."""

import argparse
import json
from dataclasses import asdict

from app.cli.commands import Commands


def register(commands: Commands) -> None:
    """Add `doctor`."""
    parser = commands.add_parser("doctor", help="check configuration, engines, clocks and the public address")
    parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")
    parser.add_argument("--city", action="store_true", help="instead: what the city and each unit lack to go live")
    parser.add_argument("--json", action="store_true", help="one JSON line per finding")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print every finding; the exit code is 1 when one failed."""
    if arguments.city:
        from app.cli.doctor_city import tell_city

        return tell_city(arguments)
    from app.cli.installation_findings import findings
    from app.engines.connected import connected

    failed = False
    with connected(arguments.data) as settings:
        for finding in findings(settings):
            failed = failed or finding.verdict == "failed"
            if arguments.json:
                print(json.dumps(asdict(finding), ensure_ascii=False), flush=True)
            else:
                print(f"{finding.verdict:<8} {finding.subject}: {finding.words}", flush=True)
    return 1 if failed else 0
