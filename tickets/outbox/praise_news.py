"""Praise is passed on: whoever heads the praised unit, and whoever leads its reception, hear that it came.

On their screens at once, and on the way they chose by day: thanks wake nobody. No word of the praise is in the message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from tickets.city import wall_clock
from tickets.directory.standing import UNIT_LEAD
from tickets.directory.standing_rows import load_standing
from tickets.outbox.posting import Outgoing, post_all
from tickets.outbox.rota_news import news_to
from tickets.schema import Queue, Ticket, Unit
from tickets.states import OutboundChannel, QueueKind

PRAISE_TEMPLATE = "praise_received"
# The posts that head a unit, whatever kind it is of.
_HEADS = ("ward_chair", "department_director", "body_head")
_DAY_BEGINS, _DAY_ENDS, _HOUR = 7, 21, timedelta(hours=1)


def leads_of(session: Session, unit_id: int, *, now: datetime) -> list[int]:
    """Who heads this very unit, and who leads its reception; nobody of another unit, and nobody twice."""
    standing = load_standing(session, posts=(*_HEADS, UNIT_LEAD), unit_ids=[unit_id], now=now)
    asked = (standing.at(_HEADS, unit_id=unit_id, field=""), standing.leads(unit_id=unit_id, coordinating_unit_id=None))
    firsts = (next((one.person.staff_id for one in found if one.unit_id == unit_id), None) for found in asked)
    return list(dict.fromkeys(staff_id for staff_id in firsts if staff_id is not None))


def pass_on(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Tell the leads of the unit where it stands, once for each unit; of what nobody has placed yet nobody is told."""
    queue = session.get_one(Queue, ticket.queue_id)
    if not ticket.is_praise or ticket.is_restricted or queue.kind is not QueueKind.WORK:
        return
    unit = session.get_one(Unit, ticket.unit_id)
    told = {"reference": ticket.reference, "unit": {"vi": unit.name, "en": unit.name_en}}
    tell(session, leads_of(session, unit.id, now=now), told, ticket_id=ticket.id, unit_id=unit.id, now=now)


def tell(
    session: Session, leads: Sequence[int], told: Mapping[str, Any], *, ticket_id: int, unit_id: int, now: datetime
) -> None:
    """`told`: reference and unit, as the message names them."""
    key = f"{PRAISE_TEMPLATE}:{ticket_id}:{unit_id}"
    news = [one for staff_id in leads for one in news_to(session, staff_id, PRAISE_TEMPLATE, told, key=key, now=now)]
    post_all(session, [replace(_by_day(one, now), ticket_id=ticket_id) for one in news], now=now)


def _by_day(message: Outgoing, now: datetime) -> Outgoing:
    if message.channel is OutboundChannel.SCREEN:
        return message
    return replace(message, not_before=waking_hour(message.not_before or now))


def waking_hour(at: datetime) -> datetime:
    """Then, or the morning after where that is at night."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    return at if _is_day(at) else next(later for n in range(1, 25) if _is_day(later := hour + n * _HOUR))


def _is_day(at: datetime) -> bool:
    return _DAY_BEGINS <= wall_clock(at).hour < _DAY_ENDS
