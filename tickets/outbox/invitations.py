"""Invitations: a link by which somebody sets up their access, by mail or SMS, or handed over by whoever made it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory import one_time_links
from tickets.outbox.letters import BUILT_IN, KEPT_MAIL
from tickets.outbox.posting import Outgoing, post_all
from tickets.people.actor import Actor
from tickets.schema import Invitation, OneTimeLink, OutboundMessage, RoleAssignment, Staff
from tickets.states import OutboundChannel, OutboundState

INVITATION = "invitation"
# From the moment it leaves, or is handed over: the link is made then.
INVITATION_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WaysOut:
    """By what a message leaves this installation for a real mail box or telephone."""

    mail: bool
    text: bool


@dataclass(frozen=True, slots=True)
class InvitedNow:
    """How many people a message leaves for, and for how many nothing of this installation leaves."""

    leaves: int = 0
    stays: int = 0


@dataclass(frozen=True, slots=True)
class LinkByHand:
    """Whose link it is, and its secret, which is kept nowhere."""

    staff_id: int
    name: str
    locale: str
    token: str


def invite(session: Session, staff_ids: Collection[int], *, ways: WaysOut, actor: Actor, now: datetime) -> InvitedNow:
    """Send one to those of these people who have not enrolled and can be written to. Older links close."""
    people = session.scalars(
        select(Staff)
        .where(Staff.id.in_(staff_ids), may_be_invited(), or_(Staff.email != "", Staff.phone.is_not(None)))
        .order_by(Staff.id)
    ).all()
    if not people:
        return InvitedNow()
    ids = [one.id for one in people]
    one_time_links.close_unused_of(session, ids, purpose="enrol", now=now)
    times = {i: n for i, n in session.execute(select(Invitation.staff_id, Invitation.times))}
    failed = _failed_before(session, ids)
    by_mail = [_by_mail(one, ways, failed.get(one.id)) for one in people]
    messages = [
        _message(one, times.get(one.id, 0) + 1, by_mail=is_mail, now=now)
        for one, is_mail in zip(people, by_mail, strict=True)
    ]
    post_all(session, messages, now=now)
    _note(session, people, messages, times, now=now)
    _record(session, ids, actor=actor, now=now)
    leaves = sum(ways.mail if is_mail else ways.text for is_mail in by_mail)
    return InvitedNow(leaves, len(ids) - leaves)


def hand_over(session: Session, staff_ids: Collection[int], *, actor: Actor, now: datetime) -> list[LinkByHand]:
    """A link for each of these people who have not enrolled, to be given to them in person; older ones close.

    Whoever made it could use it: it is written down of each, by name.
    """
    people = session.scalars(
        select(Staff).where(Staff.id.in_(staff_ids), may_be_invited()).order_by(Staff.sort_key, Staff.id)
    ).all()
    one_time_links.close_unused_of(session, [one.id for one in people], purpose="enrol", now=now)
    return [LinkByHand(one.id, one.name, one.locale, _link_for(session, one.id, actor, now)) for one in people]


def was_invited(session: Session, staff_id: int) -> bool:
    handed = session.scalar(select(exists().where(OneTimeLink.staff_id == staff_id, is_by_hand())))
    return bool(handed) or session.get(Invitation, staff_id) is not None


def may_be_invited() -> ColumnElement[bool]:
    """Whoever holds a role and has not come in yet; the telephone of the hourly trial is nobody's account."""
    holds_a_role = exists().where(RoleAssignment.staff_id == Staff.id)
    return Staff.disabled_at.is_(None) & Staff.totp_enrolled_at.is_(None) & holds_a_role


def reached_nobody() -> ColumnElement[bool]:
    """Of a message: it failed, or went nowhere because nothing of this installation leaves it."""
    went_wrong = (OutboundState.FAILED, OutboundState.SUPPRESSED, OutboundState.UNCERTAIN)
    return OutboundMessage.state.in_(went_wrong) | OutboundMessage.provider_account.in_((KEPT_MAIL, BUILT_IN))


def is_by_hand() -> ColumnElement[bool]:
    """Of a link: it was shown to somebody who gives it to its owner."""
    noted: ColumnElement[bool] = OneTimeLink.params.has_key(one_time_links.GIVEN_BY_HAND)
    return noted


def _record(session: Session, ids: Sequence[int], *, actor: Actor, now: datetime) -> None:
    entries.record(
        session,
        actor=actor,
        action="staff.invited",
        subject_kind="staff",
        subject_id=ids[0] if len(ids) == 1 else None,
        params={"people": len(ids)},
        now=now,
    )


def _link_for(session: Session, staff_id: int, actor: Actor, now: datetime) -> str:
    entries.record(
        session, actor=actor, action="staff.link_handed_over", subject_kind="staff", subject_id=staff_id, now=now
    )
    return one_time_links.make(
        session,
        staff_id=staff_id,
        purpose="enrol",
        lifetime=INVITATION_LIFETIME,
        params={one_time_links.GIVEN_BY_HAND: True},
        now=now,
    )


def _failed_before(session: Session, staff_ids: Collection[int]) -> Mapping[int, OutboundChannel]:
    rows = session.execute(
        select(Invitation.staff_id, OutboundMessage.channel)
        .join(OutboundMessage, OutboundMessage.id == Invitation.message_id)
        .where(Invitation.staff_id.in_(staff_ids), reached_nobody())
    )
    return {staff_id: channel for staff_id, channel in rows}


def _by_mail(person: Staff, ways: WaysOut, failed: OutboundChannel | None) -> bool:
    """The way that leaves, and of two the one that has not failed; where none leaves, what there is says why."""
    can_mail, can_text = bool(person.email) and ways.mail, person.phone is not None and ways.text
    if can_mail and can_text:
        return failed is not OutboundChannel.EMAIL
    return can_mail or (bool(person.email) and not can_text)


def _message(person: Staff, number: int, *, by_mail: bool, now: datetime) -> Outgoing:
    return Outgoing(
        OutboundChannel.EMAIL if by_mail else OutboundChannel.SMS,
        person.email if by_mail else person.phone or "",
        INVITATION,
        {"name": person.name, "until": (now + INVITATION_LIFETIME).isoformat()},
        person.locale,
        f"{INVITATION}:{person.id}:{number}",
        staff_id=person.id,
    )


def _note(
    session: Session, people: Sequence[Staff], messages: Sequence[Outgoing], times: dict[int, int], *, now: datetime
) -> None:
    keys = [one.dedup_key for one in messages]
    rows = session.execute(
        select(OutboundMessage.dedup_key, OutboundMessage.id).where(OutboundMessage.dedup_key.in_(keys))
    )
    ids = {key: message_id for key, message_id in rows}
    given = [
        {
            "staff_id": one.id,
            "invited_at": now,
            "times": times.get(one.id, 0) + 1,
            "message_id": ids[message.dedup_key],
        }
        for one, message in zip(people, messages, strict=True)
    ]
    statement = insert(Invitation)
    fresh = {name: statement.excluded[name] for name in ("invited_at", "times", "message_id")}
    session.execute(statement.on_conflict_do_update(index_elements=["staff_id"], set_=fresh), given)
