"""One row of reference data entered by hand: judged and written exactly as a file of one row, and kept like one."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.seeding.file_kinds import TABLE_KINDS
from app.wording.file_words import file_words
from tickets.audit.entries import record
from tickets.directory.exchange.history import keep_done
from tickets.directory.exchange.kind import ChangeState, RowChange
from tickets.directory.exchange.planning import planned
from tickets.file_errors import RowError, wrong_row
from tickets.people.actor import Actor
from tickets.sheets.table import FileRow, ReadAs
from tickets.sheets.values import BadValue, value_of

BY_HAND = ReadAs("", "", 0)


class EntryRefused(Exception):
    """Values are wrong; nothing was written."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        super().__init__(len(errors))
        self.errors = tuple(errors)


def enter_row(
    session: Session, kind: str, typed: Mapping[str, str], *, actor: Actor, now: datetime
) -> RowChange | None:
    """What changed; None where it stood like that already. Raises EntryRefused."""
    of_kind = TABLE_KINDS[kind](session, actor=actor, now=now)
    words = file_words(kind, tuple(column.key for column in of_kind.columns))
    cells: dict[str, str] = {}
    errors: list[RowError] = []
    for column in of_kind.columns:
        try:
            cells[column.key] = value_of(column, typed.get(column.key, ""), words, of_kind.finding())
        except BadValue as bad:
            errors.append(wrong_row(1, bad.code, bad.detail, column=bad.column))
    if errors:
        raise EntryRefused(errors)
    changes, errors = planned(of_kind, [FileRow(1, cells)])
    if errors:
        raise EntryRefused(errors)
    [change] = changes
    if change.state is ChangeState.UNCHANGED:
        return None
    of_kind.write([change])
    keep_done(session, kind, "", [change], BY_HAND, actor=actor, now=now)
    record(
        session, actor=actor, action="directory.row_entered", subject_kind=kind, subject_id=None,
        params={"name": change.name}, now=now,
    )  # fmt: skip
    return change
