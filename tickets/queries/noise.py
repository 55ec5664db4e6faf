"""Contacts that opened no ticket: what a person may see of them, newest first, those nobody has looked at on top."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, func, select, true
from sqlalchemy.orm import Session

from tickets.people.roles import WORKING_ROLES, Viewer
from tickets.schema import Contact, NoiseContact, Staff, Ticket
from tickets.states import Channel

_MOST_SHOWN = 100
# A number beside a button: beyond it nobody counts.
_MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class NoiseSeen:
    """`reference` once it was made a ticket; `looked_by` whoever read it."""

    contact_id: int
    said: str
    kind: str
    words: str
    channel: Channel
    phone: str | None
    sender: str
    at: datetime
    looked_at: datetime | None
    looked_by: str | None
    reference: str | None


def noise_seen(session: Session, viewer: Viewer, *, looked: bool) -> Sequence[NoiseSeen]:
    """Those that wait for somebody to look, or those somebody has looked at."""
    noise = NoiseContact
    # A short code has no number of a subscriber: what stands in its place is shown as it came.
    rows = session.execute(
        select(
            noise.contact_id, noise.said, noise.kind, noise.words, Contact.channel, Contact.phone, Contact.phone_raw,
            noise.at, noise.looked_at, Staff.name, Ticket.reference,
        )
        .join(Contact, Contact.id == noise.contact_id)
        .outerjoin(Staff, Staff.id == noise.looked_by_id)
        .outerjoin(Ticket, Ticket.id == noise.ticket_id)
        .where(noise.looked_at.is_not(None) if looked else noise.looked_at.is_(None), in_scope(viewer))
        .order_by(noise.contact_id.desc())
        .limit(_MOST_SHOWN)
    )  # fmt: skip
    return [NoiseSeen(*row) for row in rows]


def noise_waiting(viewer: Viewer) -> ScalarSelect[int]:
    """How many nobody has looked at yet, counted no further than a glance needs."""
    waiting = (
        select(NoiseContact.contact_id)
        .where(NoiseContact.looked_at.is_(None), in_scope(viewer))
        .limit(_MOST_COUNTED)
        .subquery()
    )
    return select(func.count()).select_from(waiting).scalar_subquery()


def in_scope(viewer: Viewer) -> ColumnElement[bool]:
    """Of the units for which the person answers; those who answer for the city see all."""
    if viewer.covers_city(*WORKING_ROLES):
        return true()
    return NoiseContact.unit_id.in_(viewer.unit_ids(*WORKING_ROLES))
