"""A kind of which there may be a hundred thousand rows: lists, programs and forms read only those that they show."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_

from tickets.directory.by_parts import has_parts
from tickets.directory.exchange.kind import FileKind, ListedRows, RowChange, TextRow, parts_of
from tickets.folding import folded_words
from tickets.schema import Base

# The exact number of more would help nobody.
COUNTED_ROWS = 1000
# So many are asked for by their keys; beyond, everything together is read faster.
FEW_ROWS = 1000
# Each costs a statement of its own.
_FEW_FOUND = 100


class PagedKind(FileKind):
    # How many numbers say where a row stands.
    numbers: ClassVar[int] = 1

    def numbered(self, *, after: Sequence[int], most: int) -> list[tuple[tuple[int, ...], TextRow]]:
        """With their numbers, always in the same order, the first behind those numbers; from the first for none."""
        raise NotImplementedError


class LongKind(PagedKind):
    table: ClassVar[type[Base]]
    # The words of a row, as an index of the table holds them.
    indexed_words: ClassVar[str]

    def told(self, rows: Sequence[Any]) -> list[TextRow]:
        """Rows of the table as those of the file, in the same order."""
        raise NotImplementedError

    def at_unit(self, _unit_id: int) -> ColumnElement[bool] | None:
        """Rows that name a body of the city."""
        return None

    def standing(self) -> list[TextRow]:
        # Plain rows: objects of a hundred thousand cost four times that.
        return self.told(self.session.execute(self._rows().order_by(self._column("id"))).all())

    def numbered(self, *, after: Sequence[int], most: int) -> list[tuple[tuple[int, ...], TextRow]]:
        number = self._column("id")
        behind = [number > after[0]] if after else []
        rows = self.session.execute(self._rows().where(*behind).order_by(number).limit(most)).all()
        return list(zip(((row.id,) for row in rows), self.told(rows), strict=True))

    def listed(self, words: str, *, after: str, most: int) -> ListedRows:
        """Counted no further than a glance needs. A row is found by parts of its words, or by the code of its body."""
        meant = self._with(words) if words else ()
        # What stands in other tables is looked at only where words are asked of it.
        counted: Select[Any] = select(self._column("id"))
        if words:
            counted = self._rows().with_only_columns(self._column("id"))
        found = counted.where(*meant).limit(COUNTED_ROWS + 1).subquery()
        rows = self._rows().where(*meant, *self._behind(after)).order_by(*self._keys()).limit(most)
        count = self.session.scalars(select(func.count()).select_from(found)).one()
        return ListedRows(self.told(self.session.execute(rows).all()), count)

    def finder(self, asked: int) -> Callable[[str], TextRow | None]:
        return self._one if asked <= _FEW_FOUND else super().finder(asked)

    def ids_of(self, changes: Sequence[RowChange]) -> dict[tuple[str, ...], int]:
        """By the values of their keys, the rows that changes find standing."""
        keys = [tuple(change.after[name] for name in self.key) for change in changes if change.before is not None]
        if not keys:
            return {}
        only = [tuple_(*self._keys()).in_(keys)] if len(keys) <= FEW_ROWS else []
        rows = self.session.execute(self._rows().with_only_columns(self._column("id"), *self._keys()).where(*only))
        return {tuple(key): number for number, *key in rows}

    def _one(self, key: str) -> TextRow | None:
        same = (column == part for column, part in zip(self._keys(), self._parts(key), strict=True))
        return next(iter(self.told(self.session.execute(self._rows().where(*same)).all())), None)

    def _with(self, words: str) -> tuple[ColumnElement[bool], ...]:
        unit = self.units.by_code.get(words)
        there = self.at_unit(unit.id) if unit is not None else None
        if there is not None:
            return (there,)
        return self._with_words(folded_words(words))

    def _with_words(self, words: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
        return (has_parts(self.indexed_words, words),)

    def _behind(self, after: str) -> tuple[ColumnElement[bool], ...]:
        """The first key by itself too: an index of it leads there, where the others are of other tables."""
        if not after:
            return ()
        keys, parts = self._keys(), self._parts(after)
        return keys[0] >= parts[0], tuple_(*keys) > tuple_(*map(literal, parts))

    def _rows(self) -> Any:
        return select(self.table.__table__)

    def _keys(self) -> list[Any]:
        return [self._column(name) for name in self.key]

    def _parts(self, key: str) -> list[Any]:
        """The values of the keys that were put together to this one."""
        return list(parts_of(key, self.key))

    def _column(self, name: str) -> Any:
        return self.table.__table__.c[name]
