"""Dossiers of each procedure by year as a file: the counts that departments bring once a year."""

from collections.abc import Sequence
from functools import cached_property

from sqlalchemy import select

from tickets.directory.catalogue_years import correct_count, insert_counts
from tickets.directory.exchange.kind import FileKind, RowChange, TextRow
from tickets.directory.exchange.procedures import national_code
from tickets.directory.exchange.removal import removed
from tickets.schema import Procedure, ProcedureYear
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import BadValue

_FIRST_YEAR = 2000


class Dossiers(FileKind):
    name = "dossiers"
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

    def standing(self) -> list[TextRow]:
        rows = self.session.execute(
            select(Procedure.code, Procedure.name, ProcedureYear.year, ProcedureYear.dossiers)
            .join(Procedure, Procedure.id == ProcedureYear.procedure_id)
            .order_by(ProcedureYear.procedure_id, ProcedureYear.year)
        )
        return [
            {"procedure": code or name, "year": str(year), "dossiers": str(count)} for code, name, year, count in rows
        ]

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
