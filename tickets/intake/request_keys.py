"""Requests that act once however often they are sent: the rows of `idempotency_key`."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import IdempotencyKey

_KEPT_FOR = timedelta(days=2)


def take(session: Session, *, scope: str, key: str, fingerprint: str, now: datetime) -> bool:
    """Whether the key is new in its scope. A twin that is still on its way is waited for until it has committed."""
    statement = (
        insert(IdempotencyKey)
        .values(scope=scope, key=key, fingerprint=fingerprint, created_at=now)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    return session.execute(statement).first() is not None


def fingerprint_of(session: Session, *, scope: str, key: str) -> str | None:
    """What came with this key the first time."""
    wanted = select(IdempotencyKey.fingerprint).where(IdempotencyKey.scope == scope, IdempotencyKey.key == key)
    return session.scalar(wanted)


def forget_old(session: Session, *, now: datetime) -> None:
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - _KEPT_FOR))
