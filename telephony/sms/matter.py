"""What a text message is about: an answer to our question, more about an open ticket, or a new matter."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.desk import Desk
from telephony.dialled import line_number
from telephony.plan.menu import MOST_OPTIONS
from telephony.sms.answered import answered_of, take_after_answer
from telephony.sms.answering import text_about
from telephony.sms.chats import open_ticket_of_chat
from telephony.sms.incident import incident_words, take_count
from telephony.sms.noise import take_machine, take_noise
from telephony.sms.texted import SAME_TALK, Taken, Texted
from tickets.city import day_of
from tickets.directory.places import is_unread_link, resolve
from tickets.folding import fold
from tickets.intake import contacts
from tickets.intake.acknowledgement import receipt_key
from tickets.intake.cleaning import NO_WORDS, Matter, Opened
from tickets.intake.opening import open_ticket
from tickets.intake.repeats import attach_contact
from tickets.intake.rerouting import NewlyTold, note_asked, reroute_at_intake
from tickets.matter.further import brings_more
from tickets.outbox import posting
from tickets.people import citizens
from tickets.people.actor import citizen_actor
from tickets.people.phones import parse_phone
from tickets.routing.decision import guess_category
from tickets.schema import Ticket
from tickets.states import UNFINISHED, Channel, OutboundChannel, PlaceOutcome, Priority, TicketStatus
from tickets.typed_text import typed_number
from tickets.work.conversation import citizen_message

# Without marks, as `fold` leaves them.
_YES, _NO, _MOST_WORDS_OF_YES = re.compile(r"dung|phai|vang|da|uh?|yes|ok"), {"khong", "ko", "k", "no", "not"}, 4


def take_text(session: Session, body: str, sms: Texted, desk: Desk, *, is_simulated: bool, now: datetime) -> Taken:
    """Lead a message to its ticket; a new one may be answered with one question about the place."""
    kept = take_machine(session, body, sms, desk, is_simulated=is_simulated, now=now)
    counted = kept or take_count(session, body, sms, is_simulated=is_simulated, now=now)
    if counted is not None:
        return counted
    ticket = _open_ticket_of(session, sms.phone, now=now) if sms.phone else open_ticket_of_chat(session, sms, now=now)
    if ticket is not None and _asked_something(ticket):
        return _attach(session, ticket, body, sms, desk, is_simulated=is_simulated, now=now)
    taken = None
    if not _is_newer(ticket, session, sms, now=now):
        taken = take_after_answer(session, body, sms, desk, is_simulated=is_simulated, now=now)
    if taken is not None and not (brings_more(body) and desk.read(body).says_not_solved):
        return taken
    if taken is None and ticket is not None and _goes_on(ticket, body, desk, now=now):
        return _attach(session, ticket, body, sms, desk, is_simulated=is_simulated, now=now)
    if taken is None and (kept := take_noise(session, body, sms, desk, is_simulated=is_simulated, now=now)) is not None:
        return kept
    # What is told beside "not solved" is a matter of its own, of the same message.
    return _open(session, body, sms, desk, part="" if taken is None else ":more", is_simulated=is_simulated, now=now)


def _open(
    session: Session, body: str, sms: Texted, desk: Desk, *, part: str, is_simulated: bool, now: datetime
) -> Taken:
    line = desk.line(line_number(sms.to_phone))
    known = citizens.find(session, phone=sms.phone) if sms.phone else None
    # Whoever is not known yet is answered in the language in which they write.
    locale = known.locale if known else ("en" if desk.read(body).is_english else "vi")
    opened = open_ticket(
        session,
        Matter(
            channel=Channel.SMS,
            arrived_at=now,
            body=body or NO_WORDS,
            phone=sms.phone,
            phone_raw=sms.phone_raw,
            locale=locale,
            line_id=line.id if line else None,
            contact_source_key=f"{sms.account}:{sms.message_sid}{part}",
            is_simulated=is_simulated,
        ),
        actor=citizen_actor(),
        keys=desk.keys,
        places=desk.places,
        rules=desk.rules,
        now=now,
    )
    _ask_place(session, opened, sms, desk, locale=locale, now=now)
    return Taken(None, opened.ticket_id)


def _open_ticket_of(session: Session, phone: str | None, *, now: datetime) -> Ticket | None:
    """The latest open ticket that this number wrote or called about; a hidden number has none."""
    if phone is None:
        return None
    return session.scalars(
        select(Ticket)
        .where(
            Ticket.reply_phone == phone,
            Ticket.status.in_(UNFINISHED),
            Ticket.is_canary.is_(False),
            (Ticket.updated_at > now - SAME_TALK) | (Ticket.status == TicketStatus.PENDING_CITIZEN),
        )
        .order_by((Ticket.status == TicketStatus.PENDING_CITIZEN).desc(), Ticket.updated_at.desc())
        .limit(1)
    ).first()


def is_talking(session: Session, phone: str | None, *, now: datetime) -> bool:
    """Whether a single word may be meant for a matter that this number told us of."""
    return _open_ticket_of(session, phone, now=now) is not None


def _asked_something(ticket: Ticket) -> bool:
    """Whether we wait for an answer to a question of ours."""
    return ticket.status is TicketStatus.PENDING_CITIZEN or _asked_place(ticket)


def _is_newer(ticket: Ticket | None, session: Session, sms: Texted, *, now: datetime) -> bool:
    """Whether the open ticket was spoken of after the last answer to this number, so that it is the one meant."""
    if ticket is None:
        return False
    answered = answered_of(session, sms.phone, now=now)
    return bool(answered) and ticket.updated_at > answered[0].updated_at


def _asked_place(ticket: Ticket) -> bool:
    """Whether we wait for the answer to our question where it is."""
    return (
        ticket.status is TicketStatus.NEW
        and ticket.channel is Channel.SMS
        and ticket.place_outcome in (PlaceOutcome.AMBIGUOUS, PlaceOutcome.SPLIT, PlaceOutcome.NONE)
        and bool(ticket.place_detail.get("asked"))
    )


def _goes_on(ticket: Ticket, body: str, desk: Desk, *, now: datetime) -> bool:
    """More of the same, unless the words speak of another place or another kind of matter than the ticket.

    Danger never goes where only the City Office reads: whoever must come at once would not see it.
    """
    if ticket.is_restricted and ticket.priority is not Priority.EMERGENCY and desk.read(body).is_danger:
        return False
    if ticket.status is TicketStatus.PENDING_CITIZEN:
        return True
    place = resolve(desk.places, body, on=day_of(now))
    if place.outcome == "unique" and ticket.place_unit_id not in (None, place.candidates[0].unit_id):
        return False
    guess = guess_category(body, desk.rules.routing)
    return guess is None or ticket.category_id in (None, guess[0].id)


def _attach(
    session: Session, ticket: Ticket, body: str, sms: Texted, desk: Desk, *, is_simulated: bool, now: datetime
) -> Taken:
    contact = contacts.register(
        session,
        channel=Channel.SMS,
        source_key=f"{sms.account}:{sms.message_sid}",
        arrived_at=now,
        phone=sms.phone,
        phone_raw=sms.phone_raw,
        citizen_id=ticket.citizen_id,
        is_simulated=is_simulated,
    )
    actor, before = citizen_actor(), (ticket.priority, ticket.is_doubted)
    if body:
        contacts.link(session, contact.id, ticket.id)
        citizen_message(
            session, ticket.id, body=body, channel=Channel.SMS, contact_id=contact.id, arrived_at=now,
            actor=actor, now=now,
        )  # fmt: skip
    else:
        attach_contact(
            session, ticket.id, contact_id=contact.id, channel=Channel.SMS, arrived_at=now, actor=actor, now=now
        )
    _say_whom_to_call(session, ticket, body, sms, desk, before=before, now=now)
    if _asked_place(ticket):
        told = NewlyTold(said=body, unit_id=_chosen(ticket, body, desk, now=now), by="choice", line_id=None)
        decision = reroute_at_intake(
            session, ticket.id, told, actor=actor, places=desk.places, rules=desk.rules, now=now
        )
        if decision is not None and not (decision.needs_question or decision.is_restricted):
            _say_where_it_went(session, ticket, decision.unit_id, sms, desk, now=now)
        elif not (ticket.is_restricted or desk.read(body).asks_for_nothing):
            _ask_place_again(session, ticket, sms, desk, now=now)
    return Taken(contact.id, ticket.id)


def _say_whom_to_call(
    session: Session, ticket: Ticket, body: str, sms: Texted, desk: Desk, *, before: tuple[Priority, bool],
    now: datetime,
) -> None:  # fmt: skip
    """Where these words made it an emergency, or left a doubt for the first time."""
    is_new = ticket.priority is Priority.EMERGENCY and before[0] is not Priority.EMERGENCY
    is_doubt = ticket.is_doubted and not before[1]
    if is_new or is_doubt:
        kinds = list(desk.read(body).danger.kinds)
        params = {"reference": ticket.reference, "danger": kinds, "is_doubt": is_doubt}
        key = f"danger-doubted:{ticket.id}" if is_doubt else ""
        text_about(session, ticket, "danger_noted", params, sms, key=key, now=now)


def _say_where_it_went(
    session: Session, ticket: Ticket, unit_id: int, sms: Texted, desk: Desk, *, now: datetime
) -> None:
    """Whoever answers our question learns that the answer was understood."""
    if (unit := desk.unit(unit_id)) is not None:
        params: dict[str, Any] = {"reference": ticket.reference, "unit": {"vi": unit.name, "en": unit.name_en}}
        params |= incident_words(ticket, desk, now=now)
        text_about(session, ticket, "place_noted", params, sms, now=now)


def _chosen(ticket: Ticket, body: str, desk: Desk, *, now: datetime) -> int | None:
    """Which of the places we asked about the answer means: by its number, its name, or as the resolver reads it."""
    asked: Sequence[int] = ticket.place_detail.get("asked", [])
    alone = typed_number(body.strip().strip("."))
    if alone is not None and 1 <= alone <= len(asked):
        return int(asked[alone - 1])
    if len(asked) == 1 and _says_yes(body):
        return int(asked[0])
    named = [unit_id for unit_id in asked if _is_named(unit_id, body, desk)]
    if len(named) == 1:
        return named[0]
    found = {candidate.unit_id for candidate in resolve(desk.places, body, on=day_of(now)).candidates}
    left = [unit_id for unit_id in asked if unit_id in found]
    if len(left) == 1:
        return left[0]
    return next(iter(found)) if len(found) == 1 else None


def _says_yes(body: str) -> bool:
    """A yes and little else: "dạ đúng rồi"."""
    words = fold(body).strip(" .,!").split()
    return 0 < len(words) <= _MOST_WORDS_OF_YES and _YES.fullmatch(words[0]) is not None and not _NO & set(words)


def _is_named(unit_id: int, body: str, desk: Desk) -> bool:
    unit = desk.unit(unit_id)
    if unit is None:
        return False
    bare = fold(unit.name)
    for kind in ("phuong ", "xa ", "dac khu "):
        bare = bare.removeprefix(kind)
    return f" {bare} " in f" {fold(body)} "


def _ask_place(session: Session, opened: Opened, sms: Texted, desk: Desk, *, locale: str, now: datetime) -> None:
    """One question, once, in the same text as the receipt.

    Only where the words left a few units, or none, and the number can be answered.
    """
    phone = parse_phone(sms.phone) if sms.phone else None
    ticket = session.get_one(Ticket, opened.ticket_id)
    undecided = any(reason.code in ("undecided", "city_department") for reason in opened.reasons)
    undecided = undecided and ticket.place_unit_id is None and not (ticket.is_restricted or ticket.is_praise)
    if not opened.is_new or phone is None or not phone.may_get_sms or not undecided:
        return
    ids = [int(c["unit_id"]) for c in ticket.place_detail.get("candidates", ())][:MOST_OPTIONS]
    options = [unit for unit in (desk.unit(i) for i in ids) if unit is not None]
    note_asked(session, ticket.id, [unit.id for unit in options] or [0])
    params: dict[str, Any] = {"places": [{"vi": unit.name, "en": unit.name_en} for unit in options]}
    if is_unread_link(ticket.body):
        params["unread_link"] = True
    if posting.say_also(session, receipt_key(opened.ticket_id, OutboundChannel.SMS), params):
        return
    posting.post_sms(
        session,
        to=phone.number,
        template="place_question",
        params=params,
        locale=locale,
        dedup_key=f"place-question:{opened.ticket_id}",
        ticket_id=opened.ticket_id,
        citizen_id=opened.citizen_id,
        now=now,
    )


def _ask_place_again(session: Session, ticket: Ticket, sms: Texted, desk: Desk, *, now: datetime) -> None:
    """Once more, where the answer named no place ("123"): silence would look as if it had been understood."""
    options = [unit for unit in (desk.unit(int(i)) for i in ticket.place_detail.get("asked", ())) if unit is not None]
    params = {"places": [{"vi": unit.name, "en": unit.name_en} for unit in options]}
    text_about(session, ticket, "place_unclear", params, sms, now=now)
