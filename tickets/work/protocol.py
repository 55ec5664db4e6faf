"""Somebody on the line is in danger: the ticket is an emergency that few may read, and the shift lead is called in."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from tickets import timeline
from tickets.city import day_of
from tickets.directory.standing import Person
from tickets.directory.standing_rows import administrators, load_standing
from tickets.outbox.posting import post_all
from tickets.outbox.rota_news import news_to
from tickets.people.actor import Actor
from tickets.promises import day_totals
from tickets.routing.rules import load_rules
from tickets.schema import Ticket
from tickets.states import UNFINISHED, Priority, ProtocolKind, TimelineKind
from tickets.work.assignment import change_priority
from tickets.work.named_people import name_people
from tickets.work.ticket import lock_ticket, record

LEADS = ("shift_lead", "unit_lead")
PROTOCOL_OPENED = "protocol_opened"
BY_PROTOCOL = "protocol"


def open_protocol(
    session: Session, ticket_id: int, kind: ProtocolKind, *, titles: Mapping[str, str], actor: Actor, now: datetime
) -> tuple[Person, ...]:
    """Who was called in. Opened once more, the same card calls nobody twice."""
    ticket = lock_ticket(session, ticket_id)
    leads = leads_for(session, ticket, now=now)
    if ticket.priority is not Priority.EMERGENCY and ticket.status in UNFINISHED:
        change_priority(session, ticket_id, priority=Priority.EMERGENCY, reason=BY_PROTOCOL, actor=actor, now=now)
    _restrict(session, ticket, leads, actor=actor, now=now)
    params = {"what": PROTOCOL_OPENED, "code": kind.value}
    timeline.add(session, ticket.id, TimelineKind.CALL, actor=actor, is_public=False, params=params, now=now)
    record(session, ticket, "ticket.protocol_opened", actor=actor, params={"code": kind.value}, now=now)
    _call_in(session, ticket, kind, leads, titles=titles, now=now)
    session.flush()
    return leads


def leads_for(session: Session, ticket: Ticket, *, now: datetime) -> tuple[Person, ...]:
    """The shift's lead, and the lead of the unit that holds the ticket; where there is neither, an administrator."""
    operations = load_rules(session, on=day_of(now)).routing.operations_unit_id
    units = [operations, ticket.unit_id]
    standing = load_standing(session, posts=LEADS, unit_ids=units, now=now)
    found = [
        next((one.person for one in standing.at((post,), unit_id=unit_id, field="")), None)
        for post, unit_id in zip(LEADS, units, strict=True)
    ]
    people = tuple({person.staff_id: person for person in found if person is not None}.values())
    return people or tuple(administrators(session, now=now))[:1]


def _restrict(session: Session, ticket: Ticket, leads: tuple[Person, ...], *, actor: Actor, now: datetime) -> None:
    """What somebody tells in such an hour is read by whoever talks with them, and by who is called in."""
    named = {person.staff_id for person in leads} | {one for one in (actor.staff_id, ticket.assignee_id) if one}
    name_people(session, [(ticket.id, one) for one in sorted(named)], reason=BY_PROTOCOL, now=now)
    if not ticket.is_restricted:
        ticket.is_restricted = True
        day_totals.forget_ticket(session, ticket.id, now=now)


def _call_in(
    session: Session, ticket: Ticket, kind: ProtocolKind, leads: tuple[Person, ...], *, titles: Mapping[str, str],
    now: datetime,
) -> None:  # fmt: skip
    params = {"reference": ticket.reference, "card": dict(titles)}
    key = f"{PROTOCOL_OPENED}:{ticket.id}:{kind}"
    messages = [
        one for lead in leads for one in news_to(session, lead.staff_id, PROTOCOL_OPENED, params, key=key, now=now)
    ]
    # Somebody is in danger now: no hours of theirs count.
    at_once = [replace(one, ticket_id=ticket.id, is_urgent=True, not_before=None) for one in messages]
    post_all(session, at_once, now=now)
