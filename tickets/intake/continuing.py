"""A citizen who comes back when the ticket is over: a new one, about the same and linked to it."""

from datetime import datetime

from sqlalchemy.orm import Session

from tickets.directory.places import PlaceIndex
from tickets.intake.cleaning import Matter, Opened
from tickets.intake.opening import open_ticket
from tickets.keys import Keys
from tickets.people.actor import Actor
from tickets.routing.rules import Rules
from tickets.schema import Category, Procedure, Ticket
from tickets.states import Channel


def continue_ticket(  # noqa: PLR0913 - what opening a ticket needs, and which one it continues
    session: Session,
    ticket_id: int,
    *,
    body: str,
    channel: Channel,
    source_key: str,
    actor: Actor,
    keys: Keys,
    places: PlaceIndex,
    rules: Rules,
    now: datetime,
) -> Opened:
    """Open a ticket that goes on where a finished one ended: same person, place, kind of matter and dossier.

    `source_key` makes the same request, repeated, the same new ticket.
    """
    before = session.get_one(Ticket, ticket_id)
    matter = matter_about(session, before, said=body, channel=channel, source_key=source_key, now=now)
    return open_ticket(session, matter, actor=actor, keys=keys, places=places, rules=rules, now=now)


def matter_about(
    session: Session, before: Ticket, *, said: str, channel: Channel, source_key: str, now: datetime
) -> Matter:
    """The same person, place, kind of matter and dossier as of a ticket; only what is said is new."""
    category = session.get(Category, before.category_id) if before.category_id else None
    procedure = session.get(Procedure, before.procedure_id) if before.procedure_id else None
    return Matter(
        channel=channel,
        arrived_at=now,
        subject=before.subject,
        body=said,
        phone=before.reply_phone,
        email=before.reply_email,
        locale=before.locale,
        place_text=before.place_text,
        unit_id=before.place_unit_id,
        category_code=category.code if category else None,
        procedure_code=procedure.code if procedure else None,
        dossier_number=before.dossier_number,
        dossier_due_on=before.dossier_due_on,
        residence=before.residence,
        citizen_id=before.citizen_id,
        contact_source_key=source_key,
        continues_id=before.id,
        is_simulated=before.is_simulated,
    )
