"""What citizen and agent say to each other, and what colleagues note for themselves."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from tickets import timeline
from tickets.directory.dialled_prefixes import refusal
from tickets.errors import InvalidInput, TransitionNotAllowed
from tickets.outbox import posting
from tickets.people.actor import Actor
from tickets.people.phones import parse_phone
from tickets.promises import ledger
from tickets.promises.duplicate_clocks import is_duplicate
from tickets.schema import Message, Staff, Ticket, TimelineEntry
from tickets.states import PENDING, UNFINISHED, ActorKind, Channel, TicketStatus, TimelineKind
from tickets.typed_text import clean_text
from tickets.work.assignment import claim
from tickets.work.judged_at import judged_at
from tickets.work.search_words import add_words
from tickets.work.suspicion import heed_words
from tickets.work.ticket import lock_ticket, move, record

MAX_MESSAGE = 10_000
# Less than this is a wrong button or a voicemail greeting, not an answer (R3).
HUMAN_TALK_SECONDS = 10
# A date further away tells the citizen nothing.
FURTHEST_EXPECTED = timedelta(days=366)
# What the timeline says of an interim answer.
EXPECTED = "expected"

_ASIDE = (TicketStatus.WITHDRAWN, TicketStatus.SPAM)


def reply(
    session: Session, ticket_id: int, *, body: str, channel: Channel | None = None, actor: Actor, now: datetime
) -> Message:
    """Answer the citizen by the door asked for, or by the best one there is; a reply to a new ticket takes it too.

    Counts as human contact once it is accepted for sending (R3). Raises InvalidInput for an empty text and for a
    channel by which this citizen cannot be reached, TransitionNotAllowed on a ticket that is no matter at all.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    if ticket.status in _ASIDE:
        raise TransitionNotAllowed(ticket.reference, ticket.status, TicketStatus.OPEN)
    if ticket.status is TicketStatus.NEW and actor.kind is ActorKind.STAFF and ticket.assignee_id is None:
        claim(session, ticket_id, actor=actor, now=now)
    message = say(session, ticket, template="ticket_reply", body=body, channel=channel, actor=actor, now=now)
    record(session, ticket, "ticket.replied", actor=actor, params={"channel": message.channel.value}, now=now)
    return message


def interim(
    session: Session,
    ticket_id: int,
    *,
    body: str,
    expected_at: datetime,
    channel: Channel | None = None,
    actor: Actor,
    now: datetime,
) -> Message:
    """Tell the citizen how far it is, and by when to expect the rest (R24).

    Only what is expected changes: the promise keeps its first date, which stays on every page and in every figure.
    Raises InvalidInput without words, for a date that is past and for one over a year away; TransitionNotAllowed once
    it is answered.
    """
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    if ticket.status not in UNFINISHED:
        raise TransitionNotAllowed(ticket.reference, ticket.status, TicketStatus.OPEN)
    if is_duplicate(ticket):
        raise InvalidInput("ticket", "is_duplicate")
    if not now < expected_at <= now + FURTHEST_EXPECTED:
        raise InvalidInput("expected_at", "not_to_be_expected")
    if ticket.status is TicketStatus.NEW and actor.kind is ActorKind.STAFF and ticket.assignee_id is None:
        claim(session, ticket_id, actor=actor, now=now)
    return say_interim(session, ticket, body=body, expected_at=expected_at, channel=channel, actor=actor, now=now)


def say_interim(
    session: Session,
    ticket: Ticket,
    *,
    body: str,
    expected_at: datetime,
    channel: Channel | None,
    actor: Actor,
    now: datetime,
) -> Message:
    """The words of an interim answer to the citizen of a locked ticket, and what they may expect since."""
    told = {"expected_at": expected_at.isoformat()}
    message = say(
        session, ticket, template="ticket_interim", body=body, channel=channel, more=told, actor=actor, now=now
    )
    ticket.expected_at = expected_at
    params = {"field": "expectation", "what": EXPECTED, **told}
    timeline.add(session, ticket.id, TimelineKind.CHANGED, actor=actor, is_public=True, params=params, now=now)
    record(session, ticket, "ticket.interim_answered", actor=actor, params=told, now=now)
    session.flush()
    return message


def say(
    session: Session,
    ticket: Ticket,
    *,
    template: str,
    body: str,
    channel: Channel | None = None,
    more: Mapping[str, str] | None = None,
    actor: Actor,
    now: datetime,
) -> Message:
    """Write a message to the citizen of a locked ticket and post it; it is read on the follow page in any case.

    `more` is what its template says beside the words.
    """
    kept = _body(body)
    by = channel or _open_channel(session, ticket)
    message = Message(ticket_id=ticket.id, direction="out", channel=by, body=kept, at=now, staff_id=actor.staff_id)
    session.add(message)
    session.flush()
    message.outbound_id = _post(session, ticket, message, template, more or {}, now=now)
    timeline.add(
        session, ticket.id, TimelineKind.MESSAGE_OUT, actor=actor, is_public=True, message_id=message.id, now=now
    )
    add_words(session, ticket.id, kept)
    ticket.updated_at = now
    session.flush()
    if actor.kind is ActorKind.STAFF:
        ledger.on_human_contact(session, ticket, now=now)
        session.flush()
    return message


def answering_channel(ticket: Ticket) -> Channel:
    """By which door an answer reaches this citizen best: SMS to a mobile, else the follow page and e-mail."""
    phone = parse_phone(ticket.reply_phone) if ticket.reply_phone else None
    by_phone = ticket.channel in (Channel.SMS, Channel.VOICE) or not ticket.reply_email
    return Channel.SMS if phone is not None and phone.may_get_sms and by_phone else Channel.WEB


def _open_channel(session: Session, ticket: Ticket) -> Channel:
    """As `answering_channel`; by the follow page and e-mail where nobody is texted at the number."""
    best = answering_channel(ticket)
    phone = parse_phone(ticket.reply_phone) if ticket.reply_phone and best is Channel.SMS else None
    return Channel.WEB if phone is not None and refusal(session, phone.number) else best


def note(session: Session, ticket_id: int, *, body: str, actor: Actor, now: datetime) -> None:
    """Something for colleagues only; never an answer (R3)."""
    ticket = lock_ticket(session, ticket_id)
    timeline.add(session, ticket.id, TimelineKind.NOTE, actor=actor, is_public=False, body=_body(body), now=now)
    record(session, ticket, "ticket.noted", actor=actor, now=now)
    ticket.updated_at = now
    session.flush()


def citizen_message(
    session: Session,
    ticket_id: int,
    *,
    body: str,
    channel: Channel,
    contact_id: int | None = None,
    arrived_at: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> Message:
    """The citizen writes again: what is on hold is open again, the oldest unanswered message starts `next` (R4, R6).

    Raises TransitionNotAllowed once the ticket is closed: the door then opens a new one that continues it.
    """
    arrived_at = arrived_at or now
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    if ticket.status is TicketStatus.CLOSED or ticket.status in _ASIDE:
        raise TransitionNotAllowed(ticket.reference, ticket.status, TicketStatus.OPEN)
    kept = _body(body)
    message = Message(
        ticket_id=ticket.id, direction="in", channel=channel, body=kept, at=arrived_at, contact_id=contact_id
    )
    session.add(message)
    session.flush()
    timeline.add(
        session, ticket.id, TimelineKind.MESSAGE_IN, actor=actor, is_public=True, message_id=message.id, now=now
    )
    record(session, ticket, "ticket.citizen_wrote", actor=actor, params={"channel": channel.value}, now=now)
    add_words(session, ticket.id, kept)
    on_contact(session, ticket, arrived_at=arrived_at, actor=actor, now=now)
    heed_words(session, ticket, kept, now=now)
    return message


def on_contact(session: Session, ticket: Ticket, *, arrived_at: datetime, actor: Actor, now: datetime) -> None:
    """What any contact of the citizen does to a locked ticket: wakes it, starts `next`, tells who works on it."""
    ticket.updated_at = now
    session.flush()
    if ticket.status in PENDING:
        wake(session, ticket, cause="citizen", actor=actor, now=now)
    is_answered = arrived_at < now and _answered_since(session, ticket, arrived_at)
    if ticket.status in UNFINISHED and not is_answered:
        ledger.on_citizen_contact(session, ticket, arrived_at=arrived_at, now=now)
        session.flush()
    tell_assignee(session, ticket, "citizen_wrote", words_key(ticket, arrived_at), now=now)


def words_key(ticket: Ticket, arrived_at: datetime) -> str:
    """One notice of what a citizen said at one instant, whatever it set off."""
    return f"citizen-wrote:{ticket.id}:{arrived_at.isoformat()}"


def _answered_since(session: Session, ticket: Ticket, arrived_at: datetime) -> bool:
    """Whether a person answered after this contact arrived: one that comes late and out of order waits for nothing."""
    wrote = exists().where(
        Message.ticket_id == ticket.id,
        Message.direction == "out",
        Message.staff_id.is_not(None),
        Message.at >= arrived_at,
    )
    spoke = exists().where(
        TimelineEntry.ticket_id == ticket.id,
        TimelineEntry.kind == TimelineKind.CALL,
        TimelineEntry.at >= arrived_at,
        TimelineEntry.params["seconds"].as_integer() >= HUMAN_TALK_SECONDS,
    )
    return bool(session.scalar(select(wrote | spoke)))


def tell_assignee(session: Session, ticket: Ticket, template: str, key: str, *, now: datetime) -> None:
    """A notice on the screen of whoever works on a ticket, once per key."""
    if ticket.assignee_id is None:
        return
    posting.post_screen(
        session,
        staff_id=ticket.assignee_id,
        template=template,
        params={"reference": ticket.reference},
        locale=session.get_one(Staff, ticket.assignee_id).locale,
        dedup_key=key,
        ticket_id=ticket.id,
        now=now,
    )


def wake(session: Session, ticket: Ticket, *, cause: str, actor: Actor, now: datetime) -> None:
    """A locked ticket on hold is worked on again: its date has come, or the citizen has spoken."""
    params = {"cause": cause}
    timeline.add(session, ticket.id, TimelineKind.WOKEN, actor=actor, is_public=False, params=params, now=now)
    move(session, ticket, to=TicketStatus.OPEN, actor=actor, now=now)


def talked(session: Session, ticket_id: int, *, seconds: int, call_id: int, actor: Actor, now: datetime) -> None:
    """An agent and the citizen spoke with each other; ten seconds of it are a human answer (R3)."""
    ticket = lock_ticket(session, ticket_id)
    now = judged_at(session, ticket, now=now)
    params = {"call_id": call_id, "seconds": seconds}
    timeline.add(session, ticket.id, TimelineKind.CALL, actor=actor, is_public=True, params=params, now=now)
    record(session, ticket, "ticket.talked", actor=actor, params=params, now=now)
    ticket.updated_at = now
    session.flush()
    if seconds >= HUMAN_TALK_SECONDS and ticket.status not in _ASIDE:
        ledger.on_human_contact(session, ticket, now=now)
        session.flush()


def _post(
    session: Session, ticket: Ticket, message: Message, template: str, more: Mapping[str, str], *, now: datetime
) -> int | None:
    params = {"reference": ticket.reference, "body": message.body, **more}
    key = f"{template}:{message.id}"
    if message.channel is Channel.SMS:
        phone = parse_phone(ticket.reply_phone) if ticket.reply_phone else None
        if phone is None or not phone.may_get_sms:
            raise InvalidInput("channel", "no_phone")
        if why := refusal(session, phone.number):
            raise InvalidInput("channel", why)
        return posting.post_sms(
            session, to=phone.number, template=template, params=params, locale=ticket.locale, dedup_key=key,
            ticket_id=ticket.id, citizen_id=ticket.citizen_id, now=now,
        )  # fmt: skip
    if message.channel is Channel.WEB and ticket.reply_email:
        return posting.post_email(
            session, to=ticket.reply_email, template=template, params=params, locale=ticket.locale, dedup_key=key,
            ticket_id=ticket.id, citizen_id=ticket.citizen_id, now=now,
        )  # fmt: skip
    return None


def _body(body: str) -> str:
    kept = clean_text(body, MAX_MESSAGE, field="body")
    if not kept:
        raise InvalidInput("body", "required")
    return kept
