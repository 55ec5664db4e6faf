"""Going on to the next person where a level has reached nobody in time (A3): holder, deputy, duty officer, those above.

A level is not told because a message about it was written: it is told when one was delivered, read or answered.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.firing.due import DueStep, DueTicket, fired_tickets, standing_for
from escalation.firing.hours import send_at
from escalation.firing.record import set_reach_by, tell
from escalation.firing.telling import DEFAULT_CHANNELS, Fired, duty_calendar, levels_of
from escalation.firing.verdict import stands
from tickets.audit import entries
from tickets.directory.standing import Standing
from tickets.people.actor import SYSTEM
from tickets.promises.loading import PromiseRulebook, load_rulebook
from tickets.queries.reached_levels import delivered_steps
from tickets.schema import PlannedStep, StepRecipient, Ticket
from tickets.states import OutboundChannel, StepResult

STEPS_PER_LOOK = 100
# What nobody followed for so long is history: after a long silence of ours only what is recent is worth a call.
_WORTH_FOLLOWING = timedelta(hours=24)


def pursue(session: Session, *, now: datetime, batch: int = STEPS_PER_LOOK) -> int:
    """Tell the next person of up to `batch` levels that reached nobody in time; how many levels were looked at.

    In the transaction the caller opens and commits; tickets that somebody else holds are looked at the next time.
    """
    waiting = _claim(session, now=now, batch=batch)
    if not waiting:
        return 0
    book = load_rulebook(session)
    tickets = fired_tickets(session, sorted(set(waiting.values())), waiting, book=book)
    reached = delivered_steps(session, waiting)
    unreached = [(t, s) for t in tickets for s in t.steps if stands(s) and s.id not in reached]
    standing = standing_for(session, [ticket for ticket, _ in unreached], book, now=now)
    told = _told(session, [step.id for _, step in unreached])
    further = [_next(ticket, step, told[step.id], standing, book, now=now) for ticket, step in unreached]
    tell(session, further, now=now)
    set_reach_by(session, {**dict.fromkeys(waiting), **{one.step.id: one.reach_by for one in further}})
    entries.record_all(session, [_audit_row(one) for one in further], actor=SYSTEM, now=now)
    return len(waiting)


def _claim(session: Session, *, now: datetime, batch: int) -> dict[int, int]:
    """Levels whose time to reach somebody is over, by id, with their tickets, which are locked."""
    late = session.execute(
        select(PlannedStep.id, PlannedStep.ticket_id, PlannedStep.reach_by)
        .where(PlannedStep.reach_by.is_not(None), PlannedStep.reach_by <= now)
        .order_by(PlannedStep.reach_by)
        .limit(batch)
    ).all()
    locked = set(
        session.scalars(
            select(Ticket.id)
            .where(Ticket.id.in_({ticket_id for _, ticket_id, _ in late}))
            .with_for_update(of=Ticket, skip_locked=True)
        )
        if late
        else ()
    )
    old = [step_id for step_id, _, by in late if by is not None and by < now - _WORTH_FOLLOWING]
    set_reach_by(session, dict.fromkeys(old))
    mine = select(PlannedStep.id, PlannedStep.ticket_id).where(
        # Looked at anew under the lock: another scheduler may have gone on meanwhile.
        PlannedStep.id.in_([step_id for step_id, ticket_id, _ in late if ticket_id in locked]),
        PlannedStep.reach_by <= now,
    )
    return {step_id: ticket_id for step_id, ticket_id in session.execute(mine)}


def _told(session: Session, step_ids: Sequence[int]) -> defaultdict[int, set[int]]:
    told = defaultdict[int, set[int]](set)
    rows = session.execute(
        select(StepRecipient.step_id, StepRecipient.staff_id).where(StepRecipient.step_id.in_(step_ids))
    )
    for step_id, staff_id in rows:
        told[step_id].add(staff_id)
    return told


def _next(
    ticket: DueTicket, step: DueStep, told: set[int], standing: Standing, book: PromiseRulebook, *, now: datetime
) -> Fired:
    """The next in the order of trying who has not been told; without one, administrators hear of it."""
    order = standing.in_order(levels_of(step, book), step.rank, ticket.concern)
    found = next(((one, level) for one, level in order if one.person.staff_id not in told), None)
    if found is None:
        return Fired(ticket, step, StepResult.NOBODY, detail={"unreached": True})
    who, at_level = found
    at = send_at(
        clock=step.clock,
        level=max(step.rank, at_level),
        priority=ticket.priority,
        is_on_shift=who.capacity == "shift",
        duty_hours=duty_calendar(book),
        now=now,
    )
    detail = {"fell_through_to": at_level, "unreached": True} if at_level != step.rank else {}
    return Fired(
        ticket, step, StepResult.NOTIFIED, told=(who,), channels=_channels(ticket, step), send_at=at, detail=detail
    )


def _channels(ticket: DueTicket, step: DueStep) -> tuple[str, ...]:
    """The telephone rings for an emergency that was not heard of in time."""
    usual = step.step.channels if step.step is not None else DEFAULT_CHANNELS
    ringing = OutboundChannel.VOICE.value
    return (*usual, ringing) if ticket.is_emergency and ringing not in usual else usual


def _audit_row(one: Fired) -> dict[str, object]:
    return {
        "action": "escalation.pursued",
        "subject_kind": "planned_step",
        "subject_id": one.step.id,
        "ticket_id": one.ticket.id,
        "params": {
            "clock": one.step.clock.value,
            "rank": one.step.rank,
            "result": one.result.value,
            "told": [who.person.staff_id for who in one.told],
        },
    }
