"""Bearer tokens of programs: the rows of `api_token`, of which only the hash of the token is kept."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from tickets.schema import ApiToken


def add(
    session: Session, *, name: str, token_hash: str, scopes: Collection[str], unit_id: int, now: datetime
) -> ApiToken:
    row = ApiToken(name=name, token_hash=token_hash, scopes=sorted(set(scopes)), unit_id=unit_id, created_at=now)
    session.add(row)
    session.flush()
    return row


def note_used(session: Session, token_id: int, *, now: datetime) -> None:
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))


def revoke(row: ApiToken, *, now: datetime) -> None:
    """The token opens nothing any more."""
    row.revoked_at = now
