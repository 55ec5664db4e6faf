"""What a kind of file is: its columns, what stands of it, and how rows are written and taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from tickets.city import wall_clock
from tickets.directory.exchange.names import PersonNames, UnitNames
from tickets.directory.units import AREA_KINDS
from tickets.file_errors import RowError
from tickets.folding import fold
from tickets.people.actor import Actor
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import LookUp

# By column, each value in the one form of `tickets/sheets/values.py`.
TextRow = dict[str, str]
_BETWEEN = "\x1f"


def parts_of(text: str, key: Sequence[str]) -> list[str]:
    """The values that a key was put together from, as many as its columns, whatever was sent for one."""
    parts = text.replace("\0", "").split(_BETWEEN)
    return (parts + [""] * len(key))[: len(key)]


class ChangeState(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    # What it says ends: a last day was given, or it is kept no longer.
    CLOSED = "closed"
    UNCHANGED = "unchanged"


@dataclass(slots=True)
class RowChange:
    """What a row of the file does. `before` is None for what is new; `kept` is filled by whoever writes it, with what
    it takes to undo it. Undoing is a change the other way; `after` is None where something new is taken back."""

    number: int
    state: ChangeState
    name: str
    before: TextRow | None
    after: TextRow
    kept: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListedRows:
    """A page of rows in the order of their keys; `count`: how many there are in all, as far as it was counted."""

    rows: Sequence[TextRow]
    count: int


class FileKind:
    """One kind of rows; made anew for every file, so that it may remember what it has looked up."""

    name: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]
    # Rows that say the same here are the same row.
    key: ClassVar[tuple[str, ...]]
    # The column with which a row ends.
    ends: ClassVar[str] = ""

    def __init__(self, session: Session, *, actor: Actor, now: datetime) -> None:
        self.session, self.actor, self.now = session, actor, now
        self._units: UnitNames | None = None
        self._people: PersonNames | None = None

    @property
    def units(self) -> UnitNames:
        if self._units is None:
            self._units = UnitNames(self.session, on=self.today)
        return self._units

    @property
    def people(self) -> PersonNames:
        if self._people is None:
            self._people = PersonNames(self.session)
        return self._people

    @property
    def today(self) -> date:
        return wall_clock(self.now).date()

    def finding(self) -> Mapping[Reads, LookUp]:
        return {Reads.UNIT: lambda text: self.units.code(text), Reads.PERSON: lambda text: self.people.address(text)}  # noqa: PLW0108  (looked up when first asked)

    def key_of(self, row: TextRow) -> str:
        return _BETWEEN.join(row.get(column, "") for column in self.key)

    def standing_key(self, change: RowChange) -> str:
        """By what a written row is found again."""
        return self.key_of(change.after)

    def name_of(self, row: TextRow) -> str:
        return " ".join(filter(None, (row.get(column, "") for column in self.key)))

    def standing(self) -> list[TextRow]:
        """Everything there is, in the order of an export."""
        raise NotImplementedError

    def known(self) -> Mapping[str, TextRow]:
        """By key, what a row of the file is compared with."""
        return {self.key_of(row): row for row in self.standing()}

    def finder(self, _asked: int) -> Callable[[str], TextRow | None]:
        """What stands under a key; `_asked`: about how often that will be asked."""
        return self.known().get

    def listed(self, words: str, *, after: str, most: int) -> ListedRows:
        """The first rows behind the key `after` that have these words."""
        rows = [row for row in self.standing() if not words or fold(words) in fold(" ".join(row.values()))]
        behind = sorted((row for row in rows if self.key_of(row) > after), key=self.key_of)
        return ListedRows(behind[:most], len(rows))

    def judge(self, row: TextRow) -> None:
        """What columns say together; may put values into another form. Raises BadValue."""

    def complete(self, row: TextRow) -> None:
        """What a new row means where it says nothing. Raises BadValue."""

    def merged(self, before: TextRow, cells: TextRow) -> TextRow:
        """What stands, with what the file says; columns it has not stay."""
        return {**before, **cells}

    def judge_changes(self, changes: Sequence[RowChange]) -> list[RowError]:
        """What rows say together, and what may not be changed like that."""
        return []

    def write(self, changes: Sequence[RowChange]) -> None:
        """New, changed and closed rows; nothing else comes here."""
        raise NotImplementedError

    def take_back(self, change: RowChange) -> None:
        """What was new is gone, or is over where people have seen it. Raises StillNeeded."""
        raise NotImplementedError

    def take_all_back(self, changes: Sequence[RowChange]) -> list[tuple[RowChange, StillNeeded]]:
        """The new rows of an import, the last first: what came later may name what came before; what is still needed
        comes back with its reason.
        """
        kept = []
        for change in reversed(changes):
            try:
                self.take_back(change)
            except StillNeeded as needed:
                kept.append((change, needed))
        return kept

    def offered(self, column: str, locale: str) -> list[str]:
        """What a template offers in a column that is no fixed list."""
        return []

    def example_unit(self) -> str:
        """A body of the city for the examples of a template: an area, if there is one."""
        units = sorted(self.units.by_code.values(), key=lambda unit: (unit.kind not in AREA_KINDS, unit.sort_key))
        return f"{units[0].code} {units[0].name}" if units else ""


class StillNeeded(Exception):
    """What an import brought is used by now: it cannot be undone as a whole."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
