"""Invitations: a link by which somebody sets up their access, by mail or else by SMS, sent again once it expired."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, case, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory import one_time_links
from tickets.outbox.posting import Outgoing, post_all
from tickets.people.actor import Actor
from tickets.schema import Invitation, OutboundMessage, RoleAssignment, Staff
from tickets.states import OutboundChannel, OutboundState

INVITATION = "invitation"
# From the moment it leaves: the link is made then.
INVITATION_LIFETIME = timedelta(days=7)


class InvitationState(StrEnum):
    """How far somebody has come on their way to their first sign-in."""

    NOT_INVITED = "not_invited"
    ON_ITS_WAY = "on_its_way"
    ARRIVED = "arrived"
    FAILED = "failed"
    EXPIRED = "expired"
    JOINED = "joined"


# Whom it does good to invite once more.
TO_INVITE = (InvitationState.NOT_INVITED, InvitationState.FAILED, InvitationState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Invited:
    staff_id: int
    name: str
    email: str
    phone: str
    state: InvitationState
    invited_at: datetime | None
    times: int


def invite(session: Session, staff_ids: Collection[int], *, actor: Actor, now: datetime) -> int:
    """How many of these people were sent one: those who have not enrolled and can be written to. Older links close."""
    people = session.scalars(
        select(Staff)
        .where(Staff.id.in_(staff_ids), Staff.disabled_at.is_(None), Staff.totp_enrolled_at.is_(None))
        .where((Staff.email != "") | Staff.phone.is_not(None), _works_here())
        .order_by(Staff.id)
    ).all()
    if not people:
        return 0
    ids = [one.id for one in people]
    one_time_links.close_unused_of(session, ids, purpose="enrol", now=now)
    times = {i: n for i, n in session.execute(select(Invitation.staff_id, Invitation.times))}
    messages = [_message(one, times.get(one.id, 0) + 1, now=now) for one in people]
    post_all(session, messages, now=now)
    _note(session, people, messages, times, now=now)
    entries.record(
        session,
        actor=actor,
        action="staff.invited",
        subject_kind="staff",
        subject_id=ids[0] if len(ids) == 1 else None,
        params={"people": len(ids)},
        now=now,
    )
    return len(ids)


def was_invited(session: Session, staff_id: int) -> bool:
    return session.get(Invitation, staff_id) is not None


def ids_in(session: Session, states: Collection[InvitationState], *, now: datetime) -> Sequence[int]:
    return session.scalars(_people(now).with_only_columns(Staff.id).where(_state(now).in_(states))).all()


def invitation_counts(session: Session, *, now: datetime) -> dict[InvitationState, int]:
    states = _people(now).with_only_columns(_state(now).label("state")).subquery()
    rows = session.execute(select(states.c.state, func.count()).group_by(states.c.state))
    found = {InvitationState(state): number for state, number in rows}
    return {state: found.get(state, 0) for state in InvitationState}


def invited_people(
    session: Session, state: InvitationState, *, after: int = 0, limit: int, now: datetime
) -> list[Invited]:
    """By id, those after the last one seen."""
    wanted = (
        _people(now)
        .with_only_columns(Staff, _state(now), Invitation.invited_at, Invitation.times)
        .where(_state(now) == state, Staff.id > after)
        .order_by(Staff.id)
        .limit(limit)
    )
    return [
        Invited(one.id, one.name, one.email, one.phone or "", InvitationState(found), at, times or 0)
        for one, found, at, times in session.execute(wanted)
    ]


def _people(now: datetime) -> Select[Staff]:
    return (
        select(Staff)
        .outerjoin(Invitation, Invitation.staff_id == Staff.id)
        .outerjoin(OutboundMessage, OutboundMessage.id == Invitation.message_id)
        .where(Staff.disabled_at.is_(None), Staff.is_demo.is_(False), _works_here())
    )


def _works_here() -> ColumnElement[bool]:
    """Whoever holds a role; the telephone of the hourly trial is nobody's account."""
    return exists().where(RoleAssignment.staff_id == Staff.id)


def _state(now: datetime) -> ColumnElement[str]:
    went_wrong = (OutboundState.FAILED, OutboundState.SUPPRESSED, OutboundState.UNCERTAIN)
    return case(
        (Staff.totp_enrolled_at.is_not(None), InvitationState.JOINED.value),
        (Invitation.staff_id.is_(None), InvitationState.NOT_INVITED.value),
        (OutboundMessage.state.in_(went_wrong), InvitationState.FAILED.value),
        (Invitation.invited_at < now - INVITATION_LIFETIME, InvitationState.EXPIRED.value),
        (OutboundMessage.sent_at.is_not(None), InvitationState.ARRIVED.value),
        else_=InvitationState.ON_ITS_WAY.value,
    )


def _message(person: Staff, number: int, *, now: datetime) -> Outgoing:
    by_mail = bool(person.email)
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
