"""Running incidents as rules: for which place and kind of matter one speaks, and until when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.schema import Incident, Ticket


@dataclass(frozen=True, slots=True)
class IncidentRule:
    """One incident as contacts are answered by it; `unit_ids` empty: the whole city."""

    id: int
    master_id: int
    reference: str
    unit_ids: frozenset[int]
    category_id: int | None
    bulletin_vi: str
    bulletin_en: str
    is_disaster: bool
    most_waiting: int | None
    starts_at: datetime
    expires_at: datetime

    def runs(self, now: datetime) -> bool:
        """It ends by itself, also where nobody has written yet that it has."""
        return self.starts_at <= now < self.expires_at

    def is_about(self, unit_id: int | None, category_id: int | None) -> bool:
        is_here = not self.unit_ids or unit_id in self.unit_ids
        return is_here and self.category_id in (None, category_id)

    def bulletin(self, locale: str) -> str:
        return self.bulletin_vi if locale == "vi" else self.bulletin_en

    @property
    def in_both(self) -> dict[str, str]:
        return {"vi": self.bulletin_vi, "en": self.bulletin_en}


def load_incidents(session: Session) -> tuple[IncidentRule, ...]:
    """Those that nobody has ended, the closest to the matter first: of some units, of one category, the newest."""
    statement = (
        select(
            Incident.id, Incident.master_id, Ticket.reference, Incident.unit_ids, Incident.category_id,
            Incident.bulletin_vi, Incident.bulletin_en, Incident.is_disaster, Incident.most_waiting,
            Incident.starts_at, Incident.expires_at,
        )
        .join(Ticket, Ticket.id == Incident.master_id)
        .where(Incident.ended_at.is_(None))
    )  # fmt: skip
    found = [
        IncidentRule(
            row.id, row.master_id, row.reference, frozenset(row.unit_ids), row.category_id, row.bulletin_vi,
            row.bulletin_en, row.is_disaster, row.most_waiting, row.starts_at, row.expires_at,
        )
        for row in session.execute(statement)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (not one.unit_ids, one.category_id is None, -one.id)))


def running(incidents: Iterable[IncidentRule], *, now: datetime) -> tuple[IncidentRule, ...]:
    return tuple(one for one in incidents if one.runs(now))


def incident_about(
    incidents: Sequence[IncidentRule], *, unit_id: int | None, category_id: int | None, now: datetime
) -> IncidentRule | None:
    """The one that a matter of this place and kind is told of."""
    return next((one for one in running(incidents, now=now) if one.is_about(unit_id, category_id)), None)
