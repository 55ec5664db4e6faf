"""Signing a test's browser in as a person with a role at a unit."""

from datetime import datetime

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.session_cookie import SESSION_COOKIE, token_hash
from tickets.schema import RoleAssignment, Staff, Unit, WebSession
from tickets.states import Role, UnitKind

_serial = iter(range(1, 10_000_000))


def person_with(session: Session, *, role: Role, unit: Unit | None = None, now: datetime, name: str = "") -> Staff:
    """A person who holds `role` at `unit` (the city itself by default) since yesterday."""
    number = next(_serial)
    place = unit or session.scalars(select(Unit).where(Unit.kind == UnitKind.CITY, Unit.valid_to.is_(None))).one()
    shown = name or f"Nguyễn Văn {number}"
    staff = Staff(email=f"person{number}@hotline.test", name=shown, sort_key=shown.lower(), created_at=now)
    session.add(staff)
    session.flush()
    start = now.replace(year=now.year - 1)
    session.add(RoleAssignment(staff_id=staff.id, role=role, unit_id=place.id, valid_from=start))
    session.flush()
    return staff


def sign_in(
    client: FlaskClient,
    session: Session,
    *,
    role: Role = Role.AGENT,
    unit: Unit | None = None,
    staff: Staff | None = None,
    second_factor: bool = True,
    now: datetime,
) -> Staff:
    """Give the browser a live session of `staff`, or of a new person who holds `role` at `unit`."""
    person = staff or person_with(session, role=role, unit=unit, now=now)
    token = f"test-token-{next(_serial)}"
    session.add(
        WebSession(
            token_hash=token_hash(token),
            staff_id=person.id,
            created_at=now,
            last_seen_at=now,
            expires_at=now.replace(year=now.year + 1),
            second_factor_at=now if second_factor else None,
        )
    )
    # Committed into the test's own savepoint: a request that is refused rolls back what came after, not the sign-in.
    session.commit()
    client.set_cookie(SESSION_COOKIE, token)
    return person
