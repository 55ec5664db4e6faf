"""Going on where a level has reached nobody in time (A3): the person's next way, then the next person, up the chain.

A level is not told because a message about it was written: it is told when one was delivered, read or answered.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from escalation.firing.due import DueStep, DueTicket, fired_tickets, standing_for
from escalation.firing.record import set_reach_by, tell
from escalation.firing.telling import Fired, levels_of, tell_otherwise, tell_person, ways_of
from escalation.firing.verdict import stands
from tickets.audit import entries
from tickets.directory.standing import Standing
from tickets.people.actor import SYSTEM
from tickets.promises.loading import PromiseRulebook, load_rulebook
from tickets.queries.reached_levels import delivered_steps
from tickets.schema import EscalationAttempt, PlannedStep, StepRecipient, Ticket
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
    tried = _tried(session, [step.id for _, step in unreached])
    further = [_next(ticket, step, tried[step.id], standing, book, now=now) for ticket, step in unreached]
    # Before the messages are written: one that cannot leave, to a phone that opted out, is followed at once.
    set_reach_by(session, {**dict.fromkeys(waiting), **{one.step.id: one.reach_by for one in further}})
    tell(session, further, now=now)
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


def _tried(session: Session, step_ids: Sequence[int]) -> defaultdict[int, dict[int, set[OutboundChannel]]]:
    """By level, whoever was told in that order, each with the ways by which they were tried."""
    tried = defaultdict[int, dict[int, set[OutboundChannel]]](dict)
    rows = session.execute(
        select(StepRecipient.step_id, StepRecipient.staff_id, func.array_agg(EscalationAttempt.method))
        .outerjoin(
            EscalationAttempt,
            (EscalationAttempt.step_id == StepRecipient.step_id)
            & (EscalationAttempt.staff_id == StepRecipient.staff_id)
            & EscalationAttempt.outbound_id.is_not(None),
        )
        .where(StepRecipient.step_id.in_(step_ids))
        .group_by(StepRecipient.id)
        .order_by(StepRecipient.id)
    )
    for step_id, staff_id, methods in rows:
        tried[step_id][staff_id] = {OutboundChannel(method) for method in methods if method is not None}
    return tried


def _next(
    ticket: DueTicket,
    step: DueStep,
    tried: dict[int, set[OutboundChannel]],
    standing: Standing,
    book: PromiseRulebook,
    *,
    now: datetime,
) -> Fired:
    """The next way of whoever was told last, else the next who has not been; without one, administrators hear of it."""
    order = list(standing.in_order(levels_of(step, book), step.rank, ticket.concern))
    last = next(reversed(tried), None)
    for who, at_level in order:
        if who.person.staff_id != last:
            continue
        before = tell_person(ticket, step, who, at_level, book=book, now=now)
        ways = ways_of(ticket, step, who, at=before.send_at or now)
        further = next((way for way in ways if way.kind not in tried[last]), None)
        if further is not None:
            return tell_otherwise(before, further)
    found = next(((one, level) for one, level in order if one.person.staff_id not in tried), None)
    if found is None:
        return Fired(ticket, step, StepResult.NOBODY, detail={"unreached": True})
    told = tell_person(ticket, step, *found, book=book, now=now)
    return replace(told, detail={**told.detail, "unreached": True}) if told.detail else told


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
            "kinds": list(one.channels),
        },
    }
