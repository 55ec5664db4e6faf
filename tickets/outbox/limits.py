"""How many messages a person is sent on a channel: above it they wait, and then leave as one list (A3, R16).

An emergency is never held and never made a line by this: it leaves at once, by itself, and counts. So do codes that a
person has just asked for, which are urgent as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.errors import InvalidInput
from tickets.outbox.gathering import GATHERED_OVER_LIMIT, GATHERED_TEMPLATE, IS_OPEN, IS_WAITING, LISTS, put_into_one
from tickets.people.actor import Actor
from tickets.schema import MessageLimit, OutboundMessage
from tickets.states import OutboundChannel

# Why a message waits longer than it was meant to.
OVER_LIMIT = "over_limit"
MOST_ALLOWED = 1000
_LIMITED = (OutboundChannel.SMS, OutboundChannel.VOICE)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many of a channel within these seconds."""

    channel: OutboundChannel
    seconds: int
    most: int


def limits_now(session: Session) -> list[Limit]:
    """In the order in which people read them."""
    rows = session.execute(
        select(MessageLimit.channel, MessageLimit.seconds, MessageLimit.most).order_by(
            MessageLimit.channel, MessageLimit.seconds
        )
    )
    return [Limit(*row) for row in rows]


def set_limits(session: Session, limits: Sequence[Limit], *, actor: Actor, now: datetime) -> None:
    """Holds for whatever is sent from now on. Raises InvalidInput, named as `limit_name`, for a number out of range."""
    for limit in limits:
        if not 1 <= limit.most <= MOST_ALLOWED:
            raise InvalidInput(limit_name(limit), "no_such_limit")
    if list(limits) == limits_now(session):
        return
    statement = insert(MessageLimit).values(
        [{"channel": one.channel, "seconds": one.seconds, "most": one.most} for one in limits]
    )
    session.execute(
        statement.on_conflict_do_update(index_elements=["channel", "seconds"], set_={"most": statement.excluded.most})
    )
    entries.record(
        session,
        actor=actor,
        action="message_limit.changed",
        subject_kind="policies",
        subject_id=None,
        params={"most_messages": {limit_name(one): one.most for one in limits}},
        now=now,
    )


def limit_name(limit: Limit) -> str:
    return f"{limit.channel.value}_{limit.seconds}"


def hold_to_limits(session: Session, ids: Sequence[int], *, now: datetime) -> bool:
    """Gather or hold what is more than its person may be sent; whether anything was. `ids` are due and locked."""
    crowds = _crowds(session, ids)
    if not crowds:
        return False
    limits = limits_now(session)
    sent = _sent_lately(session, crowds, limits, now=now)
    return any([_keep(session, rows, limits, sent[person], now=now) for person, rows in crowds.items()])


_Crowds = Mapping[tuple[OutboundChannel, int], Sequence[OutboundMessage]]


def _crowds(session: Session, ids: Sequence[int]) -> dict[tuple[OutboundChannel, int], list[OutboundMessage]]:
    """By channel and person, what is due to staff and no emergency; a list that was made is held by nothing further."""
    rows = session.scalars(
        select(OutboundMessage)
        .where(
            OutboundMessage.id.in_(ids),
            IS_OPEN,
            IS_WAITING,
            OutboundMessage.staff_id.is_not(None),
            OutboundMessage.channel.in_(_LIMITED),
            OutboundMessage.is_urgent.is_(False),
            OutboundMessage.template != GATHERED_TEMPLATE,
        )
        .order_by(OutboundMessage.id)
        .execution_options(populate_existing=True)
    )
    crowds: dict[tuple[OutboundChannel, int], list[OutboundMessage]] = {}
    for row in rows:
        if row.staff_id is not None:
            crowds.setdefault((row.channel, row.staff_id), []).append(row)
    return crowds


def _sent_lately(
    session: Session, crowds: _Crowds, limits: Sequence[Limit], *, now: datetime
) -> dict[tuple[OutboundChannel, int], list[datetime]]:
    """When each of these people was sent something on the channel, the oldest first."""
    longest = timedelta(seconds=max((limit.seconds for limit in limits), default=0))
    rows = session.execute(
        select(OutboundMessage.channel, OutboundMessage.staff_id, OutboundMessage.sent_at)
        .where(
            OutboundMessage.sent_at > now - longest,
            OutboundMessage.staff_id.in_({staff_id for _, staff_id in crowds}),
            OutboundMessage.channel.in_({channel for channel, _ in crowds}),
        )
        .order_by(OutboundMessage.sent_at)
    )
    sent: dict[tuple[OutboundChannel, int], list[datetime]] = {person: [] for person in crowds}
    for channel, staff_id, at in rows:
        if at is not None and staff_id is not None and (channel, staff_id) in sent:
            sent[(channel, staff_id)].append(at)
    return sent


def _keep(
    session: Session,
    rows: Sequence[OutboundMessage],
    limits: Sequence[Limit],
    sent: Sequence[datetime],
    *,
    now: datetime,
) -> bool:
    """Whether some of what is due to one person on one channel was held, or made one list."""
    mine = [limit for limit in limits if limit.channel is rows[0].channel]
    free = min((limit.most - _within(sent, limit, now=now) for limit in mine), default=len(rows))
    if len(rows) <= free:
        return False
    lists = [row for row in rows if row.template in LISTS]
    lines = [row for row in rows if row.template not in LISTS]
    if free <= 0:
        _hold(session, rows, mine, sent, now=now)
        return True
    for of_one_address in _by_address(lines):
        put_into_one(session, of_one_address, why=GATHERED_OVER_LIMIT, now=now)
    room = free - bool(lines)
    _hold(session, lists[room:], mine, [*sent, now], now=now)
    return True


def _hold(
    session: Session,
    rows: Sequence[OutboundMessage],
    limits: Sequence[Limit],
    sent: Sequence[datetime],
    *,
    now: datetime,
) -> None:
    """Until one more may be sent."""
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id.in_([row.id for row in rows]))
        .values(not_before=max(_opens_at(sent, limit, now=now) for limit in limits), error_code=OVER_LIMIT)
        .execution_options(synchronize_session=False)
    )


def _within(sent: Sequence[datetime], limit: Limit, *, now: datetime) -> int:
    return sum(at > now - timedelta(seconds=limit.seconds) for at in sent)


def _opens_at(sent: Sequence[datetime], limit: Limit, *, now: datetime) -> datetime:
    """When one more may be sent: the oldest of the last ones is old enough then."""
    if _within(sent, limit, now=now) < limit.most:
        return now
    return sent[-limit.most] + timedelta(seconds=limit.seconds)


def _by_address(rows: Sequence[OutboundMessage]) -> list[list[OutboundMessage]]:
    found: dict[str, list[OutboundMessage]] = {}
    for row in rows:
        found.setdefault(row.address, []).append(row)
    return list(found.values())
