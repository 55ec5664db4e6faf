"""Takes a whole import back: what was new goes or ends, what was changed is as before; all of it or nothing."""

from collections.abc import Sequence

from tickets.directory.exchange.kind import ChangeState, FileKind, RowChange
from tickets.file_errors import RowError, wrong_row


class NotUndone(Exception):
    """Something was changed since, or is used by now; nothing was taken back."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        super().__init__(len(errors))
        self.errors = tuple(errors)


def undo(kind: FileKind, changes: Sequence[RowChange]) -> None:
    """Raises NotUndone, with every row that has gone on living."""
    errors = _changed_since(kind, changes)
    if errors:
        raise NotUndone(errors)
    back = [
        RowChange(one.number, ChangeState.CHANGED, one.name, one.after, one.before, dict(one.kept))
        for one in changes
        if one.before is not None
    ]
    fresh = [one for one in changes if one.before is None]
    errors += [wrong_row(one.number, "still_needed", needed.name) for one, needed in kind.take_all_back(fresh)]
    if errors:
        raise NotUndone(errors)
    if back:
        kind.write(back)


def _changed_since(kind: FileKind, changes: Sequence[RowChange]) -> list[RowError]:
    standing = kind.finder(len(changes))
    errors = []
    for change in changes:
        stands = standing(kind.standing_key(change))
        if change.before is not None and (stands is None or _differs(kind, stands, change.after)):
            errors.append(wrong_row(change.number, "changed_since", change.name))
    return errors


def _differs(kind: FileKind, stands: dict[str, str], after: dict[str, str]) -> bool:
    return any(stands.get(column.key, "") != after.get(column.key, "") for column in kind.columns)
