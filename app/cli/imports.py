"""`./hotline import`, `export`, `template`: directory and rules as files, with a dry run and row-wise errors."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.commands import CommandRefused, Commands
from app.cli.whole_file import whole_file
from app.engines.connected import connected
from tickets.states import LOCALES

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.settings import Settings
    from tickets.directory.exchange import ImportOutcome
    from tickets.file_errors import RowError
    from tickets.outbox.invitations import InvitedNow
    from tickets.sheets.table import ReadAs

# As `app.seeding.file_kinds` has them; a test holds both together, so that `--help` need not read all that.
KINDS = (
    "units", "offices", "lines", "posts", "people", "rota", "leave", "responsibilities", "categories", "procedures",
    "dossiers", "calendars", "holidays", "emergency-words", "matter-words", "answers", "aliases", "streets",
    "landmarks", "policies",
)  # fmt: skip
# Enough to see what is wrong with a file; the count is always told.
SHOWN_ERRORS = 50


def register(commands: Commands) -> None:
    """Add `import`, `export` and `template`."""
    bring = commands.add_parser("import", help="bring in people, units, posts, rota, rules and more from a file")
    bring.add_argument("kind", choices=KINDS)
    bring.add_argument("file", help="CSV, XLSX or text, whatever its name; - reads standard input")
    bring.add_argument(
        "--dry-run", action="store_true", help="judge everything and say what would change; write nothing"
    )
    bring.add_argument("--accept", action="append", default=[], choices=("rota_gap",), help="take the file with this")
    bring.add_argument("--annotated", metavar="FILE", help="where to write a copy (XLSX) that marks what is wrong")
    bring.add_argument("--invite", action="store_true", help="people: then invite everybody who was not invited yet")
    bring.set_defaults(run=run_import)
    take = commands.add_parser("export", help="write people, units, posts, rota, rules and more as a file")
    take.set_defaults(run=run_export)
    template = commands.add_parser("template", help="write a file to be filled in")
    template.set_defaults(run=run_template)
    for parser in (take, template):
        parser.add_argument("kind", choices=KINDS)
        parser.add_argument("file", nargs="?", default="-", help="ends in .xlsx or .csv; without it, standard output")
    for parser in (bring, take, template):
        parser.add_argument("--json", action="store_true", help="one JSON line instead of sentences")
        parser.add_argument("--locale", choices=LOCALES, help="the language of headings, values and sentences")
        parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")


def run_import(arguments: argparse.Namespace) -> int:
    """All of the file or nothing of it; exit code 1 when a row is wrong."""
    if arguments.invite and arguments.kind != "people":
        raise CommandRefused("--invite goes with people alone.")
    raw = _read(arguments.file)
    with connected(arguments.data) as settings, _session(settings) as session, _words(settings, arguments):
        from app.clock import utc_now
        from app.seeding.imports import FileRefused, bring_in
        from tickets.outbox.invitations import InvitedNow
        from tickets.people.actor import SYSTEM

        try:
            outcome = bring_in(
                session,
                arguments.kind,
                raw,
                accept=arguments.accept,
                file_name=Path(arguments.file).name,
                actor=SYSTEM,
                now=utc_now(),
            )
        except FileRefused as refused:
            session.rollback()
            if arguments.annotated:
                _write_annotated(session, raw, arguments)
            return _tell_errors(refused.errors, refused.read, arguments)
        invited = _invite(session, settings) if arguments.invite else InvitedNow()
        # The dry run goes the same way to the very end, so that what it promises is what would happen.
        session.rollback() if arguments.dry_run else session.commit()
        _tell(outcome, arguments, invited)
    return 0


def _invite(session: "Session", settings: "Settings") -> "InvitedNow":
    from app.clock import utc_now
    from app.phone.installation import ways_out
    from tickets.outbox.invitations import invite
    from tickets.people.actor import SYSTEM
    from tickets.queries.invited import InvitationState, ids_in

    waiting = ids_in(session, [InvitationState.NOT_INVITED], now=utc_now())
    return invite(session, list(waiting), ways=ways_out(settings), actor=SYSTEM, now=utc_now())


def run_export(arguments: argparse.Namespace) -> int:
    """The rows as a file that `import` takes."""
    with connected(arguments.data) as settings, _session(settings) as session, _words(settings, arguments):
        from app.seeding.files_out import export_file

        content = export_file(session, arguments.kind, form=_form(arguments.file), locale=arguments.locale)
    return _hand_out(content, arguments)


def run_template(arguments: argparse.Namespace) -> int:
    """A file to be filled in."""
    with connected(arguments.data) as settings, _session(settings) as session, _words(settings, arguments):
        from app.seeding.files_out import template_file

        locale = arguments.locale or settings.default_locale
        content = template_file(session, arguments.kind, form=_form(arguments.file), locale=locale)
    return _hand_out(content, arguments)


@contextmanager
def _session(settings: "Settings") -> "Iterator[Session]":
    from app.storage.database import make_engine, session_factory

    engine = make_engine(settings.database_url, pool_size=1, statement_timeout_ms=300_000)
    try:
        with session_factory(engine)() as session:
            yield session
    finally:
        engine.dispose()


@contextmanager
def _words(settings: "Settings", arguments: argparse.Namespace) -> Iterator[None]:
    """Where sentences can be said in the language that was asked for."""
    from flask import Flask
    from flask_babel import Babel, force_locale

    from app.wording.messages import message_app

    chosen = arguments.locale or "en"
    if chosen == "en":
        # What stands in the source: no catalogue need be read for it.
        plain = Flask("hotline-files", static_folder=None)
        Babel(plain, default_locale="en")
    with (plain if chosen == "en" else message_app(settings)).test_request_context(), force_locale(chosen):
        yield


def _form(name: str) -> str:
    return "xlsx" if name.lower().endswith(".xlsx") else "csv"


def _hand_out(content: bytes, arguments: argparse.Namespace) -> int:
    if arguments.file == "-":
        if arguments.json:
            print(json.dumps({"text": content.decode("utf-8-sig")}, ensure_ascii=False))
        else:
            sys.stdout.buffer.write(content)
        return 0
    _write(arguments.file, content)
    rows = max(len(content.splitlines()) - 1, 0)
    print(json.dumps({"file": arguments.file, "lines": rows}) if arguments.json else f"Written to {arguments.file}.")
    return 0


def _write(name: str, content: bytes) -> None:
    with whole_file(Path(name)) as file:
        file.write(content)


def _read(name: str) -> bytes:
    try:
        return _standard_input() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandRefused(f"{name} cannot be read: {error.strerror}.") from error


@cache
def _standard_input() -> bytes:
    """Read once, for every try of the command."""
    return sys.stdin.buffer.read()


def _write_annotated(session: "Session", raw: bytes, arguments: argparse.Namespace) -> None:
    from app.seeding.files_out import annotated_file

    content = annotated_file(session, arguments.kind, raw, locale=arguments.locale or "en")
    if content is not None:
        _write(arguments.annotated, content)


def _tell(outcome: "ImportOutcome", arguments: argparse.Namespace, invited: "InvitedNow") -> None:
    from flask_babel import gettext as _

    if arguments.json:
        told = {
            "dry_run": arguments.dry_run,
            "added": outcome.added,
            "changed": outcome.changed,
            "closed": outcome.closed,
            "unchanged": outcome.unchanged,
            "errors": [],
            "read": _read_as(outcome.read),
            **({"invited": invited.leaves + invited.stays, "not_reached": invited.stays} if arguments.invite else {}),
        }
        print(json.dumps(told, ensure_ascii=False))
        return
    for sign, names in (("+", outcome.added), ("~", outcome.changed), ("-", outcome.closed)):
        for name in names[:SHOWN_ERRORS]:
            print(f"  {sign} {name}")
        if len(names) > SHOWN_ERRORS:
            print("  " + _("… and %(num)s more", num=len(names) - SHOWN_ERRORS))
    _tell_reading(outcome.read)
    counts = {"added": len(outcome.added), "changed": len(outcome.changed), "closed": len(outcome.closed)}
    words = (
        _("%(added)s would be added, %(changed)s changed, %(closed)s closed; %(same)s are the same already.",
          **counts, same=outcome.unchanged)
        if arguments.dry_run
        else _("%(added)s were added, %(changed)s changed, %(closed)s closed; %(same)s are the same already.",
               **counts, same=outcome.unchanged)
    )  # fmt: skip
    print(words)
    if arguments.invite:
        print(
            _("%(num)s people would be invited.", num=invited.leaves)
            if arguments.dry_run
            else _("%(num)s people are invited; the worker sends the links.", num=invited.leaves)
        )
        if invited.stays:
            print(_("%(num)s people are not reached: no mail and no SMS leaves for them from here.", num=invited.stays))


def _tell_reading(read: "ReadAs | None") -> None:
    from flask_babel import gettext as _

    if read is not None and read.ignored_columns:
        print(_("Left out, because we know no such columns: %(names)s.", names=", ".join(read.ignored_columns)))
    if read is not None and read.encoding == "windows-1258":
        print(_("Read as windows-1258, an old Vietnamese encoding: look whether the letters are right."))


def _read_as(read: "ReadAs | None") -> dict[str, Any]:
    if read is None:
        return {"encoding": "utf-8", "separator": "", "header_row": 0, "ignored_columns": []}
    return {
        "encoding": read.encoding,
        "separator": read.separator,
        "header_row": read.header_row,
        "ignored_columns": list(read.ignored_columns),
    }


def _tell_errors(errors: "tuple[RowError, ...]", read: "ReadAs | None", arguments: argparse.Namespace) -> int:
    from flask_babel import gettext as _

    from app.wording.table_faults import column_label

    if arguments.json:
        listed = [
            {"row": one.row, "column": one.column, "code": one.code, "detail": one.detail, "where": one.where}
            for one in errors
        ]
        nothing = {"dry_run": arguments.dry_run, "added": [], "changed": [], "closed": [], "unchanged": 0}
        print(json.dumps({**nothing, "errors": listed, "read": _read_as(read)}, ensure_ascii=False))
        return 1
    for one in errors[:SHOWN_ERRORS]:
        where = _("line %(number)s", number=one.row) if one.row else one.where
        named = arguments.kind != "policies" and one.column
        column = " " + _("(column %(name)s)", name=column_label(arguments.kind, one.column)) if named else ""
        print(f"  {where}: {_fault(one, arguments.kind)}{column}", file=sys.stderr)
    if len(errors) > SHOWN_ERRORS:
        print("  " + _("… and %(num)s more", num=len(errors) - SHOWN_ERRORS), file=sys.stderr)
    print(_("Nothing was imported: %(num)s wrong.", num=len(errors)), file=sys.stderr)
    return 1


def _fault(error: "RowError", kind: str) -> str:
    """Files of rules have codes of their own."""
    from app.wording.rule_faults import FAULT_WORDS
    from app.wording.table_faults import TABLE_FAULTS, table_fault

    if error.code in TABLE_FAULTS or error.code not in FAULT_WORDS:
        return table_fault(error, "" if kind == "policies" else kind)
    return f"{FAULT_WORDS[error.code]} {error.detail}".strip()
