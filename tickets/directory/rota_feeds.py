"""Secret addresses under which a calendar reads turns of duty: the rows of `rota_feed`, of which only the hash is kept.

An address stands for who made it: what it shows is judged by their rights when it is read.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import Actor
from tickets.schema import Post, RotaFeed

MOST_OF_ONE_PERSON = 20


def make_feed(session: Session, *, staff_id: int, post_id: int | None, actor: Actor, now: datetime) -> str:
    """A new secret for a person's own turns, or for those of a post; shown once.

    Raises InvalidInput where somebody has many already.
    """
    if len(feeds_of(session, staff_id)) >= MOST_OF_ONE_PERSON:
        raise InvalidInput("feed", "too_many_feeds", most=MOST_OF_ONE_PERSON)
    secret = secrets.token_urlsafe(24)
    row = RotaFeed(token_hash=_hash(secret), staff_id=staff_id, post_id=post_id, created_at=now)
    session.add(row)
    session.flush()
    _record(session, "rota_feed.made", row, actor=actor, now=now)
    return secret


def revoke_feed(session: Session, feed_id: int, *, staff_id: int, actor: Actor, now: datetime) -> None:
    """The address answers no more. Raises NotFound for another's."""
    revoked = (
        update(RotaFeed)
        .where(RotaFeed.id == feed_id, RotaFeed.staff_id == staff_id, RotaFeed.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    row = session.scalars(revoked.returning(RotaFeed)).one_or_none()
    if row is None:
        raise NotFound("rota_feed", feed_id)
    _record(session, "rota_feed.revoked", row, actor=actor, now=now)


def feed_with(session: Session, secret: str) -> RotaFeed:
    """Raises NotFound for a secret that is none or was revoked."""
    wanted = select(RotaFeed).where(RotaFeed.token_hash == _hash(secret), RotaFeed.revoked_at.is_(None))
    row = session.scalars(wanted).one_or_none()
    if row is None:
        raise NotFound("rota_feed", "")
    return row


def feeds_of(session: Session, staff_id: int) -> Sequence[tuple[RotaFeed, Post | None]]:
    """A person's addresses that answer, each with the post it shows; None: their own turns."""
    rows = session.execute(
        select(RotaFeed, Post)
        .outerjoin(Post, Post.id == RotaFeed.post_id)
        .where(RotaFeed.staff_id == staff_id, RotaFeed.revoked_at.is_(None))
        .order_by(RotaFeed.id)
    )
    return [(feed, post) for feed, post in rows]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _record(session: Session, action: str, row: RotaFeed, *, actor: Actor, now: datetime) -> None:
    params = {"staff_id": row.staff_id}
    entries.record(
        session, actor=actor, action=action, subject_kind="rota_feed", subject_id=row.id, params=params, now=now
    )
