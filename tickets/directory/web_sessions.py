"""Signed-in browsers: the rows of `web_session`, of which only the hash of the cookie's token is kept."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from tickets.schema import WebSession

LIFETIME = timedelta(hours=12)
_KEPT_AFTER_THE_END = timedelta(days=7)


def begin(
    session: Session, *, token_hash: str, staff_id: int, second_factor: bool, user_agent: str, now: datetime
) -> None:
    session.add(
        WebSession(
            token_hash=token_hash,
            staff_id=staff_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + LIFETIME,
            second_factor_at=now if second_factor else None,
            user_agent=user_agent,
        )
    )
    session.flush()


def note_seen(session: Session, session_id: int, *, now: datetime) -> None:
    session.execute(update(WebSession).where(WebSession.id == session_id).values(last_seen_at=now))


def give_second_factor(session: Session, session_id: int, *, token_hash: str, now: datetime) -> None:
    """The session may now do everything, under a new token."""
    session.execute(
        update(WebSession).where(WebSession.id == session_id).values(second_factor_at=now, token_hash=token_hash)
    )


def end(session: Session, session_id: int, *, now: datetime) -> None:
    session.execute(update(WebSession).where(WebSession.id == session_id).values(revoked_at=now))


def end_all_of(session: Session, staff_id: int, *, now: datetime) -> None:
    """This person is signed out everywhere."""
    session.execute(
        update(WebSession)
        .where(WebSession.staff_id == staff_id, WebSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def ends_at(session: Session, session_id: int) -> datetime:
    """Until when it is good at the latest."""
    return session.execute(select(WebSession.expires_at).where(WebSession.id == session_id)).scalar_one()


def forget_ended(session: Session, *, now: datetime) -> None:
    """Sessions that ended a week ago are of no use to anybody."""
    ended = func.coalesce(WebSession.revoked_at, WebSession.expires_at)
    session.execute(delete(WebSession).where(ended < now - _KEPT_AFTER_THE_END))
