"""Stored words on every page: whatever people wrote into any column, it is shown as text and never runs."""

import csv
import re
from datetime import datetime
from html.parser import HTMLParser
from io import StringIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Column, String, Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.settings import Settings
from app.web.frame.application import HotlineApp
from tests import factories
from tests.app.web.steering import climb
from tests.signing_in import sign_in
from tests.whole_app.test_hostile_input import everybody
from tests.whole_app.test_rights import SCOPES, csrf
from tests.whole_app.things import OTHERS, OWN, address, administered, follow, things, ways
from tickets.people.actor import citizen_actor, staff_actor
from tickets.schema import Base
from tickets.states import Channel
from tickets.work.conversation import citizen_message, note, reply

# A formula for spreadsheets, a tag for the page, quotes for attributes, a template for Jinja.
EVIL = "=7*7<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}${7*7}"
MARK = "onerror=alert(1)"
# Columns in which people, or programs on their behalf, write words of their own.
WORDS = re.compile(
    r"^(name|name_en|short_name|title|subject|body|label|caption|note|reason|question|answer|instruction|file_name|"
    r"place_text|residence|address|outcome|phone_raw|hint|text|words_said|decision_no|legal_basis|opening_hours|"
    r"sort_name|description|detail|dossier_number|caller_name|email|reply_email|hours|opens)(_vi|_en)?$"
)


class Tags(HTMLParser):
    """What a browser would make of a page: its elements and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.dangerous: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if any(name.startswith("on") for name, _ in attrs) or (tag == "script" and not dict(attrs).get("src")):
            self.dangerous.append(f"<{tag} {attrs}>")
        for name, value in attrs:
            if name in ("href", "src", "action", "formaction") and re.match(r"\s*(javascript|data:text)", value or ""):
                self.dangerous.append(f"<{tag} {name}={value}>")


def poison(session: Session) -> set[str]:
    """Write the evil words into every column of words that takes them; which ones took them."""
    taken = set()
    for table in Base.metadata.tables.values():
        for column in table.columns:
            # The names of policies and chains are keys: the rulebook in memory refers to them.
            is_key = table.name.startswith(("policy", "sla_policy", "chain", "escalation_chain"))
            if _is_words(column) and not is_key and _takes_evil(session, table, column):
                taken.add(f"{table.name}.{column.name}")
    return taken


def _is_words(column: Column[object]) -> bool:
    return isinstance(column.type, String) and not column.foreign_keys and bool(WORDS.match(column.name))


def _takes_evil(session: Session, table: Table, column: Column[object]) -> bool:
    key = next(iter(table.primary_key.columns)).name
    # Many such columns are unique: each row is told apart behind the words.
    statement = text(f"update {table.name} set {column.name} = :evil || {key} where {column.name} is not null")
    try:
        with session.begin_nested():
            return bool(session.execute(statement, {"evil": EVIL}).rowcount)
    except DBAPIError:
        return False


@pytest.fixture
def poisoned(
    app: HotlineApp, client: FlaskClient, session: Session, settings: Settings, now: datetime
) -> tuple[FlaskClient, set[str], list[str]]:
    """A browser that sees everything, the columns that hold evil words, and the addresses of all pages."""
    own = things(session, settings, unit=OWN, now=now, dossier_number="H29.16-261101-0001")
    agent = factories.staff(session, at=OWN)
    reply(session, own.ticket.id, body="Đã nhận.", actor=staff_actor(agent.id), now=now)
    note(session, own.ticket.id, body="Ghi chú.", actor=staff_actor(agent.id), now=now)
    citizen_message(session, own.ticket.id, body="Xin hỏi.", channel=Channel.WEB, actor=citizen_actor(), now=now)
    climb(session, opened_at=now.replace(day=1), level=3)
    person = everybody(session)
    token = add_token(session, name="reader", scopes=SCOPES, unit_code="", now=now)
    named = {**OTHERS, **administered(session, now=now), **own.named}
    session.flush()
    taken = poison(session)
    session.expire_all()
    session.commit()
    sign_in(client, session, staff=person, now=now)
    follow(client, own.ticket, csrf(client))
    session.commit()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    named["kind"] = "units"
    pages = [address(app, way, named) for way in ways(app) if way.method == "GET"]
    return client, taken, [page for page in pages if not page.startswith(("/simulated", "/webhooks"))]


def test_words_that_people_wrote_are_shown_as_words_on_every_page(
    poisoned: tuple[FlaskClient, set[str], list[str]],
) -> None:
    client, taken, pages = poisoned

    dangerous, shown, broken = [], [], []
    for page in [*pages, "/console/search?q=rac", "/console?view=all", "/supervisor?show=all", "/directory?q=sai+gon"]:
        answer = client.get(page)
        if answer.status_code >= 500 and page != "/health/ready":
            broken.append(page)
        if answer.mimetype != "text/html":
            continue
        html = answer.get_data(as_text=True)
        tags = Tags()
        tags.feed(html)
        dangerous += [f"{page}: {tag}" for tag in tags.dangerous]
        if MARK in html:
            shown.append(page)
        if "=49<" in html or "$49" in html:
            dangerous.append(f"{page}: a template was run")

    assert broken == []
    assert dangerous == []
    assert {"ticket.subject", "message.body", "citizen.name", "staff.name", "attachment.file_name"} <= taken
    assert len(taken) > 20
    assert len(shown) > 10


def test_no_cell_of_a_downloaded_table_is_a_formula(poisoned: tuple[FlaskClient, set[str], list[str]]) -> None:
    client, _taken, pages = poisoned
    # The directory's files are made by administrators and brought in again as they were taken out.
    tables = [page for page in pages if page.endswith(".csv") and not page.startswith("/administration/directory/")]

    formulas, evil_cells = [], 0
    for page in tables:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert "attachment" in answer.headers["Content-Disposition"]
        for row in csv.reader(StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))):
            formulas += [f"{page}: {cell[:40]}" for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
            evil_cells += sum(MARK in cell for cell in row)

    assert tables
    assert formulas == []
    assert evil_cells > 0


def test_what_programs_read_is_never_taken_for_a_page(poisoned: tuple[FlaskClient, set[str], list[str]]) -> None:
    client, _taken, pages = poisoned

    for page in pages:
        answer = client.get(page)
        if answer.mimetype != "text/html":
            assert answer.headers.get("X-Content-Type-Options") == "nosniff", page
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy or "default-src 'none'" in policy, page
        assert "unsafe" not in policy
        answer.close()
