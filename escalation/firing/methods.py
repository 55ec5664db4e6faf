"""By which of a person's ways they are tried, one at a time and in which order, and how long each is given (A3)."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from tickets.directory.standing import Person
from tickets.states import OutboundChannel

_LEAVES_THE_HOUSE = (OutboundChannel.SMS, OutboundChannel.VOICE, OutboundChannel.EMAIL)


def methods_in_turn(person: Person, channels: Collection[str], *, is_emergency: bool) -> tuple[OutboundChannel, ...]:
    """The ways of a person that a level may use, in the order of trying; the telephone rings in every emergency.

    A mail comes last and wakes nobody: in an emergency it is tried only where the level says so, or nothing else is
    there. A level that is told on screens alone uses none.
    """
    wanted = {OutboundChannel(channel) for channel in channels} - {OutboundChannel.SCREEN}
    if not wanted:
        return ()
    if is_emergency:
        wanted.add(OutboundChannel.VOICE)
    has_phone = person.phone is not None
    if not has_phone or not is_emergency:
        wanted.add(OutboundChannel.EMAIL)
    reach = {OutboundChannel.SMS: has_phone, OutboundChannel.VOICE: has_phone, OutboundChannel.EMAIL: person.email}
    return tuple(method for method in _LEAVES_THE_HOUSE if method in wanted and reach[method])


def first_channels(methods: Sequence[OutboundChannel], channels: Collection[str]) -> tuple[str, ...]:
    """What a person gets at once: the first of their ways, and a notice on their screen, which wakes nobody."""
    on_screen = (OutboundChannel.SCREEN.value,) if OutboundChannel.SCREEN in channels else ()
    return (*(method.value for method in methods[:1]), *on_screen)


def given_to(methods: Sequence[OutboundChannel], within: timedelta, *, is_emergency: bool) -> timedelta:
    """How long each way is waited for; in an emergency all ways of a person together have no longer than that."""
    return within / max(1, len(methods)) if is_emergency else within
