"""The weekly word on what units lack: to the supervisors of each, and to the City Office and administrators of all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from escalation.queries.readiness import UnitReadiness, units_readiness
from escalation.queries.readiness_rules import GRAVE
from escalation.queries.regular_word import post_words_of_the_day, week_to_tell
from tickets.directory.standing import Person
from tickets.directory.standing_rows import administrators, city_office_people, supervisors_of
from tickets.each_alone import PutAside

LACKS_TEMPLATE = "units_lacking"
_MOST_UNITS = 15


def post_weekly_readiness(session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
    """Once a week, from Monday on, one message each; returns to how many people. Nothing where nothing is missing."""
    monday = week_to_tell(session, LACKS_TEMPLATE, now=now)
    if monday is None:
        return 0
    lacking = [one for one in units_readiness(session, now=now) if one.lacks]
    lacking.sort(key=lambda one: (-one.harm, one.facts.sort_key))
    told = _whom(session, lacking, now=now)
    words = [(person, _words(units)) for person, units in told.values()]
    return post_words_of_the_day(session, LACKS_TEMPLATE, words, day=monday, put_aside=put_aside, now=now)


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


def _words(units: Sequence[UnitReadiness]) -> dict[str, Any]:
    return {"count": len(units), "items": [_line(one) for one in units[:_MOST_UNITS]]}


def _line(one: UnitReadiness) -> dict[str, Any]:
    return {
        "unit": {"vi": one.facts.name, "en": one.facts.name_en},
        "lacks": len(one.lacks),
        "graves": sum(lack.weight >= GRAVE for lack in one.lacks),
    }
