"""Who sends which message: due ones are claimed with a lease, and many for one person become one list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, text, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.outbox.patience import SENDING_LEASE
from tickets.outbox.troubles import open_channels
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

# More than this many waiting for one person become one list (R16).
GATHER_ABOVE = 10
GATHERED_TEMPLATE = "gathered"
_LISTED = 50

# Written out, not bound: PostgreSQL uses the partial index only for a condition it can see.
_OPEN = text("outbound_message.state in ('waiting', 'claimed')")
_WAITING = text("outbound_message.state = 'waiting'")
_ALL = true()


def claim_batch(
    session: Session,
    *,
    by: str,
    channels: Sequence[OutboundChannel],
    limit: int = 20,
    among: ColumnElement[bool] = _ALL,
    now: datetime,
) -> list[OutboundMessage]:
    """Due messages that nobody holds, for `SENDING_LEASE`, urgent ones first; whoever claims sends and records them.

    A stale claim of an SMS, mail or notice is taken again (at least once is what we promise); a stale claim of a voice
    call is never dialled twice but shown to a person as uncertain. Where our account is refused, one message at a time
    is taken to ask whether it still is. `among` narrows the messages down.
    """
    if OutboundChannel.VOICE in channels:
        _give_up_stale_calls(session, now=now)
    ids = _locked(session, among, channels=channels, limit=max(limit, GATHER_ABOVE + 1), now=now)
    if not ids:
        return []
    leaving, asking = open_channels(session, channels, now=now)
    probes = [one for channel in asking for one in _locked(session, among, channels=[channel], limit=1, now=now)]
    if len(leaving) < len(channels):
        channels = leaving
        ids = _locked(session, among, channels=channels, limit=max(limit, GATHER_ABOVE + 1), now=now)
    # Somebody can only have more than ten waiting where more than ten wait: an idle lane asks nothing further.
    if len(ids) > GATHER_ABOVE:
        _gather(session, channels=channels, now=now)
        ids = _locked(session, among, channels=channels, limit=limit, now=now)
    return _take(session, [*probes, *ids[:limit]], by=by, now=now)


def due_ids(session: Session, *, channels: Sequence[OutboundChannel], limit: int, now: datetime) -> Sequence[int]:
    """What a claim would look at, without taking any of it."""
    return session.scalars(_first(channels, limit=limit, now=now)).all()


def _first(channels: Sequence[OutboundChannel], *, limit: int, now: datetime) -> Select[int]:
    return (
        select(OutboundMessage.id)
        .where(_due(channels, now=now))
        .order_by(OutboundMessage.is_urgent.desc(), OutboundMessage.not_before, OutboundMessage.id)
        .limit(limit)
    )


def _locked(
    session: Session,
    among: ColumnElement[bool],
    *,
    channels: Sequence[OutboundChannel],
    limit: int,
    now: datetime,
) -> Sequence[int]:
    return session.scalars(_first(channels, limit=limit, now=now).where(among).with_for_update(skip_locked=True)).all()


def _due(channels: Sequence[OutboundChannel], *, now: datetime) -> ColumnElement[bool]:
    free = or_(_WAITING, and_(OutboundMessage.lease_until < now, OutboundMessage.channel != OutboundChannel.VOICE))
    return and_(_OPEN, OutboundMessage.not_before <= now, free, OutboundMessage.channel.in_(channels))


def _take(session: Session, ids: Sequence[int], *, by: str, now: datetime) -> list[OutboundMessage]:
    if not ids:
        return []
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id.in_(ids))
        .values(
            state=OutboundState.CLAIMED,
            claimed_by=by,
            lease_until=now + SENDING_LEASE,
            attempts=OutboundMessage.attempts + 1,
            # Whoever held it has not said what became of it, so it may have left.
            doubtful_since=case(
                (
                    OutboundMessage.state == OutboundState.CLAIMED,
                    func.coalesce(OutboundMessage.doubtful_since, OutboundMessage.lease_until - SENDING_LEASE),
                ),
                else_=OutboundMessage.doubtful_since,
            ),
        )
        .execution_options(synchronize_session=False)
    )
    rows = session.scalars(
        select(OutboundMessage).where(OutboundMessage.id.in_(ids)).execution_options(populate_existing=True)
    )
    place = {message_id: index for index, message_id in enumerate(ids)}
    return sorted(rows, key=lambda row: place[row.id])


def _give_up_stale_calls(session: Session, *, now: datetime) -> None:
    stale = (
        select(OutboundMessage.id)
        .where(
            _OPEN,
            OutboundMessage.channel == OutboundChannel.VOICE,
            OutboundMessage.state == OutboundState.CLAIMED,
            OutboundMessage.lease_until < now,
        )
        # What somebody holds is given up when it is let go; the texts beside it do not wait for that.
        .with_for_update(skip_locked=True)
    )
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id.in_(stale))
        .values(state=OutboundState.UNCERTAIN, error_code="stale_claim")
        .execution_options(synchronize_session=False)
    )


def _gather(session: Session, *, channels: Sequence[OutboundChannel], now: datetime) -> None:
    """Put more than ten messages waiting for one person's phone or mailbox into one list of them (R16)."""
    written = [c for c in (OutboundChannel.SMS, OutboundChannel.EMAIL) if c in channels]
    gatherable = and_(
        _OPEN,
        _WAITING,
        OutboundMessage.not_before <= now,
        OutboundMessage.channel.in_(written),
        OutboundMessage.staff_id.is_not(None),
        OutboundMessage.template != GATHERED_TEMPLATE,
    )
    crowded = session.execute(
        select(OutboundMessage.channel, OutboundMessage.address, OutboundMessage.staff_id)
        .where(gatherable)
        .group_by(OutboundMessage.channel, OutboundMessage.address, OutboundMessage.staff_id)
        .having(func.count() > GATHER_ABOVE)
    ).all()
    for channel, address, staff_id in crowded:
        rows = session.scalars(
            select(OutboundMessage)
            .where(
                gatherable,
                OutboundMessage.channel == channel,
                OutboundMessage.address == address,
                OutboundMessage.staff_id == staff_id,
            )
            .order_by(OutboundMessage.is_urgent.desc(), OutboundMessage.id)
            .with_for_update(skip_locked=True)
        ).all()
        if len(rows) > GATHER_ABOVE:
            _put_into_one(session, rows, now=now)


def _put_into_one(session: Session, rows: Sequence[OutboundMessage], *, now: datetime) -> None:
    ids = [row.id for row in rows]
    head = rows[0]
    list_id = session.scalar(
        insert(OutboundMessage)
        .values(
            dedup_key=f"gathered:{head.channel}:{min(ids)}:{max(ids)}:{len(ids)}",
            channel=head.channel,
            address=head.address,
            staff_id=head.staff_id,
            template=GATHERED_TEMPLATE,
            params=listed(rows),
            locale=head.locale,
            is_urgent=any(row.is_urgent for row in rows),
            state=OutboundState.WAITING,
            created_at=now,
            not_before=now,
            due_at=min(row.due_at or row.created_at for row in rows),
        )
        .returning(OutboundMessage.id)
    )
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id.in_(ids))
        .values(state=OutboundState.SUPPRESSED, gathered_into_id=list_id)
        .execution_options(synchronize_session=False)
    )


def listed(rows: Sequence[OutboundMessage]) -> Mapping[str, Any]:
    """What the list of these messages says."""
    return {"count": len(rows), "items": [{"template": row.template, **row.params} for row in rows[:_LISTED]]}
