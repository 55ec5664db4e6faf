"""A list of many is judged again when it is handed over, line by line: what is over by then is no longer on it (A8)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tickets.outbox.gathering import DAILY_LIST_TEMPLATE, GATHERED_TEMPLATE, listed
from tickets.outbox.overtaken import Overtaken, leave_out
from tickets.schema import Acknowledgement, Clock, OutboundMessage, PlannedStep
from tickets.states import ClockStatus, OutboundChannel

# Of messages: which are over, and why.
Judge = Callable[[Sequence[OutboundMessage]], Mapping[int, Overtaken]]
# In its parameters, the levels of all lines: the list shows the first ones only.
STEPS = "step_ids"
# Those of them that are the reader's because of where they stand now.
INHERITED_STEPS = "inherited_step_ids"
# By unit, what has no line of its own.
OTHERS = "others"


def shorten(session: Session, message: OutboundMessage, judge: Judge, *, now: datetime) -> Overtaken | None:
    """Take off the list what `judge` says is over; why the whole of it is not sent, when nothing is left."""
    if message.channel is OutboundChannel.SCREEN:
        return None
    if message.template == GATHERED_TEMPLATE:
        return _shorten_gathered(session, message, judge, now=now)
    if message.template == DAILY_LIST_TEMPLATE and STEPS in message.params:
        return _shorten_daily(session, message)
    return None


def _shorten_gathered(session: Session, message: OutboundMessage, judge: Judge, *, now: datetime) -> Overtaken | None:
    rows = session.scalars(
        select(OutboundMessage)
        .where(OutboundMessage.gathered_into_id == message.id)
        .order_by(OutboundMessage.is_urgent.desc(), OutboundMessage.id)
    ).all()
    over = judge(rows)
    if not over:
        return None
    for row in rows:
        if row.id in over:
            leave_out(session, row, over[row.id], now=now)
    standing = [row for row in rows if row.id not in over]
    if not standing:
        return over[rows[0].id]
    _reword(session, message, listed(standing))
    return None


def _shorten_daily(session: Session, message: OutboundMessage) -> Overtaken | None:
    told: Sequence[int] = message.params[STEPS]
    standing = set(
        session.scalars(
            select(PlannedStep.id)
            .join(Clock, Clock.id == PlannedStep.clock_id)
            .outerjoin(Acknowledgement, Acknowledgement.step_id == PlannedStep.id)
            .where(PlannedStep.id.in_(told), Clock.status == ClockStatus.RUNNING, Acknowledgement.step_id.is_(None))
        )
    )
    if len(standing) == len(told):
        return None
    if not standing:
        return Overtaken.STEP_OVER
    items = [item for item in message.params["items"] if item["step_id"] in standing]
    others = [_standing(unit, standing) for unit in message.params.get(OTHERS, ())]
    kept = [step_id for step_id in told if step_id in standing]
    inherited = [step_id for step_id in message.params.get(INHERITED_STEPS, ()) if step_id in standing]
    counts = {"count": len(kept), "inherited": len(inherited)}
    others = [unit for unit in others if unit["matters"]]
    _reword(session, message, {**counts, "items": items, OTHERS: others, STEPS: kept, INHERITED_STEPS: inherited})
    return None


def _standing(unit: Mapping[str, Any], standing: Collection[int]) -> dict[str, Any]:
    return {**unit, "matters": [matter for matter in unit["matters"] if matter["step_id"] in standing]}


def _reword(session: Session, message: OutboundMessage, params: Mapping[str, Any]) -> None:
    """Nobody has had it yet, so that what it says now is all it ever said."""
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message.id)
        .values(params=params, subject=None, text=None)
        .execution_options(synchronize_session="fetch")
    )
    session.refresh(message)
