"""`./hotline import` and `export`: the directory and the rules as files, with a dry run and row-wise errors."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import CommandRefused, Commands
from app.engines.connected import connected

if TYPE_CHECKING:
    from tickets.directory.exchange import ImportOutcome

KINDS = ("units", "procedures", "lines", "holidays", "policies")
# Enough to see what is wrong with a file; the count is always told.
SHOWN_ERRORS = 50


def register(commands: Commands) -> None:
    """Add `import` and `export`."""
    bring = commands.add_parser("import", help="bring in units, procedures, lines, holidays or policies from a file")
    bring.add_argument("kind", choices=KINDS)
    bring.add_argument("file", help="the file; - reads standard input")
    bring.add_argument(
        "--dry-run", action="store_true", help="judge everything and say what would change; write nothing"
    )
    bring.set_defaults(run=run_import)
    take = commands.add_parser("export", help="write units, procedures, lines, holidays or policies as a file")
    take.add_argument("kind", choices=KINDS)
    take.add_argument("file", nargs="?", default="-", help="the file; without it, standard output")
    take.set_defaults(run=run_export)
    for parser in (bring, take):
        parser.add_argument("--json", action="store_true", help="one JSON line instead of sentences")
        parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")


def run_import(arguments: argparse.Namespace) -> int:
    """All of the file or nothing of it; exit code 1 when a row is wrong."""
    text = _read(arguments.file)
    with connected(arguments.data) as settings:
        from app.clock import utc_now
        from app.seeding.imports import FileRefused, bring_in
        from app.storage.database import make_engine, session_factory
        from tickets.people.actor import SYSTEM

        engine = make_engine(settings.database_url, pool_size=1, statement_timeout_ms=300_000)
        try:
            with session_factory(engine)() as session:
                try:
                    outcome = bring_in(session, arguments.kind, text, actor=SYSTEM, now=utc_now())
                except FileRefused as refused:
                    session.rollback()
                    told = [{"where": one.where, "code": one.code, "detail": one.detail} for one in refused.errors]
                    return _tell_errors(told, as_json=arguments.json)
                # The dry run goes the same way to the very end, so that what it promises is what would happen.
                session.rollback() if arguments.dry_run else session.commit()
        finally:
            engine.dispose()
    _tell(outcome, arguments)
    return 0


def _tell(outcome: "ImportOutcome", arguments: argparse.Namespace) -> None:
    told = {
        "dry_run": arguments.dry_run,
        "added": outcome.added,
        "changed": outcome.changed,
        "closed": outcome.closed,
        "unchanged": outcome.unchanged,
        "errors": [],
    }
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False))
        return
    for sign, names in (("+", outcome.added), ("~", outcome.changed), ("-", outcome.closed)):
        for name in names[:SHOWN_ERRORS]:
            print(f"  {sign} {name}")
    verb = "would be" if arguments.dry_run else "were"
    done = f"{len(outcome.added)} {verb} added, {len(outcome.changed)} changed"
    retired = f", {len(outcome.closed)} retired" if outcome.closed else ""
    print(f"{done}{retired}; {outcome.unchanged} are the same already.")


def run_export(arguments: argparse.Namespace) -> int:
    """The rows as a file that `import` takes."""
    with connected(arguments.data) as settings:
        from app.seeding.imports import take_out
        from app.storage.database import make_engine, session_factory

        engine = make_engine(settings.database_url, pool_size=1)
        try:
            with session_factory(engine)() as session:
                text = take_out(session, arguments.kind)
        finally:
            engine.dispose()
    if arguments.file == "-":
        print(json.dumps({"text": text}, ensure_ascii=False) if arguments.json else text, end="")
        return 0
    try:
        Path(arguments.file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandRefused(f"{arguments.file} cannot be written: {error.strerror}.") from error
    rows = max(len(text.splitlines()) - 1, 0)
    print(json.dumps({"file": arguments.file, "lines": rows}) if arguments.json else f"Written to {arguments.file}.")
    return 0


def _read(name: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandRefused(f"{name} cannot be read: {error.strerror}.") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandRefused(
            f"{name} is not UTF-8 text (byte {error.start}). Save it as UTF-8 and try again."
        ) from error


def _tell_errors(errors: list[dict[str, str]], *, as_json: bool) -> int:
    if as_json:
        nothing = {"added": [], "changed": [], "closed": [], "unchanged": 0}
        print(json.dumps({**nothing, "errors": errors}, ensure_ascii=False))
        return 1
    for one in errors[:SHOWN_ERRORS]:
        value = f": {one['detail']}" if one["detail"] else ""
        print(f"  {one['where']}: {sentence(one['code'])}{value}", file=sys.stderr)
    if len(errors) > SHOWN_ERRORS:
        print(f"  … and {len(errors) - SHOWN_ERRORS} more", file=sys.stderr)
    print(f"Nothing was imported: {len(errors)} wrong.", file=sys.stderr)
    return 1


def sentence(code: str) -> str:
    """What a code means, for the person at the terminal; an unknown one is shown as words."""
    return _SENTENCES.get(code, code.replace("_", " "))


_SENTENCES = {
    "missing_columns": "the header lacks columns",
    "unknown_columns": "the header has columns we do not know",
    "too_many_values": "more values than columns",
    "missing": "a value is needed",
    "twice": "stands in the file twice",
    "no_such_unit": "no unit has this code",
    "no_such_code": "not one of the words allowed here",
    "bad_date": "not a day written like 2026-07-01",
    "bad_number": "not a number that can stand here",
    "bad_phone": "not a phone number",
    "not_yes_or_no": "must be true or false",
    "ends_before_it_begins": "ends before it begins",
    "empty": "there is no row in it",
    "no_such_policy": "no policy has this name",
    "no_channel": "says of no way in which people are told (sms, email, voice, screen)",
    "no_emergency": "nothing says what holds in an emergency",
    "climbs_too_high": "accept and next climb up to level 3, first and update up to level 4, only resolve higher",
    "unit_lacks_post": "neither this unit nor any above it has such a post",
    "leaves_gap": "without what it retires or narrows, some contacts would be promised nothing",
}
