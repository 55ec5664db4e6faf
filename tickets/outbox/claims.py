"""Who sends which message: due ones are claimed with a lease."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true, update
from sqlalchemy.orm import Session

from tickets.outbox.gathering import GATHER_ABOVE, IS_OPEN, IS_WAITING, gather
from tickets.outbox.limits import hold_to_limits
from tickets.outbox.order import first_of_each, in_turn
from tickets.outbox.patience import SENDING_LEASE
from tickets.outbox.spending import Spending, affordable
from tickets.outbox.troubles import open_channels
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

ALL = true()


def claim_batch(
    session: Session,
    *,
    by: str,
    channels: Sequence[OutboundChannel],
    limit: int = 20,
    among: ColumnElement[bool] = ALL,
    now: datetime,
) -> list[OutboundMessage]:
    """Due messages that nobody holds, for `SENDING_LEASE`, urgent ones first; whoever claims sends and records them.

    A stale claim of an SMS, mail or notice is taken again (at least once is what we promise); a stale claim of a voice
    call is never dialled twice but shown to a person as uncertain. Where our account is refused, one message at a time
    is taken to ask whether it still is. `among` narrows the messages down. Texts to one phone leave in their order.
    """
    if OutboundChannel.VOICE in channels:
        _give_up_stale_calls(session, now=now)
    ids = _locked(session, among, channels=channels, limit=max(limit, GATHER_ABOVE + 1), now=now)
    if not ids:
        return []
    leaving, asking = open_channels(session, channels, now=now)
    probes = [one for channel in asking for one in _in_turn(session, among, channels=[channel], limit=1, now=now)]
    if len(leaving) < len(channels):
        channels = leaving
        ids = _locked(session, among, channels=channels, limit=max(limit, GATHER_ABOVE + 1), now=now)
    # Somebody can only have more than ten waiting where more than ten wait: an idle lane asks nothing further. Before
    # limits are looked at: they see as many as are taken at once, and a storm would be two lists instead of one.
    if len(ids) > GATHER_ABOVE:
        gather(session, channels=channels, now=now)
        ids = _locked(session, among, channels=channels, limit=max(limit, GATHER_ABOVE + 1), now=now)
    hold_to_limits(session, ids, now=now)

    def look_again() -> Sequence[int]:
        return [*probes, *_in_turn(session, among, channels=channels, limit=limit, now=now)]

    if not (ids := look_again()):
        return []
    spending = affordable(session, ids, look_again=look_again, by=by, now=now)
    return _take(session, spending, by=by, now=now)


def hold(session: Session, message_id: int, *, by: str, now: datetime) -> bool:
    """Say that sending it goes on, for another `SENDING_LEASE`; False where it is no longer the claimant's."""
    held = session.scalar(
        update(OutboundMessage)
        .where(
            OutboundMessage.id == message_id,
            OutboundMessage.claimed_by == by,
            OutboundMessage.state == OutboundState.CLAIMED,
            OutboundMessage.lease_until >= now,
        )
        .values(lease_until=now + SENDING_LEASE)
        .returning(OutboundMessage.id)
        .execution_options(synchronize_session=False)
    )
    return held is not None


def due_ids(
    session: Session, among: ColumnElement[bool], *, channels: Sequence[OutboundChannel], limit: int, now: datetime
) -> Sequence[int]:
    """What a claim would look at, without taking any of it."""
    return session.scalars(_first(channels, limit=limit, now=now).where(among)).all()


def _first(channels: Sequence[OutboundChannel], *, limit: int, now: datetime) -> Select[int, OutboundChannel, str]:
    return (
        select(OutboundMessage.id, OutboundMessage.channel, OutboundMessage.address)
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


def _in_turn(
    session: Session,
    among: ColumnElement[bool],
    *,
    channels: Sequence[OutboundChannel],
    limit: int,
    now: datetime,
) -> Sequence[int]:
    """Those that leave now: of the texts to one phone the first alone."""
    wanted = _first(channels, limit=limit, now=now).where(among, in_turn(now=now))
    found = session.execute(wanted.with_for_update(skip_locked=True, of=OutboundMessage))
    return first_of_each((row.id, row.channel, row.address) for row in found)


def _due(channels: Sequence[OutboundChannel], *, now: datetime) -> ColumnElement[bool]:
    free = or_(IS_WAITING, and_(OutboundMessage.lease_until < now, OutboundMessage.channel != OutboundChannel.VOICE))
    return and_(IS_OPEN, OutboundMessage.not_before <= now, free, OutboundMessage.channel.in_(channels))


def _take(session: Session, spending: Spending, *, by: str, now: datetime) -> list[OutboundMessage]:
    ids = spending.ids
    if not ids:
        return []
    taking = (
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
    session.execute(taking if spending.counting is None else taking.add_cte(spending.counting.cte("counted")))
    rows = session.scalars(
        select(OutboundMessage).where(OutboundMessage.id.in_(ids)).execution_options(populate_existing=True)
    )
    place = {message_id: index for index, message_id in enumerate(ids)}
    return sorted(rows, key=lambda row: place[row.id])


def _give_up_stale_calls(session: Session, *, now: datetime) -> None:
    stale = (
        select(OutboundMessage.id)
        .where(
            IS_OPEN,
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
