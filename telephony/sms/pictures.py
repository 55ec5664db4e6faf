"""Pictures that came with a text: fetched by a job, hung on its ticket, and said where one cannot be had."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets import timeline
from tickets.outbox import posting
from tickets.people.actor import SYSTEM
from tickets.people.phones import parse_phone
from tickets.schema import InboundSms, Message, Ticket
from tickets.states import TimelineKind
from tickets.work import attachments
from tickets.work.attachments import NewFile

MOST_PICTURES = 5
NOT_TAKEN = "pictures_not_taken"
# Somebody is fetching: nobody else for so long.
_LEASE = timedelta(minutes=5)
_FIRST_RETRY, _LONGEST_RETRY = timedelta(seconds=5), timedelta(hours=1)
# About half a day.
MOST_PICTURE_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class PictureErrand:
    """The pictures of one text, by the provider's own numbers."""

    inbound_id: int
    account: str
    message_sid: str
    picture_sids: tuple[str, ...]


def picture_sids(told: str) -> list[str]:
    """Of what the driver told; more than a person may send by any other way is left where it is."""
    return list(dict.fromkeys(told.split()))[:MOST_PICTURES]


def lease_due(session: Session, *, limit: int = 10, now: datetime) -> Sequence[PictureErrand]:
    """Texts whose pictures are to be fetched now, and by nobody else; what belongs to no ticket is left there."""
    rows = session.scalars(
        select(InboundSms)
        .where(InboundSms.pictures_due_at <= now)
        .order_by(InboundSms.pictures_due_at)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    for row in rows:
        row.picture_rounds += 1
        row.pictures_due_at = now + _LEASE if row.ticket_id is not None else None
    return [
        PictureErrand(row.id, row.account, row.message_sid, tuple(map(str, row.pictures)))
        for row in rows
        if row.ticket_id is not None
    ]


def record_round(
    session: Session,
    errand: PictureErrand,
    kept: Sequence[NewFile],
    *,
    waiting: Collection[str],
    refused: int,
    now: datetime,
) -> None:
    """What was fetched hangs on the ticket; what was not is tried again later and later, and said when it is over."""
    row = session.get_one(InboundSms, errand.inbound_id, with_for_update={"key_share": True})
    lost = 0
    if waiting and row.picture_rounds >= MOST_PICTURE_ROUNDS:
        lost, waiting = len(waiting), ()
    row.pictures = [sid for sid in errand.picture_sids if sid in waiting]
    pause = min(_LONGEST_RETRY, _FIRST_RETRY * 2**row.picture_rounds)
    row.pictures_due_at = now + pause if row.pictures else None
    if row.ticket_id is None:
        return
    attachments.add(session, row.ticket_id, kept, message_id=_message_of(session, row), now=now)
    if refused or lost:
        _say_not_taken(session, row, row.ticket_id, count=refused + lost, now=now)


def _message_of(session: Session, row: InboundSms) -> int | None:
    if row.contact_id is None:
        return None
    wanted = select(Message.id).where(Message.ticket_id == row.ticket_id, Message.contact_id == row.contact_id)
    return session.scalars(wanted.order_by(Message.id).limit(1)).first()


def _say_not_taken(session: Session, row: InboundSms, ticket_id: int, *, count: int, now: datetime) -> None:
    """To those who work on it, and once to whoever sent them."""
    params = {"field": "pictures", "what": NOT_TAKEN, "count": count}
    timeline.add(session, ticket_id, TimelineKind.CHANGED, actor=SYSTEM, is_public=False, params=params, now=now)
    phone = parse_phone(row.phone) if row.phone else None
    if phone is None or not phone.may_get_sms:
        return
    ticket = session.get_one(Ticket, ticket_id)
    posting.post_sms(
        session,
        to=phone.number,
        template=NOT_TAKEN,
        params={"reference": ticket.reference},
        locale=ticket.locale,
        dedup_key=f"pictures-not-taken:{row.id}",
        ticket_id=ticket_id,
        citizen_id=ticket.citizen_id,
        now=now,
    )
