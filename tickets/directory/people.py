"""Changing who works here and as what: roles given and ended, accounts disabled, each change audited."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.by_parts import has_parts
from tickets.directory.staff import disable, end_role, give_roles
from tickets.errors import InvalidInput, NotFound
from tickets.folding import folded_words
from tickets.people.actor import Actor
from tickets.schema import RoleAssignment, Staff
from tickets.schema.staff import STAFF_WORDS
from tickets.states import Role


def people(
    session: Session, *, text: str = "", after: tuple[str, int] | None = None, limit: int = 50
) -> Sequence[Staff]:
    """Accounts by given name, those whose name or address has these words or parts of them; disabled ones too."""
    wanted = select(Staff).order_by(Staff.sort_key, Staff.id).limit(limit)
    if text:
        wanted = wanted.where(has_parts(STAFF_WORDS, folded_words(text)))
    if after is not None:
        wanted = wanted.where(tuple_(Staff.sort_key, Staff.id) > after)
    return session.scalars(wanted).all()


def person(session: Session, staff_id: int) -> Staff:
    """Raises NotFound."""
    found = session.get(Staff, staff_id)
    if found is None:
        raise NotFound("staff", staff_id)
    return found


def names_of(session: Session, staff_ids: Collection[int]) -> dict[int, str]:
    """The names of these people, whoever of them still works here."""
    rows = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(staff_ids)))
    return {staff_id: name for staff_id, name in rows}


def give_role(session: Session, staff_id: int, *, role: Role, unit_id: int, actor: Actor, now: datetime) -> None:
    """Raises InvalidInput for a role that is held there already, NotFound for nobody."""
    given_to = _locked(session, staff_id)
    held = session.scalar(
        select(RoleAssignment.id).where(
            RoleAssignment.staff_id == staff_id,
            RoleAssignment.role == role,
            RoleAssignment.unit_id == unit_id,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
        )
    )
    if held is not None:
        raise InvalidInput("role", "held_already")
    give_roles(session, [(given_to.id, role, unit_id)], now=now)
    _record(session, "staff.role_given", staff_id, {"role": role.value, "unit_id": unit_id}, actor=actor, now=now)


def take_role(session: Session, assignment_id: int, *, actor: Actor, now: datetime) -> int:
    """End a role; returns whose. Raises InvalidInput when somebody would lock themselves out of administration."""
    held = session.get(RoleAssignment, assignment_id, with_for_update=True)
    if held is None or (held.valid_to is not None and held.valid_to <= now):
        raise NotFound("role", assignment_id)
    if held.staff_id == actor.staff_id and held.role is Role.ADMINISTRATOR:
        raise InvalidInput("role", "own_administration")
    end_role(session, assignment_id, now=now)
    params = {"role": held.role.value, "unit_id": held.unit_id}
    _record(session, "staff.role_ended", held.staff_id, params, actor=actor, now=now)
    return held.staff_id


def close_account(session: Session, staff_id: int, *, actor: Actor, now: datetime) -> None:
    """Nobody signs in with it any more and open sessions end. Raises InvalidInput for one's own account."""
    account = _locked(session, staff_id)
    if staff_id == actor.staff_id:
        raise InvalidInput("staff", "own_account")
    if account.disabled_at is not None:
        return
    disable(session, staff_id, now=now)
    _record(session, "staff.disabled", staff_id, {}, actor=actor, now=now)


def _locked(session: Session, staff_id: int) -> Staff:
    found = session.get(Staff, staff_id, with_for_update={"key_share": True})
    if found is None:
        raise NotFound("staff", staff_id)
    return found


def _record(
    session: Session, action: str, staff_id: int, params: Mapping[str, object], *, actor: Actor, now: datetime
) -> None:
    entries.record(
        session, actor=actor, action=action, subject_kind="staff", subject_id=staff_id, params=params, now=now
    )
