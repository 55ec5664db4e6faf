"""Unfinished replies kept on the server, and who else has the ticket open: nothing lost, no two answers at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import Draft, Staff, TicketViewer
from tickets.typed_text import clean_text

MAX_DRAFT = 10_000
# A page says every ten seconds that it is still open.
_LOOKING_FOR = timedelta(seconds=30)
_FORGOTTEN_AFTER = timedelta(minutes=5)


def save_draft(session: Session, ticket_id: int, *, staff_id: int, body: str, now: datetime) -> None:
    """Keep what was typed so far; an empty text discards the draft."""
    kept = clean_text(body, MAX_DRAFT, field="body")
    if not kept:
        discard_draft(session, ticket_id, staff_id=staff_id)
        return
    values = {"ticket_id": ticket_id, "staff_id": staff_id, "body": kept, "updated_at": now}
    session.execute(
        insert(Draft)
        .values(values)
        .on_conflict_do_update(index_elements=["ticket_id", "staff_id"], set_={"body": kept, "updated_at": now})
    )


def discard_draft(session: Session, ticket_id: int, *, staff_id: int) -> None:
    session.execute(delete(Draft).where(Draft.ticket_id == ticket_id, Draft.staff_id == staff_id))


@dataclass(frozen=True, slots=True)
class Looking:
    staff_id: int
    name: str
    is_typing: bool


def look(session: Session, ticket_id: int, *, staff_id: int, now: datetime) -> None:
    """This person has the ticket open."""
    _note(session, {"ticket_id": ticket_id, "staff_id": staff_id, "seen_at": now})


def look_typing(session: Session, ticket_id: int, *, staff_id: int, now: datetime) -> None:
    """This person is writing an answer."""
    _note(session, {"ticket_id": ticket_id, "staff_id": staff_id, "seen_at": now, "typing_at": now})


def seen_by(session: Session, ticket_id: int, *, besides: int, now: datetime) -> list[Looking]:
    """Who else has the ticket open at this moment."""
    since = now - _LOOKING_FOR
    rows = session.execute(
        select(TicketViewer.staff_id, Staff.name, TicketViewer.typing_at)
        .join(Staff, Staff.id == TicketViewer.staff_id)
        .where(TicketViewer.ticket_id == ticket_id, TicketViewer.staff_id != besides, TicketViewer.seen_at > since)
        .order_by(Staff.sort_key)
    )
    return [Looking(row.staff_id, row.name, row.typing_at is not None and row.typing_at > since) for row in rows]


def forget_old_looks(session: Session, *, now: datetime) -> None:
    session.execute(delete(TicketViewer).where(TicketViewer.seen_at < now - _FORGOTTEN_AFTER))


def _note(session: Session, values: dict[str, object]) -> None:
    changed = {k: v for k, v in values.items() if k not in ("ticket_id", "staff_id")}
    session.execute(
        insert(TicketViewer)
        .values(values)
        .on_conflict_do_update(index_elements=["ticket_id", "staff_id"], set_=changed)
    )
