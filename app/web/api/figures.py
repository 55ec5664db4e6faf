"""Figures for programs: the service level of the phones and the promises kept."""

from datetime import datetime, timedelta
from typing import Any

from flask import g
from flask_babel import gettext as _
from pydantic import BaseModel, ConfigDict, Field

from app.web.access import bearer
from app.web.api.blueprint import blueprint
from app.web.api.bodies import Figures
from app.web.api.describing import takes_query
from app.web.api.instants import read_instant
from app.web.api.reading import Words, read_query
from app.web.api.ticket_view import iso
from app.web.field_errors import FieldErrors
from telephony import figures as floor
from tickets.promises.figures import promises_kept
from tickets.roles import Viewer
from tickets.states import Role

_DEFAULT = timedelta(days=30)
_LONGEST = timedelta(days=366)


class Stretch(BaseModel):
    """From when to when, in ISO 8601; by default the last thirty days. At most a year."""

    model_config = ConfigDict(extra="ignore")

    from_at: Words | None = Field(default=None, alias="from", max_length=40)
    to_at: Words | None = Field(default=None, alias="to", max_length=40)


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
    return {"from_at": iso(from_at), "to_at": iso(to_at), "figures": figures, "rows": []}


@blueprint.get("/figures/promises")
@takes_query(Stretch)
@blueprint.output(Figures)
@blueprint.doc(summary="Promises kept, by unit and clock")
@bearer("figures:read")
def promises() -> dict[str, Any]:
    from_at, to_at = _stretch()
    rows = promises_kept(g.session, from_at=from_at, to_at=to_at, now=g.now, unit_ids=_units(g.viewer))
    met, counted = sum(row.met for row in rows), sum(row.counted for row in rows)
    return {
        "from_at": iso(from_at),
        "to_at": iso(to_at),
        "figures": {"met": met, "counted": counted, "share": met / counted if counted else None},
        "rows": [
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
        ],
    }


def _units(viewer: Viewer) -> tuple[int, ...] | None:
    return None if viewer.covers_city(*Role) else viewer.unit_ids(*Role)


def _stretch() -> tuple[datetime, datetime]:
    query = read_query(Stretch)
    to_at = read_instant("to", query.to_at) or g.now
    from_at = read_instant("from", query.from_at) or to_at - _DEFAULT
    if not timedelta() < to_at - from_at <= _LONGEST:
        message = _("The stretch must end after it begins and be at most a year long.")
        raise FieldErrors([{"field": "from", "code": "stretch", "message": message}])
    return from_at, to_at
