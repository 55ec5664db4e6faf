"""Kinds of matter as a file: what they are called, who answers, and which words tell of them."""

from collections.abc import Sequence

from sqlalchemy import func, select

from tickets.directory.categories import CategoryFacts, correct_category, insert_categories
from tickets.directory.exchange.kind import FileKind, RowChange, TextRow
from tickets.directory.exchange.removal import removed
from tickets.directory.sort_keys import sort_key
from tickets.folding import folded_words
from tickets.schema import Category, Unit
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import BadValue
from tickets.states import Level, Priority


class CategoryRows(FileKind):
    name = "categories"
    columns = (
        Column("code", needed=True, longest=60),
        Column("parent", longest=60),
        Column("name", needed=True, longest=200),
        Column("name_en", longest=200),
        Column("level", Reads.CHOICE, needed=True, words="level"),
        Column("department", Reads.UNIT),
        Column("priority", Reads.CHOICE, words="priority"),
        Column("field", longest=60),
        Column("conduct", Reads.CHOICE, words="conduct"),
        Column("hints", longest=8000),
        Column("retired", Reads.YES_NO),
    )
    key = ("code",)
    ends = "retired"
    _first_level: dict[str, bool] | None = None

    def name_of(self, row: TextRow) -> str:
        return f"{row['code']} {row['name']}"

    def judge(self, row: TextRow) -> None:
        """Two levels and no more: whatever has a parent is none."""
        if self._first_level is None:
            self._first_level = {one["code"]: not one["parent"] for one in self.standing()}
        parent = row.get("parent", "")
        if parent and (parent == row["code"] or not self._first_level.get(parent, False)):
            raise BadValue("no_such_parent", parent, column="parent")
        self._first_level[row["code"]] = not parent
        if "hints" in row:
            phrases = [" ".join(folded_words(one)) for one in row["hints"].replace("\n", "|").split("|")]
            row["hints"] = "|".join(dict.fromkeys(filter(None, phrases)))

    def complete(self, row: TextRow) -> None:
        row["name_en"] = row["name_en"] or row["name"]
        row["priority"] = row["priority"] or Priority.NORMAL.value
        if row["level"] == Level.CITY.value and not row["department"]:
            raise BadValue("missing", "department", column="department")

    def merged(self, before: TextRow, cells: TextRow) -> TextRow:
        kept = {column: cells.get(column) or before[column] for column in ("name_en", "priority")}
        return {**before, **cells, **kept}

    def standing(self) -> list[TextRow]:
        codes = {unit_id: code or "" for unit_id, code in self.session.execute(select(Unit.id, Unit.code))}
        rows = self.session.scalars(select(Category).order_by(Category.position, Category.id)).all()
        named = {row.id: row.code for row in rows}
        return [
            {
                "code": row.code,
                "parent": named[row.parent_id] if row.parent_id else "",
                "name": row.name,
                "name_en": row.name_en,
                "level": row.level.value,
                "department": codes[row.department_id] if row.department_id else "",
                "priority": row.default_priority.value,
                "field": row.field,
                "conduct": row.conduct,
                "hints": row.hints,
                "retired": "true" if row.retired_at else "false",
            }
            for row in rows
        ]

    def write(self, changes: Sequence[RowChange]) -> None:
        # Parents first: what stands below them names them.
        for change in sorted(changes, key=lambda one: bool(one.after["parent"])):
            row = change.after
            ids = {code: row_id for code, row_id in self.session.execute(select(Category.code, Category.id))}
            parent = ids[row["parent"]] if row["parent"] else None
            department = self.units.id(row["department"]) if row["department"] else None
            level, priority = Level(row["level"]), Priority(row["priority"])
            if change.before is None:
                last = self.session.scalar(select(func.max(Category.position))) or 0
                facts = CategoryFacts(
                    row["code"], parent, row["name"], row["name_en"], last + 1, level, department, priority,
                    row["field"], row["conduct"], row["hints"],
                )  # fmt: skip
                (change.kept["category"],) = insert_categories(self.session, [facts])
                ids[row["code"]] = change.kept["category"]
            retired = row["retired"] == "true"
            was_retired = change.before is not None and change.before["retired"] == "true"
            columns: dict[str, object] = {
                "parent_id": parent, "name": row["name"], "name_en": row["name_en"], "sort_key": sort_key(row["name"]),
                "level": level, "department_id": department, "default_priority": priority, "field": row["field"],
                "conduct": row["conduct"], "hints": row["hints"],
            }  # fmt: skip
            if retired != was_retired:
                columns["retired_at"] = self.now if retired else None
            correct_category(self.session, ids[row["code"]], columns)

    def take_back(self, change: RowChange) -> None:
        removed(self.session, change, table="category", row_id=change.kept["category"])
