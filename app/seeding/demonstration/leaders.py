"""What people do when a level reaches them: they answer, perhaps with an instruction, or they do not yet."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, cast, exists, func, select, true
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from app.seeding.demonstration.stage import Stage
from app.seeding.demonstration.words import answer
from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.right import right_to_answer
from tickets.errors import NotAllowed
from tickets.outbox.gathering import DAILY_LIST_TEMPLATE
from tickets.schema import Acknowledgement, Clock, OutboundMessage, PlannedStep, StepRecipient, Ticket
from tickets.states import UNFINISHED, ClockStatus, OutboundChannel, StepKind, StepResult

# How likely a level is answered, and within how many hours.
_ANSWERED = {1: (0.45, 0.1, 4), 2: (0.5, 0.2, 8), 3: (0.7, 0.2, 5), 4: (0.6, 0.5, 20), 5: (0.5, 1, 20)}
_VIA = ("web", "web", "link", "link", "sms", "keypad")


def notice(stage: Stage, session: Session, *those: ColumnElement[bool], since: datetime, now: datetime) -> None:
    """Look at the levels that were just raised, of `those`, and let the people they reached decide."""
    told = session.execute(
        select(PlannedStep.id, PlannedStep.ticket_id, PlannedStep.rank, StepRecipient.staff_id)
        .join(StepRecipient, StepRecipient.step_id == PlannedStep.id)
        .where(
            PlannedStep.fired_at > since,
            PlannedStep.fired_at <= now,
            PlannedStep.kind == StepKind.LEVEL,
            PlannedStep.result == StepResult.NOTIFIED,
            *those,
        )
        .order_by(PlannedStep.id, StepRecipient.id)
    ).all()
    first = {step_id: (ticket_id, rank, staff_id) for step_id, ticket_id, rank, staff_id in reversed(told)}
    for step_id, (ticket_id, rank, staff_id) in sorted(first.items()):
        _decide(stage, step_id, ticket_id, rank, staff_id, now=now)


def read_lists(stage: Stage, session: Session, *, now: datetime) -> None:
    """The lists that came at this instant lie before their readers: who has not answered a level decides once more."""
    listed = (
        func.jsonb_path_query(OutboundMessage.params, cast("$.step_ids[*]", JSONPATH))
        .table_valued("value")
        .render_derived()
    )
    rows = session.execute(
        select(PlannedStep.id, PlannedStep.ticket_id, PlannedStep.rank, OutboundMessage.staff_id)
        .select_from(OutboundMessage)
        .join(listed, true())
        .join(PlannedStep, PlannedStep.id == cast(listed.c.value, BigInteger))
        .where(
            OutboundMessage.template == DAILY_LIST_TEMPLATE,
            OutboundMessage.channel == OutboundChannel.SCREEN,
            OutboundMessage.created_at == now,
        )
        .order_by(PlannedStep.id, OutboundMessage.id)
    ).all()
    first = {step_id: (ticket_id, rank, who) for step_id, ticket_id, rank, who in reversed(rows) if who is not None}
    for step_id, (ticket_id, rank, staff_id) in sorted(first.items()):
        if step_id not in stage.answering:
            _decide(stage, step_id, ticket_id, rank, staff_id, now=now)


def _decide(stage: Stage, step_id: int, ticket_id: int, rank: int, staff_id: int, *, now: datetime) -> None:
    share, soonest, latest = _ANSWERED[min(rank, 5)]
    if rank < stage.unanswered_from.get(ticket_id, 9) and stage.chance(share):
        stage.answering.add(step_id)
        stage.at(
            now + timedelta(hours=stage.rng.uniform(soonest, latest)),
            lambda stage, session, now: _answer(stage, session, now, step_id, ticket_id, rank, staff_id),
        )


def _answer(
    stage: Stage, session: Session, now: datetime, step_id: int, ticket_id: int, rank: int, staff_id: int
) -> None:
    ticket = session.get_one(Ticket, ticket_id, populate_existing=True)
    answered = session.scalar(select(exists().where(Acknowledgement.step_id == step_id)))
    if ticket.status not in UNFINISHED or answered or not _may_still(session, step_id, staff_id, now=now):
        return
    # A promise that was kept in the end, if late, can be given no further date.
    runs = session.scalar(
        select(Clock.status == ClockStatus.RUNNING)
        .join(PlannedStep, PlannedStep.clock_id == Clock.id)
        .where(PlannedStep.id == step_id)
    )
    acknowledge(
        session,
        step_id,
        staff_id=staff_id,
        instruction=answer("instruction", stage.rng) if stage.chance(0.8) else "",
        new_due_at=now + timedelta(hours=stage.rng.randint(20, 60))
        if runs and rank >= 2 and stage.chance(0.15)
        else None,
        via=stage.rng.choice(_VIA),
        now=now,
    )
    stage.instructed(ticket_id, rank, now)


def _may_still(session: Session, step_id: int, staff_id: int, *, now: datetime) -> bool:
    """A ticket that went to another unit meanwhile is no longer theirs to answer for."""
    try:
        right_to_answer(session, step_id, staff_id=staff_id, now=now)
    except NotAllowed:
        return False
    return True
