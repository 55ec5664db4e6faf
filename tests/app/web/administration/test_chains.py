"""Chains as staircases: when a step would come, who stands there, whether they can be reached; and for whom."""

import re

import pytest
import yaml
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.settings import ROOT
from app.web.frame.application import HotlineApp
from app.wording.rule_names import SHIPPED_RULES, rule_name
from tests.app.web.administration.desk import HERE, NOW, shown
from tests.escalation.scene import full_house, holder, person, ticket, ward, with_role
from tests.signing_in import sign_in
from tickets.city import wall_clock
from tickets.schema import PlannedStep
from tickets.states import Role, StepKind

PAGE = f"{HERE}/chains"
POLICIES = ROOT / "tickets" / "reference_data" / "policies.yaml"


def steps(page: str) -> list[str]:
    """Each step of the staircase as the words that stand on it."""
    found = re.findall(r'<li class="step .*?</li>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]


def test_every_step_comes_when_a_real_matter_would_reach_it_and_names_who_stands_there(
    browser: FlaskClient, session: Session
) -> None:
    unit = ward(session)
    people = full_house(session, unit, now=NOW)
    real = ticket(session, unit, arrived_at=NOW)
    planned = session.scalars(
        select(PlannedStep)
        .where(PlannedStep.ticket_id == real.id, PlannedStep.kind == StepKind.LEVEL)
        .order_by(PlannedStep.rank)
    ).all()

    seen = steps(shown(browser, f"{PAGE}?unit={unit.id}&category=pavement_use&clock=resolve"))

    assert len(seen) == len(planned) == 5
    for one, step in zip(seen, planned, strict=True):
        assert f"Level {step.rank} " in one
        assert f"{wall_clock(step.planned_at):%H:%M:%S}" in one
        assert people[step.rank].name in one
    assert "10 working hours after the deadline" in seen[1]
    assert "8 working hours after the previous level" in seen[4] and "in the next 07:00 list" in seen[4]


def test_a_step_nobody_stands_on_or_is_reached_at_says_so_and_a_deputy_is_named(
    browser: FlaskClient, session: Session
) -> None:
    unit = ward(session)
    holder(session, "section_head", unit, kind="deputy", now=NOW)
    silent = person(session, phone=None, now=NOW)
    silent.email = "only@mail.vn"
    holder(session, "ward_chair", unit, staff=silent, now=NOW)

    seen = steps(shown(browser, f"{PAGE}?unit={unit.id}&clock=resolve"))
    emergency = steps(shown(browser, f"{PAGE}?unit={unit.id}&clock=resolve&priority=emergency"))

    assert "deputy" in seen[0] and "SMS (not proved)" in seen[0]
    assert "holds the post E-mail (not proved)" in seen[1], "a mail is all there is"
    assert "Nobody stands on this step: nobody would be told" in seen[2]
    assert "when half of the time is gone" in emergency[0]
    assert "Phone call (not proved), then SMS (not proved)" in emergency[0]


def test_a_chain_that_no_such_matter_climbs_is_shown_as_if_it_did(browser: FlaskClient, session: Session) -> None:
    page = shown(browser, f"{PAGE}?chain=to-head-of-unit&clock=resolve")
    listed = shown(browser, f"{HERE}/promises")
    nonsense = browser.get(f"{PAGE}?chain=no-such&unit=x&clock=y&priority=z&at=soon&category=1")

    assert len(steps(page)) == 2
    assert "climbed by: Default promises" in page
    assert "/administration/chains?chain=to-head-of-unit" in listed
    assert nonsense.status_code == 404


def test_shipped_rules_are_named_in_the_readers_language_and_a_citys_own_as_it_calls_them(browser: FlaskClient) -> None:
    shipped = yaml.safe_load(POLICIES.read_text(encoding="utf-8"))
    english = shown(browser, PAGE), shown(browser, f"{HERE}/promises")
    browser.set_cookie("locale", "vi")
    vietnamese = shown(browser, PAGE), shown(browser, f"{HERE}/promises")

    assert {one["name"] for one in (*shipped["chains"], *shipped["policies"])} <= set(SHIPPED_RULES)
    assert all("Up to the city’s leadership" in page and "Đến lãnh đạo Thành phố" not in page for page in english)
    assert all("Đến lãnh đạo Thành phố" in page for page in vietnamese)
    assert not any(">to-city-leadership<" in page for page in (*english, *vietnamese))
    assert "Default promises" in english[1] and "Mặc định" in vietnamese[1]
    assert rule_name("Ngập nước: báo Thành phố") == "Ngập nước: báo Thành phố"


def test_an_instant_that_is_none_is_refused_at_its_field_and_kept(browser: FlaskClient) -> None:
    answer = browser.get(f"{PAGE}?at=soon&priority=urgent")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "This is not a date." in page and 'value="soon"' in page
    assert '<option value="urgent" selected' in page


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.LEADER])
def test_a_wards_people_look_at_their_own_units_chains_only(app: HotlineApp, session: Session, role: Role) -> None:
    own, foreign = ward(session), ward(session, "Phường Bến Thành")
    people = full_house(session, foreign, now=NOW)
    with app.bound_to(session, NOW):
        client = app.test_client()
        sign_in(client, session, role=role, staff=with_role(session, role, own, now=NOW), now=NOW)

        page = shown(client, f"{PAGE}?unit={foreign.id}")

    assert foreign.name not in page
    assert people[1].name not in page


def test_agents_are_shown_no_chains(app: HotlineApp, session: Session) -> None:
    with app.bound_to(session, NOW):
        client = app.test_client()
        sign_in(client, session, role=Role.AGENT, now=NOW)

        assert client.get(PAGE).status_code == 403
