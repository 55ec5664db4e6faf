"""The signed-in browser: how long it is one, what its cookie may be read by, and what a forged one is worth."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import utc_now
from app.live.hub import Hub
from app.settings import Settings
from app.web.factory import create_app
from app.web.frame.session_cookie import SESSION_COOKIE, begin_session, set_cookie, token_hash
from tests.conftest import Committed
from tests.signing_in import person_with, sign_in
from tickets.schema import WebSession
from tickets.states import Role


def is_signed_in(client: FlaskClient) -> bool:
    answer = client.get("/console")
    assert answer.status_code == 200 or answer.headers["Location"].startswith("/sign-in?")
    return answer.status_code == 200


def only_session(session: Session) -> WebSession:
    return session.scalars(select(WebSession)).one()


def test_an_agent_needs_no_second_factor_for_the_console(client: FlaskClient, session: Session, now: datetime) -> None:
    sign_in(client, session, role=Role.AGENT, second_factor=False, now=now)

    assert is_signed_in(client)


def test_a_session_ends_with_its_time_and_not_a_second_before(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    sign_in(client, session, role=Role.AGENT, now=now)

    only_session(session).expires_at = now + timedelta(seconds=1)
    session.commit()
    assert is_signed_in(client)

    only_session(session).expires_at = now
    session.commit()
    assert not is_signed_in(client)


def test_a_new_session_lasts_twelve_hours(client: FlaskClient, session: Session, now: datetime) -> None:
    person = person_with(session, role=Role.AGENT, now=now)
    with client.application.test_request_context():
        begin_session(session, staff_id=person.id, second_factor=False, now=now)

    begun = only_session(session)
    assert (begun.expires_at - now, begun.second_factor_at) == (timedelta(hours=12), None)


def test_a_revoked_session_is_over_at_once(client: FlaskClient, session: Session, now: datetime) -> None:
    sign_in(client, session, role=Role.AGENT, now=now)
    only_session(session).revoked_at = now
    session.commit()

    assert not is_signed_in(client)


@pytest.mark.parametrize("forged", ["", "x", "%00", "a" * 3000, "test-token-1'--"])
def test_a_forged_cookie_is_nobody(client: FlaskClient, session: Session, now: datetime, forged: str) -> None:
    sign_in(client, session, role=Role.AGENT, now=now)
    client.set_cookie(SESSION_COOKIE, forged)

    assert not is_signed_in(client)


def test_the_hash_that_is_kept_opens_nothing(client: FlaskClient, session: Session, now: datetime) -> None:
    sign_in(client, session, role=Role.AGENT, now=now)
    client.set_cookie(SESSION_COOKIE, only_session(session).token_hash)

    assert not is_signed_in(client)


def test_the_last_sign_of_life_is_written_once_a_minute(client: FlaskClient, session: Session, now: datetime) -> None:
    sign_in(client, session, role=Role.AGENT, now=now)
    row = only_session(session)

    for ago, moved in ((59, False), (61, True)):
        row.last_seen_at = now - timedelta(seconds=ago)
        session.commit()
        client.get("/console")
        session.refresh(row)
        assert (row.last_seen_at == now) is moved, ago


@pytest.mark.parametrize(
    ("address", "secure"), [("https://hotline.example.vn", True), ("http://127.0.0.1:8000", False)]
)
def test_the_cookie_is_read_by_no_script_and_sent_by_no_other_site(
    settings: Settings, database, session: Session, now: datetime, address: str, secure: bool
) -> None:
    app = create_app(settings.model_copy(update={"public_base_url": address, "demo": False}), engine=database)
    with app.test_request_context():
        answer = set_cookie(app.make_response(""), "a-token")

    told = answer.headers["Set-Cookie"]
    assert told.startswith(f"{SESSION_COOKIE}=a-token;")
    assert ("HttpOnly" in told, "SameSite=Lax" in told, "Secure" in told) == (True, True, secure)
    assert "Path=/" in told and f"Max-Age={12 * 3600}" in told


def test_live_updates_end_with_the_session_too(committed: Committed) -> None:
    at = utc_now()
    with committed.factory() as session:
        person = person_with(session, role=Role.AGENT, now=at)
        for name, expires, revoked in (
            ("live", at + timedelta(hours=1), None),
            ("over", at - timedelta(seconds=1), None),
            ("ended", at + timedelta(hours=1), at),
        ):
            session.add(
                WebSession(
                    token_hash=token_hash(name), staff_id=person.id, created_at=at, last_seen_at=at,
                    expires_at=expires, revoked_at=revoked, second_factor_at=at,
                )
            )  # fmt: skip
        session.commit()
    hub = Hub(committed.factory)

    assert [hub.listener_of(name) is not None for name in ("live", "over", "ended", "")] == [True, False, False, False]
