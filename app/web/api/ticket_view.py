"""A ticket as the API tells it: the row with its unit, queue, clocks and fired levels, in four statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.settings import LOCALES
from app.wording.reasons import reason_texts
from tickets.schema import Acknowledgement, Category, Clock, PlannedStep, Procedure, Queue, Ticket, Unit
from tickets.states import StepKind


def iso(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z, as every instant of the API."""
    if at is None:
        return None
    return at.isoformat().replace("+00:00", "Z")


def ticket_view(session: Session, ticket: Ticket) -> dict[str, Any]:
    unit_code, unit_name, queue_name = session.execute(
        select(Unit.code, Unit.name, Queue.name)
        .select_from(Queue)
        .join(Unit, Unit.id == ticket.unit_id)
        .where(Queue.id == ticket.queue_id)
    ).one()
    category, procedure = session.execute(
        select(
            select(Category.code).where(Category.id == ticket.category_id).scalar_subquery(),
            select(Procedure.code).where(Procedure.id == ticket.procedure_id).scalar_subquery(),
        )
    ).one()
    return {
        "reference": ticket.reference,
        "subject": ticket.subject,
        "body": ticket.body,
        "status": ticket.status,
        "disposition": ticket.disposition,
        "unit": {"code": unit_code, "name": unit_name},
        "queue": queue_name,
        "priority": ticket.priority,
        "channel": ticket.channel,
        "category": category,
        "procedure": procedure,
        "dossier": ticket.dossier_number,
        "opened_at": iso(ticket.opened_at),
        "resolved_at": iso(ticket.resolved_at),
        "routing": {"reasons": reasons_view(ticket.routing_reasons)},
        "clocks": clocks_of(session, ticket.id),
        "level": ticket.escalation_level,
        "escalations": escalations_of(session, ticket.id),
    }


def reasons_view(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The reasons of routing in both languages; a language is entered once for all of them."""
    told: dict[str, list[str]] = {}
    for locale in LOCALES:
        with force_locale(locale):
            told[locale] = reason_texts(reasons)
    return [
        {
            "code": reason["code"],
            "text": {locale: told[locale][number] for locale in LOCALES},
            "params": dict(reason.get("params", {})),
        }
        for number, reason in enumerate(reasons)
    ]


def clocks_of(session: Session, ticket_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Clock.kind, Clock.cycle, Clock.status, Clock.due_at, Clock.stopped_at)
        .where(Clock.ticket_id == ticket_id)
        .order_by(Clock.id)
    )
    return [
        {"kind": kind, "cycle": cycle, "state": state, "due_at": iso(due_at), "stopped_at": iso(stopped_at)}
        for kind, cycle, state, due_at, stopped_at in rows
    ]


def escalations_of(session: Session, ticket_id: int) -> list[dict[str, Any]]:
    """The levels that have fired, in the order in which they did."""
    rows = session.execute(
        select(PlannedStep, Clock.kind, Acknowledgement)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .outerjoin(Acknowledgement, Acknowledgement.step_id == PlannedStep.id)
        .where(
            PlannedStep.ticket_id == ticket_id,
            PlannedStep.kind == StepKind.LEVEL,
            PlannedStep.fired_at.is_not(None),
        )
        .order_by(PlannedStep.fired_at, PlannedStep.id)
    )
    return [escalation_view(step, clock, acknowledged) for step, clock, acknowledged in rows]


def escalation_view(step: PlannedStep, clock: str, acknowledged: Acknowledgement | None) -> dict[str, Any]:
    return {
        "id": step.id,
        "level": step.rank,
        "clock": clock,
        "planned_at": iso(step.planned_at),
        "fired_at": iso(step.fired_at),
        "result": step.result or "",
        "acknowledged_at": iso(acknowledged.at) if acknowledged else None,
        "instruction": acknowledged.instruction if acknowledged else None,
    }
