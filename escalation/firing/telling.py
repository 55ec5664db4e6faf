"""Who is told of a level or a warning that is reached, and what is recorded of it; decides, writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from escalation.firing.due import AlreadyTold, DueStep, DueTicket
from escalation.firing.hours import send_at
from escalation.firing.verdict import Verdict
from tickets.directory.standing import Reachable, Standing
from tickets.promises.calendar import ROUND_THE_CLOCK, WorkingCalendar
from tickets.promises.loading import PromiseRulebook
from tickets.promises.plan import REACHED_WITHIN, ChainLevel, warning_notice
from tickets.states import StepResult

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

    @property
    def reach_by(self) -> datetime | None:
        """By when a message about this level should have been delivered; None where none is sent (A3)."""
        if not self.step.is_level or self.result is not StepResult.NOTIFIED or self.send_at is None:
            return None
        return self.send_at + REACHED_WITHIN[self.ticket.priority]

    @property
    def alerts_administrators(self) -> bool:
        return self.step.is_level and ("fell_through_to" in self.detail or self.result is StepResult.NOBODY)


def fire(
    ticket: DueTicket,
    verdict: Verdict,
    *,
    standing: Standing,
    told: Mapping[int, AlreadyTold],
    book: PromiseRulebook,
    now: datetime,
) -> list[Fired]:
    """What to record for every due step of a ticket, in the order in which they were planned."""
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
        fired.append(
            _level(ticket, by, standing=standing, before=before, levels=levels, duty_hours=duty_hours, now=now)
        )
    order = {step.id: place for place, step in enumerate(ticket.steps)}
    return sorted(fired, key=lambda one: order[one.step.id])


def can_be_told(ticket: DueTicket, step: DueStep, *, standing: Standing, book: PromiseRulebook) -> bool:
    """Whether somebody would hear of this level: its own people, or who is asked for want of them (R19)."""
    return standing.first_from(levels_of(step, book), step.rank, ticket.concern)[0] is not None


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
    duty_hours: WorkingCalendar,
    now: datetime,
) -> Fired:
    found, at_level = standing.first_from(levels, step.rank, ticket.concern)
    if found is None:
        return Fired(ticket, step, StepResult.NOBODY)
    detail = {"fell_through_to": at_level} if at_level != step.rank else {}
    if found.person.staff_id in before.staff_ids:
        # One person on two levels: they know already, and the level is recorded as theirs once more (R12).
        return Fired(ticket, step, StepResult.MERGED, told=(found,), detail=detail)
    if step.step is not None and step.step.daily_list and not detail:
        return Fired(ticket, step, StepResult.NOTIFIED, told=(found,), detail={"in": "daily_list"})
    at = send_at(
        clock=step.clock,
        level=max(step.rank, at_level),
        priority=ticket.priority,
        is_on_shift=found.capacity == "shift",
        duty_hours=duty_hours,
        now=now,
    )
    channels = step.step.channels if step.step is not None else DEFAULT_CHANNELS
    return Fired(ticket, step, StepResult.NOTIFIED, told=(found,), channels=channels, send_at=at, detail=detail)


def _warning(
    ticket: DueTicket, step: DueStep, *, standing: Standing, duty_hours: WorkingCalendar, now: datetime
) -> Fired:
    """50 %: the assignee, 75 %: the lead too, 90 %: the lead by SMS; the lead also if nobody has the ticket (R11)."""
    notice = warning_notice(step.rank)
    assignee = standing.person(ticket.assignee_id) if notice.to_assignee else None
    told = [Reachable(assignee, None, ticket.unit_id, "assignee")] if assignee else []
    if notice.to_lead or not told:
        leads = standing.leads(unit_id=ticket.unit_id, coordinating_unit_id=ticket.coordinating_unit_id)
        told += [lead for lead in leads[:1] if assignee is None or lead.person.staff_id != assignee.staff_id]
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
    detail = {"told": [one.person.staff_id for one in told]}
    return Fired(
        ticket, step, StepResult.NOTIFIED, told=tuple(told), channels=notice.channels, send_at=at, detail=detail
    )
