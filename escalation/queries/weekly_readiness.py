"""The weekly word on what units lack: to the supervisors of each, and to the City Office and administrators of all."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from escalation.queries.readiness import UnitReadiness, units_readiness
from escalation.queries.readiness_rules import GRAVE
from tickets import done_days
from tickets.city import day_of
from tickets.directory.standing import Person
from tickets.directory.standing_rows import administrators, city_office_people, supervisors_of
from tickets.outbox.posting import Outgoing, post_all
from tickets.states import OutboundChannel

LACKS_TEMPLATE = "units_lacking"
_MOST_UNITS = 15


def post_weekly_readiness(session: Session, *, now: datetime) -> int:
    """Once a week, from Monday on, one message each; returns to how many people. Nothing where nothing is missing."""
    today = day_of(now)
    monday = today - timedelta(days=today.weekday())
    if done_days.is_done(session, LACKS_TEMPLATE, on_day=monday):
        return 0
    if not done_days.take(session, LACKS_TEMPLATE, on_day=monday, now=now):
        return 0
    lacking = [one for one in units_readiness(session, now=now) if one.lacks]
    lacking.sort(key=lambda one: (-one.harm, one.facts.sort_key))
    told = _whom(session, lacking, now=now)
    messages = [one for person, units in told.values() for one in _messages(person, units, monday.isoformat())]
    post_all(session, messages, now=now)
    return len(told)


def _whom(
    session: Session, lacking: Sequence[UnitReadiness], *, now: datetime
) -> dict[int, tuple[Person, list[UnitReadiness]]]:
    by_unit = {one.facts.unit_id: one for one in lacking}
    told: dict[int, tuple[Person, list[UnitReadiness]]] = {}
    for unit_id, person in supervisors_of(session, by_unit, now=now):
        told.setdefault(person.staff_id, (person, []))[1].append(by_unit[unit_id])
    if lacking:
        everything = list(lacking)
        of_the_city = [*city_office_people(session, now=now), *administrators(session, now=now)]
        told |= {person.staff_id: (person, everything) for person in of_the_city}
    return told


def _messages(person: Person, units: Sequence[UnitReadiness], monday: str) -> list[Outgoing]:
    params: dict[str, Any] = {"count": len(units), "items": [_line(one) for one in units[:_MOST_UNITS]]}
    by_mail = (OutboundChannel.EMAIL,) if person.email else ()
    return [
        Outgoing(
            channel=channel,
            address=person.email if channel is OutboundChannel.EMAIL else "",
            template=LACKS_TEMPLATE,
            params=params,
            locale=person.locale,
            dedup_key=f"{LACKS_TEMPLATE}:{monday}:{person.staff_id}:{channel}",
            staff_id=person.staff_id,
        )
        for channel in (OutboundChannel.SCREEN, *by_mail)
    ]


def _line(one: UnitReadiness) -> dict[str, Any]:
    return {
        "unit": {"vi": one.facts.name, "en": one.facts.name_en},
        "lacks": len(one.lacks),
        "graves": sum(lack.weight >= GRAVE for lack in one.lacks),
    }
