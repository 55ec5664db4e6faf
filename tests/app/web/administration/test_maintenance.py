"""Administration, maintenance: one asks, another approves; everybody is told, and an outage is given back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.announcements import Announcements
from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import HERE, NOW, audited, me, post, shown
from tests.escalation import scene
from tests.signing_in import sign_in
from tickets.schema import ExclusionWindow, Outage
from tickets.states import Priority, Role

MAINTENANCE = f"{HERE}/maintenance"
# 21:00 to 23:00 of the same day in the city.
TONIGHT = {
    "from_at": "2026-11-23T21:00",
    "to_at": "2026-11-23T23:00",
    "reason": "Nâng cấp máy chủ",
    "clock_resolve": "1",
}


@pytest.fixture(autouse=True)
def announcements(app: HotlineApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "announcements", Announcements())


@pytest.fixture
def colleague(app: HotlineApp, session: Session) -> Iterator[FlaskClient]:
    client = app.test_client()
    client.set_cookie("locale", "en")
    sign_in(client, session, role=Role.ADMINISTRATOR, now=NOW)
    return client


def asked(browser: FlaskClient, session: Session, **changed: str) -> ExclusionWindow:
    post(browser, MAINTENANCE, **{**TONIGHT, **changed})
    return session.scalars(select(ExclusionWindow)).one()


def test_work_is_asked_for_previewed_approved_by_another_and_told_above_every_page(browser, colleague, session):
    scene.ticket(session, scene.ward(session), arrived_at=NOW, priority=Priority.URGENT)
    window = asked(browser, session)
    own, others = (shown(client, f"{MAINTENANCE}/{window.id}") for client in (browser, colleague))
    assert "another administrator decides" in own
    assert "Approve" in others
    assert "2 hours" in others
    assert "Nâng cấp máy chủ" not in shown(browser, "/")

    post(colleague, f"{MAINTENANCE}/{window.id}/decide", decision="approve")

    for address in ("/", "/track", HERE):
        assert "Planned work on the system:" in shown(browser, address)
        assert "Nâng cấp máy chủ" in shown(browser, address)
    assert "announced" in shown(browser, MAINTENANCE)
    assert [entry.params["kinds"] for entry in audited(session, "exclusion.approved")] == [["resolve"]]


def test_who_asked_cannot_approve_it(browser, session):
    window = asked(browser, session)

    answer = post(browser, f"{MAINTENANCE}/{window.id}/decide", decision="approve")

    assert answer.status_code == 409
    session.refresh(window)
    assert (window.asked_by_id, window.decided_at) == (me(session), None)


def test_what_cannot_be_is_said_and_nothing_typed_is_lost(browser, session):
    answer = post(browser, MAINTENANCE, **{**TONIGHT, "to_at": "2026-11-23T20:00"})

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "The end lies before the beginning." in page
    for typed in ("2026-11-23T21:00", "2026-11-23T20:00", "Nâng cấp máy chủ"):
        assert typed in page
    assert session.scalars(select(ExclusionWindow)).all() == []


def test_an_outage_leads_from_the_overview_into_the_form(browser, session):
    outage = Outage(from_at=NOW - timedelta(hours=3), to_at=NOW - timedelta(hours=2, minutes=30, seconds=-20))
    session.add(outage)
    session.commit()

    assert f"/administration/maintenance?outage={outage.id}" in shown(browser, HERE)
    page = shown(browser, f"{MAINTENANCE}?outage={outage.id}")

    assert 'value="2026-11-23T06:00"' in page
    assert 'value="2026-11-23T06:31"' in page
