"""The arbiter decides whose a matter is, once and for all units; what was decided may hold for all like it (R8)."""

from datetime import datetime

from sqlalchemy.orm import Session

from tickets import timeline
from tickets.directory.categories import answered_by
from tickets.errors import InvalidInput, NotAllowed
from tickets.people.actor import Actor
from tickets.people.roles import load_viewer
from tickets.promises import ledger
from tickets.schema import Queue, Ticket, Unit
from tickets.states import TimelineKind
from tickets.work.assignment import ARBITER, hop, reason_given
from tickets.work.dispute_rows import is_arbiter, is_disputed
from tickets.work.judged_at import judged_at
from tickets.work.ticket import lock_ticket, record

# What the timeline says of a decision.
ARBITRATED = "arbitrated"


def decide_dispute(
    session: Session, ticket_id: int, *, queue_id: int, reason: str, as_rule: bool, actor: Actor, now: datetime
) -> Ticket:
    """Give a disputed ticket to a queue, or leave it where it stands; no unit sends it on after that.

    `as_rule`: new matters of its kind go there too. The promises to the citizen have never stopped. Raises NotAllowed
    for anybody but the arbiter, InvalidInput without a dispute, a reason or a queue, and where there is no such rule.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    viewer = load_viewer(session, actor.staff_id, now=now) if actor.staff_id is not None else None
    if viewer is None or not is_arbiter(viewer):
        raise NotAllowed("arbitrate")
    if not is_disputed(session, ticket_id):
        raise InvalidInput("queue", "no_dispute")
    why = reason_given(reason)
    queue = session.get(Queue, queue_id)
    if queue is None:
        raise InvalidInput("queue", "no_such_queue")
    unit = session.get_one(Unit, queue.unit_id)
    ledger.on_arbitrated(session, ticket, now=now)
    params = {
        "field": "dispute", "what": ARBITRATED, "unit": unit.name, "unit_en": unit.name_en, "to_unit_id": unit.id,
        "is_rule": as_rule,
    }  # fmt: skip
    timeline.add(
        session, ticket.id, TimelineKind.CHANGED, actor=actor, is_public=False, body=why, params=params, now=now
    )
    told = {"to_unit_id": unit.id, "reason": why, "is_rule": as_rule}
    record(session, ticket, "ticket.arbitrated", actor=actor, params=told, now=now)
    if as_rule:
        _make_rule(session, ticket, unit, actor=actor, now=now)
    if queue_id != ticket.queue_id:
        hop(session, ticket_id, queue_id, cause=ARBITER, reason=why, actor=actor, now=now)
    session.flush()
    return ticket


def _make_rule(session: Session, ticket: Ticket, unit: Unit, *, actor: Actor, now: datetime) -> None:
    if ticket.category_id is None:
        raise InvalidInput("rule", "no_rule_without_category")
    answered_by(session, ticket.category_id, unit=unit, actor=actor, now=now)
