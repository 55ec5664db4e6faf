"""What tests of the console share: an agent at a ward, forms as a browser sends them."""

import re
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories import unit
from tests.signing_in import sign_in
from tickets.schema import Staff, Ticket
from tickets.states import Role

ENGLISH = {"Accept-Language": "en"}


def agent_at(
    client: FlaskClient, session: Session, now: datetime, *, code: str = "26740", role: Role = Role.AGENT
) -> Staff:
    """Somebody signed in who works at this ward and reads English."""
    person = sign_in(client, session, role=role, unit=unit(session, code), now=now)
    person.locale = "en"
    # A refused request rolls back to here, as it would in a running system.
    session.commit()
    return person


def page_of(client: FlaskClient, address: str, *, status: int = 200) -> str:
    answer = client.get(address, headers=ENGLISH)
    assert answer.status_code == status, f"{address}: {answer.status_code}"
    return answer.get_data(as_text=True)


def send(client: FlaskClient, page: str, action: str, **fields: Any) -> TestResponse:
    """Fill in a form of a page and send it: the page's own hidden values go along."""
    html = client.get(page, headers=ENGLISH).get_data(as_text=True)
    token = html.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(action, data={"csrf_token": token, **fields}, headers=ENGLISH)


def once_in(html: str) -> str:
    found = re.search(r'name="reply.once" value="([^"]+)-reply"', html)
    assert found is not None
    return found.group(1)


def row(session: Session, reference: str) -> Ticket:
    """The ticket as it stands in the database now."""
    return session.scalars(
        select(Ticket).where(Ticket.reference == reference).execution_options(populate_existing=True)
    ).one()
