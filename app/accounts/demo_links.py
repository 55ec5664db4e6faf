"""The sign-in links that `./hotline up` prints: five people of the demonstration, or the first administrator alone."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.clock import utc_now
from app.settings import Settings
from app.storage.database import make_engine, session_factory, transaction
from tickets.audit.entries import record
from tickets.directory import one_time_links
from tickets.directory.staff import NewPerson, add_people, give_roles, person_by_email
from tickets.directory.units import city
from tickets.people.actor import SYSTEM
from tickets.schema import RoleAssignment, Staff
from tickets.states import Role

# One ward's agent and supervisor, so that what the agent works on the supervisor sees; the leader of that ward's area.
DEMO_PEOPLE = {
    "agent": "lan.nguyen@saigon.demo",
    "supervisor": "hung.tran@saigon.demo",
    "office": "tuyet.van@vanphong.demo",
    "leader": "van.huynh@thanhpho.demo",
    "administrator": "tri.kim@quantri.demo",
}
FIRST_ADMINISTRATOR = "administrator@hotline.local"
DEMO_LIFETIME = timedelta(days=7)
ENROLMENT_LIFETIME = timedelta(days=2)


def make(settings: Settings) -> dict[str, str]:
    """Fresh links by role. Without the demonstration there is one: it enrols the first administrator.

    Once an administrator has enrolled, that one leads to the ordinary sign-in instead.
    """
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with transaction(session_factory(engine)) as session:
            if settings.demo:
                return demonstration_links(session, base_url=settings.base_url, now=utc_now())
            return {"administrator": administrator_link(session, base_url=settings.base_url, now=utc_now())}
    finally:
        engine.dispose()


def demonstration_links(session: Session, *, base_url: str, now: datetime) -> dict[str, str]:
    links = {}
    for role, email in DEMO_PEOPLE.items():
        person = person_by_email(session, email)
        # An administrator may have disabled or removed people of the demonstration.
        if person is not None and person.is_demo and person.disabled_at is None:
            token = one_time_links.make(session, staff_id=person.id, purpose="demo", lifetime=DEMO_LIFETIME, now=now)
            links[role] = link_address(base_url, token)
    return links


def administrator_link(session: Session, *, base_url: str, now: datetime) -> str:
    if _an_administrator_has_enrolled(session, now=now):
        return f"{base_url}/sign-in"
    person = person_by_email(session, FIRST_ADMINISTRATOR)
    staff_id = person.id if person else _add_first_administrator(session, now=now)
    token = one_time_links.make(session, staff_id=staff_id, purpose="enrol", lifetime=ENROLMENT_LIFETIME, now=now)
    return link_address(base_url, token)


def link_address(base_url: str, token: str) -> str:
    """Where a one-time sign-in link leads."""
    return f"{base_url}/sign-in/link/{token}"


def _an_administrator_has_enrolled(session: Session, *, now: datetime) -> bool:
    wanted = (
        select(Staff.id)
        .join(RoleAssignment, RoleAssignment.staff_id == Staff.id)
        .where(
            RoleAssignment.role == Role.ADMINISTRATOR,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
            Staff.totp_enrolled_at.is_not(None),
            Staff.disabled_at.is_(None),
        )
    )
    return session.scalars(wanted.limit(1)).first() is not None


def _add_first_administrator(session: Session, *, now: datetime) -> int:
    person = NewPerson(FIRST_ADMINISTRATOR, "Quản trị viên", languages=("vi", "en"))
    (staff_id,) = add_people(session, [person], now=now)
    give_roles(session, [(staff_id, Role.ADMINISTRATOR, city(session).id)], now=now)
    record(
        session,
        actor=SYSTEM,
        action="staff.added",
        subject_kind="staff",
        subject_id=staff_id,
        params={"role": "administrator"},
        now=now,
    )
    return staff_id
