"""The weekly word on gaps: to the supervisors of each unit, and to the administrators what all units lack (R19)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from escalation.queries.regular_word import post_words_of_the_day, week_to_tell
from escalation.queries.rota_gaps import RotaGap, gaps_ahead
from tickets.directory.standing import Person
from tickets.directory.standing_rows import administrators, supervisors_of
from tickets.each_alone import PutAside

GAPS_TEMPLATE = "rota_gaps"
# A list that nobody reads to its end helps nobody: the page has the rest.
_MOST_LINES = 15


def post_weekly_gaps(session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
    """Once a week, from Monday on, one message each; returns to how many people. Nothing where nothing is missing."""
    monday = week_to_tell(session, GAPS_TEMPLATE, now=now)
    if monday is None:
        return 0
    gaps = gaps_ahead(session, now=now)
    by_unit: dict[int, list[RotaGap]] = {}
    for gap in gaps:
        by_unit.setdefault(gap.unit_id, []).append(gap)
    told: dict[int, tuple[Person, list[RotaGap]]] = {}
    for unit_id, person in supervisors_of(session, by_unit, now=now):
        told.setdefault(person.staff_id, (person, []))[1].extend(by_unit[unit_id])
    if gaps:
        told |= {person.staff_id: (person, gaps) for person in administrators(session, now=now)}
    words = [(person, _words(lacking)) for person, lacking in told.values()]
    return post_words_of_the_day(session, GAPS_TEMPLATE, words, day=monday, put_aside=put_aside, now=now)


def _words(gaps: Sequence[RotaGap]) -> dict[str, Any]:
    return {
        "count": len(gaps),
        "items": [
            {
                "unit": {"vi": gap.unit, "en": gap.unit_en},
                "post": {"vi": gap.post, "en": gap.post_en},
                "from_at": gap.from_at.isoformat(),
                "to_at": gap.to_at.isoformat(),
            }
            for gap in gaps[:_MOST_LINES]
        ],
    }
