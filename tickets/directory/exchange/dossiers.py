"""Dossiers of each procedure by year as a file: the counts that departments bring once a year."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, select

from tickets.directory.catalogue_years import correct_count, insert_counts
from tickets.directory.exchange.kind import RowChange, TextRow
from tickets.directory.exchange.long_kind import LongKind
from tickets.directory.exchange.procedures import PROCEDURE_KEY, national_code
from tickets.directory.exchange.removal import removed
from tickets.schema import Procedure, ProcedureYear
from tickets.schema.directory import PROCEDURE_WORDS
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import BadValue

_FIRST_YEAR = 2000
_DIGITS_OF_NO_YEAR = 6


class Dossiers(LongKind):
    name = "dossiers"
    table, indexed_words = ProcedureYear, PROCEDURE_WORDS
    columns = (
        Column("procedure", needed=True, longest=2000),
        Column("year", Reads.WHOLE, needed=True, low=_FIRST_YEAR, high=9999),
        Column("dossiers", Reads.WHOLE, needed=True, high=100_000_000),
    )
    key = ("procedure", "year")

    def judge(self, row: TextRow) -> None:
        """A year that still runs would look like one without dossiers."""
        if row.get("year") and int(row["year"]) >= self.today.year:
            raise BadValue("year_not_over", column="year")
        row["procedure"] = national_code(row["procedure"])
        if row["procedure"] not in self._ids:
            raise BadValue("no_such_procedure", row["procedure"], column="procedure")

    def told(self, rows: Sequence[Any]) -> list[TextRow]:
        return [{"procedure": row.procedure, "year": str(row.year), "dossiers": str(row.dossiers)} for row in rows]

    def _rows(self) -> Any:
        counts = select(ProcedureYear.id, PROCEDURE_KEY.label("procedure"), ProcedureYear.year, ProcedureYear.dossiers)
        return counts.join(Procedure, Procedure.id == ProcedureYear.procedure_id)

    def _keys(self) -> list[Any]:
        return [PROCEDURE_KEY, ProcedureYear.year]

    def _parts(self, key: str) -> list[Any]:
        procedure, year = super()._parts(key)
        return [procedure, int(year) if year.isdecimal() and len(year) < _DIGITS_OF_NO_YEAR else 0]

    def _with_words(self, words: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
        """A year that is over, if one is named, and words of the procedure."""
        years = {word for word in words if word.isdecimal() and _FIRST_YEAR <= int(word[:5]) < self.today.year}
        of_procedure = [word for word in words if word not in years]
        named = super()._with_words(of_procedure) if of_procedure or not years else ()
        return (*(ProcedureYear.year == int(year) for year in years), *named)

    def write(self, changes: Sequence[RowChange]) -> None:
        ids = self._ids
        insert_counts(
            self.session,
            [
                (ids[one.after["procedure"]], int(one.after["year"]), int(one.after["dossiers"]))
                for one in changes
                if one.before is None
            ],
        )
        for one in changes:
            if one.before is not None:
                number = ids[one.after["procedure"]]
                correct_count(self.session, number, int(one.after["year"]), dossiers=int(one.after["dossiers"]))
        known = self._counts()
        for one in changes:
            one.kept["count"] = known[ids[one.after["procedure"]], int(one.after["year"])]

    def take_back(self, change: RowChange) -> None:
        removed(self.session, change, table="procedure_year", row_id=change.kept["count"])

    @cached_property
    def _ids(self) -> dict[str, int]:
        rows = self.session.execute(select(Procedure.id, Procedure.code, Procedure.name))
        return {code or name: number for number, code, name in rows}

    def _counts(self) -> dict[tuple[int, int], int]:
        rows = self.session.execute(select(ProcedureYear.procedure_id, ProcedureYear.year, ProcedureYear.id))
        return {(procedure_id, year): number for procedure_id, year, number in rows}
