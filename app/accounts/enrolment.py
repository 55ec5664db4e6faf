"""Adds people and programs: accounts that enrol by a one-time link, bearer tokens that are told once."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.demo_links import ENROLMENT_LIFETIME, link_address
from tickets.audit.entries import record
from tickets.directory import api_tokens, one_time_links, web_sessions
from tickets.directory.staff import (
    NewPerson,
    add_people,
    give_roles,
    people_at,
    person_by_email,
    take_credentials_away,
)
from tickets.directory.units import city, unit_named
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import SYSTEM, Actor
from tickets.schema import ApiToken
from tickets.states import Role


def token_hash(token: str) -> str:
    """What is kept of a bearer token."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_person(
    session: Session,
    *,
    email: str,
    name: str,
    role: Role,
    unit_code: str,
    base_url: str,
    actor: Actor = SYSTEM,
    now: datetime,
) -> str:
    """The enrolment link of a new account; the ordinary sign-in of one that has enrolled and gets a further role.

    Raises NotFound for an unknown unit, InvalidInput for an address that is none or a role that is held already.
    """
    email = email.strip()
    local, at, domain = email.partition("@")
    if not (local and at and "." in domain) or any(c.isspace() for c in email) or len(email) > 254:
        raise InvalidInput("email", "bad_email")
    unit = unit_named(session, unit_code, on=now.date())
    person = person_by_email(session, email)
    staff_id = person.id if person else add_people(session, [NewPerson(email, name or local)], now=now)[0]
    if any(held.staff.id == staff_id for held in people_at(session, [unit.id], roles=[role], now=now)):
        raise InvalidInput("role", "held_already")
    give_roles(session, [(staff_id, role, unit.id)], now=now)
    record(
        session,
        actor=actor,
        action="staff.role_given",
        subject_kind="staff",
        subject_id=staff_id,
        params={"role": role.value, "unit_id": unit.id, "is_new": person is None},
        now=now,
    )
    if person is not None and person.totp_enrolled_at is not None:
        return f"{base_url}/sign-in"
    return link_address(base_url, _shown_link(session, staff_id, now=now))


def renew_enrolment(session: Session, staff_id: int, *, base_url: str, actor: Actor, now: datetime) -> str:
    """A new enrolment link of an account whose password or telephone is lost; it is signed out everywhere."""
    web_sessions.end_all_of(session, staff_id, now=now)
    one_time_links.close_unused(session, staff_id, purpose="enrol", now=now)
    # The old password and the old second factor end here, not when the link is used.
    take_credentials_away(session, staff_id)
    record(
        session,
        actor=actor,
        action="staff.enrolment_renewed",
        subject_kind="staff",
        subject_id=staff_id,
        now=now,
    )
    return link_address(base_url, _shown_link(session, staff_id, now=now))


def _shown_link(session: Session, staff_id: int, *, now: datetime) -> str:
    given = {one_time_links.GIVEN_BY_HAND: True}
    return one_time_links.make(
        session, staff_id=staff_id, purpose="enrol", lifetime=ENROLMENT_LIFETIME, params=given, now=now
    )


def add_token(
    session: Session, *, name: str, scopes: Sequence[str], unit_code: str, actor: Actor = SYSTEM, now: datetime
) -> str:
    """A new bearer token of a unit (the city, if none is named). Raises NotFound, InvalidInput for a name in use."""
    unit = unit_named(session, unit_code, on=now.date()) if unit_code else city(session)
    if not name.strip():
        raise InvalidInput("name", "missing")
    if session.scalar(select(ApiToken.id).where(ApiToken.name == name.strip())) is not None:
        raise InvalidInput("name", "in_use")
    token = f"hl_{secrets.token_urlsafe(32)}"
    row = api_tokens.add(
        session, name=name.strip(), token_hash=token_hash(token), scopes=scopes, unit_id=unit.id, now=now
    )
    record(
        session,
        actor=actor,
        action="token.added",
        subject_kind="api_token",
        subject_id=row.id,
        params={"scopes": row.scopes, "unit_id": unit.id},
        now=now,
    )
    return token


def revoke_token(session: Session, token_id: int, *, actor: Actor, now: datetime) -> None:
    """The token opens nothing any more. Raises NotFound for one that is none, or is revoked already."""
    row = session.get(ApiToken, token_id, with_for_update=True)
    if row is None or row.revoked_at is not None:
        raise NotFound("token", token_id)
    api_tokens.revoke(row, now=now)
    record(
        session,
        actor=actor,
        action="token.revoked",
        subject_kind="api_token",
        subject_id=row.id,
        params={"name": row.name},
        now=now,
    )
