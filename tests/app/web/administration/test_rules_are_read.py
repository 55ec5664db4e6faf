"""Auditors read the rules under which promises were made and broken, and who changed them; they change none."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.seeding.imports import bring_in
from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import HERE, NOW, shown
from tests.factories import staff, unit
from tests.signing_in import sign_in
from tickets.people.actor import staff_actor
from tickets.schema import Chain, Policy
from tickets.states import Role

_LATER = NOW + timedelta(hours=1)


def _chain(session: Session) -> Chain:
    return session.scalars(select(Chain).order_by(Chain.id).limit(1)).one()


@pytest.fixture
def auditor(app: HotlineApp, session: Session) -> Iterator[FlaskClient]:
    """At a desk in English, an hour after somebody has promised one thing more and then made it longer."""
    author = staff(session, name="Trần Người Sửa")
    with app.bound_to(session, _LATER):
        chain = _chain(session).name
        for seconds in (60, 90 * 60):
            row = f"priority: normal, clock: resolve, target_seconds: {seconds}, calendar: 24x7, chain: {chain}"
            text = f'name: thử lại\nmatch: {{unit: "26740"}}\nrows:\n  - {{{row}}}\n'
            bring_in(session, "policies", text, actor=staff_actor(author.id), now=NOW)
        desk = app.test_client()
        desk.set_cookie("locale", "en")
        sign_in(desk, session, role=Role.AUDITOR, unit=unit(session, "79"), now=_LATER)
        yield desk


def test_an_auditor_reads_every_version_of_a_promise_with_its_author(auditor: FlaskClient, session: Session) -> None:
    rule = session.scalars(select(Policy).where(Policy.name == "thử lại")).one()

    listed = shown(auditor, f"{HERE}/promises")
    past = shown(auditor, f"{HERE}/promises/{rule.id}")

    assert f'href="{HERE}/promises/{rule.id}"' in listed
    # The newest first, and both as they were published.
    newest, first = past.split("<details")[-2:]
    assert "version 2" in newest and "1 hour 30 minutes" in newest and "version 1" in first and "1 minute" in first
    assert newest.count("Trần Người Sửa") == first.count("Trần Người Sửa") == 1
    assert auditor.get(f"{HERE}/promises/{rule.id + 999}").status_code == 404


@pytest.mark.parametrize("page", ["chains", "promises", "calendars", "days-off"])
def test_whoever_only_reads_rules_is_told_who_changes_them(
    app: HotlineApp, auditor: FlaskClient, session: Session, page: str
) -> None:
    changing = app.test_client()
    changing.set_cookie("locale", "en")
    sign_in(changing, session, role=Role.ADMINISTRATOR, now=_LATER)

    assert "administrators change it" in shown(auditor, f"{HERE}/{page}")
    assert "administrators change it" not in shown(changing, f"{HERE}/{page}")


@pytest.mark.parametrize("page", ["words", "words/learned"])
def test_whoever_only_reads_words_is_told_that_supervisors_change_them_too(
    app: HotlineApp, session: Session, page: str
) -> None:
    shows = {}
    for role in (Role.LEADER, Role.SUPERVISOR, Role.ADMINISTRATOR):
        with app.bound_to(session, _LATER):
            desk = app.test_client()
            desk.set_cookie("locale", "en")
            sign_in(desk, session, role=role, unit=unit(session, "79"), now=_LATER)
            shows[role] = shown(desk, f"{HERE}/{page}")

    assert "administrators and supervisors change it" in shows[Role.LEADER]
    assert "; administrators change it" not in shows[Role.LEADER]
    assert all("change it." not in shows[role] for role in (Role.SUPERVISOR, Role.ADMINISTRATOR))


def test_an_auditor_reads_chains_calendars_and_days_off(auditor: FlaskClient, session: Session) -> None:
    chain = _chain(session)

    assert "Who is told" in shown(auditor, f"{HERE}/chains/{chain.id}")
    assert f'href="{HERE}/chains/{chain.id}"' in shown(auditor, f"{HERE}/chains")
    calendars = shown(auditor, f"{HERE}/calendars")
    one = calendars.split(f'href="{HERE}/calendars/')[1].split('"')[0]
    assert "All versions" in shown(auditor, f"{HERE}/calendars/{one}")
    for address in ("days-off", "applications", "promises.yaml"):
        assert auditor.get(f"{HERE}/{address}").status_code == 200, address


def test_an_auditor_is_offered_nothing_that_changes_a_rule(auditor: FlaskClient, session: Session) -> None:
    rule = session.scalars(select(Policy).where(Policy.name == "thử lại")).one()

    for address in ("promises", f"promises/{rule.id}", "chains", "calendars", "days-off"):
        page = shown(auditor, f"{HERE}/{address}")
        assert 'method="post" action="/administration' not in page and "/edit" not in page, address
    assert auditor.get(f"{HERE}/promises/{rule.id}/edit").status_code == 403
    assert auditor.get(f"{HERE}/calendars/new").status_code == 403
