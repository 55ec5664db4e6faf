"""Secrets in links that do one thing: the rows of `one_time_link`, of which only the hash of the secret is kept."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from tickets.schema import OneTimeLink

# Noted with a link that was shown to somebody who gives it to its owner.
GIVEN_BY_HAND = "by_hand"
_KEPT_AFTER_THE_END = timedelta(days=30)


def make(
    session: Session,
    *,
    staff_id: int,
    purpose: str,
    lifetime: timedelta,
    secret_bytes: int = 24,
    params: dict[str, Any] | None = None,
    now: datetime,
) -> str:
    """A new secret for a link, shown in the link alone; `secret_bytes` where a text message leaves little room."""
    token = secrets.token_urlsafe(secret_bytes)
    session.add(
        OneTimeLink(
            token_hash=_hash(token),
            purpose=purpose,
            staff_id=staff_id,
            params=params or {},
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    session.flush()
    return token


def unexpired(token: str, *, purposes: Collection[str], now: datetime) -> Select[OneTimeLink]:
    """The link with this secret, used or not; whoever asks adds what else must hold."""
    return select(OneTimeLink).where(
        OneTimeLink.token_hash == _hash(token), OneTimeLink.purpose.in_(purposes), OneTimeLink.expires_at > now
    )


def use(session: Session, link_id: int, *, now: datetime) -> None:
    """It has done its one thing; the first use counts."""
    link = session.get_one(OneTimeLink, link_id)
    link.used_at = link.used_at or now


def close_unused(session: Session, staff_id: int, *, purpose: str, now: datetime) -> None:
    """What was sent to this person for that purpose opens nothing any more."""
    session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.staff_id == staff_id, OneTimeLink.purpose == purpose, OneTimeLink.used_at.is_(None))
        .values(used_at=now)
    )


def close_unused_of(session: Session, staff_ids: Collection[int], *, purpose: str, now: datetime) -> None:
    """`close_unused`, for many at once."""
    session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.staff_id.in_(staff_ids), OneTimeLink.purpose == purpose, OneTimeLink.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


def forget_expired(session: Session, *, now: datetime) -> None:
    session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < now - _KEPT_AFTER_THE_END))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
