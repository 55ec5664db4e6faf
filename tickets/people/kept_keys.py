"""The secret key's fingerprint and the sealed older keys, kept beside what was made with them."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import KeptKeys


def kept_keys(session: Session) -> KeptKeys | None:
    """None in data that no process has worked with yet."""
    return session.get(KeptKeys, 1)


def keep_first(session: Session, *, fingerprint: str, sealed: str, now: datetime) -> bool:
    """Note the key these data begin with; False when another process was first."""
    row = insert(KeptKeys).values(id=1, fingerprint=fingerprint, sealed=sealed, at=now).on_conflict_do_nothing()
    return session.execute(row.returning(KeptKeys.id)).one_or_none() is not None


def keep_instead(session: Session, *, known: str, fingerprint: str, sealed: str, now: datetime) -> bool:
    """Put another key in the place of the one with the fingerprint `known`; False when somebody did meanwhile."""
    changed = update(KeptKeys).where(KeptKeys.fingerprint == known).values(
        fingerprint=fingerprint, sealed=sealed, at=now
    )  # fmt: skip
    return session.execute(changed.returning(KeptKeys.id)).one_or_none() is not None
