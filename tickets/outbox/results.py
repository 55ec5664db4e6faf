"""What became of a claimed message: sent, to be tried again, or a dead letter that a person sees."""

import random
from datetime import datetime, timedelta

from sqlalchemy import and_, func, update
from sqlalchemy.orm import Session

from tickets.schema import OutboundMessage
from tickets.states import OutboundState

MOST_SENDINGS = 8
_FIRST_DELAY_SECONDS = 5.0
_LONGEST_DELAY_SECONDS = 1800.0


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
    session: Session, message_id: int, *, by: str, error_code: str, error: str, attempts: int, now: datetime
) -> bool:
    """It did not leave for a reason that may pass: try again later, or, after the last attempt, a dead letter.

    Returns whether it will be tried again.
    """
    if attempts >= MOST_SENDINGS:
        record_failure(session, message_id, by=by, error_code=error_code, error=error, now=now)
        return False
    session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.id == message_id,
            OutboundMessage.claimed_by == by,
            OutboundMessage.state == OutboundState.CLAIMED,
        )
        .values(
            state=OutboundState.WAITING,
            not_before=now + retry_delay(attempts),
            lease_until=None,
            error_code=error_code,
            error=error[:500],
        )
        .execution_options(synchronize_session=False)
    )
    return True


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


def retry_delay(attempts: int) -> timedelta:
    """Doubling from five seconds to half an hour, with jitter so that a thousand failures do not return together."""
    ceiling = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2 ** max(0, attempts - 1))
    return timedelta(seconds=random.uniform(ceiling / 2, ceiling))  # noqa: S311 - spreads load, guards nothing


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
