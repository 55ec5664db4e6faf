"""Administration, clocks: how far they are apart, what schedulers do about it, and the word that ends a hold."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.steering import LIGHT, csrf_of
from tests.signing_in import sign_in
from tickets import process_beats
from tickets.schema import AuditEntry, ClockDecision
from tickets.states import Role
from tickets.told_clocks import ToldTime, as_detail

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HERE = "/administration/clocks"
WELL = ToldTime("agrees", "", 0.2, 0.0, 0)
HOLDS = ToldTime("holds", "", -7200.0, None, 40)
WITHOUT_DATABASE = ToldTime("goes_on", "database", -7200.0, -7200.0, 100)
WITHOUT_NODE = ToldTime("goes_on", "node", 7200.0, 0.0, 100)


@pytest.fixture(params=["vi", "en"])
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def browser(app: HotlineApp, session: Session, locale: str) -> Iterator[FlaskClient]:
    with app.bound_to(session, NOW):
        client = app.test_client()
        client.set_cookie("locale", locale)
        sign_in(client, session, role=Role.ADMINISTRATOR, now=NOW)
        yield client


def tell(session: Session, clock: ToldTime, *, name: str = "scheduler:one:1", leads: bool = True) -> None:
    now = session.execute(text("select clock_timestamp()")).scalar_one()
    process_beats.note(session, name, kind="scheduler", detail={"leads": leads, **as_detail(clock)}, now=now)


def decide(browser: FlaskClient, **form: str):
    return browser.post(f"{HERE}/believe", data={"csrf_token": csrf_of(browser, LIGHT), **form})


def reasons(browser: FlaskClient) -> dict[str, str]:
    return dict(browser.get("/health/ready").get_json()["reasons"])


def test_a_hold_is_told_on_the_overview_on_the_page_to_monitoring_and_by_ready(browser, session, locale):
    tell(session, HOLDS)

    overview, page = (browser.get(address).get_data(as_text=True) for address in ("/administration", HERE))
    metrics = browser.get("/metrics").get_data(as_text=True)

    held = {"vi": "đang chờ: thời hạn và báo cáo cấp trên tạm dừng", "en": "on hold: deadlines and reports wait"}
    assert held[locale] in overview
    assert held[locale] in page
    assert {"vi": "chậm 2 giờ", "en": "2 hours behind"}[locale] in page.replace("\xa0", " ")
    assert 'hotline_clock_state{process="scheduler:one:1"} 2.0' in metrics
    assert 'hotline_clock_scheduler_ahead_seconds{process="scheduler:one:1"} -7200.0' in metrics
    assert reasons(browser)["clock"].startswith(
        "holds: compared with the database's clock scheduler:one:1 is at -7200 s"
    )


def test_ready_is_red_while_the_work_stands_still_and_not_for_one_node_among_several(browser, session):
    tell(session, WELL)
    tell(session, HOLDS, name="scheduler:two:2", leads=False)
    among_several = reasons(browser)
    tell(session, WITHOUT_NODE)
    without_node = reasons(browser)
    tell(session, WITHOUT_DATABASE)
    without_database = reasons(browser)

    assert "clock" not in among_several
    assert "clock" not in without_node
    assert without_database["clock"].startswith("goes on without the database's clock")


def test_whoever_decides_has_compared_says_why_and_stands_in_the_audit_trail(browser, session):
    tell(session, HOLDS)

    answer = decide(browser, is_sure="1", reason="  So đồng hồ\nđài phát thanh ")

    assert answer.status_code == 303
    [decision] = session.scalars(select(ClockDecision))
    [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "clock.decided"))
    assert decision.reason == entry.params["reason"] == "So đồng hồ đài phát thanh"
    assert entry.staff_id == decision.staff_id is not None
    assert "So đồng hồ đài phát thanh" in browser.get(HERE).get_data(as_text=True)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"reason": "So với đài"}, "is_sure"),
        ({"is_sure": "1", "reason": " "}, "reason"),
        ({"is_sure": "1", "reason": "a" * 501}, "reason"),
    ],
)
def test_without_comparing_or_without_a_reason_nothing_is_decided_and_nothing_typed_is_lost(
    browser, session, form, field
):
    tell(session, HOLDS)

    answer = decide(browser, **form)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert f'id="f-{field}-error"' in page
    assert form["reason"].strip() in page
    assert session.scalars(select(ClockDecision)).all() == []


def test_where_the_clocks_agree_there_is_nothing_to_decide(browser, session):
    tell(session, WELL)
    page = browser.get(HERE).get_data(as_text=True)

    answer = decide(browser, is_sure="1", reason="x")

    assert "/administration/clocks/believe" not in page
    assert answer.status_code == 303
    assert session.scalars(select(ClockDecision)).all() == []


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEADER, Role.AUDITOR, Role.SUPERVISOR])
def test_nobody_else_sees_the_page_or_decides(app: HotlineApp, session: Session, role: Role):
    tell(session, HOLDS)
    with app.bound_to(session, NOW):
        client = app.test_client()
        sign_in(client, session, role=role, now=NOW)

        assert client.get(HERE).status_code == 403
        answer = client.post(
            f"{HERE}/believe", data={"csrf_token": csrf_of(client, "/"), "is_sure": "1", "reason": "x"}
        )

    assert answer.status_code == 403
    assert session.scalars(select(ClockDecision)).all() == []
