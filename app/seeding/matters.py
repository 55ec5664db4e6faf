"""Writes what people contact the city about: procedures and categories with the departments that keep them."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.seeding.files import rows_of
from tickets.directory.categories import CategoryFacts, insert_categories
from tickets.directory.procedures import ProcedureFacts, insert_procedures
from tickets.states import Level, Priority


def procedure_keepers() -> set[str]:
    """The codes of the bodies that the shipped procedures belong to."""
    return {row["department"] for row in rows_of("procedures")}


def category_keepers() -> set[str]:
    """The codes of the bodies that the shipped categories belong to."""
    return {row["department"] for row in rows_of("categories")}


def load_procedures(session: Session, *, bodies: Mapping[str, int]) -> None:
    insert_procedures(
        session,
        [
            ProcedureFacts(
                code=row["code"] or None,
                name=row["name"],
                field=row["field"],
                level=Level(row["level"]),
                decision_no=row["decision_no"],
                boundary_free=row["boundary_free"] == "true",
                department_id=bodies[row["department"]],
            )
            for row in rows_of("procedures")
        ],
    )


def load_categories(session: Session, *, bodies: Mapping[str, int]) -> None:
    rows = list(enumerate(rows_of("categories")))
    groups = [(position, row) for position, row in rows if not row["parent"]]
    written = insert_categories(session, [_facts(row, position, None, bodies) for position, row in groups])
    group_ids = dict(zip((row["code"] for _, row in groups), written, strict=True))
    insert_categories(
        session,
        [_facts(row, position, group_ids[row["parent"]], bodies) for position, row in rows if row["parent"]],
    )


def _facts(row: dict[str, str], position: int, parent_id: int | None, bodies: Mapping[str, int]) -> CategoryFacts:
    return CategoryFacts(
        code=row["code"],
        parent_id=parent_id,
        name=row["name"],
        name_en=row["name_en"],
        position=position,
        level=Level(row["level"]),
        department_id=bodies[row["department"]],
        default_priority=Priority(row["priority"]),
        field=row["field"],
        conduct=row["conduct"],
        hints=row["hints"],
    )
