"""`./hotline ledger export|verify MONTH`: a month of the ledger as a file, and its proof."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.cli.commands import CommandRefused, Commands
from app.cli.proof_sentences import SHOWN, sentence
from app.cli.whole_file import whole_file
from tickets.city import month_between

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.settings import Settings
    from escalation.queries.month_proof import Difference
    from escalation.queries.proof import Changed


def register(commands: Commands) -> None:
    parser = commands.add_parser("ledger", help="export a month of the ledger of escalations, or prove it")
    parser.add_argument("action", choices=("export", "verify"))
    parser.add_argument("month", metavar="MONTH", help="for example 2026-11, by the city's time")
    parser.add_argument("file", metavar="FILE", nargs="?", help="the exported ledger (CSV); verify works without one")
    parser.add_argument("--data", metavar="DIR", help="the data folder (default: .hotline)")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when the trail is broken, a fact was edited, or the file says what the database does not."""
    from app.engines.connected import connected

    if arguments.action == "export" and arguments.file is None:
        raise CommandRefused("Say into which file: ./hotline ledger export MONTH FILE")
    with connected(arguments.data) as settings:
        first, end = month_of(arguments.month, settings.zone)
        if arguments.action == "export":
            return _export(settings, Path(arguments.file), first, end)
        return _verify(settings, arguments, first, end)


def month_of(typed: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of a month in the city and the first after it; raises CommandRefused for what is none."""
    try:
        return month_between(typed, zone)
    except ValueError:
        raise CommandRefused(f"“{typed}” is no month; write it like 2026-11.") from None


def _export(settings: "Settings", file: Path, first: datetime, end: datetime) -> int:
    from escalation.queries.ledger import EXPORT_HEADINGS, as_codes
    from escalation.queries.month_proof import levels_between
    from tickets.sheets.defusing import safe_cell

    count = 0
    with _reading(settings) as session, whole_file(file, "w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(EXPORT_HEADINGS)
        for raised in levels_between(session, first, end):
            writer.writerow([safe_cell(value) for value in as_codes(raised)])
            count += 1
    print(f"{count:,} levels are written to {file}.")
    return 0


def _verify(settings: "Settings", arguments: argparse.Namespace, first: datetime, end: datetime) -> int:
    from escalation.queries.month_proof import (
        differences,
        former_categories,
        levels_between,
        levels_covered,
        taken_until,
    )
    from escalation.queries.proof import changed_since_written
    from tickets.audit.entries import verify

    lines = _of_month(_lines_of(Path(arguments.file)), first, end) if arguments.file else None
    with _reading(settings) as session:
        chain, changed = verify(session), changed_since_written(session)
        levels = list(levels_between(session, first, end))
        former = former_categories(session, levels)
    covered, until = levels_covered(levels, lines or ()), taken_until(lines or ())
    found = differences(covered, lines, former) if lines is not None else []
    proved = chain.broken_entry_id is None and not changed and not found
    told = {
        "proved": proved, "month": arguments.month, "levels": len(levels),
        "attempts": sum(len(person.attempts) for one in levels for person in one.told), "checked": chain.checked,
        "broken_entry": chain.broken_entry_id, "changed": [asdict(one) for one in changed],
        "file": arguments.file, "differences": [_as_json(one) for one in found],
        "file_until": until.isoformat() if until is not None else None, "later": len(levels) - len(covered),
    }  # fmt: skip
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        _say(told, changed, found)
    return 0 if proved else 1


def _say(told: Mapping[str, object], changed: "list[Changed]", found: "list[Difference]") -> None:
    if told["proved"]:
        with_file = (" The file says nothing else." + _later(told)) if told["file"] else ""
        print(
            f"{told['month']} is proved: {told['levels']:,} levels and {told['attempts']:,} attempts are as they were "
            f"written; {told['checked']:,} sealed entries hold.{with_file}"
        )
        return
    if told["broken_entry"] is not None:
        print(f"Entry {told['broken_entry']} of the audit trail was changed.", file=sys.stderr)
    for edited in changed[:SHOWN]:
        print(sentence(edited), file=sys.stderr)
    for one in found[:SHOWN]:
        where = f"{one.reference}, level {one.level}, {one.fired_at}"
        what = f"{one.column}: the file says “{one.in_file}”, the database “{one.in_database}”"
        missing = "is missing in the database" if one.in_file else "is missing in the file"
        print(f"{where} {missing if one.column is None else what}", file=sys.stderr)
    if told["file"] and told["file_until"] is None and told["levels"]:
        print(f"The file names no level of {told['month']}.", file=sys.stderr)
    print(f"{told['month']} is not proved.{_later(told)}", file=sys.stderr)


def _later(told: Mapping[str, object]) -> str:
    """A file that was taken within the month lacks what fired afterwards: no fault, and no proof of it either."""
    if not told["later"]:
        return ""
    return (
        f" The file ends with {told['file_until']}: {told['later']:,} levels fired after it was taken. They are held "
        "against the audit trail alone; take a file of the whole month to prove them too."
    )


def _as_json(one: "Difference") -> dict[str, str | None]:
    return {
        "reference": one.reference, "level": one.level, "fired_at": one.fired_at, "column": one.column,
        "in_file": one.in_file, "in_database": one.in_database,
    }  # fmt: skip


def _lines_of(file: Path) -> list[dict[str, str]]:
    from escalation.queries.month_proof import COLUMNS_PROVED

    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            reader = csv.DictReader(source)
            lines = list(reader)
    except (UnicodeDecodeError, csv.Error):
        raise CommandRefused(f"{file} is no CSV: take “Download as CSV” on the ledger's page.") from None
    except OSError as trouble:
        raise CommandRefused(f"{file} cannot be read: {trouble}") from None
    missing = [name for name in COLUMNS_PROVED if name not in (reader.fieldnames or ())]
    if missing:
        raise CommandRefused(f"{file} is no exported ledger: it lacks {', '.join(missing)}.")
    return lines


def _of_month(lines: list[dict[str, str]], first: datetime, end: datetime) -> list[dict[str, str]]:
    """A file of the page may hold other months too; what has no instant stays, to be named."""
    from escalation.queries.month_proof import fired_at_of

    return [line for line in lines if (at := fired_at_of(line)) is None or first <= at < end]


@contextmanager
def _reading(settings: "Settings") -> Iterator["Session"]:
    from app.storage.database import make_engine, session_factory, transaction

    engine = make_engine(settings.database_url, pool_size=1, statement_timeout_ms=0)
    try:
        with transaction(session_factory(engine)) as session:
            yield session
    finally:
        engine.dispose()
