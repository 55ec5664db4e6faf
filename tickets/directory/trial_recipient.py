"""Whose telephone the hourly trial of the escalation chain rings: an account without a role, at a post of its own."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.on_call import insert_holdings, insert_posts
from tickets.directory.staff import NewPerson, add_people, give_phone
from tickets.errors import InvalidInput
from tickets.people.actor import SYSTEM, Actor
from tickets.people.phones import parse_phone
from tickets.promises.plan import TRIAL
from tickets.schema import Post, PostHolding, Staff

_POST = ("Người nhận tin chạy thử hằng giờ", "Recipient of the hourly trial")
_NAME = "Chạy thử hằng giờ"


@dataclass(frozen=True, slots=True)
class TrialRecipient:
    """`phone` is None until an administrator has said which telephone is the test one."""

    staff_id: int
    post_id: int
    phone: str | None


def recipient(session: Session) -> TrialRecipient | None:
    """None before the trial was ever set up."""
    row = session.execute(
        select(Staff.id, Post.id, Staff.phone)
        .join(PostHolding, PostHolding.staff_id == Staff.id)
        .join(Post, Post.id == PostHolding.post_id)
        .where(Post.code == TRIAL)
        .order_by(Post.id)
        .limit(1)
    ).one_or_none()
    return TrialRecipient(*row) if row is not None else None


def appoint(session: Session, *, unit_id: int, now: datetime) -> TrialRecipient:
    """The recipient, made with their post at this unit where there is none yet."""
    known = recipient(session)
    if known is not None:
        return known
    (post_id,) = insert_posts(session, [(unit_id, TRIAL, *_POST)])
    # Nobody signs in with it: it has neither a role nor a mail address.
    (staff_id,) = add_people(session, [NewPerson(email="", name=_NAME)], now=now)
    insert_holdings(session, [(post_id, staff_id, "holder")], since=now)
    _record(session, "canary.appointed", post_id, actor=SYSTEM, now=now)
    return TrialRecipient(staff_id, post_id, None)


def choose_phone(session: Session, to: TrialRecipient, typed: str, *, actor: Actor, now: datetime) -> None:
    """The telephone that gets a text every hour. Raises InvalidInput for what is none that takes texts."""
    phone = parse_phone(typed)
    if phone is None:
        raise InvalidInput("phone", "bad_phone")
    if not phone.may_get_sms:
        raise InvalidInput("phone", "not_a_mobile")
    give_phone(session, to.staff_id, phone.number)
    _record(session, "canary.phone_chosen", to.post_id, actor=actor, now=now)


def _record(session: Session, action: str, post_id: int, *, actor: Actor, now: datetime) -> None:
    entries.record(session, actor=actor, action=action, subject_kind="post", subject_id=post_id, params={}, now=now)
