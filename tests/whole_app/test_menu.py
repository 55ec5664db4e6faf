"""The menu follows from the views: it leads each role to pages that open for it, and no page of views is forgotten."""

import ast
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app.settings import ROOT
from app.web.frame.application import HotlineApp
from app.web.frame.menu import home_of
from tests.signing_in import sign_in
from tickets.people.roles import load_viewer
from tickets.schema import WebSession
from tickets.states import Role

LEADS_TO = {
    Role.AGENT: {"/console", "/leadership", "/rota", "/my/duty"},
    Role.SUPERVISOR: {"/console", "/supervisor", "/supervisor/escalations", "/leadership", "/rota", "/my/duty"},
    Role.LEADER: {"/console", "/supervisor/escalations", "/leadership", "/rota", "/my/duty"},
    Role.CITY_OFFICE: {"/console", "/office", "/supervisor", "/supervisor/escalations", "/rota", "/my/duty"},
    Role.ADMINISTRATOR: {"/office", "/administration", "/administration/audit", "/rota"},
    Role.AUDITOR: {"/administration/audit", "/leadership/ledger"},
}


@pytest.mark.parametrize("role", list(Role))
def test_the_menu_leads_each_role_to_pages_that_open_for_it(
    client: FlaskClient, session: Session, now: datetime, role: Role
) -> None:
    person = sign_in(client, session, role=role, now=now)
    viewer = load_viewer(session, person.id, now=now)
    assert viewer is not None

    page = client.get(home_of(viewer)).get_data(as_text=True)
    menu = page[page.index('<nav class="side"') :].split("</nav>")[0]
    offered = set(re.findall(r'href="([^"]+)"', menu))

    # What a role may do on purpose is said here once more, so that a view opened by mistake shows.
    assert LEADS_TO[role] <= offered
    for address in offered:
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEADER, Role.ADMINISTRATOR])
def test_where_nothing_can_be_written_what_the_menu_leads_to_is_still_read(
    client: FlaskClient, session: Session, now: datetime, role: Role
) -> None:
    person = sign_in(client, session, role=role, now=now)
    long_ago = now - timedelta(hours=1)
    session.execute(update(WebSession).where(WebSession.staff_id == person.id).values(last_seen_at=long_ago))
    session.commit()

    # As on a standby, or on a primary that has no room left.
    session.execute(text("set transaction read only"))

    for address in LEADS_TO[role]:
        assert client.get(address).status_code == 200, address


def test_an_auditors_row_of_administration_is_the_rules_and_the_trail(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    sign_in(client, session, role=Role.AUDITOR, now=now)

    page = client.get("/administration/audit").get_data(as_text=True)

    row = page[page.index('class="sections-wide"') :].split("</nav>")[0]
    under = {address.removeprefix("/administration/") for address in re.findall(r'href="([^"]+)"', row)}
    assert under == {"promises", "calendars", "days-off", "chains", "audit"}
    assert re.search(r'<nav.*?href="/leadership/ledger".*?</nav>', page, re.DOTALL)


def views(source: Path) -> list[str]:
    """The functions of a file that are registered with a blueprint."""
    found = []
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            registering = [d for d in node.decorator_list if ast.unparse(d).startswith("blueprint.")]
            found += [node.name] if registering else []
    return found


def test_every_file_with_views_is_part_of_the_application(app: HotlineApp) -> None:
    with_views = [source for source in (ROOT / "app" / "web").rglob("*.py") if views(source)]

    names = [".".join(source.relative_to(ROOT).with_suffix("").parts) for source in with_views]

    assert len(names) > 30
    assert [name for name in names if name not in sys.modules] == []
