"""All versions of a calendar, each with who published it and when (R21)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.errors import NotFound
from tickets.promises.rule_versions import Versioned
from tickets.schema import Staff
from tickets.schema.promise import Calendar, CalendarVersion


@dataclass(frozen=True, slots=True)
class CalendarPast:
    """A calendar with its versions, the newest first; `spec` is as `calendar_files.calendar_from` reads it."""

    id: int
    key: str
    name: str
    name_en: str
    versions: Sequence[tuple[Versioned, Mapping[str, Any]]]

    def spec_of(self, version: int | None) -> Mapping[str, Any]:
        """Of a version, or of the newest. Raises NotFound for one there never was."""
        for versioned, spec in self.versions:
            if version in (None, versioned.version):
                return spec
        raise NotFound("calendar_version", str(version))


def calendar_past(session: Session, calendar_id: int) -> CalendarPast:
    """Raises NotFound for a calendar there is not."""
    calendar = session.get(Calendar, calendar_id)
    if calendar is None:
        raise NotFound("calendar", calendar_id)
    rows = session.execute(
        select(CalendarVersion, Staff.name)
        .outerjoin(Staff, Staff.id == CalendarVersion.created_by_id)
        .where(CalendarVersion.calendar_id == calendar_id)
        .order_by(CalendarVersion.version.desc())
    )
    versions = [(Versioned(calendar.id, row.version, row.created_at, by or ""), row.spec) for row, by in rows]
    return CalendarPast(calendar.id, calendar.key, calendar.name, calendar.name_en, versions)
