"""Troubles in browsers are counted: from our own pages alone, by kind and day, with nothing of whose they were."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.factory import HotlineApp
from app.web.frame.limits import limiter
from app.web.monitoring.client_faults import BrowserTrouble, count_fault, faults_by_kind
from app.wording.translations import ROOT
from tests.app.web.monitoring.test_metrics import samples
from tests.signing_in import sign_in
from tickets.schema import ClientFault
from tickets.states import Role

OURS = {"Sec-Fetch-Site": "same-origin"}


def told(client: FlaskClient, headers: dict[str, str], **fields: str) -> int:
    return client.post("/client-faults", data=fields, headers=headers).status_code


def test_what_a_page_tells_stands_in_the_metrics(client: FlaskClient, session: Session) -> None:
    before = samples(client.get("/metrics").get_data(as_text=True))

    statuses = [told(client, OURS, kind="heartbeat_refused") for _ in range(3)]

    after = samples(client.get("/metrics").get_data(as_text=True))
    name = 'hotline_client_faults_total{kind="heartbeat_refused"}'
    assert statuses == [204, 204, 204]
    assert after[name] - before[name] == 3


def test_nothing_is_kept_of_an_error_but_its_kind_and_day(client: FlaskClient, session: Session, now: datetime) -> None:
    told(client, OURS, kind="script_error", where="Nguyễn Văn An 0901112233", words="0901112233")

    [row] = session.scalars(select(ClientFault)).all()

    kept = {column.name: getattr(row, column.name) for column in ClientFault.__table__.columns}
    assert kept == {"kind": "script_error", "on_day": now.date(), "times": 1, "last_at": now}


def test_another_site_cannot_count(client: FlaskClient, session: Session) -> None:
    forged = [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://["},
        {},
    ]

    statuses = [told(client, headers, kind="script_error") for headers in forged]

    assert set(statuses) == {400, 403}, "as a form of elsewhere, or because nobody says whose it is"
    assert told(client, {"Origin": "http://localhost"}, kind="script_error") == 204
    assert faults_by_kind(session) == {"script_error": 1}


def test_a_kind_that_is_none_is_refused(client: FlaskClient, session: Session) -> None:
    assert told(client, OURS, kind="x' or 1=1") == 400
    assert told(client, OURS) == 400
    assert faults_by_kind(session) == {}


def test_one_address_cannot_count_without_end(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", True)

    statuses = [told(client, OURS, kind="script_error") for _ in range(62)]

    assert statuses[:60] == [204] * 60
    assert statuses[60:] == [429, 429]


def test_an_administrator_sees_that_browsers_had_trouble(client: FlaskClient, session: Session, now: datetime) -> None:
    sign_in(client, session, role=Role.ADMINISTRATOR, now=now).locale = "en"
    session.flush()
    count_fault(session, BrowserTrouble.STREAM_LOST, now=now)
    count_fault(session, BrowserTrouble.STREAM_LOST, now=now - timedelta(days=3))

    page = client.get("/administration").get_data(as_text=True)

    assert "Problems in browsers" in page
    assert faults_by_kind(session, since=now - timedelta(days=1)) == {"stream_lost": 1}


def test_every_kind_that_scripts_tell_is_known_and_the_other_way_round(app: HotlineApp) -> None:
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "app" / "static" / "js").rglob("*.js"))

    assert [kind for kind in BrowserTrouble if f'"{kind}"' not in scripts] == []
