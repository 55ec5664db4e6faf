"""What is logged: no phone number, no name, no word of a message, whatever happened, in every process's lines."""

import io
import logging
import re
from collections.abc import Iterator
from datetime import datetime

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.log_setup import set_up_logging
from app.settings import Settings
from app.web.frame.application import HotlineApp
from app.web.frame.limits import limiter
from tests.app.web.public.public_forms import fill_in, send_again
from tests.signing_in import sign_in
from tests.telephony.phone import Phone
from tests.whole_app.test_rights import SCOPES, csrf
from tests.whole_app.things import OWN, address, nothing, things, unit_at, ways
from tickets.states import Role

PHONE = "0987654321"
SECRETS = {
    "phone": re.compile(r"(?:\+?84|0)[ .-]?9[ .-]?8[ .-]?7[ .-]?6[ .-]?5[ .-]?4[ .-]?3[ .-]?2[ .-]?1"),
    "name": re.compile("Quaggazanzibar", re.IGNORECASE),
    "words": re.compile("nghẹtcốngbímật|nghetcongbimat", re.IGNORECASE),
    "mail": re.compile(r"bimat@", re.IGNORECASE),
}
NAME, WORDS, MAIL = "Quaggazanzibar Văn An", "nghẹtcốngbímật ở phường Sài Gòn", "bimat@example.vn"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is written to the log while a test runs, in the form in which it is written."""
    set_up_logging()
    written = io.StringIO()
    ours = [h for h in logging.getLogger().handlers if isinstance(h.formatter, structlog.stdlib.ProcessorFormatter)]
    handler = logging.StreamHandler(written)
    handler.setFormatter(_formatter(ours))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def _formatter(ours: list[logging.Handler]) -> logging.Formatter:
    assert ours, "the application's own log handler is gone"
    formatter = ours[0].formatter
    assert formatter is not None
    return formatter


def told(written: str) -> dict[str, str]:
    """The secrets that stand in the log, with the line."""
    return {
        what: line[:600]
        for what, secret in SECRETS.items()
        for line in written.splitlines()
        if secret.search(line.encode().decode("unicode_escape", "ignore") if "\\u" in line else line)
    }


def test_no_request_writes_who_wrote_what_into_the_log(
    app: HotlineApp, client: FlaskClient, session: Session, settings: Settings, now: datetime, lines: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(limiter, "enabled", False)
    token = add_token(session, name="logs", scopes=SCOPES, unit_code="", now=now)
    own = things(session, settings, unit=OWN, now=now, name=NAME, body=WORDS, phone="+84987654321")
    sign_in(client, session, role=Role.SUPERVISOR, unit=unit_at(session, OWN), now=now)
    session.commit()
    typed = {"body": WORDS, "name": NAME, "phone": PHONE, "email": MAIL, "place": "phường Sài Gòn"}
    said = {**typed, "question": WORDS, "answer": WORDS, "reason": WORDS, "note": WORDS, "q": PHONE, "text": WORDS}

    shown = fill_in(client, "/", "/", **typed)
    if shown.status_code == 200:
        shown = send_again(client, shown, "/", **typed)
    phone = Phone(client, settings, number="+84987654321").ring()
    phone.press("1")
    phone.post("sms", MessageSid="SM1", Body=WORDS)
    phone.post("recording", RecordingSid="RE1", RecordingUrl="http://127.0.0.1:1/bimat@", From=NAME)
    phone.post("voice", signature="forged", Body=WORDS)
    headers = {"Authorization": f"Bearer {token}"}
    client.post("/api/v1/tickets", json={"subject": WORDS, **typed}, headers=headers)
    client.post("/api/v1/tickets", json={"subject": WORDS, **typed, "unit": NAME}, headers=headers)
    form = {**said, "csrf_token": csrf(client)}
    for way in ways(app, "staff", "public", "bearer"):
        if way.rule.endpoint == "sign_in.sign_out" or not way.arguments <= {"reference"}:
            continue
        where = address(app, way, {**nothing(now), **own.named})
        client.open(f"{where}?q={PHONE}&phone={PHONE}", method=way.method, data=form if way.method == "POST" else None)

    assert shown.status_code == 303
    assert told(lines.getvalue()) == {}


def test_a_broken_request_is_logged_without_what_was_sent(
    app: HotlineApp, client: FlaskClient, settings: Settings, session: Session, lines: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A fault of ours throws the database's own message, which quotes the row."""

    def broken(**_given: object) -> None:
        session.execute(
            text("insert into citizen (name, email, created_at) values (:name, :email, null)"),
            {"name": f"{NAME} {WORDS} {PHONE}", "email": MAIL},
        )

    monkeypatch.setitem(app.view_functions, "track.form", _declared_as(app.view_functions["track.form"], broken))
    answer = client.get("/track")

    assert answer.status_code == 500
    written = lines.getvalue()
    assert "NotNullViolation" in written
    assert answer.headers["X-Request-ID"] in written
    assert told(written) == {}


def _declared_as(view: object, broken: object) -> object:
    broken.access = view.access  # type: ignore[attr-defined]
    return broken


def test_a_message_of_the_database_is_logged_without_the_row_it_quotes(session: Session, lines: io.StringIO) -> None:
    log = structlog.get_logger()
    try:
        with session.begin_nested():
            session.execute(
                text("insert into unit (code, name) values (:code, :name)"), {"code": PHONE, "name": f"{NAME} {WORDS}"}
            )
    except DBAPIError as trouble:
        log.warning("schedule.failed", detail=str(trouble)[:300])
        log.exception("schedule.failed")

    assert "schedule.failed" in lines.getvalue()
    assert told(lines.getvalue()) == {}


@pytest.mark.parametrize(
    "number", ["0987654321", "+84987654321", "84987654321", "0987 654 321", "098.765.4321", "+84 98-765-4321"]
)
def test_a_phone_number_in_any_field_of_a_line_is_covered(lines: io.StringIO, number: str) -> None:
    log = structlog.get_logger()

    log.info("call.arrived", phone=number, form={"From": number}, many=[number], words=f"from {number} to us")
    logging.getLogger("some.library").warning("sent to %s", number)

    assert "call.arrived" in lines.getvalue()
    assert "sent to" in lines.getvalue()
    assert told(lines.getvalue()) == {}


def test_this_would_notice() -> None:
    assert set(told(f'{{"event": "x", "a": "{PHONE} {NAME} {WORDS} {MAIL}"}}')) == set(SECRETS)
