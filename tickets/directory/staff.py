"""The people who work here, and the roles they hold at units."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session

from tickets.directory import web_sessions
from tickets.directory.sort_keys import sort_key
from tickets.errors import InvalidInput
from tickets.people.roles import SEEING
from tickets.schema import RoleAssignment, Staff, Unit
from tickets.states import Role

Preference = Literal["theme", "locale"]


@dataclass(frozen=True, slots=True)
class NewPerson:
    email: str
    name: str
    title: str = ""
    phone: str | None = None
    locale: str = "vi"
    languages: tuple[str, ...] = ("vi",)
    is_demo: bool = False


def add_people(session: Session, people: Sequence[NewPerson], *, now: datetime) -> list[int]:
    """Write new accounts without a password; their ids in the given order. A second account of one address is refused
    by the unique index on the lower-case address."""
    rows = [
        {
            "email": person.email,
            "name": person.name,
            "sort_key": sort_key(_given_name_first(person.name)),
            "title": person.title,
            "phone": person.phone,
            "locale": person.locale,
            "languages": list(person.languages),
            "is_demo": person.is_demo,
            "created_at": now,
        }
        for person in people
    ]
    wanted = insert(Staff).returning(Staff.id, sort_by_parameter_order=True)
    return list(session.scalars(wanted, rows)) if rows else []


def give_roles(session: Session, roles: Sequence[tuple[int, Role, int]], *, now: datetime) -> None:
    """(person, role, unit) from `now` on."""
    if roles:
        session.execute(
            insert(RoleAssignment),
            [{"staff_id": staff, "role": role, "unit_id": unit, "valid_from": now} for staff, role, unit in roles],
        )


@dataclass(frozen=True, slots=True)
class DatedRole:
    """`valid_to` None: until somebody says so."""

    staff_id: int
    role: Role
    unit_id: int
    valid_from: datetime
    valid_to: datetime | None = None


def give_dated_roles(session: Session, roles: Sequence[DatedRole]) -> list[int]:
    """Their ids in the given order."""
    wanted = insert(RoleAssignment).returning(RoleAssignment.id, sort_by_parameter_order=True)
    rows = [
        {
            "staff_id": one.staff_id,
            "role": one.role,
            "unit_id": one.unit_id,
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
        }
        for one in roles
    ]
    return list(session.scalars(wanted, rows)) if rows else []


def move_role_end(session: Session, role_ids: Collection[int], *, at: datetime | None) -> None:
    """When these roles end; None: not before somebody says so."""
    session.execute(update(RoleAssignment).where(RoleAssignment.id.in_(role_ids)).values(valid_to=at))


def take_dated_roles_back(session: Session, role_ids: Collection[int], *, now: datetime) -> None:
    """What runs ends now; what had not begun never does."""
    session.execute(
        update(RoleAssignment)
        .where(RoleAssignment.id.in_(role_ids), or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now))
        .values(valid_to=func.greatest(RoleAssignment.valid_from, now))
        .execution_options(synchronize_session=False)
    )


def correct_person(session: Session, staff_id: int, *, name: str, email: str, phone: str | None) -> None:
    session.execute(
        update(Staff)
        .where(Staff.id == staff_id)
        .values(name=name, sort_key=sort_key(_given_name_first(name)), email=email, phone=phone)
    )


def reopen(session: Session, staff_ids: Collection[int]) -> None:
    """Accounts that were closed may be used again, once their people have enrolled anew."""
    session.execute(
        update(Staff)
        .where(Staff.id.in_(staff_ids))
        .values(disabled_at=None, password_hash=None, totp_secret=None, totp_enrolled_at=None)
    )


def end_role(session: Session, assignment_id: int, *, now: datetime) -> None:
    session.execute(update(RoleAssignment).where(RoleAssignment.id == assignment_id).values(valid_to=now))


def begin_role(session: Session, staff_id: int, *, role: Role | None, unit_id: int, at: datetime) -> None:
    """They have this role at the unit from then on. Raises InvalidInput for whoever would have none at all.

    Whoever stands at a post without a role there is told of what they cannot open.
    """
    if role is not None and role not in SEEING:
        raise InvalidInput("role", "required")
    held = set(
        session.scalars(
            select(RoleAssignment.role).where(
                RoleAssignment.staff_id == staff_id,
                RoleAssignment.unit_id == unit_id,
                RoleAssignment.role.in_(SEEING),
                RoleAssignment.valid_from <= at,
                or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > at),
            )
        )
    )
    if role is None and not held:
        raise InvalidInput("role", "role_needed")
    if role is not None and role not in held:
        give_roles(session, [(staff_id, role, unit_id)], now=at)


def end_roles_at(session: Session, staff_ids: Collection[int], *, unit_id: int, at: datetime) -> None:
    """From then on these people neither see nor answer what is at this unit."""
    if not staff_ids:
        return
    session.execute(
        update(RoleAssignment)
        .where(
            RoleAssignment.staff_id.in_(staff_ids),
            RoleAssignment.unit_id == unit_id,
            RoleAssignment.role.in_(SEEING),
            RoleAssignment.valid_from < at,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > at),
        )
        .values(valid_to=at)
        .execution_options(synchronize_session=False)
    )


def take_roles_back(
    session: Session, coming: Collection[int], leaving: Collection[int], *, unit_id: int, at: datetime
) -> None:
    """What was to begin at this instant never does, what was to end goes on."""
    here = RoleAssignment.unit_id == unit_id, RoleAssignment.role.in_(SEEING)
    begins = RoleAssignment.staff_id.in_(coming), RoleAssignment.valid_from == at
    ends = RoleAssignment.staff_id.in_(leaving), RoleAssignment.valid_to == at
    changed = update(RoleAssignment).execution_options(synchronize_session=False)
    session.execute(changed.where(*here, *begins).values(valid_to=RoleAssignment.valid_from))
    session.execute(changed.where(*here, *ends, RoleAssignment.valid_from < at).values(valid_to=None))


def disable(session: Session, staff_id: int, *, now: datetime) -> None:
    """Nobody signs in with this account any more; sessions that are open end at once."""
    session.execute(update(Staff).where(Staff.id == staff_id).values(disabled_at=now))
    web_sessions.end_all_of(session, staff_id, now=now)


def choose(session: Session, staff_id: int, preferences: Mapping[Preference, str]) -> None:
    """What a person prefers to read in."""
    if preferences:
        session.execute(update(Staff).where(Staff.id == staff_id).values(preferences))


def give_phone(session: Session, staff_id: int, phone: str) -> None:
    """By which telephone (E.164) a person is reached from now on, unless they named ways of their own."""
    session.execute(update(Staff).where(Staff.id == staff_id).values(phone=phone))


def take_credentials_away(session: Session, staff_id: int) -> None:
    """Neither the old password nor the old second factor opens anything any more."""
    session.execute(
        update(Staff).where(Staff.id == staff_id).values(password_hash=None, totp_secret=None, totp_enrolled_at=None)
    )


def keep_password(staff: Staff, password_hash: str) -> None:
    staff.password_hash = password_hash


def keep_second_factor_key(staff: Staff, secret: str) -> None:
    staff.totp_secret = secret


def finish_enrolment(staff: Staff, *, password_hash: str, code_step: int, now: datetime) -> None:
    """Password and second factor are known; earlier failures count no longer."""
    staff.password_hash = password_hash
    staff.totp_enrolled_at, staff.totp_last_step = now, code_step
    forget_failures(staff)


def note_code_used(staff: Staff, code_step: int) -> None:
    """The last accepted step of the time-based code, so that one code cannot be used twice."""
    staff.totp_last_step = code_step


def count_failure(staff: Staff, *, most: int, locked_until: datetime) -> bool:
    """One more failed attempt to sign in; true when it was the last one allowed and the account is locked now."""
    staff.failed_sign_ins += 1
    if staff.failed_sign_ins < most:
        return False
    staff.failed_sign_ins, staff.locked_until = 0, locked_until
    return True


def forget_failures(staff: Staff) -> None:
    staff.failed_sign_ins, staff.locked_until = 0, None


def person_by_email(session: Session, email: str) -> Staff | None:
    if not email.strip():
        return None
    return session.scalars(select(Staff).where(func.lower(Staff.email) == email.strip().lower())).one_or_none()


@dataclass(frozen=True, slots=True)
class PersonRole:
    staff: Staff
    role: Role
    unit_id: int


def people_at(
    session: Session, unit_ids: Sequence[int], *, roles: Sequence[Role] = (), now: datetime
) -> list[PersonRole]:
    """Who holds a role (any, if none is named) at these units now, by given name."""
    wanted = (
        select(Staff, RoleAssignment.role, RoleAssignment.unit_id)
        .join(RoleAssignment, RoleAssignment.staff_id == Staff.id)
        .where(
            RoleAssignment.unit_id.in_(unit_ids),
            RoleAssignment.valid_from <= now,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
            Staff.disabled_at.is_(None),
        )
        .order_by(Staff.sort_key, Staff.id)
    )
    if roles:
        wanted = wanted.where(RoleAssignment.role.in_(roles))
    return [PersonRole(*row) for row in session.execute(wanted)]


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role with the unit it is held at, for the people page."""

    assignment_id: int
    staff_id: int
    role: Role
    unit_id: int
    unit_code: str | None
    unit_name: str
    valid_from: datetime
    valid_to: datetime | None


def roles_of(session: Session, staff_ids: Sequence[int]) -> list[HeldRole]:
    """Every role these people hold or held, newest first."""
    rows = session.execute(
        select(
            RoleAssignment.id,
            RoleAssignment.staff_id,
            RoleAssignment.role,
            RoleAssignment.unit_id,
            Unit.code,
            Unit.name,
            RoleAssignment.valid_from,
            RoleAssignment.valid_to,
        )
        .join(Unit, Unit.id == RoleAssignment.unit_id)
        .where(RoleAssignment.staff_id.in_(staff_ids))
        .order_by(RoleAssignment.valid_from.desc(), RoleAssignment.id)
    )
    return [HeldRole(*row) for row in rows]


def _given_name_first(name: str) -> str:
    """Vietnamese lists of people are sorted by the given name, which is written last."""
    words = name.split()
    return " ".join([*words[-1:], *words[:-1]])
