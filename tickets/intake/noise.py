"""What tells of nothing is kept as a contact and put on a list to look at: no ticket, no promise, nobody is raised.

One press makes it a ticket, because every reading of words is wrong now and then.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.places import PlaceIndex
from tickets.errors import NotFound
from tickets.intake import contacts
from tickets.intake.cleaning import Matter, Opened
from tickets.intake.opening import open_ticket
from tickets.keys import Keys
from tickets.matter import MatterReading
from tickets.people.actor import SYSTEM, Actor
from tickets.routing.rules import Rules
from tickets.schema import Contact, NoiseContact, Ticket
from tickets.states import ReadField
from tickets.work.corrections import note_correction

# Beside the kinds of `tickets/matter/noise.py`: who writes is a machine; nothing but thanks, and nobody was answered.
MACHINE, THANKS = "machine", "thanks"


@dataclass(frozen=True, slots=True)
class NoiseRead:
    """Why it is none of anybody's work: a kind, and the words that told it."""

    kind: str
    words: str = ""


def noise_in(read: MatterReading) -> NoiseRead | None:
    """None for whatever somebody could work on, danger and accusations above all."""
    if read.is_noise:
        return NoiseRead(read.noise.kinds[0], ", ".join(read.noise.because))
    return NoiseRead(THANKS) if read.asks_for_nothing else None


def keep_noise(session: Session, matter: Matter, noise: NoiseRead, *, rules: Rules, now: datetime) -> int:
    """Write it down once, however often its sender repeats the request; the contact's number."""
    contact = contacts.register(
        session, channel=matter.channel, source_key=matter.contact_source_key or "", arrived_at=matter.arrived_at,
        phone=matter.phone, phone_raw=matter.phone_raw, citizen_id=matter.citizen_id, line_id=matter.line_id,
        is_simulated=matter.is_simulated,
    )  # fmt: skip
    if contact.is_new:
        session.execute(insert(NoiseContact), _row(contact.id, matter, noise, rules, now))
        _note(session, contact.id, "contact.noise", actor=SYSTEM, now=now)
    return contact.id


def look_at(session: Session, contact_id: int, *, actor: Actor, now: datetime) -> None:
    """Somebody has read it, and it is nothing. Read already, nothing changes."""
    noise = _locked_noise(session, contact_id)
    if noise.looked_at is not None:
        return
    noise.looked_at, noise.looked_by_id = now, actor.staff_id
    _note(session, contact_id, "contact.looked_at", actor=actor, now=now)


def make_ticket(
    session: Session, contact_id: int, *, actor: Actor, keys: Keys, places: PlaceIndex, rules: Rules, now: datetime
) -> Opened:
    """It is a matter after all: opened as it would have been, with the promises of when it came."""
    noise = _locked_noise(session, contact_id)
    contact = session.get_one(Contact, contact_id)
    opened = open_ticket(session, _matter(contact, noise), actor=actor, keys=keys, places=places, rules=rules, now=now)
    if noise.ticket_id is None:
        noise.looked_at, noise.looked_by_id, noise.ticket_id = now, actor.staff_id, opened.ticket_id
        ticket = session.get_one(Ticket, opened.ticket_id)
        note_correction(
            session, ticket, ReadField.NOISE, guessed="yes", correct="no", told=(noise.kind, noise.words),
            actor=actor, now=now,
        )  # fmt: skip
        _note(session, contact_id, "contact.made_ticket", actor=actor, now=now, ticket_id=opened.ticket_id)
    return opened


def _row(contact_id: int, matter: Matter, noise: NoiseRead, rules: Rules, now: datetime) -> dict[str, Any]:
    line = rules.routing.lines.get(matter.line_id or 0)
    return {
        "contact_id": contact_id,
        "unit_id": line.unit_id if line is not None and not line.is_city else rules.routing.operations_unit_id,
        "said": matter.body,
        "kind": noise.kind,
        "words": noise.words,
        "rules_version": rules.routing.words.version,
        "name": matter.name,
        "email": matter.email or "",
        "locale": matter.locale,
        "at": now,
    }


def _matter(contact: Contact, noise: NoiseContact) -> Matter:
    return Matter(
        channel=contact.channel,
        arrived_at=contact.arrived_at,
        body=noise.said or "—",
        phone=contact.phone,
        phone_raw=contact.phone_raw,
        name=noise.name,
        email=noise.email or None,
        locale=noise.locale,
        line_id=contact.line_id,
        citizen_id=contact.citizen_id,
        contact_source_key=contact.source_key,
        is_simulated=contact.is_simulated,
    )


def _locked_noise(session: Session, contact_id: int) -> NoiseContact:
    noise = session.scalars(
        select(NoiseContact).where(NoiseContact.contact_id == contact_id).with_for_update()
    ).one_or_none()
    if noise is None:
        raise NotFound("contact", contact_id)
    return noise


def _note(
    session: Session, contact_id: int, action: str, *, actor: Actor, now: datetime, ticket_id: int | None = None
) -> None:
    entries.record(
        session, actor=actor, action=action, subject_kind="contact", subject_id=contact_id, ticket_id=ticket_id, now=now
    )
