"""Whatever the audit trail holds is read in words: every detail that code or triggers write, and every code in one."""

import ast
import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from app.wording.trail_details import AUDIT_DETAILS, CODES_OF, shown_details
from tests.factories import open_ticket, unit
from tests.signing_in import sign_in
from tests.whole_app.sources import sources
from tickets.people.actor import SYSTEM
from tickets.schema import attempt
from tickets.states import Role
from tickets.work.assignment import change_category, raise_by_level

_WRITING = re.compile(r"record|record_all|_record|note|_note|note_call|_written|_audited")
# Which columns of an entry are none of its details; and what stands in messages that the same function posts.
_NO_DETAIL = {
    "action", "actor_kind", "at", "before", "capacity", "m", "noted_at", "params", "post_id", "reply_code",
    "request_id", "subject_id", "subject_kind", "ticket_id", "told_at", "now", "seen_at", "typing_at",
    "what", "other",
}  # fmt: skip
# Said by the name that stands with it, or by `reasons` of the timeline.
_SHOWN_OTHERWISE = {"unit_en", "reasons"}
# Written as a code and shown as one: a name that people gave.
_OWN_NAMES = {"name", "external_reference", "system", "dossier", "fingerprint", "until", "due_at", "new_due_at"}


def _details() -> Iterator[tuple[str, bool, str]]:
    """Each name in a dictionary of a function that writes the trail, whether its value is a code, and where."""
    for path, tree in sources().items():
        if path == "app/seeding/volume.py":  # it copies entries with statements whose parameters are no details
            continue
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            if not _writes_trail(function):
                continue
            for node in (node for node in ast.walk(function) if isinstance(node, ast.Dict)):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield key.value, isinstance(value, ast.Attribute) and value.attr == "value", path


def _writes_trail(function: ast.FunctionDef) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            named = ast.unparse(node.func).rpartition(".")[2]
            if _WRITING.fullmatch(named) or any(keyword.arg == "action" for keyword in node.keywords):
                return True
        if isinstance(node, ast.Dict) and any(isinstance(k, ast.Constant) and k.value == "action" for k in node.keys):
            return True
    return False


def test_every_detail_that_is_written_down_has_a_name() -> None:
    written = {name: path for name, _is_code, path in _details()}
    by_triggers = set(re.findall(r"'(\w+)', a\.\w+", str(vars(attempt)).partition("jsonb_build_object")[2]))

    assert {"from", "to", "rating", "scopes"} <= set(written)
    assert {"step_id", "attempt"} <= by_triggers
    nameless = {name: path for name, path in written.items() if name not in AUDIT_DETAILS}
    assert set(nameless) - _NO_DETAIL - _SHOWN_OTHERWISE == set(), nameless
    assert by_triggers - set(AUDIT_DETAILS) - {"escalation_attempt"} == set()


def test_every_detail_that_holds_a_code_says_it_in_words() -> None:
    coded = {name for name, is_code, _path in _details() if is_code}

    assert {"from", "priority"} <= coded
    assert coded - set(CODES_OF) - _NO_DETAIL - _OWN_NAMES == set()


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_no_code_is_shown_under_any_detail(app: HotlineApp, locale: str) -> None:
    with app.test_request_context(headers={"Accept-Language": locale}):
        shown = [
            (name, code, words)
            for name, tables in CODES_OF.items()
            for table in tables
            for code in map(str, table)
            for _name, words in shown_details({name: code}, {}, {})
        ]

    raw = [one for one in shown if re.search(r"\w_\w|:[a-z]", one[2]) or (locale == "vi" and one[2] == one[1])]
    assert len(shown) > 100
    assert raw == []


def test_a_category_is_named_and_a_unit_told_once(client: FlaskClient, session: Session, now: datetime) -> None:
    opened = open_ticket(session)
    change_category(session, opened.ticket_id, category_code="street_light", actor=SYSTEM, now=now)
    sign_in(client, session, role=Role.AUDITOR, unit=unit(session, "79"), now=now)
    session.commit()

    page = client.get("/administration/audit", headers={"Accept-Language": "vi"}).get_data(as_text=True)

    trail = page.split("<table")[1]
    assert "Chiếu sáng" in trail or "đèn" in trail.lower()
    assert "street_light" not in trail


def test_a_level_that_makes_a_matter_urgent_says_why_in_the_readers_language(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    opened = open_ticket(session)
    raise_by_level(session, opened.ticket_id, level=2, now=now)
    reader = sign_in(client, session, role=Role.AUDITOR, unit=unit(session, "79"), now=now)
    session.commit()

    vi = client.get("/administration/audit").get_data(as_text=True)
    reader.locale = "en"
    session.commit()
    en = client.get("/administration/audit").get_data(as_text=True)

    assert "đã tới một cấp báo cáo" in vi
    assert "a level of its chain was reached" in en
    assert "escalation level" not in vi
