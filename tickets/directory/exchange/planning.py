"""What a file would do: each row beside what stands, before anything is written."""

from collections.abc import Callable, Sequence

from tickets.directory.exchange.kind import ChangeState, FileKind, RowChange, TextRow
from tickets.file_errors import RowError, wrong_row
from tickets.sheets.columns import Reads
from tickets.sheets.table import FileRow
from tickets.sheets.values import BadValue

# So many rows are a moment's work.
_SAID_EVERY = 1000


def planned(
    kind: FileKind, rows: Sequence[FileRow], *, say: Callable[[int, int], None] = lambda _done, _rows: None
) -> tuple[list[RowChange], list[RowError]]:
    """A change for each row that can be read, unchanged ones too, and everything that is wrong."""
    standing = kind.finder(len(rows))
    changes: list[RowChange] = []
    errors: list[RowError] = []
    seen: dict[str, int] = {}
    for count, row in enumerate(rows):
        if count % _SAID_EVERY == 0:
            say(count, len(rows))
        try:
            change = _change(kind, row, standing)
            _refuse_second(kind.key_of(change.after), row.number, seen, kind)
            changes.append(change)
        except BadValue as bad:
            errors.append(wrong_row(row.number, bad.code, bad.detail, column=bad.column))
    errors += kind.judge_changes(changes)
    return changes, sorted(errors, key=lambda one: one.row or 0)


def _change(kind: FileKind, row: FileRow, standing: Callable[[str], TextRow | None]) -> RowChange:
    cells = dict(row.cells)
    kind.judge(cells)
    before = standing(kind.key_of(cells))
    if before is None:
        after = {**_blank(kind), **cells}
        kind.complete(after)
        before = standing(kind.key_of(after))
    if before is None:
        return RowChange(row.number, ChangeState.NEW, kind.name_of(after), None, after)
    after = kind.merged(before, cells)
    return RowChange(row.number, _state(kind, before, after), kind.name_of(after), before, after)


def _state(kind: FileKind, before: TextRow, after: TextRow) -> ChangeState:
    if all(before.get(column.key, "") == after.get(column.key, "") for column in kind.columns):
        return ChangeState.UNCHANGED
    if kind.ends and after[kind.ends] not in ("", "false") and before[kind.ends] in ("", "false"):
        return ChangeState.CLOSED
    return ChangeState.CHANGED


def _blank(kind: FileKind) -> TextRow:
    return {column.key: "false" if column.reads is Reads.YES_NO else "" for column in kind.columns}


def _refuse_second(key: str, number: int, seen: dict[str, int], kind: FileKind) -> None:
    if key in seen:
        raise BadValue("twice", seen[key], column=kind.columns[0].key)
    seen[key] = number
