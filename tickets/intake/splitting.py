"""Two matters in one ticket: the second becomes one of its own, in the citizen's words, from the same time on."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy.orm import Session

from tickets import timeline
from tickets.city import day_of
from tickets.directory.places import PlaceIndex, resolve
from tickets.errors import InvalidInput
from tickets.intake.cleaning import Matter, Opened
from tickets.intake.opening import open_ticket
from tickets.keys import Keys
from tickets.people.actor import Actor
from tickets.routing.rules import Rules
from tickets.schema import Ticket
from tickets.states import UNFINISHED, Channel, TimelineKind
from tickets.typed_text import MAX_BODY, clean_text
from tickets.work.ticket import lock_ticket, record

# What the timelines of both say of it.
SPLIT_OFF, SPLIT_FROM = "split_off", "split_from"


def split_off(
    session: Session, ticket_id: int, said: str, *, actor: Actor, keys: Keys, places: PlaceIndex, rules: Rules,
    now: datetime,
) -> Opened:  # fmt: skip
    """Open the second matter; pressed twice with the same words it is opened once. The first keeps every word it has.

    Raises InvalidInput without words, and for a ticket that is over or that few may read: what is split off from it
    would be read by many.
    """
    ticket = lock_ticket(session, ticket_id)
    words = clean_text(said, MAX_BODY, field="second")
    if not words:
        raise InvalidInput("second", "required")
    if ticket.status not in UNFINISHED:
        raise InvalidInput("second", "nothing_to_split")
    if ticket.is_restricted:
        raise InvalidInput("second", "restricted_not_split")
    second = _second(ticket, words, places, now=now)
    opened = open_ticket(session, second, actor=actor, keys=keys, places=places, rules=rules, now=now)
    if opened.is_new:
        _tell_both(session, ticket, opened, actor=actor, now=now)
    return opened


def _second(ticket: Ticket, words: str, places: PlaceIndex, *, now: datetime) -> Matter:
    """By the same person, from when the first came; where its own words say, else where the first is."""
    names_place = resolve(places, words, on=day_of(now)).outcome != "none"
    digest = sha256(words.encode()).hexdigest()[:16]
    return Matter(
        channel=Channel.MANUAL,
        arrived_at=ticket.opened_at,
        body=words,
        phone=ticket.reply_phone,
        phone_raw=ticket.reply_phone or "",
        email=ticket.reply_email,
        locale=ticket.locale,
        place_text="" if names_place else ticket.place_text,
        unit_id=None if names_place else ticket.place_unit_id,
        citizen_id=ticket.citizen_id,
        contact_source_key=f"split:{ticket.id}:{digest}",
        is_simulated=ticket.is_simulated,
    )


def _tell_both(session: Session, ticket: Ticket, opened: Opened, *, actor: Actor, now: datetime) -> None:
    """Each names the other, unless the other is kept from those who read it."""
    is_kept = bool(opened.row["is_restricted"])
    for here, what, other in (
        (ticket.id, SPLIT_OFF, "" if is_kept else opened.reference),
        (opened.ticket_id, SPLIT_FROM, ticket.reference),
    ):
        params = {"field": "split", "what": what, "other": other}
        timeline.add(session, here, TimelineKind.CHANGED, actor=actor, is_public=False, params=params, now=now)
    record(session, ticket, "ticket.split", actor=actor, params={"other": opened.reference}, now=now)
    session.flush()
