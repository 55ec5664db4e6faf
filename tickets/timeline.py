"""The append-only record of everything that happened to a ticket."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from tickets.people.actor import Actor
from tickets.schema import Attachment, Message, OutboundMessage, Staff, TimelineEntry
from tickets.schema.rows import insert_many
from tickets.states import TimelineKind

_INSERT = insert(TimelineEntry.__table__)
# The files of a message as one value; found by their ticket, which is indexed.
_FILES = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_object("public_id", Attachment.public_id, "file_name", Attachment.file_name),
                Attachment.id,
            )
        )
    )
    .where(Attachment.ticket_id == TimelineEntry.ticket_id, Attachment.message_id == TimelineEntry.message_id)
    .scalar_subquery()
    .label("attachments")
)
_ENTRIES = (
    select(
        TimelineEntry.id, TimelineEntry.at, TimelineEntry.kind, TimelineEntry.actor_kind, TimelineEntry.staff_id,
        TimelineEntry.is_public, TimelineEntry.body, TimelineEntry.params, TimelineEntry.message_id,
        Staff.name.label("staff_name"), Message.body.label("message_body"), Message.channel, Message.direction,
        Message.outbound_id, OutboundMessage.channel.label("outbound_channel"),
        OutboundMessage.state.label("outbound_state"), OutboundMessage.segments, _FILES,
    )
    .outerjoin(Staff, Staff.id == TimelineEntry.staff_id)
    .outerjoin(Message, Message.id == TimelineEntry.message_id)
    .outerjoin(OutboundMessage, OutboundMessage.id == Message.outbound_id)
    .where(TimelineEntry.ticket_id == bindparam("ticket_id"))
    .order_by(TimelineEntry.id)
)  # fmt: skip
_PUBLIC_ENTRIES = _ENTRIES.where(TimelineEntry.is_public)


def add(  # noqa: PLR0913 - one call says all there is to say of an entry
    session: Session,
    ticket_id: int,
    kind: TimelineKind,
    *,
    actor: Actor,
    is_public: bool,
    body: str = "",
    params: Mapping[str, Any] | None = None,
    message_id: int | None = None,
    now: datetime,
) -> None:
    """Append an entry; `is_public` ones are shown to the citizen, so never with names of staff or notes in them."""
    row = entry(ticket_id, kind, actor=actor, is_public=is_public, body=body, params=params, now=now)
    session.execute(_INSERT, {**row, "message_id": message_id})


def add_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append many entries, made with `entry`, in one statement."""
    insert_many(session, TimelineEntry, rows)


def entry(
    ticket_id: int,
    kind: TimelineKind,
    *,
    actor: Actor,
    is_public: bool,
    body: str = "",
    params: Mapping[str, Any] | None = None,
    now: datetime,
) -> dict[str, Any]:
    """The row of an entry, for those who write many at once."""
    return {
        "ticket_id": ticket_id,
        "at": now,
        "kind": kind,
        "actor_kind": actor.kind,
        "staff_id": actor.staff_id,
        "is_public": is_public,
        "body": body,
        "params": dict(params or {}),
    }


def entries(session: Session, ticket_id: int, *, public_only: bool = False) -> list[dict[str, Any]]:
    """What happened, oldest first, each with its message, the name of who did it and the files given with it.

    A file is its `public_id` and `file_name`. With `public_only` what the follow page may show: no notes and no names
    of staff.
    """
    wanted = _PUBLIC_ENTRIES if public_only else _ENTRIES
    found = [dict(row) for row in session.execute(wanted, {"ticket_id": ticket_id}).mappings()]
    for row in found:
        row["attachments"] = row["attachments"] or []
        if public_only:
            row["staff_name"] = row["staff_id"] = None
    return found
