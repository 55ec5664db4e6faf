"""From a filled-in form to an opened ticket with its pictures."""

import secrets
from dataclasses import replace
from datetime import datetime
from functools import partial

from flask import g
from sqlalchemy.orm import Session

from app.web.frame.current import keys, places, rules, today
from app.web.pieces.pictures import kept_files
from app.web.public import signed
from app.web.public.report_form import ReportForm
from tickets.directory.places import Resolution, resolve
from tickets.intake import contacts
from tickets.intake.cleaning import Matter, Opened
from tickets.intake.noise import NoiseRead, keep_noise
from tickets.intake.opening import open_ticket
from tickets.people import citizens
from tickets.people.phones import parse_phone
from tickets.routing.incidents import IncidentRule
from tickets.routing.two_matters import TwoMatters
from tickets.states import Channel
from tickets.work import attachments, incident_people


def send_report(
    session: Session,
    form: ReportForm,
    *,
    unit_code: str | None,
    locale: str,
    acknowledge: bool,
    part: str = "",
    place: Resolution | None = None,
    now: datetime,
) -> Opened:
    """Open the ticket, or find the one this very form opened before; `acknowledge` tells who is named.

    `part` names what of the form it is, where one form brings two matters; `place` is what was understood of the place
    field, where it was read before.
    """
    opened = open_ticket(
        session,
        replace(
            matter_of(form, unit_code=unit_code, locale=locale, acknowledge=acknowledge, part=part, now=now),
            place=place,
        ),
        actor=g.actor,
        keys=keys(),
        places=places(),
        rules=rules(),
        now=now,
    )
    if opened.is_new:
        if form.no_calls and opened.citizen_id is not None:
            citizens.prefer_text(session, opened.citizen_id)
        attachments.add(session, opened.ticket_id, kept_files(form.pictures), now=now)
    return opened


def send_apart(
    session: Session,
    form: ReportForm,
    two: TwoMatters,
    *,
    unit_code: str | None,
    locale: str,
    acknowledge: bool,
    now: datetime,
) -> tuple[Opened, Opened]:
    """Two tickets of one form, each about its own matter, in the citizen's words and with all the pictures.

    Which unit was chosen, and the dossier's number, belong to the first; the second is where its own words say, if they
    name a place, else where the form says.
    """
    send = partial(send_report, session, locale=locale, acknowledge=acknowledge, now=now)
    first = replace(form, body=two.first, category="")
    names_place = resolve(places(), two.second, on=today()).outcome != "none"
    second = replace(form, body=two.second, category="", dossier_number="", place="" if names_place else form.place)
    return (
        send(first, unit_code=unit_code),
        send(second, part=":second", unit_code=None if names_place else unit_code),
    )


def keep_without_ticket(session: Session, form: ReportForm, noise: NoiseRead, *, locale: str, now: datetime) -> None:
    """Kept for somebody to look at, once however often it is sent."""
    matter = matter_of(form, unit_code=None, locale=locale, acknowledge=False, part="", now=now)
    key = matter.contact_source_key or secrets.token_hex(16)
    keep_noise(session, replace(matter, contact_source_key=key), noise, rules=rules(), now=now)


def count_report(
    session: Session,
    form: ReportForm,
    incident: IncidentRule,
    *,
    unit_code: str | None,
    locale: str,
    acknowledge: bool,
    now: datetime,
) -> int | None:
    """Count whoever filled in the form; the ticket that holds their words, if they wrote any. Nothing is counted twice.

    An address that was given too often today is not written to, here as little as elsewhere.
    """
    opened = None
    if form.body:
        opened = send_report(session, form, unit_code=unit_code, locale=locale, acknowledge=acknowledge, now=now)
    phone, key = parse_phone(form.phone), signed.form_key(form.token)
    contact = contacts.register(
        session,
        channel=Channel.WEB,
        source_key=f"{key or secrets.token_hex(16)}:count",
        arrived_at=now,
        phone=phone.number if phone else None,
        phone_raw=form.phone,
    )
    contacts.link(session, contact.id, opened.ticket_id if opened else incident.master_id)
    person = incident_people.Counted(
        Channel.WEB,
        phone=phone.number if phone and acknowledge and not phone.is_abroad else None,
        email=(form.email.strip().lower() or None) if acknowledge else None,
        locale=locale,
        contact_id=contact.id,
        ticket_id=opened.ticket_id if opened else None,
    )
    incident_people.count(session, incident.id, person, actor=g.actor, now=now)
    return opened.ticket_id if opened else None


def sent_before(session: Session, form: ReportForm) -> int | None:
    """The ticket this very form has opened."""
    key = signed.form_key(form.token)
    return contacts.ticket_opened_by(session, channel=Channel.WEB, source_key=key) if key else None


def told_addresses(form: ReportForm) -> tuple[str, str]:
    """The phone and the mailbox that get a message because of this form; empty where there is none."""
    phone = parse_phone(form.phone)
    return phone.number if phone else "", form.email.strip().lower()


def matter_of(
    form: ReportForm, *, unit_code: str | None, locale: str, acknowledge: bool, part: str, now: datetime
) -> Matter:
    phone, key = parse_phone(form.phone), signed.form_key(form.token)
    return Matter(
        channel=Channel.WEB,
        arrived_at=now,
        body=form.body,
        phone=phone.number if phone else None,
        phone_raw=form.phone,
        name=form.name,
        email=form.email or None,
        locale=locale,
        place_text=form.place,
        unit_code=unit_code,
        category_code=form.category or None,
        dossier_number=form.dossier_number or None,
        emergency=form.danger == "yes",
        contact_source_key=f"{key}{part}" if key else None,
        acknowledge=acknowledge,
    )
