"""What became of a claimed message: sent, to be tried again, or a dead letter that a person sees."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Insert, and_, case, func, insert, or_, select, update
from sqlalchemy.orm import Session

from tickets.outbox.patience import FEWEST_SENDINGS, SENDING_LEASE, has_patience, retry_delay
from tickets.outbox.posting import FINAL_RANK
from tickets.outbox.troubles import ACCOUNT_MARK
from tickets.schema import EarlierSending, OutboundMessage
from tickets.states import OutboundState

# A letter that was given up, as if it had never been tried; the sender asked for it, so what is doubtful is not asked.
AFRESH: Mapping[str, Any] = {
    "state": OutboundState.WAITING,
    "attempts": 0,
    "provider_sid": None,
    "provider_status": "",
    "status_rank": -1,
    "doubtful_since": None,
}


def keep_words(session: Session, message_id: int, *, subject: str, words: str) -> None:
    """Keep the words a message was first rendered to, so that every retry says the same."""
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message_id, OutboundMessage.text.is_(None))
        .values(subject=subject, text=words)
        .execution_options(synchronize_session=False)
    )


def record_sent(
    session: Session,
    message_id: int,
    *,
    by: str,
    account: str,
    sid: str | None,
    segments: int | None = None,
    now: datetime,
) -> None:
    """The provider took it. A status callback may have been faster: then its state stands and what is missing is added.

    Without `sid` nobody will ever report a delivery (mail, notices): sent is then the last we know.
    """
    mine = and_(OutboundMessage.id == message_id, OutboundMessage.claimed_by == by)
    # A report that was faster has noted when this one left, but for one that had left before.
    just_left = or_(OutboundMessage.state == OutboundState.CLAIMED, OutboundMessage.segments.is_not(None))
    session.execute(
        update(OutboundMessage)
        .where(mine)
        .values(
            provider_account=account,
            provider_sid=func.coalesce(OutboundMessage.provider_sid, sid),
            segments=segments,
            sent_at=case((just_left, now), else_=func.coalesce(OutboundMessage.sent_at, now)),
            lease_until=None,
            error="",
        )
        .add_cte(_sent_before(mine).cte("sent_before"))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(OutboundMessage)
        .where(mine, OutboundMessage.state == OutboundState.CLAIMED)
        .values(state=OutboundState.SENT, error_code="")
        .execution_options(synchronize_session=False)
    )


def _sent_before(mine: ColumnElement[bool]) -> Insert:
    """Keep what an earlier sending of this text cost, before the row tells of this one alone."""
    row, kept = OutboundMessage, EarlierSending
    before = select(row.id, row.provider_account, row.segments, row.sent_at).where(
        mine, row.segments.is_not(None), row.provider_account.is_not(None), row.sent_at.is_not(None)
    )
    return insert(kept).from_select([kept.outbound_id, kept.account, kept.parts, kept.sent_at], before)


def record_retry(  # noqa: PLR0913 - all that is known of one sending
    session: Session,
    message_id: int,
    *,
    by: str,
    error_code: str,
    error: str,
    attempts: int,
    pause: timedelta = timedelta(0),
    settles_within: timedelta = timedelta(0),
    now: datetime,
) -> bool:
    """It did not leave for a reason that may pass: try again later, or, when its patience is over, a dead letter.

    `pause` is what the carrier asked for at least; with `settles_within` it may have left, and may still arrive there
    for so long: asked too early, the carrier does not know it yet. Returns whether it will be tried again.
    """
    if attempts >= FEWEST_SENDINGS and not _is_worth_more(session, message_id, now=now):
        record_failure(session, message_id, by=by, error_code=error_code, error=error, now=now)
        return False
    at = now + max(retry_delay(attempts), pause, settles_within)
    if settles_within:
        _note_doubt(session, message_id, by=by)
    _wait(session, message_id, by=by, error_code=error_code, error=error, at=at)
    return True


def _note_doubt(session: Session, message_id: int, *, by: str) -> None:
    """From the beginning of its claim on it may have left; the first doubt stands."""
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message_id, OutboundMessage.claimed_by == by)
        .values(
            doubtful_since=func.coalesce(OutboundMessage.doubtful_since, OutboundMessage.lease_until - SENDING_LEASE)
        )
        .execution_options(synchronize_session=False)
    )


def known_to_have_left(session: Session, sids: Collection[str], *, account: str) -> set[str]:
    """Those of the carrier's numbers that we know to belong to a message."""
    rows = session.scalars(
        select(OutboundMessage.provider_sid).where(
            OutboundMessage.provider_account == account, OutboundMessage.provider_sid.in_(sids)
        )
    )
    return {sid for sid in rows if sid is not None}


def record_account_trouble(
    session: Session, message_id: int, *, by: str, error_code: str, error: str, attempts: int, now: datetime
) -> None:
    """We are refused, not the message: it waits, however long that takes (`outbox.troubles`)."""
    at = now + retry_delay(attempts)
    _wait(session, message_id, by=by, error_code=ACCOUNT_MARK + error_code, error=error, at=at)


def _is_worth_more(session: Session, message_id: int, *, now: datetime) -> bool:
    since = func.coalesce(OutboundMessage.due_at, OutboundMessage.created_at)
    row = session.execute(
        select(OutboundMessage.template, OutboundMessage.is_urgent, since).where(OutboundMessage.id == message_id)
    ).one()
    return has_patience(row[0], is_urgent=row[1], since=row[2], now=now)


def _wait(session: Session, message_id: int, *, by: str, error_code: str, error: str, at: datetime) -> None:
    session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.id == message_id,
            OutboundMessage.claimed_by == by,
            OutboundMessage.state == OutboundState.CLAIMED,
        )
        .values(state=OutboundState.WAITING, not_before=at, lease_until=None, error_code=error_code, error=error[:500])
        .execution_options(synchronize_session=False)
    )


def record_failure(session: Session, message_id: int, *, by: str, error_code: str, error: str, now: datetime) -> None:
    """A dead letter: shown to an administrator, never silence."""
    session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.id == message_id,
            OutboundMessage.claimed_by == by,
            OutboundMessage.state == OutboundState.CLAIMED,
        )
        .values(state=OutboundState.FAILED, settled_at=now, lease_until=None, error_code=error_code, error=error[:500])
        .execution_options(synchronize_session=False)
    )


def settle_call(session: Session, message_id: int, *, why: str, said: str, now: datetime) -> None:
    """A call that reached nobody is no dead letter: whoever had it made tries again. `said` by the carrier, or ''."""
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message_id, OutboundMessage.state != OutboundState.DELIVERED)
        .values(
            state=OutboundState.SUPPRESSED,
            settled_at=now,
            lease_until=None,
            error_code=why,
            provider_status=said,
            status_rank=FINAL_RANK if said else OutboundMessage.status_rank,
        )
        .execution_options(synchronize_session="fetch")
    )


def send_again(session: Session, message_id: int, *, now: datetime) -> bool:
    """A dead or uncertain letter back into the queue, at a person's request; false when it is neither."""
    found = session.scalar(
        update(OutboundMessage)
        .where(
            OutboundMessage.id == message_id,
            OutboundMessage.state.in_((OutboundState.FAILED, OutboundState.UNCERTAIN)),
        )
        .values(**AFRESH, not_before=now, due_at=now)
        .returning(OutboundMessage.id)
        .execution_options(synchronize_session=False)
    )
    return found is not None


def record_uncertain(session: Session, message_id: int, *, by: str, error: str, now: datetime) -> None:
    """What may or may not have left and cannot be asked about: a person decides, and no machine's guess."""
    session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.id == message_id,
            OutboundMessage.claimed_by == by,
            OutboundMessage.state == OutboundState.CLAIMED,
        )
        .values(state=OutboundState.UNCERTAIN, lease_until=None, error_code="uncertain", error=error[:500], sent_at=now)
        .execution_options(synchronize_session=False)
    )
