"""One tick: claim tickets with due steps, decide, record; called again and again, by any number of schedulers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from escalation.firing.actions import act
from escalation.firing.due import (
    DueRows,
    DueTicket,
    claim_tickets,
    due_and_held,
    due_tickets,
    standing_for,
    told_before,
)
from escalation.firing.items_met import LeadersDay, leaders_day
from escalation.firing.record import record
from escalation.firing.telling import can_be_told, fire, may_wait_for_a_list
from escalation.firing.verdict import Verdict, judge
from tickets.directory.standing import Standing
from tickets.promises.breaches import claim_late, late_tickets, note_breaches
from tickets.promises.loading import PromiseRulebook, load_rulebook
from tickets.states import StepResult

TICKETS_PER_SWEEP = 400


@dataclass(frozen=True, slots=True)
class TickOutcome:
    """What one call did; `claimed` of zero means nothing is due that nobody else is firing.

    `held` are tickets that were claimed and not fired, because somebody else holds what firing would write.
    """

    claimed: int = 0
    fired: int = 0
    notified: int = 0
    held: tuple[int, ...] = ()


def tick(
    session: Session,
    *,
    now: datetime,
    batch: int = TICKETS_PER_SWEEP,
    leave_out: Collection[int] = (),
    only: Collection[int] | None = None,
) -> TickOutcome:
    """Fire all due steps of up to `batch` tickets, in the transaction the caller has opened and commits (R14).

    Call it in new transactions until it claims nothing. `leave_out` names tickets that could not be fired before: they
    must not stand in the way of all others; `only` names those that are tried, and no others are.
    """
    due, held = _claim(session, now=now, batch=batch, leave_out=leave_out, only=only)
    if not due:
        return TickOutcome()
    book = load_rulebook(session)
    tickets = due_tickets(session, [row for row in due if row.ticket_id not in held], book=book, now=now)
    told = told_before(session, {step.clock_id for ticket in tickets for step in ticket.steps})
    standing = standing_for(session, tickets, book, now=now)
    verdicts = [
        (ticket, judge(ticket, partial(can_be_told, ticket, standing=standing, book=book))) for ticket in tickets
    ]
    day = _leaders_day(session, verdicts, standing, book, now=now)
    fired = [
        one
        for ticket, verdict in verdicts
        for one in fire(ticket, verdict, standing=standing, told=told, day=day, book=book, now=now)
    ]
    record(session, fired, now=now)
    act(session, fired, now=now)
    notified = sum(one.result is StepResult.NOTIFIED for one in fired)
    claimed = len({row.ticket_id for row in due})
    return TickOutcome(claimed=claimed, fired=len(fired), notified=notified, held=tuple(sorted(held)))


def _leaders_day(
    session: Session,
    verdicts: Sequence[tuple[DueTicket, Verdict]],
    standing: Standing,
    book: PromiseRulebook,
    *,
    now: datetime,
) -> LeadersDay:
    """Of the leaders who are to be told now of what is no emergency."""
    waiting = [
        one
        for ticket, verdict in verdicts
        if verdict.notifying is not None
        for one in may_wait_for_a_list(ticket, verdict.notifying, standing=standing, book=book, now=now)
    ]
    return leaders_day(session, waiting, now=now)


def _claim(
    session: Session, *, now: datetime, batch: int, leave_out: Collection[int], only: Collection[int] | None
) -> tuple[DueRows, set[int]]:
    """What is due of claimed tickets, and those of them that somebody else holds; none: nothing is left to claim.

    A claim that caught only tickets another scheduler had just fired says nothing of the others: it is made again.
    """
    while locked := claim_tickets(session, now=now, batch=batch, leave_out=leave_out, only=only):
        due, held = due_and_held(session, locked, now=now)
        if due:
            return due, held
    return (), set()


def note_late(
    session: Session,
    *,
    now: datetime,
    batch: int = TICKETS_PER_SWEEP,
    leave_out: Collection[int] = (),
    only: Collection[int] | None = None,
) -> int:
    """Write down up to `batch` tickets' promises that broke without a level firing then; how many tickets were claimed.

    Within seconds, so that whoever holds the ticket when it breaks is who stands in the fact (A1). `leave_out` and
    `only` name tickets, as they do for a tick.
    """
    claimed = claim_late(session, now=now, batch=batch, leave_out=leave_out, only=only)
    if claimed:
        note_breaches(session, claimed, now=now)
    return len(claimed)


def not_noted_tickets(
    session: Session, *, now: datetime, leave_out: Collection[int] = (), batch: int = TICKETS_PER_SWEEP
) -> Sequence[int]:
    """The tickets of what would be noted, without taking any of it."""
    return late_tickets(session, now=now, batch=batch, leave_out=leave_out)
