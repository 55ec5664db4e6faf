"""By which of a person's ways they are tried, one at a time and in which order, and how long each is given (A3)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from tickets.city import wall_clock
from tickets.directory.standing import ContactWay, Person
from tickets.states import OutboundChannel


def ways_in_turn(
    person: Person, channels: Collection[str], *, is_emergency: bool, at: datetime
) -> tuple[ContactWay, ...]:
    """The ways of a person that a level may use, in the order of trying.

    In an emergency the telephone rings first: a text that lies on a sleeping person's phone counts as delivered.
    A mail wakes nobody: in an emergency it is tried only where the level or the person says so, or nothing else is
    there. Whoever named a way is tried by it, in its hours, unless that leaves none or it is an emergency. A level that
    is told on screens alone uses none.
    """
    return _ways(person, tuple(channels), is_emergency, wall_clock(at).hour)


# After an outage one person is told of hundreds, and is tried in the same way each time.
@lru_cache(maxsize=512)
def _ways(person: Person, channels: tuple[str, ...], is_emergency: bool, hour: int) -> tuple[ContactWay, ...]:
    wanted = {OutboundChannel(channel) for channel in channels} - {OutboundChannel.SCREEN}
    if not wanted:
        return ()
    ways = person.ways
    wanted |= {way.kind for way in ways if way.is_chosen}
    if is_emergency:
        wanted.add(OutboundChannel.VOICE)
    if not is_emergency or all(way.kind is OutboundChannel.EMAIL for way in ways):
        wanted.add(OutboundChannel.EMAIL)
    usable = tuple(way for way in ways if way.kind in wanted)
    in_hours = tuple(way for way in usable if way.is_open_at(hour))
    if is_emergency:
        return tuple(sorted(usable, key=lambda way: way.kind is not OutboundChannel.VOICE))
    return in_hours or usable


def given_to(ways: Sequence[ContactWay], within: timedelta, *, is_emergency: bool) -> timedelta:
    """How long each way is waited for; in an emergency all ways of a person together have no longer than that."""
    return within / max(1, len(ways)) if is_emergency else within
