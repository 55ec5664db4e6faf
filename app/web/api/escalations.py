"""Escalations for programs: what has climbed, and acknowledging it in a person's name."""

from typing import Any

from flask import g
from sqlalchemy import func, select

from app.web.api.blueprint import blueprint
from app.web.api.bodies import AcknowledgeBody, EscalationItem, EscalationList
from app.web.api.describing import takes_body, takes_query
from app.web.api.escalation_view import escalation_view, raised_by_id
from app.web.api.paging import PageQuery, keys_of, page_of
from app.web.api.reading import read_body, read_query
from app.web.frame.access import bearer
from escalation.acknowledging.acknowledge import acknowledge as acknowledge_level
from escalation.acknowledging.right import right_to_answer
from escalation.queries.raised import Raised
from tickets.errors import NotAllowed, NotFound
from tickets.people.roles import visible_tickets
from tickets.schema import Acknowledgement, Clock, PlannedStep, Staff, StepRecipient, Ticket, Unit
from tickets.states import Role, StepKind

_ROW = (
    select(PlannedStep, Clock.kind, Acknowledgement, Ticket.reference, Unit.code, Unit.name)
    .join(Clock, Clock.id == PlannedStep.clock_id)
    .join(Ticket, Ticket.id == PlannedStep.ticket_id)
    .join(Unit, Unit.id == Ticket.unit_id)
    .outerjoin(Acknowledgement, Acknowledgement.step_id == PlannedStep.id)
    .where(PlannedStep.kind == StepKind.LEVEL, PlannedStep.fired_at.is_not(None))
)


class EscalationQuery(PageQuery):
    acknowledged: bool | None = None


@blueprint.get("/escalations")
@takes_query(EscalationQuery)
@blueprint.output(EscalationList)
@blueprint.doc(summary="Levels that have fired on the tickets this token may see, newest first")
@bearer("tickets:read")
def list_escalations() -> dict[str, Any]:
    query = read_query(EscalationQuery)
    after = keys_of(query.cursor, int)
    statement = _ROW.where(visible_tickets(g.viewer)).order_by(PlannedStep.id.desc()).limit(query.limit + 1)
    if after:
        statement = statement.where(PlannedStep.id < after[0])
    if query.acknowledged is not None:
        answered = Acknowledgement.step_id.is_not(None)
        statement = statement.where(answered if query.acknowledged else ~answered)
    rows = g.session.execute(statement).all()
    shown, following = page_of(rows, query, lambda row: (row[0].id,))
    raised = raised_by_id(g.session, [row[0].id for row in shown])
    return {"items": [_item(row, raised.get(row[0].id)) for row in shown], "next": following}


def _item(row: Any, raised: Raised | None) -> dict[str, Any]:
    step, clock, answered, reference, code, name = row
    shown = escalation_view(step, clock, answered, raised)
    return {**shown, "reference": reference, "unit": {"code": code, "name": name}}


@blueprint.post("/escalations/<int:step_id>/acknowledge")
@takes_body(AcknowledgeBody)
@blueprint.output(EscalationItem)
@blueprint.doc(
    summary="Acknowledge a level, with an instruction or a new date",
    description="`by` is the e-mail of the person it was raised to; it may be left out when that was one person.",
)
@bearer("escalations:acknowledge")
def acknowledge(step_id: int) -> dict[str, Any]:
    body = read_body(AcknowledgeBody)
    if step_id >= 2**62 or g.session.execute(_visible(step_id)).one_or_none() is None:
        raise NotFound("escalation", step_id)
    staff_id = _answering_person(step_id, body.by)
    _require_in_its_name(step_id, staff_id)
    acknowledge_level(
        g.session,
        step_id,
        staff_id=staff_id,
        instruction=body.instruction,
        new_due_at=body.new_due_at,
        via="api",
        now=g.now,
    )
    g.session.flush()
    row = g.session.execute(_visible(step_id)).one()
    return _item(row, raised_by_id(g.session, [step_id]).get(step_id))


def _require_in_its_name(step_id: int, staff_id: int) -> None:
    """A unit's program answers for the unit's own people; in the name of those above it the city's alone does (A7)."""
    right = right_to_answer(g.session, step_id, staff_id=staff_id, now=g.now)
    if not right.for_own_unit and not g.viewer.covers_city(Role.AGENT):
        raise NotAllowed("acknowledge")


def _visible(step_id: int) -> Any:
    return _ROW.where(PlannedStep.id == step_id, visible_tickets(g.viewer))


def _answering_person(step_id: int, email: str | None) -> int:
    rows = g.session.execute(
        select(func.lower(Staff.email), Staff.id)
        .join(StepRecipient, StepRecipient.staff_id == Staff.id)
        .where(StepRecipient.step_id == step_id)
    )
    told = {address: staff_id for address, staff_id in rows}
    if email is None and len(told) == 1:
        return int(next(iter(told.values())))
    if email is None or email.lower() not in told:
        raise NotFound("person", email)
    return int(told[email.lower()])
