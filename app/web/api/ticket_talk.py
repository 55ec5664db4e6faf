"""What is said about a ticket and what happens to it: messages, timeline, transitions."""

from datetime import datetime
from typing import Any

from flask import g
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.web.api.blueprint import blueprint
from app.web.api.bodies import (
    Hold,
    MessageItem,
    MessageList,
    Move,
    NewMessage,
    Resolve,
    TicketOut,
    TimelineList,
    Transition,
)
from app.web.api.describing import takes_body, takes_query
from app.web.api.instants import iso
from app.web.api.paging import PageQuery, keys_of, page_of
from app.web.api.reading import read_body, read_query
from app.web.api.ticket_view import ticket_view
from app.web.frame.access import bearer
from tickets.people.roles import Right, require, visible_ticket
from tickets.queries.reached_levels import NONE_REACHED, ReachedLevels, reached_levels
from tickets.schema import Message, Ticket, TimelineEntry
from tickets.states import PENDING, Channel, Disposition, TicketStatus, TimelineKind
from tickets.work import after_answer, conversation, duplicates, resolution
from tickets.work.judged_at import judged_at
from tickets.work.ticket import lock_ticket, move


@blueprint.get("/tickets/<reference>/messages")
@takes_query(PageQuery)
@blueprint.output(MessageList)
@blueprint.doc(summary="What citizen and agent said to each other, oldest first")
@bearer("tickets:read")
def list_messages(reference: str) -> dict[str, Any]:
    query = read_query(PageQuery)
    ticket = visible_ticket(g.session, g.viewer, reference)
    after = keys_of(query.cursor, int)
    rows = g.session.scalars(
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.id > (after[0] if after else 0))
        .order_by(Message.id)
        .limit(query.limit + 1)
    ).all()
    shown, following = page_of(rows, query, lambda row: (row.id,))
    return {"items": [_message(row) for row in shown], "next": following}


def _message(row: Message) -> dict[str, Any]:
    return _message_view(row.id, row.direction, row.channel, row.body, row.at)


def _message_view(message_id: int | None, direction: str, channel: str, body: str, at: datetime) -> dict[str, Any]:
    return {"id": message_id, "direction": direction, "channel": channel, "body": body, "at": iso(at)}


@blueprint.post("/tickets/<reference>/messages")
@takes_body(NewMessage)
@blueprint.output(MessageItem, status_code=201)
@blueprint.doc(summary="Answer the citizen by their channel, keep what the citizen said, or write an internal note")
@bearer("tickets:write")
def add_message(reference: str) -> dict[str, Any]:
    body = read_body(NewMessage)
    ticket = visible_ticket(g.session, g.viewer, reference)
    require(g.viewer, Right.WORK, ticket)
    if body.kind == "note":
        conversation.note(g.session, ticket.id, body=body.body, actor=g.actor, now=g.now)
        entry = g.session.scalar(select(func.max(TimelineEntry.id)).where(TimelineEntry.ticket_id == ticket.id))
        return _message_view(entry, "note", Channel.API, body.body, g.now)
    if body.kind == "citizen":
        said = after_answer.citizen_says(
            g.session, ticket.id, body=body.body, channel=Channel.API, actor=g.actor, now=g.now
        )
        return _message(said)
    said_to_citizen = _interim(ticket, body, body.expected_at) if body.expected_at is not None else _reply(ticket, body)
    return _message(said_to_citizen)


def _reply(ticket: Ticket, body: NewMessage) -> Message:
    send = duplicates.reply_to_all if body.to_duplicates else conversation.reply
    return send(g.session, ticket.id, body=body.body, actor=g.actor, now=g.now)


def _interim(ticket: Ticket, body: NewMessage, expected_at: datetime) -> Message:
    send = duplicates.interim_to_all if body.to_duplicates else conversation.interim
    return send(g.session, ticket.id, body=body.body, expected_at=expected_at, actor=g.actor, now=g.now)


@blueprint.get("/tickets/<reference>/timeline")
@takes_query(PageQuery)
@blueprint.output(TimelineList)
@blueprint.doc(summary="Everything that happened to the ticket, oldest first")
@bearer("tickets:read")
def list_timeline(reference: str) -> dict[str, Any]:
    query = read_query(PageQuery)
    ticket = visible_ticket(g.session, g.viewer, reference)
    after = keys_of(query.cursor, int)
    rows = g.session.scalars(
        select(TimelineEntry)
        .where(TimelineEntry.ticket_id == ticket.id, TimelineEntry.id > (after[0] if after else 0))
        .order_by(TimelineEntry.id)
        .limit(query.limit + 1)
    ).all()
    shown, following = page_of(rows, query, lambda row: (row.id,))
    climbed = [ticket.id] if ticket.escalation_level else []
    reached = reached_levels(g.session, climbed).get(ticket.id, NONE_REACHED)
    items = [
        {
            "id": row.id,
            "at": iso(row.at),
            "kind": row.kind,
            "actor": row.actor_kind,
            "public": row.is_public and _was_told(row, reached),
            "body": row.body,
            "params": row.params,
        }
        for row in shown
    ]
    return {"items": items, "next": following}


def _was_told(row: TimelineEntry, reached: ReachedLevels) -> bool:
    """A level that nobody heard of is no news to the citizen."""
    return row.kind is not TimelineKind.ESCALATED or row.params.get("step_id") in reached.step_ids


@blueprint.post("/tickets/<reference>/transitions")
@takes_body(Transition)
@blueprint.output(TicketOut)
@blueprint.doc(summary="Move the ticket: resolve, hold, reopen, withdraw")
@bearer("tickets:write")
def move_ticket(reference: str) -> dict[str, Any]:
    body = read_body(Transition)
    ticket = visible_ticket(g.session, g.viewer, reference)
    require(g.viewer, Right.WORK, ticket)
    _move(g.session, ticket, body.root)
    g.session.refresh(ticket)
    return ticket_view(g.session, g.viewer, ticket)


def _move(session: Session, ticket: Ticket, wanted: Resolve | Hold | Move) -> None:
    actor, now = g.actor, g.now
    if isinstance(wanted, Resolve):
        disposition = Disposition(wanted.disposition)
        resolution.resolve(session, ticket.id, disposition=disposition, answer=wanted.text, actor=actor, now=now)
    elif isinstance(wanted, Hold) and wanted.to == "pending_citizen":
        resolution.hold(session, ticket.id, question=wanted.text, wake_at=wanted.wake_at, actor=actor, now=now)
    elif isinstance(wanted, Hold):
        resolution.hold_for_third_party(
            session, ticket.id, reason=wanted.text, wake_at=wanted.wake_at, actor=actor, now=now
        )
    elif wanted.to == "open" and ticket.status is TicketStatus.NEW:
        locked = lock_ticket(session, ticket.id)
        judged = judged_at(session, locked, now=now)
        move(session, locked, to=TicketStatus.OPEN, reason=wanted.text, actor=actor, now=judged)
    elif wanted.to == "open" and ticket.status in PENDING:
        resolution.resume(session, ticket.id, actor=actor, now=now)
    else:
        _SIMPLE[wanted.to](session, ticket.id, reason=wanted.text, actor=actor, now=now)


# Moves that need nothing but their reason.
_SIMPLE = {
    "open": resolution.reopen,
    "withdrawn": resolution.withdraw,
    "spam": resolution.mark_spam,
}
