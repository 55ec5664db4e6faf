"""A directory in which somebody enters something, and desks of those who confirm and release it."""

from datetime import datetime

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.rota.rota_forms import Sending
from tests.factories import staff, unit
from tests.signing_in import sign_in
from tickets.city import day_of
from tickets.directory import releases
from tickets.directory.catalogue_steps import enter_step
from tickets.directory.entries_now import entries_now
from tickets.directory.offices import correct_office, offices_of
from tickets.people.actor import SYSTEM
from tickets.schema import Procedure, RoleAssignment, Staff
from tickets.states import CatalogueStage, Role


def seen_of(session: Session, unit_id: int, *, now: datetime) -> str:
    return entries_now(session, [unit_id], on=day_of(now))[unit_id].fingerprint


def directory_forms(session: Session, me: Staff, *, at: str, now: datetime) -> dict[str, Sending]:
    """By endpoint, (form, names in the address), about something that was entered at this unit and is not public."""
    unit_id = unit(session, at).id
    of_the_catalogue = _of_the_catalogue(session, now=now)
    releases.begin(session, now=now)
    enter_address(session, unit_id, "Số 12 đường Mới")
    seen = seen_of(session, unit_id, now=now)
    supervises = RoleAssignment.role == Role.SUPERVISOR
    held = select(RoleAssignment.unit_id).where(RoleAssignment.staff_id == me.id, supervises).limit(1)
    mine = session.scalar(held) or unit_id
    return {
        **of_the_catalogue,
        "office.consent_to_night_check": ({"consents": "1"}, {"unit_id": mine}),
        "office.release": ({"unit": f"{unit_id}:{seen}"}, {}),
        "office.give_back": ({"unit": f"{unit_id}:{seen}", "reason": "Thiếu địa chỉ"}, {}),
        "supervisor.confirm_entry": ({"seen": seen_of(session, mine, now=now)}, {"unit_id": mine}),
    }


def _of_the_catalogue(session: Session, *, now: datetime) -> dict[str, Sending]:
    """A stage that follows, and one that is taken out of another procedure; a supervisor's department keeps both."""
    first, second = session.scalars(select(Procedure).order_by(Procedure.id).limit(2)).all()
    for one in (first, second):
        one.department_id = unit(session, "26740").id
    session.flush()
    day = day_of(now)
    announced = CatalogueStage.ANNOUNCED
    enter_step(session, second.id, announced, on_day=day, document_no="", actor=SYSTEM, now=now)
    return {
        "office.enter_stage": ({"stage": "announced", "on_day": day.isoformat()}, {"number": first.id}),
        "office.take_stage_out": ({"stage": "announced", "reason": "nhầm"}, {"number": second.id}),
    }


def enter_address(session: Session, unit_id: int, address: str) -> None:
    correct_office(session, offices_of(session, unit_id)[0].id, {"address": address})


def desk_at(app: HotlineApp, session: Session, role: Role, at: str, *, now: datetime) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("locale", "en")
    sign_in(client, session, staff=staff(session, role=role, at=at), now=now)
    return client
