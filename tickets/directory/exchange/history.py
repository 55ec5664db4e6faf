"""Files that were brought in: the rows of `file_import` and `file_import_row`, from the upload to the undoing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session, aliased, defer

from tickets.audit.entries import record
from tickets.directory.exchange.kind import ChangeState, RowChange
from tickets.errors import InvalidInput, NotFound
from tickets.file_errors import RowError
from tickets.people.actor import Actor
from tickets.schema import FileImport, FileImportRow, Staff
from tickets.sheets.table import ReadAs

# A worker says more often than this how far it is; then it is gone, and another begins anew.
_SILENT_AFTER = timedelta(seconds=120)
_CONTENT_KEPT_FOR = timedelta(days=7)
MOST_FAULTS = 500
IN_WORK = ("waiting", "confirmed", "undoing")


@dataclass(frozen=True, slots=True)
class BroughtFile:
    """A file on its way."""

    id: int
    kind: str
    content: bytes
    state: str
    accepted: tuple[str, ...]
    staff_id: int | None
    request_id: str


def hand_in(session: Session, kind: str, file_name: str, content: bytes, *, actor: Actor, now: datetime) -> int:
    """A file to be judged; its id. What was handed in and left lying is forgotten."""
    old = FileImport.asked_at < now - _CONTENT_KEPT_FOR, FileImport.content.is_not(None)
    session.execute(update(FileImport).where(*old).values(content=None))
    row = FileImport(
        kind=kind,
        file_name=file_name,
        staff_id=actor.staff_id,
        request_id=actor.request_id,
        state="waiting",
        content=content,
        asked_at=now,
    )
    session.add(row)
    session.flush()
    if content:
        _record(session, "directory.file_handed_in", row, actor=actor, now=now)
    return row.id


def keep_done(
    session: Session,
    kind: str,
    file_name: str,
    changes: Sequence[RowChange],
    read: ReadAs,
    *,
    actor: Actor,
    now: datetime,
) -> int:
    """A file that was written at once, by the shell or from a form."""
    import_id = hand_in(session, kind, file_name, b"", actor=actor, now=now)
    _set(session, import_id, state="done", content=None, rows=len(changes), done=len(changes), ended_at=now,
         counts=counted(changes), read_as=_read_as(read))  # fmt: skip
    keep_rows(session, import_id, changes)
    return import_id


def take_next_file(session: Session, *, now: datetime) -> BroughtFile | None:
    """The longest waited for that nobody works on, or whose worker has fallen silent."""
    row = session.scalars(
        select(FileImport)
        .where(
            FileImport.state.in_(IN_WORK),
            or_(FileImport.heard_at.is_(None), FileImport.heard_at < now - _SILENT_AFTER),
        )
        .order_by(FileImport.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    row.heard_at = now
    return BroughtFile(
        row.id, row.kind, row.content or b"", row.state, tuple(row.accepted), row.staff_id, row.request_id
    )


def note_progress(session: Session, import_id: int, *, done: int, rows: int, now: datetime) -> None:
    _set(session, import_id, done=done, rows=rows, heard_at=now)


def note_heard(session: Session, import_id: int, *, now: datetime) -> None:
    """Somebody works on it; nothing where nobody does any more."""
    still = FileImport.id == import_id, FileImport.heard_at.is_not(None)
    session.execute(update(FileImport).where(*still).values(heard_at=now))


def note_judged(
    session: Session,
    import_id: int,
    changes: Sequence[RowChange],
    errors: Sequence[RowError],
    read: ReadAs,
    *,
    refused: bool,
    now: datetime,
) -> None:
    """What it would do, for whoever confirms it, or what is wrong with it."""
    wrong = {one.row for one in errors}
    kept = [one for one in changes if one.number not in wrong] if refused else changes
    counts = {**counted(kept), "refused": len(wrong) if refused else 0, "faults": len(errors)}
    _set(
        session, import_id, state="refused" if refused else "judged", counts=counts, read_as=_read_as(read),
        faults=_faults(errors), heard_at=None, ended_at=now if refused else None,
    )  # fmt: skip
    session.execute(delete(FileImportRow).where(FileImportRow.import_id == import_id))
    if not refused:
        keep_rows(session, import_id, changes)


def note_done(session: Session, import_id: int, changes: Sequence[RowChange], *, now: datetime) -> None:
    session.execute(delete(FileImportRow).where(FileImportRow.import_id == import_id))
    keep_rows(session, import_id, changes)
    ended: dict[str, Any] = {"content": None, "faults": [], "heard_at": None, "ended_at": now}
    _set(session, import_id, state="done", counts=counted(changes), **ended)


def note_undone(session: Session, import_id: int, *, by_id: int | None, now: datetime) -> None:
    _set(session, import_id, state="undone", heard_at=None, undone_at=now, undone_by_id=by_id, faults=[])


def note_not_undone(session: Session, import_id: int, errors: Sequence[RowError]) -> None:
    """It stands as it did, with the rows for which."""
    _set(session, import_id, state="done", heard_at=None, undone_by_id=None, faults=_faults(errors))


def note_failed(session: Session, import_id: int, *, now: datetime) -> None:
    """Through no fault of the file; nothing was written."""
    _set(session, import_id, state="failed", heard_at=None, ended_at=now)


def confirm(session: Session, import_id: int, *, accepted: Iterable[str], actor: Actor, now: datetime) -> None:
    """Raises InvalidInput for what cannot be confirmed any more."""
    row = _file_for_change(session, import_id)
    if row.state != "judged":
        raise InvalidInput("file", "not_judged")
    row.state, row.accepted, row.staff_id, row.heard_at = "confirmed", list(accepted), actor.staff_id, None
    _record(session, "directory.file_confirmed", row, actor=actor, now=now)


def drop(session: Session, import_id: int, *, actor: Actor, now: datetime) -> None:
    row = _file_for_change(session, import_id)
    if row.state not in ("judged", "refused", "waiting"):
        raise InvalidInput("file", "not_judged")
    row.state, row.content, row.ended_at = "dropped", None, now
    _record(session, "directory.file_dropped", row, actor=actor, now=now)


def ask_to_undo(session: Session, import_id: int, *, actor: Actor, now: datetime) -> None:
    row = _file_for_change(session, import_id)
    if row.state != "done":
        raise InvalidInput("file", "not_done")
    row.state, row.undone_by_id, row.heard_at = "undoing", actor.staff_id, None
    _record(session, "directory.undo_asked", row, actor=actor, now=now)


def one_import(session: Session, import_id: int) -> FileImport:
    """Without its content. Raises NotFound."""
    wanted = select(FileImport).where(FileImport.id == import_id).options(defer(FileImport.content))
    row = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound("file_import", import_id)
    return row


def content_of(session: Session, import_id: int) -> bytes | None:
    return session.scalar(select(FileImport.content).where(FileImport.id == import_id))


def last_imports(session: Session, *, limit: int) -> list[tuple[FileImport, str, str]]:
    """The latest first, with who brought each and who undid it."""
    undoer = aliased(Staff)
    rows = session.execute(
        select(FileImport, Staff.name, undoer.name)
        .outerjoin(Staff, Staff.id == FileImport.staff_id)
        .outerjoin(undoer, undoer.id == FileImport.undone_by_id)
        .options(defer(FileImport.content))
        .order_by(FileImport.id.desc())
        .limit(limit)
    )
    return [(row, name or "", undone or "") for row, name, undone in rows]


def kept_changes(session: Session, import_id: int, *, limit: int | None = None) -> list[RowChange]:
    """What it did, in the order of the file."""
    wanted = select(FileImportRow).where(FileImportRow.import_id == import_id).order_by(FileImportRow.number)
    return [
        RowChange(row.number, ChangeState(row.state), row.name, row.before, row.after, dict(row.kept))
        for row in session.scalars(wanted.limit(limit))
    ]


def keep_rows(session: Session, import_id: int, changes: Sequence[RowChange]) -> None:
    """What is the same already is only counted."""
    rows = [
        {
            "import_id": import_id,
            "number": one.number,
            "state": one.state.value,
            "name": one.name[:300],
            "before": one.before,
            "after": one.after,
            "kept": one.kept,
        }
        for one in changes
        if one.state is not ChangeState.UNCHANGED
    ]
    if rows:
        session.execute(insert(FileImportRow), rows)


@dataclass(frozen=True, slots=True)
class PastChange:
    """What one import, or one row entered by hand, did to a row; `who` is empty for the command line."""

    import_id: int
    kind: str
    name: str
    at: datetime
    who: str
    is_undone: bool
    differences: tuple[tuple[str, str, str], ...]


def changes_of(session: Session, kind: str, name: str, *, limit: int = 20) -> list[PastChange]:
    """Of the rows that are called so, the last first."""
    return _past(session, FileImportRow.name == name, FileImport.kind == kind, limit=limit)


def changes_about(session: Session, unit_code: str, *, limit: int = 20) -> list[PastChange]:
    """Of every row that names this body, and of its own, the last first."""
    own = and_(FileImport.kind == "units", FileImportRow.after["code"].astext == unit_code)
    named = FileImportRow.after["unit"].astext == unit_code
    return _past(session, or_(named, own), limit=limit)


def _past(session: Session, *wanted: ColumnElement[bool], limit: int) -> list[PastChange]:
    rows = session.execute(
        select(FileImport, FileImportRow, Staff.name)
        .join(FileImportRow, FileImportRow.import_id == FileImport.id)
        .outerjoin(Staff, Staff.id == FileImport.staff_id)
        .where(*wanted, FileImport.state.in_(("done", "undone")))
        .options(defer(FileImport.content))
        .order_by(FileImport.id.desc(), FileImportRow.number)
        .limit(limit)
    )
    return [
        PastChange(
            one.id, one.kind, row.name, one.asked_at, who or "", one.state == "undone",
            _differences(row.before or {}, row.after),
        )
        for one, row, who in rows
    ]  # fmt: skip


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (column, before.get(column, ""), value) for column, value in after.items() if before.get(column, "") != value
    )


def counted(changes: Sequence[RowChange]) -> dict[str, int]:
    counts = {state.value: 0 for state in ChangeState}
    for one in changes:
        counts[one.state.value] += 1
    return counts


def _file_for_change(session: Session, import_id: int) -> FileImport:
    row = session.scalars(
        select(FileImport).where(FileImport.id == import_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound("file_import", import_id)
    return row


def _record(session: Session, action: str, row: FileImport, *, actor: Actor, now: datetime) -> None:
    params = {"name": row.file_name}
    record(session, actor=actor, action=action, subject_kind=row.kind, subject_id=row.id, params=params, now=now)


def _set(session: Session, import_id: int, **values: Any) -> None:
    session.execute(
        update(FileImport)
        .where(FileImport.id == import_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _faults(errors: Sequence[RowError]) -> list[Mapping[str, Any]]:
    return [
        {"row": one.row, "column": one.column, "code": one.code, "detail": one.detail, "where": one.where}
        for one in errors[:MOST_FAULTS]
    ]


def faults_of(row: FileImport) -> list[RowError]:
    return [RowError(one["where"], one["code"], one["detail"], one["row"], one["column"]) for one in row.faults]


def _read_as(read: ReadAs) -> dict[str, Any]:
    return {
        "encoding": read.encoding,
        "separator": read.separator,
        "header_row": read.header_row,
        "ignored_columns": list(read.ignored_columns),
        "sheet": read.sheet,
    }
