"""How far people have come on their way to their first sign-in, and why an invitation reached nobody."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import Session

from tickets.directory.sort_keys import sort_key
from tickets.outbox.invitations import INVITATION_LIFETIME, is_by_hand, reached_nobody
from tickets.outbox.letters import BUILT_IN, KEPT_MAIL
from tickets.schema import Invitation, OneTimeLink, OutboundMessage, RoleAssignment, Staff


class InvitationState(StrEnum):
    """The names stand in addresses and stay."""

    NOT_INVITED = "not_invited"
    ON_ITS_WAY = "on_its_way"
    ARRIVED = "arrived"
    FAILED = "failed"
    HANDED_OVER = "handed_over"
    EXPIRED = "expired"
    JOINED = "joined"


# Whom it does good to invite once more.
TO_INVITE = (InvitationState.NOT_INVITED, InvitationState.FAILED, InvitationState.EXPIRED)
# Why somebody was not reached, beside what the outbox says of a message.
NO_MAIL_SERVER, NO_PROVIDER, NO_ADDRESS, NOT_SAID = "no_mail_server", "no_provider", "no_address", "uncertain"


@dataclass(frozen=True, slots=True)
class Invited:
    """`why` is empty but for whoever was not reached, or cannot be."""

    staff_id: int
    name: str
    email: str
    phone: str
    state: InvitationState
    invited_at: datetime | None
    times: int
    why: str


@dataclass(frozen=True, slots=True)
class Sought:
    """What a list is narrowed to: a part of a name, mail address or phone, and a unit at which they hold a role."""

    text: str = ""
    unit_id: int | None = None


EVERYBODY = Sought()
# Fewer would be in nearly every number.
_FEWEST_DIGITS = 4


def ids_in(
    session: Session, states: Collection[InvitationState], *, sought: Sought = EVERYBODY, now: datetime
) -> Sequence[int]:
    return session.scalars(_people(sought, now).with_only_columns(Staff.id).where(_state(now).in_(states))).all()


def invitation_counts(session: Session, *, sought: Sought = EVERYBODY, now: datetime) -> dict[InvitationState, int]:
    states = _people(sought, now).with_only_columns(_state(now).label("state")).subquery()
    rows = session.execute(select(states.c.state, func.count()).group_by(states.c.state))
    found = {InvitationState(state): number for state, number in rows}
    return {state: found.get(state, 0) for state in InvitationState}


def invited_people(
    session: Session,
    state: InvitationState,
    *,
    sought: Sought = EVERYBODY,
    after: int = 0,
    limit: int,
    now: datetime,
) -> list[Invited]:
    """By id, those after the last one seen."""
    wanted = (
        _people(sought, now)
        .with_only_columns(Staff, Invitation.invited_at, Invitation.times, OutboundMessage)
        .where(_state(now) == state, Staff.id > after)
        .order_by(Staff.id)
        .limit(limit)
    )
    return [_told(state, *row) for row in session.execute(wanted)]


def _told(
    state: InvitationState, one: Staff, at: datetime | None, times: int | None, message: OutboundMessage | None
) -> Invited:
    why = _why(message) if state is InvitationState.FAILED else ""
    if state in TO_INVITE and not one.email and one.phone is None:
        why = NO_ADDRESS
    return Invited(one.id, one.name, one.email, one.phone or "", state, at, times or 0, why)


def _why(message: OutboundMessage | None) -> str:
    account = message.provider_account if message is not None else None
    nowhere = {KEPT_MAIL: NO_MAIL_SERVER, BUILT_IN: NO_PROVIDER}
    if account in nowhere:
        return nowhere[account]
    return (message.error_code if message is not None else None) or NOT_SAID


def _people(sought: Sought, now: datetime) -> Select[Staff]:
    holds = exists().where(RoleAssignment.staff_id == Staff.id)
    if sought.unit_id is not None:
        runs = or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now)
        holds = holds.where(RoleAssignment.unit_id == sought.unit_id, runs)
    wanted = (
        select(Staff)
        .outerjoin(Invitation, Invitation.staff_id == Staff.id)
        .outerjoin(OutboundMessage, OutboundMessage.id == Invitation.message_id)
        .where(Staff.disabled_at.is_(None), Staff.is_demo.is_(False), holds)
    )
    return wanted.where(_is_meant(sought.text)) if sought.text else wanted


def _is_meant(text: str) -> ColumnElement[bool]:
    digits = "".join(one for one in text if one.isascii() and one.isdigit()).lstrip("0")
    by_phone = [Staff.phone.contains(digits, autoescape=True)] if len(digits) >= _FEWEST_DIGITS else []
    # Kept with the given name first, typed in any order.
    words = [Staff.sort_key.contains(word, autoescape=True) for word in sort_key(text).split()]
    return or_(
        and_(*words) if words else false(),
        Staff.name.icontains(text, autoescape=True),
        Staff.email.icontains(text, autoescape=True),
        *by_phone,
    )


def _state(now: datetime) -> ColumnElement[str]:
    by_hand = (
        select(func.max(OneTimeLink.expires_at))
        .where(OneTimeLink.staff_id == Staff.id, OneTimeLink.used_at.is_(None), is_by_hand())
        .correlate(Staff)
        .scalar_subquery()
    )
    # An invitation closes the links before it: one that is open came after it.
    states: list[tuple[Any, str]] = [
        (Staff.totp_enrolled_at.is_not(None), InvitationState.JOINED.value),
        (by_hand > now, InvitationState.HANDED_OVER.value),
        (by_hand.is_not(None), InvitationState.EXPIRED.value),
        (Invitation.staff_id.is_(None), InvitationState.NOT_INVITED.value),
        (reached_nobody(), InvitationState.FAILED.value),
        (Invitation.invited_at < now - INVITATION_LIFETIME, InvitationState.EXPIRED.value),
        (OutboundMessage.sent_at.is_not(None), InvitationState.ARRIVED.value),
    ]
    return case(*states, else_=InvitationState.ON_ITS_WAY.value)
