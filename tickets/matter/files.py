"""Words as files: the patterns of danger as a kind of their own, every other list by its name; writing publishes."""

from collections.abc import Collection, Sequence
from typing import ClassVar

from tickets.directory.exchange.kind import FileKind, RowChange, TextRow
from tickets.file_errors import RowError, wrong_row
from tickets.matter.checking import (
    HEAVIEST,
    LONGEST_WORDS,
    MOST_WORD_ROWS,
    check_row,
    classes_needed,
    classes_of,
    danger_lost,
)
from tickets.matter.kept import KeptRow, WordEdit, go_on, newest_version, publish_words, rows_of, words_in_force
from tickets.matter.lists import CLASS_LISTS, SHAPES, WordList, WordRow
from tickets.matter.rulebook import rulebook_of
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import BadValue

# Patterns of one kind are many, and each is itself; of a class, a short form or a word there is one row.
_BY_WORDS = {of for of, shape in SHAPES.items() if shape.are_patterns} | {WordList.EVERYDAY}


class _WordFile(FileKind):
    lists: ClassVar[Collection[WordList]]
    ends = "retired"
    _rows: list[KeptRow] | None = None
    _number: int | None = None

    def row_of(self, row: TextRow) -> WordRow:
        raise NotImplementedError

    def texts_of(self, row: WordRow) -> TextRow:
        raise NotImplementedError

    def key_of(self, row: TextRow) -> str:
        return super().key_of(row if self.row_of(row).list in _BY_WORDS else {**row, "words": ""})

    def standing(self) -> list[TextRow]:
        return [{**self.texts_of(one.row), "retired": "false"} for one in self._kept() if one.row.list in self.lists]

    def judge_changes(self, changes: Sequence[RowChange]) -> list[RowError]:
        """Classes that stand in the same file count; no example of danger may be lost by a file."""
        edits = self._edits(changes)
        gone = {edit.old.id for edit in edits if edit.old}
        after = [one.row for one in self._kept() if one.id not in gone] + [edit.new for edit in edits if edit.new]
        errors = self._faults(changes, after)
        if errors or not edits:
            return errors
        if len(after) > MOST_WORD_ROWS:
            return [wrong_row(changes[-1].number, "too_many_words", MOST_WORD_ROWS)]
        lost = danger_lost(words_in_force(self.session), rulebook_of(after))
        return [wrong_row(changes[0].number, "danger_lost", f"{len(lost)}: “{lost[0]}”")] if lost else []

    def write(self, changes: Sequence[RowChange]) -> None:
        self._publish(self._edits(changes))

    def take_back(self, change: RowChange) -> None:
        old = self._by_key().get(self.key_of(change.after))
        self._publish([WordEdit(old, None)] if old else [])

    def _faults(self, changes: Sequence[RowChange], after: Sequence[WordRow]) -> list[RowError]:
        classes, needed = classes_of(after), classes_needed(after)
        errors = []
        for change in changes:
            row = self.row_of(change.after)
            try:
                if change.after["retired"] != "true":
                    check_row(row, classes)
                elif row.list in CLASS_LISTS and row.says in needed:
                    raise BadValue("class_in_use", f"@{row.says}", column="retired")
            except BadValue as bad:
                errors.append(wrong_row(change.number, bad.code, bad.detail, column=self._own_column(row, bad.column)))
        return errors

    def _own_column(self, row: WordRow, column: str) -> str:
        return column

    def _edits(self, changes: Sequence[RowChange]) -> list[WordEdit]:
        known = self._by_key()
        edits = []
        for change in changes:
            old = known.get(self.key_of(change.after))
            new = None if change.after["retired"] == "true" else self.row_of(change.after)
            if new != (old.row if old else None):
                edits.append(WordEdit(old, new))
        return edits

    def _publish(self, edits: Sequence[WordEdit]) -> None:
        """One version, however many rows are taken back one after the other."""
        if self._number is None:
            self._number = publish_words(self.session, edits, reason=self.name, actor=self.actor, now=self.now)
        else:
            go_on(self.session, self._number, edits)
        self._rows = None

    def _by_key(self) -> dict[str, KeptRow]:
        return {self.key_of(self.texts_of(one.row)): one for one in self._kept() if one.row.list in self.lists}

    def _kept(self) -> list[KeptRow]:
        if self._rows is None:
            self._rows = rows_of(self.session, newest_version(self.session))
        return self._rows


class EmergencyWords(_WordFile):
    name = "emergency-words"
    lists = (WordList.DANGER,)
    columns = (
        Column("pattern", needed=True, longest=LONGEST_WORDS),
        Column("tells_of", needed=True, longest=40),
        Column("weight", Reads.WHOLE, needed=True, low=1, high=HEAVIEST),
        Column("retired", Reads.YES_NO),
    )
    key = ("tells_of", "pattern")

    def row_of(self, row: TextRow) -> WordRow:
        return WordRow(WordList.DANGER, row["tells_of"], int(row.get("weight") or 0), row["pattern"])

    def texts_of(self, row: WordRow) -> TextRow:
        return {"pattern": row.words, "tells_of": row.says, "weight": str(row.weight)}


class OtherWords(_WordFile):
    name = "matter-words"
    lists = tuple(of for of in WordList if of is not WordList.DANGER)
    columns = (
        Column("list", needed=True, longest=40),
        Column("says", needed=True, longest=60),
        Column("weight", Reads.WHOLE, low=0, high=HEAVIEST),
        Column("words", needed=True, longest=LONGEST_WORDS),
        Column("retired", Reads.YES_NO),
    )
    key = ("list", "says", "words")

    def judge(self, row: TextRow) -> None:
        if row.get("list") not in self.lists:
            raise BadValue("no_such_code", row.get("list", ""), column="list")

    def name_of(self, row: TextRow) -> str:
        return f"{row['list']} {row['says']}"

    def row_of(self, row: TextRow) -> WordRow:
        return WordRow(WordList(row["list"]), row["says"], int(row.get("weight") or 0), row["words"])

    def texts_of(self, row: WordRow) -> TextRow:
        return {"list": row.list.value, "says": row.says, "weight": str(row.weight or ""), "words": row.words}

    def _own_column(self, row: WordRow, column: str) -> str:
        shape = SHAPES[row.list]
        return {shape.says: "says", shape.words: "words"}.get(column, column)
