"""Why nothing leaves on a channel: our account there is refused, or its carrier asked us to wait.

While it lasts messages wait, none of them dies, and one at a time asks whether it is over. The first that is taken
ends it, and everything that waited for it is due at once.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import OutboundMessage, SendingTrouble
from tickets.schema.trust import WAITS_SINCE
from tickets.states import OutboundChannel, OutboundState

# Often enough to go on soon, too seldom to be locked out for guessing a password.
PROBE_EVERY = timedelta(seconds=30)
# What a message is marked with that waits for its account; the provider's own code follows.
ACCOUNT_MARK = "account:"


def note_refused(
    session: Session, channel: OutboundChannel, *, account: str, code: str, error: str, now: datetime
) -> bool:
    """Our account is refused; whether this is news."""
    known = _known(session, channel)
    if known is not None and known.is_of_account:
        known.code, known.error, known.last_at, known.refusals = code, error[:500], now, known.refusals + 1
        known.next_try_at = now + PROBE_EVERY
        return False
    _put(session, channel, account=account, code=code, error=error, until=now + PROBE_EVERY, now=now)
    return True


def note_busy(
    session: Session, channel: OutboundChannel, *, code: str, error: str, until: datetime, now: datetime
) -> None:
    """The carrier asked us to wait until then. A refused account stays what it is, and is asked no earlier."""
    known = _known(session, channel)
    if known is None:
        _put(session, channel, account="", code=code, error=error, until=until, now=now)
        return
    known.next_try_at = max(known.next_try_at, until)
    known.last_at = now


def _known(session: Session, channel: OutboundChannel) -> SendingTrouble | None:
    return session.scalars(
        select(SendingTrouble).where(SendingTrouble.channel == channel).with_for_update()
    ).one_or_none()


def _put(
    session: Session, channel: OutboundChannel, *, account: str, code: str, error: str, until: datetime, now: datetime
) -> None:
    """`account` is empty where the carrier is only busy."""
    row = {
        "is_of_account": bool(account), "account": account, "code": code, "error": error[:500], "since_at": now,
        "last_at": now, "next_try_at": until, "refusals": 1,
    }  # fmt: skip
    session.execute(
        insert(SendingTrouble)
        .values(channel=channel, **row)
        .on_conflict_do_update(index_elements=["channel"], set_=row)
        .execution_options(synchronize_session=False)
    )


def note_taken(session: Session, channel: OutboundChannel, *, now: datetime) -> bool:
    """A carrier took a message: whatever was there is over, and what waited for it is due; whether anything was."""
    was = session.scalar(
        delete(SendingTrouble).where(SendingTrouble.channel == channel).returning(SendingTrouble.is_of_account)
    )
    if not was:
        return False
    session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.channel == channel,
            OutboundMessage.state == OutboundState.WAITING,
            OutboundMessage.error_code.startswith(ACCOUNT_MARK),
        )
        .values(not_before=now, attempts=0, error_code="", error="")
        .execution_options(synchronize_session=False)
    )
    return True


def open_channels(
    session: Session, channels: Collection[OutboundChannel], *, now: datetime
) -> tuple[Sequence[OutboundChannel], Sequence[OutboundChannel]]:
    """Those on which messages leave, and those on which one may ask now whether a refused account works again."""
    rows = session.scalars(select(SendingTrouble).where(SendingTrouble.channel.in_(channels))).all()
    closed = {row.channel for row in rows if row.is_of_account or row.next_try_at > now}
    asking = [row.channel for row in rows if row.is_of_account and _may_ask(session, row, now=now)]
    return [channel for channel in channels if channel not in closed], asking


def _may_ask(session: Session, row: SendingTrouble, *, now: datetime) -> bool:
    """One process at a time: whoever moves the next try asks."""
    if row.next_try_at > now:
        return False
    moved = session.scalar(
        update(SendingTrouble)
        .where(SendingTrouble.channel == row.channel, SendingTrouble.next_try_at <= now)
        .values(next_try_at=now + PROBE_EVERY)
        .returning(SendingTrouble.channel)
        .execution_options(synchronize_session=False)
    )
    return moved is not None


def refused_accounts(session: Session) -> Sequence[SendingTrouble]:
    """What people must see to: the account of a channel is refused."""
    return session.scalars(
        select(SendingTrouble).where(SendingTrouble.is_of_account).order_by(SendingTrouble.channel)
    ).all()


# Each the first entry of its index, however many wait.
_OLDEST = ", ".join(
    f"(select {WAITS_SINCE} from outbound_message where state in ('waiting', 'claimed') and is_urgent = {urgent} "  # noqa: S608
    f"order by {WAITS_SINCE} limit 1)"
    for urgent in ("true", "false")
)
_OLDEST_UNSENT = text(f"select {_OLDEST}")


def oldest_unsent(session: Session) -> Mapping[bool, datetime]:
    """Since when the longest waiting message should have left: by whether it is urgent."""
    urgent, other = session.execute(_OLDEST_UNSENT).one()
    return {is_urgent: since for is_urgent, since in ((True, urgent), (False, other)) if since is not None}
