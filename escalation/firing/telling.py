"""Who is told of a level or a warning that is reached, and what is recorded of it; decides, writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from escalation.firing.due import AlreadyTold, DueStep, DueTicket
from escalation.firing.hours import send_at
from escalation.firing.items_met import LeadersDay
from escalation.firing.methods import given_to, ways_in_turn
from escalation.firing.verdict import Verdict
from tickets.directory.standing import ContactWay, Reachable, Standing, sharing_the_shift
from tickets.promises.calendar import ROUND_THE_CLOCK, WorkingCalendar
from tickets.promises.loading import PromiseRulebook
from tickets.promises.next_list import IN_NEXT_LIST
from tickets.promises.plan import CITY_LEADER_LEVEL, ChainLevel, warning_notice
from tickets.states import OutboundChannel, StepResult

# Told for a unit that is not live (`tickets/queries/reached_levels.py` keeps it from citizens).
HEARD_INSTEAD = "received_by_city"
DEFAULT_CHANNELS = ("sms", "screen")
DUTY_CALENDAR = "working"


def duty_calendar(book: PromiseRulebook) -> WorkingCalendar:
    """The hours in which people who are not on the rota take messages that are not urgent (R18)."""
    return book.newest_calendars.get(DUTY_CALENDAR, ROUND_THE_CLOCK)


@dataclass(frozen=True, slots=True)
class Fired:
    """One step as it will be recorded: its result, the people told, and by which channels from when on."""

    ticket: DueTicket
    step: DueStep
    result: StepResult
    told: tuple[Reachable, ...] = ()
    channels: tuple[str, ...] = ()
    send_at: datetime | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    # How long this way of reaching somebody is given; None where nothing is sent.
    given: timedelta | None = None
    # The way of a person that leaves the house, where one was chosen for them.
    way: ContactWay | None = None
    # Whoever is told was told before, by a way that did not reach them, or by so many calls that nobody took.
    was_told: bool = False
    calls_before: int = 0
    # Others who share the shift of whoever is told: each by ways of their own, of the same level.
    beside: tuple["Fired", ...] = ()
    # The level that would come next, to which whoever is told may pass it up; None where that would tell nobody else.
    next_level: int | None = None

    @property
    def everybody(self) -> tuple[Reachable, ...]:
        """All who are told of it, those who share the shift included."""
        return (*self.told, *(who for one in self.beside for who in one.told))

    @property
    def reach_by(self) -> datetime | None:
        """By when a message about this level should have been delivered; None where none is sent (A3)."""
        return self.send_at + self.given if self.send_at is not None and self.given is not None else None

    @property
    def alerts_administrators(self) -> bool:
        told_by_nobody = self.result is StepResult.NOBODY or bool(self.detail.get("unreached"))
        return self.step.is_level and ("fell_through_to" in self.detail or told_by_nobody)


def fire(
    ticket: DueTicket,
    verdict: Verdict,
    *,
    standing: Standing,
    told: Mapping[int, AlreadyTold],
    day: LeadersDay,
    book: PromiseRulebook,
    now: datetime,
) -> list[Fired]:
    """What to record for every due step of a ticket, in the order in which they were planned.

    `day` is how much leaders meet with; what they are told of is added to it.
    """
    duty_hours = duty_calendar(book)
    fired = [Fired(ticket, step, StepResult.VOID) for step in verdict.void]
    by = verdict.notifying
    covered = {"by_step": by.id, "by_level": by.rank} if by else {}
    fired += [Fired(ticket, step, StepResult.SUPERSEDED, detail=covered) for step in verdict.superseded]
    fired += [Fired(ticket, step, StepResult.NOBODY, detail=covered) for step in verdict.vacant]
    fired += [_warning(ticket, step, standing=standing, duty_hours=duty_hours, now=now) for step in verdict.warnings]
    if by is not None:
        levels = levels_of(by, book)
        before = told.get(by.clock_id, AlreadyTold())
        level = _level(ticket, by, standing=standing, before=before, levels=levels, book=book, now=now)
        fired.append(_within_their_day(level, day))
    order = {step.id: place for place, step in enumerate(ticket.steps)}
    return sorted(fired, key=lambda one: order[one.step.id])


def can_be_told(ticket: DueTicket, step: DueStep, *, standing: Standing, book: PromiseRulebook) -> bool:
    """Whether somebody would hear of this level: its own people, or who is asked for want of them (R19)."""
    return bool(standing.told_together(levels_of(step, book), step.rank, ticket.concern)[0])


def may_wait_for_a_list(
    ticket: DueTicket, step: DueStep, *, standing: Standing, book: PromiseRulebook, now: datetime
) -> list[tuple[int, datetime]]:
    """Leaders who would be told of this level, each with when; nobody, where it is an emergency or has its own list."""
    if ticket.is_emergency:
        return []
    found, at_level = standing.told_together(levels_of(step, book), step.rank, ticket.concern)
    if step.step is not None and step.step.daily_list and at_level == step.rank:
        return []
    return [
        (one.person.staff_id, _send_level_at(ticket, step, one, at_level, book=book, now=now))
        for one in found
        if _leads(one, step)
    ]


def _leads(found: Reachable, step: DueStep) -> bool:
    """Whether they are told as a leader: by their role, at whatever level, or because the level is one of the city's.

    Whoever works a desk or heads a section is none: what is reported to them is their day's work.
    """
    return found.person.is_leader or step.rank >= CITY_LEADER_LEVEL


def _within_their_day(fired: Fired, day: LeadersDay) -> Fired:
    """A leader whose day is full is told in the next list: it stands on their desk all the same (R12).

    An emergency never waits for a list, and counts; nor does what no list would bring to anybody.
    """
    leaders = [who for who in fired.everybody if _leads(who, fired.step)]
    if fired.result is not StepResult.NOTIFIED or not leaders or fired.send_at is None:
        return fired
    people = [who.person.staff_id for who in leaders]
    # Nobody waits for another's full day: who shares the shift, and leads nothing, is told at once.
    may_wait = not fired.ticket.is_emergency and len(leaders) == len(fired.everybody)
    if (
        may_wait
        and any(who.person.takes_lists for who in leaders)
        and all(day.is_full(one, fired.send_at) for one in people)
    ):
        detail = {**fired.detail, "in": IN_NEXT_LIST}
        told = tuple(who for one in (fired, *fired.beside) for who in one.told)
        return Fired(fired.ticket, fired.step, StepResult.NOTIFIED, told=told, detail=detail)
    day.add(people, fired.send_at)
    return fired


def levels_of(step: DueStep, book: PromiseRulebook) -> Sequence[ChainLevel]:
    """The chain the step is of, from its first level on."""
    chain = book.chain_of(step.chain_version_id)
    return chain.chain.steps if chain else ()


def _level(
    ticket: DueTicket,
    step: DueStep,
    *,
    standing: Standing,
    before: AlreadyTold,
    levels: Sequence[ChainLevel],
    book: PromiseRulebook,
    now: datetime,
) -> Fired:
    found, at_level = standing.told_together(levels, step.rank, ticket.concern)
    if not found:
        return Fired(ticket, step, StepResult.NOBODY)
    instead = _instead(standing, found[0], step, ticket)
    detail = ({"fell_through_to": at_level} if at_level != step.rank else {}) | instead
    fresh = [one for one in found if one.person.staff_id not in before.staff_ids]
    if not fresh:
        # One person on two levels: they know already, and the level is recorded as theirs once more (R12).
        return Fired(ticket, step, StepResult.MERGED, told=tuple(found), detail=detail)
    if step.step is not None and step.step.daily_list and at_level == step.rank:
        return Fired(ticket, step, StepResult.NOTIFIED, told=tuple(fresh), detail={"in": "daily_list"} | instead)
    told = beside_each_other([tell_person(ticket, step, one, at_level, book=book, now=now) for one in fresh])
    return replace(told, detail={**told.detail, **instead}) if instead else told


def _instead(standing: Standing, found: Reachable, step: DueStep, ticket: DueTicket) -> dict[str, Any]:
    """A mark for what citizens are told: the city's desk has heard of it, and nobody whom the level is for."""
    if step.step is None or not standing.hears_instead(found, step.step, ticket.concern):
        return {}
    return {HEARD_INSTEAD: True}


def beside_each_other(told: Sequence[Fired]) -> Fired:
    """One level told to several at once, each by their own ways; of several it is written down once."""
    first, *others = told
    return replace(first, beside=tuple(others)) if others else first


def tell_person(
    ticket: DueTicket, step: DueStep, found: Reachable, at_level: int, *, book: PromiseRulebook, now: datetime
) -> Fired:
    """Tell this person of the level by the first of their ways; they stand at `at_level` of the chain."""
    at = _send_level_at(ticket, step, found, at_level, book=book, now=now)
    ways = ways_of(ticket, step, found, at=at)
    # A notice on a screen wakes nobody: it stands there beside whatever is tried.
    on_screen = tuple(channel for channel in channels_of(step) if channel == OutboundChannel.SCREEN)
    return Fired(
        ticket,
        step,
        StepResult.NOTIFIED,
        told=(found,),
        channels=(*(way.kind.value for way in ways[:1]), *on_screen),
        way=ways[0] if ways else None,
        send_at=at,
        detail={"fell_through_to": at_level} if at_level != step.rank else {},
        given=given_to(ways, book.reaching[ticket.priority].within, is_emergency=ticket.is_emergency),
        next_level=_after(step, book) if at_level == step.rank else None,
    )


def _after(step: DueStep, book: PromiseRulebook) -> int | None:
    return next((level.level for level in levels_of(step, book) if level.level > step.rank), None)


def tell_otherwise(fired: Fired, way: ContactWay) -> Fired:
    """Tell the same person by another of their ways."""
    return replace(fired, channels=(way.kind.value,), way=way, detail={}, was_told=True)


def call_again(fired: Fired, way: ContactWay, *, at: datetime, until: datetime, calls_before: int) -> Fired:
    """Ring the same person once more; if nobody takes it by `until`, the search goes on."""
    told = tell_otherwise(fired, way)
    return replace(told, send_at=at, given=until - at, calls_before=calls_before)


def ways_of(ticket: DueTicket, step: DueStep, found: Reachable, *, at: datetime) -> tuple[ContactWay, ...]:
    """By which ways this person is tried about the level, in that order."""
    return ways_in_turn(found.person, channels_of(step), is_emergency=ticket.is_emergency, at=at)


def channels_of(step: DueStep) -> tuple[str, ...]:
    return step.step.channels if step.step is not None else DEFAULT_CHANNELS


def _send_level_at(
    ticket: DueTicket, step: DueStep, found: Reachable, at_level: int, *, book: PromiseRulebook, now: datetime
) -> datetime:
    at = send_at(
        clock=step.clock,
        level=at_level,
        priority=ticket.priority,
        is_on_shift=found.capacity == "shift",
        duty_hours=duty_calendar(book),
        now=now,
    )
    return max(at, ticket.quiet_until or at)


def _warning(
    ticket: DueTicket, step: DueStep, *, standing: Standing, duty_hours: WorkingCalendar, now: datetime
) -> Fired:
    """50 %: the assignee, 75 %: the lead too, 90 %: the lead by SMS; the lead also if nobody has the ticket (R11)."""
    notice = warning_notice(step.rank)
    assignee = standing.person(ticket.assignee_id) if notice.to_assignee else None
    told = [Reachable(assignee, None, ticket.unit_id, "assignee")] if assignee else []
    if notice.to_lead or not told:
        leads = standing.leads(unit_id=ticket.unit_id, coordinating_unit_id=ticket.coordinating_unit_id)
        on_duty = sharing_the_shift(leads)
        told += [lead for lead in on_duty if assignee is None or lead.person.staff_id != assignee.staff_id]
    if not told:
        return Fired(ticket, step, StepResult.NOBODY)
    at = send_at(
        clock=step.clock,
        level=0,
        priority=ticket.priority,
        is_on_shift=told[-1].capacity == "shift",
        duty_hours=duty_hours,
        now=now,
    )
    at = max(at, ticket.quiet_until or at)
    detail = {"told": [one.person.staff_id for one in told]}
    return Fired(
        ticket, step, StepResult.NOTIFIED, told=tuple(told), channels=notice.channels, send_at=at, detail=detail
    )
