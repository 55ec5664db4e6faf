"""Unsent words kept on the server, and who else has the ticket open: nothing lost, no two answers at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.people.forms import KEPT, form_of, values_of
from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import Draft, Staff, Ticket, TicketViewer
from tickets.states import DraftForm
from tickets.typed_text import MAX_BODY, clean_text

MOST_FIELDS = 30
# Older ones nobody comes back to; what was typed of a citizen must not lie about for ever.
DRAFT_KEPT_FOR = timedelta(days=14)
_MOST_REMINDERS = 10
_SHOWN_BY_THEIR_PAGES = (
    DraftForm.INSTRUCTION,
    DraftForm.OWN_LEAVE,
    DraftForm.LEAVE,
    DraftForm.ROTATION,
    DraftForm.TURN,
    DraftForm.CHANGED_TURN,
    DraftForm.DELEGATION,
    DraftForm.MAINTENANCE,
    DraftForm.DAYS_OFF,
    DraftForm.RETIRING,
    DraftForm.CLOCKS,
    DraftForm.INCIDENT,
    DraftForm.GUIDANCE,
    DraftForm.CHANGED_GUIDANCE,
)
# A page says every ten seconds that it is still open.
LOOKING_FOR = timedelta(seconds=30)
_FORGOTTEN_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class About:
    """What a form is about: nothing yet, or one ticket, call or step; on one's own pages a unit, turn or rule."""

    key: str = ""
    ticket_id: int | None = None


ABOUT_NOTHING = About()


def about_ticket(ticket_id: int) -> About:
    return About(f"ticket:{ticket_id}", ticket_id)


def about_call(call_id: int) -> About:
    return About(f"call:{call_id}")


def about_step(step_id: int, *, ticket_id: int) -> About:
    return About(f"step:{step_id}", ticket_id)


def keep(
    session: Session, form: DraftForm, about: About, *, staff_id: int, fields: Mapping[str, str], now: datetime
) -> None:
    """Keep what was typed so far; a form in which nothing stands any more is no draft."""
    kept = {name: clean_text(words, MAX_BODY, field=name) for name, words in list(fields.items())[:MOST_FIELDS]}
    kept = {name: words for name, words in kept.items() if words}
    if not kept:
        discard(session, form, about, staff_id=staff_id)
        return
    changed = {"fields": kept, "updated_at": now}
    row = {"staff_id": staff_id, "form": form, "about": about.key, "ticket_id": about.ticket_id, **changed}
    statement = insert(Draft).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["staff_id", "form", "about"], set_=changed))


def kept(session: Session, form: DraftForm, about: About, *, staff_id: int) -> dict[str, str]:
    """What stands in this person's draft; empty when there is none."""
    wanted = select(Draft.fields).where(Draft.staff_id == staff_id, Draft.form == form, Draft.about == about.key)
    return session.scalar(wanted) or {}


def kept_of_all(session: Session, form: DraftForm, *, staff_id: int) -> dict[str, dict[str, str]]:
    """This person's drafts of one form, by what each is about."""
    rows = session.execute(select(Draft.about, Draft.fields).where(Draft.staff_id == staff_id, Draft.form == form))
    return {about: fields for about, fields in rows}


@dataclass(frozen=True, slots=True)
class Unsent:
    """A draft as its owner is reminded of it; `call_id` where it is about a call."""

    form: DraftForm
    updated_at: datetime
    reference: str | None
    subject: str
    call_id: int | None


def unsent(session: Session, viewer: Viewer) -> list[Unsent]:
    """What this person typed in the console and has not sent, newest first; of a ticket only while they may see it."""
    rows = session.execute(_unsent(form_of(viewer)), values_of(viewer))
    return [Unsent(row.form, row.updated_at, row.reference, row.subject or "", _call_in(row.about)) for row in rows]


@lru_cache(KEPT)
def _unsent(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return (
        select(Draft.form, Draft.about, Draft.updated_at, Ticket.reference, Ticket.subject)
        .outerjoin(Ticket, Ticket.id == Draft.ticket_id)
        .where(Draft.staff_id == viewer.staff_id, Draft.form.not_in(_SHOWN_BY_THEIR_PAGES))
        .where(or_(Draft.ticket_id.is_(None), visible_tickets(viewer)))
        .order_by(Draft.updated_at.desc())
        .limit(_MOST_REMINDERS)
    )


def _call_in(about: str) -> int | None:
    kind, _, number = about.partition(":")
    return int(number) if kind == "call" else None


def discard(session: Session, form: DraftForm, about: About, *, staff_id: int) -> None:
    """It was sent, or emptied."""
    session.execute(delete(Draft).where(Draft.staff_id == staff_id, Draft.form == form, Draft.about == about.key))


def forget_old_drafts(session: Session, *, now: datetime) -> None:
    session.execute(delete(Draft).where(Draft.updated_at < now - DRAFT_KEPT_FOR))


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
    since = now - LOOKING_FOR
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
