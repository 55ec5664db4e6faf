"""A text after an answer: "not solved" opens that ticket again, thanks open nothing, and of several we ask which."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.desk import Desk
from telephony.sms.answering import text_about
from telephony.sms.texted import Taken, Texted
from tickets.city import day_of
from tickets.directory.places import resolve
from tickets.intake import contacts
from tickets.matter import MatterReading
from tickets.matter.further import before_more, brings_more
from tickets.matter.not_solved import NO_ALONE
from tickets.people.actor import citizen_actor
from tickets.people.references import read_reference
from tickets.routing.decision import guess_category
from tickets.schema import InboundSms, OutboundMessage, Ticket
from tickets.states import Channel, TicketStatus
from tickets.typed_text import typed_number
from tickets.work import resolution
from tickets.work.conversation import citizen_message
from tickets.work.ticket import ANSWERED_OR_ASIDE

WHICH = "which_not_solved"
MOST_ASKED = 6
# An answer to our question within this time; later the same word may mean anything.
ANSWERED_WITHIN = timedelta(hours=24)
_REFERENCE = re.compile(r"(?<!\d)\d{2}[\s.-]?\d{4}[\s.-]?\d{4}(?!\d)")
# More than these few words beside "not solved" may be a matter of their own.
_FEW_WORDS = 8


@dataclass(frozen=True, slots=True)
class _Text:
    body: str
    read: MatterReading
    sms: Texted
    is_simulated: bool


def take_after_answer(
    session: Session, body: str, sms: Texted, desk: Desk, *, is_simulated: bool, now: datetime
) -> Taken | None:
    """None for whoever was not answered lately, and for words about something else: a matter of its own."""
    answered = answered_of(session, sms.phone, now=now)
    text = _Text(body, desk.read(body), sms, is_simulated)
    if not answered or text.read.is_danger:
        return None
    if (chosen := _chosen(session, text, answered, now=now)) is not None:
        ticket, words = chosen
        return _open_again(session, ticket, text, desk, reason=words, now=now)
    quoted = _quoted(body, answered)
    is_done = (text.read.says_done_by_now and not brings_more(body)) or _means_none(session, text, now=now)
    if is_done or text.read.asks_for_nothing or _only_thanks(quoted or answered[0], text, desk):
        return _keep(session, quoted or answered[0], text, now=now)
    if _thanks_for_something(text):
        return None
    if quoted is not None:
        return _take_up(session, [quoted], text, desk, now=now)
    return (
        _take_up(session, _meant(answered, text, desk, now=now), text, desk, now=now)
        if text.read.says_not_solved
        else None
    )


def answered_of(session: Session, phone: str | None, *, now: datetime) -> Sequence[Ticket]:
    """What this number was answered and may still open again, the last first; a hidden number has none."""
    if phone is None:
        return []
    return session.scalars(
        select(Ticket)
        .where(
            Ticket.reply_phone == phone,
            Ticket.status.in_(ANSWERED_OR_ASIDE),
            Ticket.reopen_until > now,
            Ticket.is_canary.is_(False),
        )
        .order_by(Ticket.updated_at.desc(), Ticket.id.desc())
        .limit(MOST_ASKED)
    ).all()


def _take_up(session: Session, meant: Sequence[Ticket], text: _Text, desk: Desk, *, now: datetime) -> Taken | None:
    """Open the one that is meant again; ask which of several, and in doubt whether it is solved."""
    if not meant:
        return None
    if len(meant) == 1 and not text.read.may_be_solved:
        return _open_again(session, meant[0], text, desk, reason=text.body, now=now)
    return _ask_which(session, meant, text, now=now)


def _meant(answered: Sequence[Ticket], text: _Text, desk: Desk, *, now: datetime) -> Sequence[Ticket]:
    """Those the words may speak of: by place and kind where they name them; none where both are another's."""
    said = before_more(text.body)
    place = resolve(desk.places, said, on=day_of(now))
    guess = guess_category(said, desk.rules.routing)
    by_place = [t for t in answered if place.outcome == "unique" and t.place_unit_id == place.candidates[0].unit_id]
    by_kind = [t for t in answered if guess is not None and t.category_id == guess[0].id]
    both = [ticket for ticket in by_place if ticket in by_kind]
    if both or by_kind or by_place:
        return both or by_kind or by_place
    names_other = place.outcome == "unique" and all(t.place_unit_id is not None for t in answered)
    is_long = len(said.split()) > _FEW_WORDS and text.read.not_solved.begins_at > 1
    if names_other or (guess is not None and is_long and all(t.category_id is not None for t in answered)):
        return []
    return answered


def _only_thanks(ticket: Ticket, text: _Text, desk: Desk) -> bool:
    """Thanks with a few words about what is solved; a question or another kind of matter is more than that."""
    if not _thanks_for_something(text):
        return False
    guess = guess_category(text.body, desk.rules.routing)
    return guess is None or guess[0].id == ticket.category_id


def _thanks_for_something(text: _Text) -> bool:
    """Whoever gives thanks, and no more than tells what for, wants nothing opened again."""
    if text.read.says_not_solved or text.read.may_accuse or "?" in text.body:
        return False
    return text.read.courtesy.gives_thanks


def _quoted(body: str, answered: Sequence[Ticket]) -> Ticket | None:
    named = {read_reference(found) for found in _REFERENCE.findall(body)}
    return next((ticket for ticket in answered if ticket.reference in named), None)


def _open_again(session: Session, ticket: Ticket, text: _Text, desk: Desk, *, reason: str, now: datetime) -> Taken:
    contact = _contact(session, ticket, text, now=now)
    contacts.link(session, contact.id, ticket.id)
    resolution.not_solved(session, ticket.id, reason=reason, actor=citizen_actor(), now=now)
    unit = None if ticket.is_restricted else desk.unit(ticket.unit_id)
    params = {"reference": ticket.reference, "unit": {"vi": unit.name, "en": unit.name_en} if unit else None}
    key = f"opened-again:{ticket.id}:{ticket.reopen_count}"
    text_about(session, ticket, "opened_again", params, text.sms, key=key, now=now)
    return Taken(contact.id, ticket.id)


def _keep(session: Session, ticket: Ticket, text: _Text, *, now: datetime) -> Taken:
    """Thanks stand with the ticket they are for; an advertisement belongs to none."""
    contact = _contact(session, ticket, text, now=now)
    if text.read.courtesy.is_advert:
        return Taken(contact.id, None)
    contacts.link(session, contact.id, ticket.id)
    if ticket.status is TicketStatus.RESOLVED and text.body:
        citizen_message(
            session, ticket.id, body=text.body, channel=Channel.SMS, contact_id=contact.id, arrived_at=now,
            actor=citizen_actor(), now=now,
        )  # fmt: skip
    return Taken(contact.id, ticket.id)


def _ask_which(session: Session, meant: Sequence[Ticket], text: _Text, *, now: datetime) -> Taken:
    """The words stand with the last one meanwhile, so that nothing is lost when nobody answers."""
    taken = _keep(session, meant[0], text, now=now)
    params = {
        "references": [ticket.reference for ticket in meant],
        "inbound": f"{text.sms.account}:{text.sms.message_sid}",
    }
    key = f"{WHICH}:{text.sms.account}:{text.sms.message_sid}"
    text_about(session, meant[0], WHICH, params, text.sms, key=key, now=now)
    return taken


def _chosen(session: Session, text: _Text, answered: Sequence[Ticket], *, now: datetime) -> tuple[Ticket, str] | None:
    """The one of those we asked about that the answer means, and the words that were waiting for it."""
    asked = asked_which(session, text.sms.phone, now=now)
    if asked is None:
        return None
    references: Sequence[str] = asked["references"]
    alone = typed_number(text.body.strip().strip(".#)( "))
    reference = None
    if alone is not None and 1 <= alone <= len(references):
        reference = references[alone - 1]
    elif (quoted := _quoted(text.body, answered)) is not None and not text.read.says_done_by_now:
        reference = quoted.reference
    elif len(references) == 1 and text.read.says_not_solved:
        reference = references[0]
    ticket = next((t for t in answered if t.reference == reference), None)
    return (ticket, _waiting_words(session, asked, text.body)) if ticket is not None else None


def _means_none(session: Session, text: _Text, *, now: datetime) -> bool:
    """A bare "no" to "which of these is not solved?"."""
    if text.read.not_solved.kinds != (NO_ALONE,):
        return False
    asked = asked_which(session, text.sms.phone, now=now)
    return asked is not None and len(asked["references"]) > 1


def asked_which(session: Session, phone: str | None, *, now: datetime) -> Mapping[str, Any] | None:
    """What our last question to this number was about, if it is still waiting for its answer."""
    return session.scalars(
        select(OutboundMessage.params)
        .where(
            OutboundMessage.address == (phone or ""),
            OutboundMessage.template == WHICH,
            OutboundMessage.created_at > now - ANSWERED_WITHIN,
        )
        .order_by(OutboundMessage.id.desc())
        .limit(1)
    ).first()


def _waiting_words(session: Session, asked: Mapping[str, Any], body: str) -> str:
    account, _, sid = str(asked["inbound"]).partition(":")
    said = session.scalars(
        select(InboundSms.body).where(InboundSms.account == account, InboundSms.message_sid == sid).limit(1)
    ).first()
    return said or body


def _contact(session: Session, ticket: Ticket, text: _Text, *, now: datetime) -> contacts.Registered:
    return contacts.register(
        session,
        channel=Channel.SMS,
        source_key=f"{text.sms.account}:{text.sms.message_sid}",
        arrived_at=now,
        phone=text.sms.phone,
        phone_raw=text.sms.phone_raw,
        citizen_id=ticket.citizen_id,
        is_simulated=text.is_simulated,
    )
