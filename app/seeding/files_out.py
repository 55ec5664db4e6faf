"""Files that are handed out: exports, templates, and copies that mark what is wrong, as CSV, XLSX or YAML."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.clock import utc_now
from app.seeding.file_kinds import POLICIES, TABLE_KINDS
from app.seeding.imports import judged_file, standing_rows, take_out
from app.seeding.tables_out import LETTER_MARK, annotated, as_csv, as_sheet, template_csv, template_sheet
from app.wording.file_words import FILE_WORDS, file_words
from tickets.people.actor import SYSTEM
from tickets.sheets.columns import known_headers, plain


def export_file(session: Session, kind: str, *, form: str, locale: str | None, now: datetime | None = None) -> bytes:
    """What stands, to be edited and brought in again."""
    if kind == POLICIES:
        return take_out(session, kind).encode()
    of_kind, rows = standing_rows(session, kind, now=now or utc_now())
    if form == "xlsx":
        return as_sheet(of_kind, rows, locale=locale)
    return (LETTER_MARK + as_csv(of_kind, rows, locale=locale)).encode()


def template_file(session: Session, kind: str, *, form: str, locale: str, now: datetime | None = None) -> bytes:
    if kind == POLICIES:
        return (FILE_WORDS / f"policies.{locale}.txt").read_bytes()
    of_kind = TABLE_KINDS[kind](session, actor=SYSTEM, now=now or utc_now())
    if form == "xlsx":
        return template_sheet(of_kind, locale=locale)
    return (LETTER_MARK + template_csv(of_kind, locale=locale)).encode()


def annotated_file(
    session: Session, kind: str, raw: bytes, *, locale: str, now: datetime | None = None
) -> bytes | None:
    """A copy of the file that marks what is wrong; None where it is no table at all."""
    if kind == POLICIES:
        return None
    plan = judged_file(session, kind, raw, actor=SYSTEM, now=now or utc_now())
    if plan.table.grid is None:
        return None
    header = plan.table.read.header_row
    known = known_headers(plan.kind.columns, file_words(kind, tuple(column.key for column in plan.kind.columns)))
    cells = next((row.cells for row in plan.table.grid.rows if row.number == header), ())
    places = {known[plain(cell)]: place for place, cell in reversed(list(enumerate(cells))) if plain(cell) in known}
    return annotated(kind, plan.table.grid, header, plan.errors, places, locale)
