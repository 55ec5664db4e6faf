"""Who is counted on an incident: once for each number or mailbox, and told once when it is over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.city import wall_clock
from tickets.each_alone import PutAside, all_or_each
from tickets.errors import HotlineError
from tickets.outbox import posting, results
from tickets.outbox.posting import Outgoing
from tickets.people.actor import SYSTEM, Actor
from tickets.people.citizens import not_to_be_called
from tickets.people.phones import parse_phone
from tickets.schema import Incident, IncidentPerson, OutboundMessage, Ticket
from tickets.states import Channel, OutboundChannel
from tickets.work.duplicates import link
from tickets.work.incidents import ANSWERED, OVER_KEY
from tickets.work.resolution import Failed

# Told by a call: the words stand in a template, a key says that somebody has heard them.
OVER_TEMPLATE = "incident_over"
# A telephone at which nobody took it is rung again, and at last left alone.
RUNG_AT_MOST, RUNG_AGAIN_AFTER = 3, timedelta(hours=1)
_RUNG = "rung"
# Nobody is woken to be told that the power is back.
FROM_HOUR, TO_HOUR = 7, 21
TOLD_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Counted:
    """Somebody who wants to be told; `ticket_id` is a request of their own about just this."""

    channel: Channel
    phone: str | None = None
    email: str | None = None
    locale: str = "vi"
    contact_id: int | None = None
    ticket_id: int | None = None


def count(session: Session, incident_id: int, person: Counted, *, actor: Actor, now: datetime) -> bool:
    """Count somebody, once; whether they are new. An incident that ended a moment ago tells them at once."""
    row = _row(incident_id, person, now=now)
    statement = insert(IncidentPerson).values(row).on_conflict_do_nothing(index_elements=["incident_id", "address"])
    is_new = session.scalar(statement.returning(IncidentPerson.id)) is not None
    if not is_new and person.ticket_id is not None:
        _take_ticket(session, incident_id, str(row["address"]), person.ticket_id)
    entries.record(
        session, actor=actor, action="incident.counted", subject_kind="incident", subject_id=incident_id,
        ticket_id=person.ticket_id, params={"channel": person.channel.value}, now=now,
    )  # fmt: skip
    return is_new


def tell_some(
    session: Session, *, leave_out: Collection[int] = (), put_aside: PutAside | None = None, now: datetime
) -> int:
    """Tell the next ones whose incident is over; how many. Each row is told once, whoever does it."""
    rows = session.execute(
        select(IncidentPerson, Incident, Ticket.reference)
        .join(Incident, Incident.id == IncidentPerson.incident_id)
        .join(Ticket, Ticket.id == Incident.master_id)
        .where(IncidentPerson.told_at.is_(None), Incident.ended_at.is_not(None))
        .where(IncidentPerson.id.not_in(leave_out))
        .order_by(IncidentPerson.id)
        .limit(TOLD_AT_ONCE)
        .with_for_update(of=IncidentPerson, skip_locked=True)
    ).all()
    told: list[int] = []

    def tell(people: Sequence[_Waiting]) -> None:
        _tell(session, people, now=now)
        told.extend(person.id for person, _, _ in people)

    waiting = [_Waiting(*row) for row in rows]
    all_or_each(session, waiting, tell, named=lambda one: one.person.id, put_aside=put_aside)
    return len(told)


class _Waiting(NamedTuple):
    """Somebody whose incident is over, and the reference of the request behind it."""

    person: IncidentPerson
    incident: Incident
    reference: str


def _tell(session: Session, rows: Sequence[_Waiting], *, now: datetime) -> None:
    messages: list[Outgoing] = []
    rung = {person.phone for person, _, _ in rows if person.phone and not _gets_sms(person.phone)}
    silent = not_to_be_called(session, rung)
    for person, incident, reference in rows:
        message = None if person.phone in silent else _message(person, incident, reference, now=now)
        person.told_at, person.told_by = now, _told_by(person, incident, message)
        if message is not None:
            messages.append(message)
    session.flush()
    posting.post_all(session, messages, now=now)


def note_not_heard(session: Session, message: OutboundMessage, *, why: str, said: str, now: datetime) -> bool:
    """Nobody took the call, or no person did: it rings once more later; false when it has rung often enough."""
    times = int(message.params.get(_RUNG, 1))
    if times >= RUNG_AT_MOST:
        return False
    results.settle_call(session, message.id, why=why, said=said, now=now)
    at = leaves_at(now + RUNG_AGAIN_AFTER)
    posting.post_once_more(session, message, {_RUNG: times + 1}, not_before=at, now=now)
    return True


def link_next(session: Session, *, failed: Failed, leave_out: Collection[int] = (), now: datetime) -> int:
    """Make the request of the next person who is counted a duplicate of the incident's; what cannot be one stays.

    `failed` is told the person whose row, or whose request, is refused.
    """
    found = session.execute(
        select(IncidentPerson, IncidentPerson.ticket_id, Incident.master_id)
        .join(Incident, Incident.id == IncidentPerson.incident_id)
        .where(IncidentPerson.ticket_id.is_not(None), IncidentPerson.linked_at.is_(None))
        .where(IncidentPerson.id.not_in(leave_out))
        .order_by(IncidentPerson.id)
        .limit(1)
        .with_for_update(of=IncidentPerson, skip_locked=True)
    ).one_or_none()
    if found is None:
        return 0
    person, ticket_id, master_id = found
    if ticket_id is None:
        return 0
    person_id = person.id
    try:
        with session.begin_nested():
            _link(session, person, ticket_id, master_id, now=now)
    except DBAPIError as trouble:
        failed(person_id, trouble)
    return 1


def _link(session: Session, person: IncidentPerson, ticket_id: int, master_id: int, *, now: datetime) -> None:
    person.linked_at = now
    try:
        with session.begin_nested():
            link(session, ticket_id, master_id=master_id, tells=False, actor=SYSTEM, now=now)
    except HotlineError:
        # Restricted meanwhile, taken up by somebody, or over: it stands for itself and is answered for itself.
        pass


def leaves_at(now: datetime) -> datetime:
    """Now by day; what comes up by night waits for the morning."""
    local = wall_clock(now)
    if FROM_HOUR <= local.hour < TO_HOUR:
        return now
    morning = local.replace(hour=FROM_HOUR, minute=0, second=0, microsecond=0)
    return morning if local.hour < FROM_HOUR else morning + timedelta(days=1)


def _row(incident_id: int, person: Counted, *, now: datetime) -> dict[str, Any]:
    phone = person.phone if _gets_sms(person.phone) or (_is_rung(person.phone) and not person.email) else None
    return {
        "incident_id": incident_id,
        "address": phone or person.email or f"contact:{person.contact_id}",
        "channel": person.channel,
        "phone": phone,
        "email": None if phone else person.email,
        "locale": person.locale,
        "contact_id": person.contact_id,
        "ticket_id": person.ticket_id,
        "counted_at": now,
    }


def _message(person: IncidentPerson, incident: Incident, reference: str, *, now: datetime) -> Outgoing | None:
    """None: they can be told nowhere, or their own request was answered with the incident's."""
    address = person.phone or person.email
    if address is None or _answered_by_ticket(person, incident):
        return None
    params: dict[str, Any] = {
        "reference": reference,
        "bulletin": {"vi": incident.bulletin_vi, "en": incident.bulletin_en},
        "closing": {"vi": incident.closing_vi, "en": incident.closing_en or incident.closing_vi},
        "cause": incident.cause,
    }
    return Outgoing(
        _way_to(person), address, OVER_TEMPLATE, params, person.locale,
        dedup_key=f"{OVER_KEY}:{incident.id}:{person.id}", not_before=leaves_at(now),
    )  # fmt: skip


def _way_to(person: IncidentPerson) -> OutboundChannel:
    if person.phone is None:
        return OutboundChannel.EMAIL
    return OutboundChannel.SMS if _gets_sms(person.phone) else OutboundChannel.VOICE


def _told_by(person: IncidentPerson, incident: Incident, message: Outgoing | None) -> str:
    if message is not None:
        return message.channel.value
    return "answer" if _answered_by_ticket(person, incident) else "none"


def _answered_by_ticket(person: IncidentPerson, incident: Incident) -> bool:
    """Whose own request stands with the incident's has the answer from there."""
    return incident.cause == ANSWERED and person.ticket_id is not None


def _take_ticket(session: Session, incident_id: int, address: str, ticket_id: int) -> None:
    """Counted before without a request, and now with one: it is linked like everybody's."""
    session.execute(
        update(IncidentPerson)
        .where(
            IncidentPerson.incident_id == bindparam("incident"), IncidentPerson.address == bindparam("to"),
            IncidentPerson.ticket_id.is_(None),
        )
        .values(ticket_id=bindparam("ticket"))
        .execution_options(synchronize_session=False),
        {"incident": incident_id, "to": address, "ticket": ticket_id},
    )  # fmt: skip


def _is_rung(phone: str | None) -> bool:
    parsed = parse_phone(phone) if phone else None
    return parsed is not None and parsed.is_rung_instead


def _gets_sms(phone: str | None) -> bool:
    parsed = parse_phone(phone) if phone else None
    return parsed is not None and parsed.may_get_sms
