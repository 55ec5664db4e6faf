"""What is entered of a unit for the public: offices with address, hours and lines, and the procedures it keeps."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tickets.schema import Line, OneStopOffice, Procedure, Unit
from tickets.schema.base import Json


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """As it is kept with a release: {"offices": [{id, name, name_en, address, hours, lines: [{id, phone, label}]}],
    "procedures": [id]}, each in the order of ids."""

    content: Json

    @property
    def fingerprint(self) -> str:
        """Two entries that say the same have the same: a page sends it back, so that nobody decides on what they did
        not read."""
        whole = json.dumps(self.content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(whole.encode()).hexdigest()[:16]


def entries_now(session: Session, unit_ids: Collection[int], *, on: date) -> dict[int, DirectoryEntry]:
    """Of each of these units, also where nothing is entered; three statements, however many they are."""
    lines = _lines(session, on)
    offices = defaultdict[int, list[Json]](list)
    rows = session.scalars(select(OneStopOffice).where(OneStopOffice.unit_id.in_(unit_ids)).order_by(OneStopOffice.id))
    for office in rows:
        offices[office.unit_id].append(_office(office, lines.get(office.id, [])))
    kept = _procedures(session, unit_ids)
    return {one: DirectoryEntry({"offices": offices.get(one, []), "procedures": kept.get(one, [])}) for one in unit_ids}


def locked_entry(session: Session, unit_id: int, *, on: date) -> DirectoryEntry:
    """As it stands, while nobody else decides about the same unit."""
    session.execute(select(Unit.id).where(Unit.id == unit_id).with_for_update(key_share=True))
    return entries_now(session, [unit_id], on=on)[unit_id]


def _office(office: OneStopOffice, lines: list[Json]) -> Json:
    return {
        "id": office.id,
        "name": office.name,
        "name_en": office.name_en,
        "address": office.address,
        "hours": office.opening_hours,
        "lines": lines,
    }


def _lines(session: Session, on: date) -> dict[int, list[Json]]:
    found = defaultdict[int, list[Json]](list)
    rows: Any = session.execute(
        select(Line.office_id, Line.id, Line.phone, Line.label)
        .where(or_(Line.valid_from.is_(None), Line.valid_from <= on), or_(Line.valid_to.is_(None), Line.valid_to > on))
        .order_by(Line.id)
    )
    for office_id, line_id, phone, label in rows:
        found[office_id].append({"id": line_id, "phone": phone, "label": label})
    return found


def _procedures(session: Session, unit_ids: Collection[int]) -> dict[int, list[int]]:
    """By the department that keeps them."""
    found = defaultdict[int, list[int]](list)
    rows = session.execute(
        select(Procedure.department_id, Procedure.id)
        .where(Procedure.department_id.in_(unit_ids))
        .order_by(Procedure.id)
    )
    for department_id, procedure_id in rows:
        if department_id is not None:
            found[department_id].append(procedure_id)
    return found
