"""What the tests of administration share: when it is, and how a page is read and a form sent."""

from datetime import UTC, datetime

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.app.web.steering import LIGHT, csrf_of
from tickets.schema import AuditEntry, RoleAssignment
from tickets.states import Role

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HERE = "/administration"


def me(session: Session) -> int:
    return session.scalars(select(RoleAssignment.staff_id).where(RoleAssignment.role == Role.ADMINISTRATOR)).one()


def post(client: FlaskClient, address: str, /, **form: object) -> object:
    return client.post(address, data={"csrf_token": csrf_of(client, LIGHT), **form})


def shown(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def audited(session: Session, action: str) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)))
