"""What tells of nothing is kept as a contact and put on a list to look at: no ticket, no promise, nobody is raised.

One press makes it a ticket, because every reading of words is wrong now and then.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.places import PlaceIndex
from tickets.errors import NotFound
from tickets.intake import contacts
from tickets.intake.cleaning import NO_WORDS, Matter, Opened
from tickets.intake.opening import open_ticket
from tickets.keys import Keys
from tickets.matter import MatterReading, read_matter
from tickets.people.actor import SYSTEM, Actor
from tickets.routing.rules import Rules
from tickets.schema import Contact, NoiseContact, Ticket
from tickets.states import UNFINISHED, Channel, Priority, ReadField, TicketStatus
from tickets.work.corrections import note_correction
from tickets.work.owing_unit import acts_alone
from tickets.work.resolution import take_up_again
from tickets.work.ticket import lock_ticket, move

# Beside the kinds of `tickets/matter/noise.py`: who writes is a machine; nothing but thanks, and nobody was answered;
# our own words that came back; a reply code from a number that was sent none.
MACHINE, THANKS, ECHO, REPLY_CODE = "machine", "thanks", "echo", "reply_code"


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


def set_ticket_aside(
    session: Session, ticket: Ticket, noise: NoiseRead, *, contact_id: int, rules: Rules, actor: Actor, now: datetime
) -> None:
    """What a call opened before its words were known: its promises end, and it is looked at as the others are."""
    session.flush()
    session.execute(
        insert(NoiseContact).on_conflict_do_nothing(), _row_of_ticket(ticket, noise, contact_id, rules, now)
    )
    move(session, ticket, to=TicketStatus.SPAM, actor=actor, now=now)
    _note(session, contact_id, "contact.noise", actor=actor, now=now, ticket_id=ticket.id)


def take_up_noise(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    """Its caller talks to us after all: a locked ticket that was set aside for its words goes on."""
    waiting = select(NoiseContact).join(Contact, Contact.id == NoiseContact.contact_id)
    noise = session.scalars(waiting.where(Contact.ticket_id == ticket.id, NoiseContact.ticket_id.is_(None))).first()
    if noise is None or ticket.status is not TicketStatus.SPAM:
        return
    take_up_again(session, ticket, actor=actor, now=now)
    noise.looked_at, noise.ticket_id = now, ticket.id
    _note(session, noise.contact_id, "contact.made_ticket", actor=actor, now=now, ticket_id=ticket.id)


def heard_nothing(session: Session, ticket: Ticket, said: str, *, rules: Rules, actor: Actor, now: datetime) -> bool:
    """Whether what somebody heard of a message without other words is none of anybody's work: then it is set aside."""
    noise = noise_in(read_matter(said, rules.routing.words))
    is_all = ticket.channel is Channel.VOICE and not ticket.body.strip() and ticket.priority is Priority.NORMAL
    if noise is None or not is_all or ticket.is_restricted or ticket.status not in UNFINISHED:
        return False
    contact_id = session.scalar(select(Contact.id).where(Contact.ticket_id == ticket.id).order_by(Contact.id).limit(1))
    if contact_id is None or acts_alone(session, ticket, actor=actor, now=now):
        return False
    set_ticket_aside(session, ticket, noise, contact_id=contact_id, rules=rules, actor=actor, now=now)
    session.get_one(NoiseContact, contact_id).said = said.strip()
    return True


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
    if contact.ticket_id is not None and noise.ticket_id is None:
        # A call had opened it before its words were known.
        take_up_again(session, lock_ticket(session, contact.ticket_id), actor=actor, now=now)
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


def _row_of_ticket(ticket: Ticket, noise: NoiseRead, contact_id: int, rules: Rules, now: datetime) -> dict[str, Any]:
    return {
        "contact_id": contact_id, "unit_id": ticket.unit_id, "said": ticket.body, "kind": noise.kind,
        "words": noise.words, "rules_version": rules.routing.words.version, "name": "",
        "email": ticket.reply_email or "", "locale": ticket.locale, "at": now,
    }  # fmt: skip


def _matter(contact: Contact, noise: NoiseContact) -> Matter:
    return Matter(
        channel=contact.channel,
        arrived_at=contact.arrived_at,
        body=noise.said or NO_WORDS,
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
