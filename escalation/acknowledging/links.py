"""One-time links: the secret in a message by which its recipient acknowledges one level without signing in (R20)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from escalation.acknowledging.right import right_to_answer
from tickets.directory import one_time_links
from tickets.errors import NotAllowed, NotFound

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
    return one_time_links.make(
        session,
        staff_id=staff_id,
        purpose=PURPOSE,
        lifetime=VALID_FOR,
        secret_bytes=18,
        params={"step_id": step_id},
        now=now,
    )


def open_link(session: Session, token: str, *, now: datetime) -> LinkedStep:
    """The level a secret stands for; NotFound when it is unknown, expired, or no longer its person's to answer for."""
    link = session.scalars(one_time_links.unexpired(token, purposes=[PURPOSE], now=now)).one_or_none()
    if link is None:
        raise NotFound("link")
    step_id = int(link.params["step_id"])
    try:
        right_to_answer(session, step_id, staff_id=link.staff_id, now=now)
    except NotAllowed as ended:
        raise NotFound("link") from ended
    return LinkedStep(link.id, step_id, link.staff_id, link.used_at)


def use_link(session: Session, link: LinkedStep, *, now: datetime) -> None:
    """Mark it used; the page it opens can still be read until it expires, but acknowledges nothing more."""
    one_time_links.use(session, link.link_id, now=now)
