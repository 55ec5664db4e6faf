"""A ticket as the API tells it, whichever way it became known: the only place that names its fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.api.escalation_view import escalations_of
from app.web.api.instants import iso
from app.wording.reasons import reason_texts
from tickets.intake.cleaning import Opened
from tickets.people.roles import Viewer
from tickets.queries.appeals import appeal_state
from tickets.queries.duplicates import group_of
from tickets.queries.reached_levels import reached_level
from tickets.routing.decision import RoutingRules
from tickets.schema import Category, Clock, Procedure, PromiseBreach, Queue, Ticket, Unit
from tickets.schema.rows import columns_of
from tickets.states import LOCALES, ClockKind, ClockStatus, Priority, TicketStatus


@dataclass(frozen=True, slots=True)
class Beside:
    """What is told with a ticket and does not stand in its row."""

    unit_code: str | None
    unit_name: str
    queue_name: str
    category: str | None
    procedure: str | None
    clocks: list[dict[str, Any]]
    escalations: list[dict[str, Any]]
    # The highest level that reached somebody.
    level: int = 0
    master: str | None = None
    duplicates: tuple[str, ...] = ()
    appeal: dict[str, Any] | None = None


# A ticket of which only that it was opened may be told: neither where it lies nor what was done and said.
NOTHING_SINCE: dict[str, Any] = {
    "status": TicketStatus.NEW,
    "unit": {"code": None, "name": ""},
    "queue": "",
    "category": None,
    "priority": Priority.NORMAL,
    "level": 0,
    "disposition": None,
    "resolved_at": None,
    "routing": {"reasons": []},
    "clocks": [],
    "escalations": [],
    "expected_at": None,
    "appeal": None,
    "master": None,
    "duplicates": [],
}


def ticket_view(session: Session, viewer: Viewer, ticket: Ticket) -> dict[str, Any]:
    """A ticket as it stands, with as much of its group as `viewer` may see."""
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
    clocks, escalations = clocks_of(session, ticket.id), escalations_of(session, ticket.id)
    level = reached_level(session, ticket.id) if ticket.escalation_level else 0
    group = group_of(session, viewer, ticket)
    master = group.master.reference if group.master else None
    duplicates = tuple(line.reference for line in group.duplicates)
    beside = Beside(
        unit_code,
        unit_name,
        queue_name,
        category,
        procedure,
        clocks,
        escalations,
        level,
        master,
        duplicates,
        _appeal(session, ticket.id),
    )
    return _whole(columns_of(ticket), beside)


def _appeal(session: Session, ticket_id: int) -> dict[str, Any] | None:
    state = appeal_state(session, ticket_id)
    if state is None:
        return None
    return {
        "case": state.case_reference,
        "opened_at": iso(state.opened_at),
        "due_at": iso(state.first_due_at),
        "expected_at": iso(state.expected_at),
        "outcome": state.outcome,
        "decided_at": iso(state.decided_at),
    }


def opened_view(opened: Opened, routing: RoutingRules, *, procedure: str | None) -> dict[str, Any]:
    """A ticket that was opened a moment ago, as reading it would tell: all is known, nothing is asked again."""
    unit = routing.units[opened.unit_id]
    category = routing.categories.get(opened.row["category_id"] or 0)
    clocks = [_clock(c.kind, 1, c.status, c.due_at, c.stopped_at, None) for c in opened.clocks]
    category_code, queue_name = category.code if category else None, routing.queue_names[opened.queue_id]
    return _whole(opened.row, Beside(unit.code, unit.name, queue_name, category_code, procedure, clocks, []))


def brief_view(
    ticket: Mapping[str, Any], *, unit_code: str | None, unit_name: str, queue_name: str, level: int
) -> dict[str, Any]:
    """What lists tell of a ticket, and the whole of it too; `level` is the highest that reached somebody."""
    return {
        "reference": ticket["reference"],
        "subject": ticket["subject"],
        "status": ticket["status"],
        "unit": {"code": unit_code, "name": unit_name},
        "queue": queue_name,
        "priority": ticket["priority"],
        "opened_at": iso(ticket["opened_at"]),
        "level": level,
    }


def _whole(ticket: Mapping[str, Any], beside: Beside) -> dict[str, Any]:
    brief = brief_view(
        ticket,
        unit_code=beside.unit_code,
        unit_name=beside.unit_name,
        queue_name=beside.queue_name,
        level=beside.level,
    )
    return brief | {
        "body": ticket["body"],
        "disposition": ticket["disposition"],
        "channel": ticket["channel"],
        "category": beside.category,
        "procedure": beside.procedure,
        "dossier": ticket["dossier_number"],
        "resolved_at": iso(ticket["resolved_at"]),
        "routing": {"reasons": reasons_view(ticket["routing_reasons"])},
        "clocks": beside.clocks,
        "escalations": beside.escalations,
        "expected_at": iso(ticket["expected_at"]),
        "appeal": beside.appeal,
        "master": beside.master,
        "duplicates": list(beside.duplicates),
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
        select(Clock.kind, Clock.cycle, Clock.status, Clock.due_at, Clock.stopped_at, PromiseBreach.breached_at)
        .outerjoin(PromiseBreach, PromiseBreach.clock_id == Clock.id)
        .where(Clock.ticket_id == ticket_id)
        .order_by(Clock.id)
    )
    return [_clock(*row) for row in rows]


def _clock(
    kind: ClockKind,
    cycle: int,
    state: ClockStatus,
    due_at: datetime | None,
    stopped_at: datetime | None,
    first_breach_at: datetime | None,
) -> dict[str, Any]:
    return {
        "kind": kind,
        "cycle": cycle,
        "state": state,
        "due_at": iso(due_at),
        "stopped_at": iso(stopped_at),
        "first_breach_at": iso(first_breach_at),
    }
