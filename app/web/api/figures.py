"""Figures for programs: the service level of the phones and the promises kept."""

from datetime import datetime, timedelta
from typing import Any

from flask import g
from pydantic import BaseModel, ConfigDict, Field

from app.web.api.blueprint import blueprint
from app.web.api.bodies import Figures
from app.web.api.describing import takes_query
from app.web.api.instants import Instant, iso
from app.web.api.reading import read_query
from app.web.frame.access import bearer
from telephony.floor import figures as floor
from tickets.people.roles import Viewer
from tickets.promises.figures import promises_kept
from tickets.states import Role

_DEFAULT = timedelta(days=30)
_LONGEST = timedelta(days=366)


class Stretch(BaseModel):
    """From when to when, in ISO 8601; by default the last thirty days. Longer than a year: its last year."""

    model_config = ConfigDict(extra="ignore")

    from_at: Instant | None = Field(default=None, alias="from")
    to_at: Instant | None = Field(default=None, alias="to")


@blueprint.get("/figures/service-level")
@takes_query(Stretch)
@blueprint.output(Figures)
@blueprint.doc(summary="Service level, speed of answer, handling time, abandonment")
@bearer("figures:read")
def service_level() -> dict[str, Any]:
    from_at, to_at = _stretch()
    counts = floor.call_counts(g.session, from_at=from_at, to_at=to_at, unit_ids=_units(g.viewer))
    figures = {
        "offered": counts.offered,
        "answered": counts.answered,
        "answered_within_seconds": {str(floor.ANSWER_WITHIN_SECONDS): counts.answered_within},
        "abandoned": counts.abandoned,
        "short_abandoned": counts.short_abandoned,
        "flowed_out": counts.flowed_out,
        "service_level": floor.service_level(counts),
        "asa_seconds": floor.average_speed_of_answer(counts),
        "aht_seconds": floor.average_handling_time(counts),
        "abandonment": floor.abandonment(counts),
    }
    return _counted(from_at, to_at, figures, [])


@blueprint.get("/figures/promises")
@takes_query(Stretch)
@blueprint.output(Figures)
@blueprint.doc(summary="Promises kept, by unit and clock")
@bearer("figures:read")
def promises() -> dict[str, Any]:
    from_at, to_at = _stretch()
    rows = promises_kept(g.session, from_at=from_at, to_at=to_at, now=g.now, unit_ids=_units(g.viewer))
    met, counted = sum(row.met for row in rows), sum(row.counted for row in rows)
    figures = {"met": met, "counted": counted, "share": met / counted if counted else None}
    told = [
        {
            "unit": {"code": row.unit_code, "name": row.unit_name},
            "clock": row.kind,
            "met": row.met,
            "missed": row.missed,
            "overdue": row.overdue,
            "cancelled": row.cancelled,
            "share": row.share,
        }
        for row in rows
    ]
    return _counted(from_at, to_at, figures, told)


def _counted(from_at: datetime, to_at: datetime, figures: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"from_at": iso(from_at), "to_at": iso(to_at), "figures": figures, "rows": rows}


def _units(viewer: Viewer) -> tuple[int, ...] | None:
    return None if viewer.covers_city(*Role) else viewer.unit_ids(*Role)


def _stretch() -> tuple[datetime, datetime]:
    """What was asked for; a stretch that ends before it begins is empty, and the answer shows both ends."""
    query = read_query(Stretch)
    to_at = query.to_at or g.now
    return max(query.from_at or to_at - _DEFAULT, to_at - _LONGEST), to_at
