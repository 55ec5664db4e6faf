"""Writes the city itself, its offices, departments and other bodies from `bodies.csv`."""

from datetime import date

from sqlalchemy.orm import Session

from app.seeding.files import rows_of
from tickets.directory.units import UnitFacts, insert_units
from tickets.states import UnitKind


def load(session: Session) -> dict[str, int]:
    """The bodies' ids by code; parents are written before those below them."""
    ids: dict[str, int] = {}
    waiting = rows_of("bodies")
    while waiting:
        ready = [row for row in waiting if not row["parent"] or row["parent"] in ids]
        if not ready:
            raise ValueError(f"bodies.csv: no such parent: {waiting[0]['parent']}")
        written = insert_units(session, [_facts(row, ids) for row in ready])
        ids.update(zip((row["code"] for row in ready), written, strict=True))
        waiting = [row for row in waiting if row["code"] not in ids]
    return ids


def _facts(row: dict[str, str], ids: dict[str, int]) -> UnitFacts:
    return UnitFacts(
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        kind=UnitKind(row["kind"]),
        parent_id=ids.get(row["parent"]),
        valid_from=date.fromisoformat(row["valid_from"]),
        source=row["source"],
    )
