"""Escalations for programs: what has climbed, and acknowledging it in a person's name."""

from typing import Any

from flask import g
from pydantic import Field
from sqlalchemy import func, select

from app.web.api.blueprint import blueprint
from app.web.api.bodies import AcknowledgeBody, EscalationItem, EscalationList
from app.web.api.describing import takes_body, takes_query
from app.web.api.escalation_view import escalation_view, raised_by_id
from app.web.api.paging import PageQuery, cursor_of, keys_of, page_of
from app.web.api.reading import read_body, read_query
from app.web.frame.access import bearer
from escalation.acknowledging.acknowledge import acknowledge as acknowledge_level
from escalation.acknowledging.right import right_to_answer, rights_to_answer
from escalation.queries.desk import load_desk
from escalation.queries.raised import Raised
from tickets.errors import NotAllowed, NotFound
from tickets.people.roles import SEEING, Viewer, load_viewer, visible_tickets
from tickets.queries.newest_levels import newest_level_ids
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
    """`waiting_for`: the e-mail of a person, whose desk is asked for instead of the levels."""

    acknowledged: bool | None = None
    waiting_for: str | None = Field(default=None, max_length=254)


@blueprint.get("/escalations")
@takes_query(EscalationQuery)
@blueprint.output(EscalationList)
@blueprint.doc(
    summary="Levels that have fired on the tickets this token may see, newest first",
    description="With `waiting_for` (an e-mail) what waits for this person's answer, as their page has it: emergencies "
    "first, then by level, day of the due date and people waiting; `count` is the number on their page and in their "
    "menu: 100 stands for more than 99.",
)
@bearer("tickets:read")
def list_escalations() -> dict[str, Any]:
    query = read_query(EscalationQuery)
    if query.waiting_for is not None:
        return _waiting_for(query, query.waiting_for)
    after = keys_of(query.cursor, int)
    more = [PlannedStep.id < after[0]] if after else []
    if query.acknowledged is not None:
        more.append(PlannedStep.is_answered.is_(query.acknowledged))
    newest = newest_level_ids(g.viewer, *more, limit=query.limit + 1)
    rows = g.session.execute(_ROW.where(PlannedStep.id.in_(newest)).order_by(PlannedStep.id.desc())).all()
    shown, following = page_of(rows, query, lambda row: (row[0].id,))
    raised = raised_by_id(g.session, [row[0].id for row in shown])
    return {"items": [_item(row, raised.get(row[0].id)) for row in shown], "next": following}


def _waiting_for(query: EscalationQuery, email: str) -> dict[str, Any]:
    """The desk of somebody whose unit's tickets this token sees; others are as nobody."""
    person = g.session.scalar(select(Staff.id).where(func.lower(Staff.email) == email.strip().lower()))
    viewer = load_viewer(g.session, person, now=g.now) if person is not None else None
    if viewer is None or not _stands_under(viewer):
        raise NotFound("person", email)
    after = keys_of(query.cursor, str)
    place = after[0] if after else None
    page = load_desk(g.session, viewer, waiting_after=place, limit=query.limit, now=g.now).waiting
    wanted = [line.step_id for line in page.lines]
    # The token's own scope decides what is shown; the number is the person's, which they read on their page.
    rows = g.session.execute(_ROW.where(PlannedStep.id.in_(wanted), visible_tickets(g.viewer))).all()
    raised, found = raised_by_id(g.session, wanted), {row[0].id: row for row in rows}
    items = [_item(found[step_id], raised.get(step_id)) for step_id in wanted if step_id in found]
    return {"items": items, "next": cursor_of(page.next) if page.next else None, "count": page.count}


def _stands_under(viewer: Viewer) -> bool:
    if g.viewer.covers_city(*SEEING):
        return True
    return bool(viewer.held) and {held.unit_id for held in viewer.held} <= set(g.viewer.unit_ids(*SEEING))


def _item(row: Any, raised: Raised | None) -> dict[str, Any]:
    step, clock, answered, reference, code, name = row
    shown = escalation_view(step, clock, answered, raised)
    return {**shown, "reference": reference, "unit": {"code": code, "name": name}}


@blueprint.post("/escalations/<int:step_id>/acknowledge")
@takes_body(AcknowledgeBody)
@blueprint.output(EscalationItem)
@blueprint.doc(
    summary="Acknowledge a level, with an instruction or a new date",
    description=(
        "`by` is the e-mail of the person it was raised to, or of whoever answers for it today; "
        "it may be left out when it was raised to one person."
    ),
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
    if email is None:
        raise NotFound("person", email)
    return told.get(email.lower()) or _who_answers_today(step_id, email)


def _who_answers_today(step_id: int, email: str) -> int:
    """Whoever came after those who were told answers for the level as well (A4)."""
    staff_id = g.session.scalar(select(Staff.id).where(func.lower(Staff.email) == email.lower()))
    viewer = load_viewer(g.session, staff_id, now=g.now) if staff_id is not None else None
    if viewer is None or not rights_to_answer(g.session, [step_id], viewer=viewer, now=g.now):
        raise NotFound("person", email)
    return viewer.staff_id
