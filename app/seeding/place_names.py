"""Writes what people say of places beside the names of units: other names, streets, landmarks."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.seeding.files import rows_of
from tickets.directory.place_names import insert_aliases, insert_landmarks, insert_streets
from tickets.schema import Unit

# Where the shipped rows come from, as administrators read it.
STREETS_FROM, LANDMARKS_FROM = "vietnam_dataset 03/2019", "Hotline"


def load_aliases(session: Session) -> None:
    insert_aliases(session, rows_of("place_aliases"))


def load_streets(session: Session) -> None:
    insert_streets(session, [{**row, "source": STREETS_FROM} for row in rows_of("streets")])


def load_landmarks(session: Session) -> None:
    current = select(Unit.code, Unit.id).where(Unit.valid_to.is_(None))
    ids = {code: unit_id for code, unit_id in session.execute(current)}
    rows = [
        {**{name: row[name] for name in ("name", "also", "kind", "district")}, "unit_id": ids.get(row["unit"] or None)}
        for row in rows_of("landmarks")
    ]
    insert_landmarks(session, [{**row, "source": LANDMARKS_FROM} for row in rows])
