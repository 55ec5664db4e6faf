"""A matter arrives: its contact is written and the person behind it found or made, in one statement."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from tickets.intake import contacts
from tickets.intake.cleaning import Matter
from tickets.intake.contacts import Registered
from tickets.people import citizens
from tickets.people.citizens import KnownCitizen

# A repetition whose ticket exists makes nobody: its person was made with that ticket.
_ARRIVE = """
    with known as ({known}), arrived as ({register}), {create}
    select arrived.id, arrived.ticket_id, arrived.citizen_id, arrived.arrived_at, arrived.is_new, person.id, known.*
    from arrived left join person on true left join known on true order by known.id
"""
_CREATE = citizens.CREATE_ARRIVED.format(arrived="arrived", known="known")
_BY_PHONE = text(_ARRIVE.format(known=citizens.BY_PHONE, register=contacts.REGISTER, create=_CREATE))
_BY_EMAIL = text(_ARRIVE.format(known=citizens.BY_EMAIL, register=contacts.REGISTER, create=_CREATE))
_CONTACT_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Arrived:
    """`citizen` is None for somebody nothing is known of, and where the matter says itself whose it is."""

    contact: Registered
    citizen: KnownCitizen | None


def arrive(session: Session, matter: Matter, *, source_key: str, now: datetime) -> Arrived:
    """Write the contact, or find it again; call it under `citizens.lock`, or two contacts make one person twice."""
    name, email = citizens.clean_name(matter.name), citizens.clean_email(matter.email)
    is_told = matter.citizen_id is not None
    key = None if is_told else matter.phone or email
    rows = session.execute(
        _BY_PHONE if matter.phone else _BY_EMAIL,
        {
            "key": key,
            "channel": matter.channel.value,
            "source_key": source_key,
            "arrived_at": matter.arrived_at,
            "citizen_id": matter.citizen_id,
            "line_id": matter.line_id,
            "phone": matter.phone,
            "phone_raw": matter.phone_raw,
            "is_simulated": matter.is_simulated,
            "may_be_new": not is_told and bool(key or name),
            "new_name": name,
            "new_email": email,
            "new_locale": matter.locale,
            "new_phone": matter.phone or "",
            "now": now,
        },
    ).all()
    contact, made = Registered(*rows[0][:_CONTACT_COLUMNS]), rows[0][_CONTACT_COLUMNS]
    if made is not None:
        return Arrived(contact, KnownCitizen(made, name, email, matter.locale, None, False))
    known = [KnownCitizen(*row[_CONTACT_COLUMNS + 1 :]) for row in rows if row[_CONTACT_COLUMNS + 1] is not None]
    citizen = citizens.named(known, matter.name)
    if citizen is not None and ((name and not citizen.name) or (email and not citizen.email)):
        citizens.complete(session, citizen, name=name, email=email)
    return Arrived(contact, citizen)
