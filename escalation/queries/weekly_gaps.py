"""The weekly word on gaps: to the supervisors of each unit, and to the administrators what all units lack (R19)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from escalation.queries.rota_gaps import RotaGap, gaps_ahead
from tickets import done_days
from tickets.city import day_of
from tickets.directory.standing import Person
from tickets.directory.standing_rows import administrators, supervisors_of
from tickets.outbox.posting import Outgoing, post_all
from tickets.states import OutboundChannel

GAPS_TEMPLATE = "rota_gaps"
# A list that nobody reads to its end helps nobody: the page has the rest.
_MOST_LINES = 15


def post_weekly_gaps(session: Session, *, now: datetime) -> int:
    """Once a week, from Monday on, one message each; returns to how many people. Nothing where nothing is missing."""
    today = day_of(now)
    monday = today - timedelta(days=today.weekday())
    if done_days.is_done(session, GAPS_TEMPLATE, on_day=monday):
        return 0
    if not done_days.take(session, GAPS_TEMPLATE, on_day=monday, now=now):
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
    messages = [one for person, lacking in told.values() for one in _messages(person, lacking, monday.isoformat())]
    post_all(session, messages, now=now)
    return len(told)


def _messages(person: Person, gaps: Sequence[RotaGap], monday: str) -> list[Outgoing]:
    params: dict[str, Any] = {
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
    by_mail = (OutboundChannel.EMAIL,) if person.email else ()
    return [
        Outgoing(
            channel=channel,
            address=person.email if channel is OutboundChannel.EMAIL else "",
            template=GAPS_TEMPLATE,
            params=params,
            locale=person.locale,
            dedup_key=f"{GAPS_TEMPLATE}:{monday}:{person.staff_id}:{channel}",
            staff_id=person.staff_id,
        )
        for channel in (OutboundChannel.SCREEN, *by_mail)
    ]
