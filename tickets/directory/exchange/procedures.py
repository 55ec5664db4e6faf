"""Procedures as CSV; one without a verified national code is recognised by its name."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.directory.exchange.rows import (
    BadValue,
    ImportOutcome,
    Rows,
    needed_text,
    one_of,
    read_rows,
    written,
    yes_or_no,
)
from tickets.directory.procedures import ProcedureFacts, columns_of, correct_procedure, insert_procedures
from tickets.schema import Procedure, Unit
from tickets.states import Level

PROCEDURE_COLUMNS = ("code", "name", "field", "level", "decision_no", "boundary_free", "department")
_NEEDED = ("name", "field", "level")


def parse_procedures(session: Session, text: str) -> Rows[ProcedureFacts]:
    rows = session.execute(select(Unit.code, Unit.id).where(Unit.valid_to.is_(None), Unit.code.is_not(None)))
    departments = {code: unit_id for code, unit_id in rows}

    def judge(row: Mapping[str, str]) -> ProcedureFacts:
        if row["department"] and row["department"] not in departments:
            raise BadValue("no_such_unit", row["department"])
        return ProcedureFacts(
            code=row["code"] or None,
            name=needed_text(row["name"], "name", longest=2000),
            field=needed_text(row["field"], "field"),
            level=one_of(Level, row["level"], "level"),
            decision_no=row["decision_no"],
            boundary_free=yes_or_no(row["boundary_free"], "boundary_free"),
            department_id=departments.get(row["department"]),
        )

    return read_rows(text, PROCEDURE_COLUMNS, judge, needed=_NEEDED, key=_key)


def write_procedures(session: Session, rows: Sequence[ProcedureFacts]) -> ImportOutcome:
    """Add and correct procedures."""
    known = {(procedure.code or procedure.name): procedure for procedure in session.scalars(select(Procedure))}
    new, changed, unchanged = [], [], 0
    for facts in rows:
        procedure = known.get(_key(facts))
        wanted = columns_of(facts)
        if procedure is None:
            new.append(facts)
        elif any(getattr(procedure, column) != value for column, value in wanted.items()):
            correct_procedure(session, procedure.id, wanted)
            changed.append(_key(facts))
        else:
            unchanged += 1
    insert_procedures(session, new)
    return ImportOutcome(tuple(_key(facts) for facts in new), tuple(changed), unchanged)


def procedures_as_csv(session: Session) -> str:
    codes = {unit_id: code for unit_id, code in session.execute(select(Unit.id, Unit.code))}
    rows = session.scalars(select(Procedure).order_by(Procedure.id))
    return written(
        PROCEDURE_COLUMNS,
        (
            {
                "code": row.code,
                "name": row.name,
                "field": row.field,
                "level": row.level.value,
                "decision_no": row.decision_no,
                "boundary_free": "true" if row.boundary_free else "false",
                "department": codes.get(row.department_id) if row.department_id else None,
            }
            for row in rows
        ),
    )


def _key(facts: ProcedureFacts) -> str:
    return facts.code or facts.name
