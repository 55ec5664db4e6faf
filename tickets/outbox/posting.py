"""The outbox: messages we must send, written in the transaction of what they tell.

A message is posted as a template with parameters; words are made from it when it is first claimed for delivery
(`outbox_claims`), and `outbox_results` keeps what became of it; no other module writes these rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NotRequired, TypedDict, Unpack

from sqlalchemy import bindparam, cast, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from tickets.each_alone import PutAside, all_or_each
from tickets.outbox.patience import has_patience
from tickets.outbox.troubles import note_refused
from tickets.people import citizens
from tickets.schema import OutboundMessage
from tickets.schema.rows import insert_many
from tickets.states import OutboundChannel, OutboundState

# Noted in `session.info`: whoever commits may wake the worker.
POSTED = "outbox_posted"

# The order of a provider's message states: a late or repeated callback never moves one back, and of two failures the
# first stays. What has arrived has, also where a failure was told before.
FINAL_RANK, ARRIVED_RANK = 9, 10
STATUS_RANK: Mapping[str, int] = {
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "delivered": ARRIVED_RANK,
    "undelivered": FINAL_RANK,
    "failed": FINAL_RANK,
    "canceled": FINAL_RANK,
}
# What the trouble with an undelivered message means, whatever the provider's code for it.
OPTED_OUT = "opted_out"
# The handset was off or the carrier had a moment of weakness: the same message again, later and not for ever.
PASSING = "passing"
# Our account was suspended or without money when the text should have been delivered.
OF_THE_ACCOUNT = "of_the_account"
_DELIVERY_PAUSE = timedelta(minutes=5)
_LONGEST_DELIVERY_PAUSE = timedelta(hours=1)


_READ = (
    update(OutboundMessage)
    .where(
        text("channel = 'screen'"),
        text("read_at is null"),
        OutboundMessage.staff_id == bindparam("reader"),
    )
    .values(read_at=bindparam("at"))
    .execution_options(synchronize_session=False)
)
# What a citizen gets without having asked: who opted out is spared it. Everything else answers what they told us; so
# does the receipt of a matter that came as a text, which `opening` writes itself.
UNASKED = frozenset({"ticket_opened", "ticket_interim", "ticket_joined"})
_REFUSING = text(
    "select phone, sms_silent_at is not null from phone_preference"
    " where phone = any(:phones) and sms_opted_out_at is not null"
)


@dataclass(frozen=True)
class Outgoing:
    """One message to post; `address` is an E.164 phone, a mail address, or '' for the screen of `staff_id`."""

    channel: OutboundChannel
    address: str
    template: str
    params: Mapping[str, Any]
    locale: str
    dedup_key: str
    ticket_id: int | None = None
    citizen_id: int | None = None
    staff_id: int | None = None
    is_urgent: bool = False
    not_before: datetime | None = None

    @property
    def is_sms(self) -> bool:
        return self.channel is OutboundChannel.SMS


class MessageFields(TypedDict):
    """What every message carries; see `Outgoing`."""

    template: str
    params: Mapping[str, Any]
    locale: str
    dedup_key: str
    ticket_id: NotRequired[int | None]
    citizen_id: NotRequired[int | None]
    staff_id: NotRequired[int | None]
    is_urgent: NotRequired[bool]
    not_before: NotRequired[datetime | None]


def post_sms(session: Session, *, to: str, now: datetime, **said: Unpack[MessageFields]) -> int:
    """The row's id, also when the same message was posted before; a phone that opted out gets a suppressed row."""
    return _post_one(session, Outgoing(OutboundChannel.SMS, to, **said), now=now)


def post_email(session: Session, *, to: str, now: datetime, **said: Unpack[MessageFields]) -> int:
    """The row's id, also when the same message was posted before."""
    return _post_one(session, Outgoing(OutboundChannel.EMAIL, to, **said), now=now)


def post_call(session: Session, *, to: str, now: datetime, **said: Unpack[MessageFields]) -> int:
    """A call to somebody; the row's id, also when the same one was posted before."""
    return _post_one(session, Outgoing(OutboundChannel.VOICE, to, **said), now=now)


def post_once_more(
    session: Session, message: OutboundMessage, more: Mapping[str, Any], *, not_before: datetime, now: datetime
) -> int:
    """The same message in a row of its own, which takes over the key; what became of the first stays to be read."""
    key = message.dedup_key
    message.dedup_key = f"{key}#{message.id}"
    session.flush()
    again = Outgoing(
        message.channel, message.address, message.template, {**message.params, **more}, message.locale, key,
        ticket_id=message.ticket_id, citizen_id=message.citizen_id, staff_id=message.staff_id,
        is_urgent=message.is_urgent, not_before=not_before,
    )  # fmt: skip
    return _post_one(session, again, now=now)


def post_screen(session: Session, *, now: datetime, **said: Unpack[MessageFields]) -> int:
    """A notice on the screens of `staff_id`, until it is read."""
    return _post_one(session, Outgoing(OutboundChannel.SCREEN, "", **said), now=now)


def post_all(session: Session, messages: Sequence[Outgoing], *, now: datetime) -> None:
    """Post many in two statements; what was posted before is left as it is."""
    if not messages:
        return
    refusing = _refusing(session, {m.address for m in messages if m.is_sms})
    silent = {m.dedup_key for m in messages if _is_refused(m, refusing)}
    rows = [_row(message, is_silent=message.dedup_key in silent, now=now) for message in messages]
    # What the messages refer to must be there: Core does not flush by itself.
    session.flush()
    insert_many(session, OutboundMessage, rows, unless_known="dedup_key")
    session.info[POSTED] = True


def post_to_each(session: Session, messages: Sequence[Outgoing], *, put_aside: PutAside | None, now: datetime) -> None:
    """As `post_all`; with `put_aside` each person's on their own, so that what is refused to one reaches the others."""
    theirs: dict[int | str, list[Outgoing]] = {}
    for message in messages:
        theirs.setdefault(message.staff_id or message.dedup_key, []).append(message)

    def post(people: Sequence[list[Outgoing]]) -> None:
        post_all(session, [message for mine in people for message in mine], now=now)

    all_or_each(session, list(theirs.values()), post, named=lambda mine: mine[0].dedup_key, put_aside=put_aside)


def rows_of(messages: Sequence[Outgoing], *, silent: Collection[str], now: datetime) -> list[dict[str, Any]]:
    """The rows of messages, for those who write them with others; `silent` are the phones that opted out of SMS."""
    return [_row(message, is_silent=message.is_sms and message.address in silent, now=now) for message in messages]


def _post_one(session: Session, message: Outgoing, *, now: datetime) -> int:
    refusing = _refusing(session, {message.address}) if message.is_sms else {}
    row = _row(message, is_silent=_is_refused(message, refusing), now=now)
    statement = insert(OutboundMessage).values(row).on_conflict_do_nothing(index_elements=["dedup_key"])
    new_id: int | None = session.scalar(statement.returning(OutboundMessage.id))
    if new_id is not None:
        session.info[POSTED] = True
        return new_id
    posted_before = select(OutboundMessage.id).where(OutboundMessage.dedup_key == message.dedup_key)
    return session.execute(posted_before).scalar_one()


def _refusing(session: Session, phones: set[str]) -> dict[str, bool]:
    """The phones that opted out, and whether they want nothing at all."""
    if not phones:
        return {}
    return {phone: bool(silent) for phone, silent in session.execute(_REFUSING, {"phones": sorted(phones)})}


def _is_refused(message: Outgoing, refusing: Mapping[str, bool]) -> bool:
    if not message.is_sms or message.address not in refusing:
        return False
    return refusing[message.address] or is_unasked(message.template, is_staff=message.staff_id is not None)


def is_unasked(template: str, *, is_staff: bool) -> bool:
    """Whether somebody who opted out is spared this: colleagues are reached on other ways."""
    return is_staff or template in UNASKED


def _row(message: Outgoing, *, is_silent: bool, now: datetime) -> dict[str, Any]:
    return {
        "dedup_key": message.dedup_key,
        "channel": message.channel,
        "address": message.address,
        "staff_id": message.staff_id,
        "citizen_id": message.citizen_id,
        "ticket_id": message.ticket_id,
        "template": message.template,
        "params": dict(message.params),
        "locale": message.locale,
        "is_urgent": message.is_urgent,
        "state": OutboundState.SUPPRESSED if is_silent else OutboundState.WAITING,
        "created_at": now,
        "not_before": message.not_before or now,
        "due_at": message.not_before or now,
        "error_code": "opted_out" if is_silent else "",
    }


def say_also(session: Session, dedup_key: str, more: Mapping[str, Any]) -> bool:
    """Have a message that waits say more than it was written with; false where it is not there, or has words already.

    For the transaction that posted it: what is to be said of one event is one message.
    """
    session.flush()
    changed = session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.dedup_key == dedup_key,
            OutboundMessage.state == OutboundState.WAITING,
            OutboundMessage.text.is_(None),
        )
        .values(params=OutboundMessage.params.op("||")(cast(dict(more), JSONB)))
        .returning(OutboundMessage.id)
        .execution_options(synchronize_session="fetch")
    )
    return changed.first() is not None


def record_status(
    session: Session,
    *,
    account: str,
    sid: str,
    status: str,
    error_code: str = "",
    trouble: str = "",
    outbound_id: int | None = None,
    now: datetime,
) -> bool:
    """A provider's word on a message, in whatever order it comes; false when it is none of ours.

    `outbound_id` (it stands in the callback's URL) finds the message even when the callback overtakes our own record of
    the provider's id. A state below the one known changes nothing (G3).
    """
    rank = STATUS_RANK.get(status, -1)
    by_sid = (OutboundMessage.provider_account == account) & (OutboundMessage.provider_sid == sid)
    # A retry after an ambiguous time-out may carry a second sid: only the sid we recorded, or none yet, may speak.
    by_id = (OutboundMessage.id == outbound_id) & or_(OutboundMessage.provider_sid.is_(None), by_sid)
    mine = session.execute(select(OutboundMessage).where(or_(by_sid, by_id)).with_for_update()).scalars().first()
    if mine is None:
        return False
    if rank <= mine.status_rank:
        return True
    mine.status_rank, mine.provider_status = rank, status
    mine.provider_account, mine.provider_sid = account, sid
    _apply_final(session, mine, status=status, error_code=error_code, trouble=trouble, now=now)
    session.flush()
    return True


def _apply_final(
    session: Session, message: OutboundMessage, *, status: str, error_code: str, trouble: str, now: datetime
) -> None:
    if status == "delivered":
        message.state, message.delivered_at, message.error_code = OutboundState.DELIVERED, now, ""
    elif status in ("undelivered", "failed", "canceled"):
        message.state, message.error_code, message.settled_at = OutboundState.FAILED, error_code or status, now
        if trouble == OPTED_OUT:
            citizens.opt_out(session, message.address, reason=error_code, now=now)
        if trouble == OF_THE_ACCOUNT:
            note_refused(
                session, message.channel, account=message.provider_account or "?", code=error_code, error="", now=now
            )
            _once_more(message, now=now)
        if trouble == PASSING and has_patience(
            message.template, since=message.created_at, now=now, is_urgent=message.is_urgent
        ):
            _once_more(message, now=now)
    elif message.state in (OutboundState.WAITING, OutboundState.CLAIMED):
        message.state, message.sent_at, message.lease_until = OutboundState.SENT, message.sent_at or now, None


def _once_more(message: OutboundMessage, *, now: datetime) -> None:
    """It was handed over and came back: due again after a pause that grows, because a telephone stays off for hours."""
    pause = min(_DELIVERY_PAUSE * 2 ** max(0, message.attempts - 1), _LONGEST_DELIVERY_PAUSE)
    message.state = OutboundState.WAITING
    message.not_before = message.due_at = now + pause
    message.provider_sid, message.provider_status, message.status_rank = None, "", -1


def mark_notices_read(session: Session, staff_id: int, *, up_to_id: int, now: datetime) -> None:
    """The person saw the notices on their screens up to this one."""
    session.execute(_READ.where(OutboundMessage.id <= up_to_id), {"reader": staff_id, "at": now})


def mark_notices_of_tickets_read(
    session: Session, staff_id: int, *, ticket_ids: Collection[int], now: datetime
) -> None:
    """The person has these tickets before them, and with them whatever notices told of them."""
    if ticket_ids:
        session.execute(_READ.where(OutboundMessage.ticket_id.in_(ticket_ids)), {"reader": staff_id, "at": now})
