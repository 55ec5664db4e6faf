"""What leaves as a file asks for the right when it is asked for: pictures, recordings, exports."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.settings import Settings
from tests.factories import unit
from tests.signing_in import sign_in
from tests.whole_app.things import OWN, things
from tickets.schema import RoleAssignment
from tickets.states import Role

EXPORTS = {
    "/leadership/ledger.csv": Role.LEADER,
    "/supervisor/escalations.csv": Role.SUPERVISOR,
    "/administration/directory/units.csv": Role.ADMINISTRATOR,
    "/administration/promises.yaml": Role.ADMINISTRATOR,
}


def end_roles(session: Session, staff_id: int, *, now, leaving: Role | None = None) -> None:
    """The person's role ends now; `leaving` is another one they hold at the same unit from then on."""
    held = session.scalars(select(RoleAssignment).where(RoleAssignment.staff_id == staff_id)).one()
    if leaving is not None:
        session.add(RoleAssignment(staff_id=staff_id, role=leaving, unit_id=held.unit_id, valid_from=now))
    session.execute(update(RoleAssignment).where(RoleAssignment.id == held.id).values(valid_to=now))
    session.commit()


@pytest.mark.parametrize("leaving", [None, Role.AUDITOR], ids=["no role", "another role"])
@pytest.mark.parametrize("named", ["public_id", "recording_id"])
def test_a_picture_and_a_recording_are_kept_from_whoever_worked_on_the_ticket_once(
    client: FlaskClient, session: Session, settings: Settings, now, named: str, leaving: Role | None
) -> None:
    agent = sign_in(client, session, role=Role.SUPERVISOR, unit=unit(session, OWN), now=now)
    thing = things(session, settings, unit=OWN, now=now).named[named]
    address = f"/console/{'files' if named == 'public_id' else 'recordings'}/{thing}"
    assert client.get(address).status_code == 200

    end_roles(session, agent.id, now=now, leaving=leaving)

    assert client.get(address).status_code in (403, 404)


@pytest.mark.parametrize(("address", "role"), EXPORTS.items(), ids=EXPORTS)
@pytest.mark.parametrize("leaving", [None, Role.AGENT], ids=["no role", "another role"])
def test_an_export_is_kept_from_whoever_held_the_role_once(
    client: FlaskClient, session: Session, now, address: str, role: Role, leaving: Role | None
) -> None:
    person = sign_in(client, session, role=role, now=now)
    assert client.get(address).status_code == 200

    end_roles(session, person.id, now=now, leaving=leaving)

    assert client.get(address).status_code == 403
