"""Tickets for programs: open, list, read, change."""

import hashlib
import json
from typing import Any, Literal

from flask import Response, g, request
from flask_babel import gettext as _
from pydantic import Field
from sqlalchemy import ColumnElement, select

from app.web.api.blueprint import blueprint
from app.web.api.bodies import MasterOf, NewAppeal, NewTicket, OpenedTicket, TicketChange, TicketList, TicketOut
from app.web.api.describing import takes_body, takes_query
from app.web.api.instants import iso
from app.web.api.kept_contacts import NO_TICKET_ANSWER, kept, noise_of
from app.web.api.paging import PageQuery, keys_of, page_of
from app.web.api.reading import read_body, read_query
from app.web.api.ticket_view import NOTHING_SINCE, brief_view, opened_view, ticket_view
from app.web.frame.access import bearer
from app.web.frame.current import keys, places, rules
from app.web.frame.field_errors import FieldErrors, field_error
from tickets.directory.dialled_prefixes import refusal_to_citizen
from tickets.errors import KeyReused
from tickets.intake import opening, request_keys
from tickets.intake.appealing import open_appeal
from tickets.intake.cleaning import Matter
from tickets.people.phones import parse_phone
from tickets.people.roles import Right, require, visible_ticket, visible_tickets
from tickets.queries.newest import newest_ids
from tickets.queries.reached_levels import NONE_REACHED, reached_levels
from tickets.schema import Queue, Ticket, Unit
from tickets.schema.rows import columns_of
from tickets.states import Channel, Priority, TicketStatus
from tickets.work import duplicates
from tickets.work.assignment import change_category, change_priority

_LONGEST_KEY = 200


class TicketQuery(PageQuery):
    """Newest first; `status` and `unit` narrow the list."""

    status: (
        Literal["new", "open", "pending_citizen", "pending_third_party", "resolved", "closed", "withdrawn", "spam"]
        | None
    ) = None
    unit: str | None = Field(default=None, max_length=20)


@blueprint.post("/tickets")
@takes_body(NewTicket)
@blueprint.output(OpenedTicket, status_code=201)
@blueprint.doc(
    summary="Open a ticket",
    description=(
        "Send `Idempotency-Key` to be able to repeat the request safely. Words that nobody could work on (a "
        "greeting, an advertisement) without a place, unit, kind or dossier open none: 202, and a person looks "
        "at them."
    ),
    responses=NO_TICKET_ANSWER,
)
@bearer("tickets:write")
def open_ticket() -> dict[str, Any] | Response:
    body = read_body(NewTicket)
    source_key = _source_key(body)
    matter = _matter(body, source_key)
    if (noise := noise_of(body, source_key)) is not None:
        return kept(body, matter, noise, _warnings(body))
    opened = opening.open_ticket(
        g.session,
        matter,
        actor=g.actor,
        keys=keys(),
        places=places(),
        rules=rules(),
        now=g.now,
    )
    if opened.is_new:
        told = opened_view(opened, rules().routing, procedure=body.procedure)
    else:
        told = _told_again(opened.ticket_id, body)
    return {**told, "pin": opened.pin, "warnings": _warnings(body)}


def _told_again(ticket_id: int, body: NewTicket) -> dict[str, Any]:
    """To a repeated request. What became of a ticket that has gone where this token sees nothing is not told."""
    told = ticket_view(g.session, g.viewer, g.session.get_one(Ticket, ticket_id))
    if g.session.scalar(select(Ticket.id).where(Ticket.id == ticket_id, visible_tickets(g.viewer))) is not None:
        return told
    return told | NOTHING_SINCE | {"subject": body.subject}


def _warnings(body: NewTicket) -> list[dict[str, str]]:
    """The matter counts more than a mistyped number: the ticket is opened, and the sender is told."""
    phone = parse_phone(body.phone)
    if phone is not None and (why := refusal_to_citizen(phone.number, rules().dialled)):
        message = _("Nobody is texted or called at this number; it was recorded as given.")
        return [field_error("phone", why, message)]
    if body.phone is None or phone is not None:
        return []
    message = _("This is not a phone number we can call; it was recorded as given.")
    return [field_error("phone", "not_callable", message)]


def _source_key(body: NewTicket) -> str | None:
    """The contact's key for this Idempotency-Key; KeyReused when it came with another body before."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        return None
    if len(key) > _LONGEST_KEY or not key.isprintable() or not key.isascii():
        message = _("At most %(count)s printable ASCII characters.", count=_LONGEST_KEY)
        raise FieldErrors([field_error("Idempotency-Key", "key", message)])
    scope = f"token:{g.token_id}"
    fingerprint = hashlib.sha256(json.dumps(body.model_dump(), sort_keys=True).encode()).hexdigest()
    # A repetition that overtakes the first one waits here until that one has committed.
    is_new = request_keys.take(g.session, scope=scope, key=key, fingerprint=fingerprint, now=g.now)
    if not is_new and request_keys.fingerprint_of(g.session, scope=scope, key=key) != fingerprint:
        raise KeyReused(key)
    return f"{scope}:{key}"


def _matter(body: NewTicket, source_key: str | None) -> Matter:
    phone = parse_phone(body.phone)
    return Matter(
        channel=Channel.API,
        arrived_at=g.now,
        subject=body.subject,
        body=body.body,
        phone=phone.number if phone else None,
        phone_raw=body.phone or "",
        name=body.name or "",
        email=body.email,
        locale=body.locale,
        place_text=body.place or "",
        unit_code=body.unit,
        category_code=body.category,
        procedure_code=body.procedure,
        dossier_number=body.dossier,
        emergency=body.emergency,
        contact_source_key=source_key,
    )


@blueprint.get("/tickets")
@takes_query(TicketQuery)
@blueprint.output(TicketList)
@blueprint.doc(summary="The tickets this token may see, newest first")
@bearer("tickets:read")
def list_tickets() -> dict[str, Any]:
    query = read_query(TicketQuery)
    after = keys_of(query.cursor, int)
    asked: list[ColumnElement[bool]] = []
    if query.status:
        asked.append(Ticket.status == TicketStatus(query.status))
    if after:
        asked.append(Ticket.id < after[0])
    # Units that were renamed or merged have had the same code.
    at = g.session.scalars(select(Unit.id).where(Unit.code == query.unit)).all() if query.unit else None
    statement = (
        select(Ticket, Unit.code, Unit.name, Queue.name)
        .join(Unit, Unit.id == Ticket.unit_id)
        .join(Queue, Queue.id == Ticket.queue_id)
        .where(Ticket.id.in_(newest_ids(g.viewer, *asked, at=at, limit=query.limit + 1)))
        .order_by(Ticket.id.desc())
    )
    rows = g.session.execute(statement).all()
    shown, following = page_of(rows, query, lambda row: (row[0].id,))
    climbed = reached_levels(g.session, [row[0].id for row in shown if row[0].escalation_level])
    items = [_item(*row, level=climbed.get(row[0].id, NONE_REACHED).level) for row in shown]
    return {"items": items, "next": following}


def _item(ticket: Ticket, unit_code: str, unit_name: str, queue_name: str, *, level: int) -> dict[str, Any]:
    brief = brief_view(columns_of(ticket), unit_code=unit_code, unit_name=unit_name, queue_name=queue_name, level=level)
    return brief | {"due_at": iso(ticket.next_due_at)}


@blueprint.get("/tickets/<reference>")
@blueprint.output(TicketOut)
@blueprint.doc(summary="One ticket")
@bearer("tickets:read")
def read_ticket(reference: str) -> dict[str, Any]:
    return ticket_view(g.session, g.viewer, visible_ticket(g.session, g.viewer, reference))


@blueprint.patch("/tickets/<reference>")
@takes_body(TicketChange)
@blueprint.output(TicketOut)
@blueprint.doc(summary="Change priority or category")
@bearer("tickets:write")
def change_ticket(reference: str) -> dict[str, Any]:
    body = read_body(TicketChange)
    ticket = visible_ticket(g.session, g.viewer, reference)
    require(g.viewer, Right.WORK, ticket)
    if body.priority:
        change_priority(
            g.session, ticket.id, priority=Priority(body.priority), reason=body.reason, actor=g.actor, now=g.now
        )
    if body.category:
        change_category(g.session, ticket.id, category_code=body.category, actor=g.actor, now=g.now)
    g.session.refresh(ticket)
    return ticket_view(g.session, g.viewer, ticket)


@blueprint.post("/tickets/<reference>/master")
@takes_body(MasterOf)
@blueprint.output(TicketOut)
@blueprint.doc(
    summary="Make the ticket a duplicate of another, or undo that",
    description="With `master` it is answered together with that ticket; without, it is worked on by itself again.",
)
@bearer("tickets:write")
def set_master(reference: str) -> dict[str, Any]:
    body = read_body(MasterOf)
    ticket = visible_ticket(g.session, g.viewer, reference)
    require(g.viewer, Right.WORK, ticket)
    if body.master is None:
        duplicates.unlink(g.session, ticket.id, reason=body.reason, actor=g.actor, now=g.now)
    else:
        master = duplicates.master_named(g.session, g.viewer, body.master)
        duplicates.link(g.session, ticket.id, master_id=master.id, actor=g.actor, now=g.now)
    g.session.refresh(ticket)
    return ticket_view(g.session, g.viewer, ticket)


@blueprint.post("/tickets/<reference>/appeal")
@takes_body(NewAppeal)
@blueprint.output(OpenedTicket, status_code=201)
@blueprint.doc(
    summary="Appeal against the result of a closed ticket, in the citizen's name",
    description="Once for each closure, within 30 days. The answer is the appeal's own ticket, with its PIN.",
)
@bearer("tickets:write")
def appeal(reference: str) -> dict[str, Any]:
    body = read_body(NewAppeal)
    ticket = visible_ticket(g.session, g.viewer, reference)
    require(g.viewer, Right.WORK, ticket)
    opened = open_appeal(
        g.session,
        ticket.id,
        said=body.text,
        channel=Channel.API,
        source_key=f"appeal:{ticket.reference}:{ticket.reopen_count}",
        actor=g.actor,
        keys=keys(),
        places=places(),
        rules=rules(),
        now=g.now,
    )
    told = opened_view(opened, rules().routing, procedure=None)
    return {**told, "pin": opened.pin, "warnings": []}
