"""One-time links: the secret in a message by which its recipient acknowledges one level without signing in (R20)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.errors import NotFound
from tickets.schema import OneTimeLink, Staff

PURPOSE = "acknowledge"
VALID_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LinkedStep:
    """What a link opens: one level for one person; `used_at` is set once it has acknowledged."""

    link_id: int
    step_id: int
    staff_id: int
    used_at: datetime | None


def make_link(session: Session, *, step_id: int, staff_id: int, now: datetime) -> str:
    """A new secret for this level and person; only its hash is kept, so it is shown in the message alone."""
    token = secrets.token_urlsafe(18)
    session.add(
        OneTimeLink(
            token_hash=_hash(token),
            purpose=PURPOSE,
            staff_id=staff_id,
            params={"step_id": step_id},
            created_at=now,
            expires_at=now + VALID_FOR,
        )
    )
    session.flush()
    return token


def open_link(session: Session, token: str, *, now: datetime) -> LinkedStep:
    """The level a secret stands for; NotFound when it is unknown, expired, or its person's account is disabled."""
    link = session.scalars(
        select(OneTimeLink)
        .join(Staff, Staff.id == OneTimeLink.staff_id)
        .where(
            OneTimeLink.token_hash == _hash(token),
            OneTimeLink.purpose == PURPOSE,
            OneTimeLink.expires_at > now,
            Staff.disabled_at.is_(None),
        )
    ).one_or_none()
    if link is None:
        raise NotFound("link")
    return LinkedStep(link.id, int(link.params["step_id"]), link.staff_id, link.used_at)


def use_link(session: Session, link: LinkedStep, *, now: datetime) -> None:
    """Mark it used; the page it opens can still be read until it expires, but acknowledges nothing more."""
    row = session.get_one(OneTimeLink, link.link_id)
    row.used_at = row.used_at or now


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
