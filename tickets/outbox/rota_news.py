"""What people are told of their duty: that it begins, that somebody asks them to swap, and what became of it.

By their screen, and by the first of their ways that carries words, proved ones first, in its hours (A3).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.city import wall_clock
from tickets.directory.absences import absence_within
from tickets.directory.contact_hours import Hours
from tickets.directory.contact_methods import methods_of
from tickets.directory.handovers import handed_over
from tickets.directory.shifts import DutyTurn, turns_begun
from tickets.directory.swaps import Swap
from tickets.each_alone import PutAside
from tickets.outbox.posting import Outgoing, post_all, post_to_each
from tickets.schema import ContactMethod, OutboundMessage, Staff, Unit
from tickets.states import OutboundChannel, SwapState

# A call reads a report aloud; news of the rota are words to be read.
_WITH_WORDS = (OutboundChannel.SMS, OutboundChannel.EMAIL)
_HOUR = timedelta(hours=1)
_TOLD_WITHIN = timedelta(minutes=15)
DUTY_TEMPLATE = "duty_begins"


def tell_swap(session: Session, swap: Swap, *, now: datetime) -> None:
    """Whoever is asked hears of the question and of its withdrawal, whoever asked of the answer."""
    asks = swap.state in (SwapState.ASKED, SwapState.WITHDRAWN)
    params = {
        "swap_id": swap.swap_id,
        "state": swap.state.value,
        "person": swap.from_person if asks else swap.to_person,
        "post": {"vi": swap.post, "en": swap.post_en},
        "starts_at": swap.starts_at.isoformat(),
        "ends_at": swap.ends_at.isoformat(),
    }
    to = swap.to_staff_id if asks else swap.from_staff_id
    post_all(session, news_to(session, to, "swap", params, key=f"swap:{swap.swap_id}:{swap.state}", now=now), now=now)


def tell_turns_that_begin(session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
    """Whoever's turn has just begun, or who stands in for them, with what the turn before handed over.

    Each turn is told once; what began while nobody ticked is told late, within a quarter of an hour. Returns how many
    are told now: whom a look before has told, nothing more is asked or written about.
    """
    began = [
        (one, _who_stands(session, one, now=now)) for one in turns_begun(session, after=now - _TOLD_WITHIN, until=now)
    ]
    told = _told_before(session, began)
    new = [(one, to) for one, to in began if to is not None and _screen_key(one, to) not in told]
    wanted = select(Unit).where(Unit.id.in_({one.unit_id for one, _ in new}))
    units = {unit.id: unit for unit in session.scalars(wanted)} if new else {}
    messages = []
    for one, to in new:
        note = handed_over(session, one.post_id, before=one.starts_at)
        params = {
            "shift_id": one.shift_id,
            "post": {"vi": one.post, "en": one.post_en},
            "unit": {"vi": units[one.unit_id].name, "en": units[one.unit_id].name_en},
            "starts_at": one.starts_at.isoformat(),
            "ends_at": one.ends_at.isoformat(),
            "note": note.words if note is not None else "",
        }
        messages += news_to(session, to, DUTY_TEMPLATE, params, key=_turn_key(one), now=now)
    post_to_each(session, messages, put_aside=put_aside, now=now)
    return len(new)


def _who_stands(session: Session, turn: DutyTurn, *, now: datetime) -> int | None:
    away = absence_within(session, turn.staff_id, from_at=now, to_at=now + _HOUR)
    return turn.staff_id if away is None or away.starts_at > now else away.deputy_id


def _told_before(session: Session, began: Sequence[tuple[DutyTurn, int | None]]) -> set[str]:
    """The notices of these that are written already: whoever is told has one on their screen."""
    keys = [_screen_key(one, to) for one, to in began if to is not None]
    written = select(OutboundMessage.dedup_key).where(OutboundMessage.dedup_key.in_(keys))
    return set(session.scalars(written)) if keys else set()


def _screen_key(turn: DutyTurn, staff_id: int) -> str:
    return _key_to(_turn_key(turn), staff_id, OutboundChannel.SCREEN)


def _turn_key(turn: DutyTurn) -> str:
    return f"duty:{turn.shift_id}:{turn.starts_at.isoformat()}"


def _key_to(key: str, staff_id: int, channel: OutboundChannel) -> str:
    return f"{key}:{staff_id}:{channel}"


def news_to(
    session: Session, staff_id: int, template: str, params: Mapping[str, Any], *, key: str, now: datetime
) -> list[Outgoing]:
    """The messages by which one person is told: their screen at once, and one way that leaves the house."""
    person = session.get_one(Staff, staff_id)
    ways = methods_of(session, [staff_id]).get(staff_id, [])
    channel, address, at = _way(person, ways, now=now)
    found: list[tuple[OutboundChannel, str, datetime | None]] = [(OutboundChannel.SCREEN, "", None)]
    if address:
        found.append((channel, address, at))
    return [
        Outgoing(
            channel=by,
            address=to,
            template=template,
            params=params,
            locale=person.locale,
            dedup_key=_key_to(key, staff_id, by),
            staff_id=staff_id,
            not_before=when,
        )
        for by, to, when in found
    ]


def _way(person: Staff, ways: list[ContactMethod], *, now: datetime) -> tuple[OutboundChannel, str, datetime | None]:
    """Which way, to where, and not before when; what is open now goes before what opens later."""
    written = [one for one in ways if one.kind in _WITH_WORDS]
    usable = [one for one in written if one.verified_at is not None] or written
    if usable:
        first = min(usable, key=lambda one: (_opens_at(one, now) > now, one.position))
        opens_at = _opens_at(first, now)
        return first.kind, first.address, opens_at if opens_at > now else None
    if person.phone:
        return OutboundChannel.SMS, person.phone, None
    return OutboundChannel.EMAIL, person.email, None


def _opens_at(way: ContactMethod, now: datetime) -> datetime:
    """Now where its hours allow it, else the full hour at which they begin."""
    hours = (now.replace(minute=0, second=0, microsecond=0) + number * _HOUR for number in range(25))
    named = Hours(way.from_hour, way.to_hour)
    return next((max(now, hour) for hour in hours if named.hold_at(wall_clock(hour).hour)), now + 24 * _HOUR)
