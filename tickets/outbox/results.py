"""What became of a claimed message: sent, to be tried again, or a dead letter that a person sees."""

from datetime import datetime, timedelta

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from tickets.outbox.patience import FEWEST_SENDINGS, has_patience, retry_delay
from tickets.outbox.troubles import ACCOUNT_MARK
from tickets.schema import OutboundMessage
from tickets.states import OutboundState


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
    session.execute(
        update(OutboundMessage)
        .where(mine)
        .values(
            provider_account=account,
            provider_sid=func.coalesce(OutboundMessage.provider_sid, sid),
            segments=segments,
            sent_at=func.coalesce(OutboundMessage.sent_at, now),
            lease_until=None,
            error="",
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(OutboundMessage)
        .where(mine, OutboundMessage.state == OutboundState.CLAIMED)
        .values(state=OutboundState.SENT, error_code="")
        .execution_options(synchronize_session=False)
    )


def record_retry(
    session: Session,
    message_id: int,
    *,
    by: str,
    error_code: str,
    error: str,
    attempts: int,
    pause: timedelta = timedelta(0),
    now: datetime,
) -> bool:
    """It did not leave for a reason that may pass: try again later, or, when its patience is over, a dead letter.

    `pause` is what the carrier asked for at least. Returns whether it will be tried again.
    """
    if attempts >= FEWEST_SENDINGS and not _is_worth_more(session, message_id, now=now):
        record_failure(session, message_id, by=by, error_code=error_code, error=error, now=now)
        return False
    at = now + max(retry_delay(attempts), pause)
    _wait(session, message_id, by=by, error_code=error_code, error=error, at=at)
    return True


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
        .values(state=OutboundState.FAILED, lease_until=None, error_code=error_code, error=error[:500])
        .execution_options(synchronize_session=False)
    )


def send_again(session: Session, message_id: int, *, now: datetime) -> bool:
    """A dead or uncertain letter back into the queue, at a person's request; false when it is neither."""
    found = session.scalar(
        update(OutboundMessage)
        .where(
            OutboundMessage.id == message_id,
            OutboundMessage.state.in_((OutboundState.FAILED, OutboundState.UNCERTAIN)),
        )
        .values(
            state=OutboundState.WAITING,
            not_before=now,
            due_at=now,
            attempts=0,
            provider_sid=None,
            provider_status="",
            status_rank=-1,
        )
        .returning(OutboundMessage.id)
        .execution_options(synchronize_session=False)
    )
    return found is not None


def record_uncertain(session: Session, message_id: int, *, by: str, error: str, now: datetime) -> None:
    """A call that may or may not have been placed: a person decides, nobody is rung twice by a machine's guess."""
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
