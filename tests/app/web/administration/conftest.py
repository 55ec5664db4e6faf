"""An administrator at their desk."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import NOW
from tests.conftest import ask_anew
from tests.signing_in import sign_in
from tickets.states import Role


@pytest.fixture
def browser(app: HotlineApp, session: Session) -> Iterator[FlaskClient]:
    ask_anew(app, session)
    with app.bound_to(session, NOW):
        client = app.test_client()
        client.set_cookie("locale", "en")
        sign_in(client, session, role=Role.ADMINISTRATOR, now=NOW)
        yield client
