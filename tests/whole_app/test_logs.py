"""What is logged: no phone number, no name, no word of a message, whatever happened, in every process's lines."""

import io
import json
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
from app.settings import ROOT, Settings
from app.web.frame.application import HotlineApp
from app.web.frame.limits import limiter
from tests.app.web.public.public_forms import fill_in, send_again
from tests.factories import KEYS
from tests.signing_in import sign_in
from tests.telephony.phone import Phone
from tests.whole_app.test_rights import SCOPES, csrf
from tests.whole_app.things import OWN, address, nothing, things, unit_at, ways
from tickets.people.references import grouped, reference_of
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
    "number",
    [
        "0987654321", "+84987654321", "84987654321", "0084987654321", "0987 654 321", "098.765.4321", "+84 98-765-4321",
        "+84 (0)98 765 4321", "09 87 65 43 21", "0987  654  321", "tel:+84-987-654-321", "+84.987.654.321", "987654321",
    ],
)  # fmt: skip
def test_a_phone_number_in_any_field_of_a_line_is_covered(lines: io.StringIO, number: str) -> None:
    log = structlog.get_logger()

    log.info("call.arrived", phone=number, form={"From": number}, many=[number], words=f"from {number} to us")
    logging.getLogger("some.library").warning("sent to %s", number)

    assert "call.arrived" in lines.getvalue()
    assert "sent to" in lines.getvalue()
    assert told(lines.getvalue()) == {}


@pytest.mark.parametrize(
    "number",
    ["(028) 3829 1234", "028 3829 1234", "02838291234", "3829 1234", "+1 212 555 1234", "n0987654321", "0987654321T"],
)
def test_numbers_of_any_kind_are_covered_to_their_last_digits(lines: io.StringIO, number: str) -> None:
    structlog.get_logger().info("call.arrived", told=f"2026-11-28T07:16:12Z {number} 2026-11-28")

    told_of = json.loads(lines.getvalue())["told"]
    assert told_of.startswith("2026-11-28T07:16:12Z ") and told_of.endswith(" 2026-11-28")
    assert len(re.findall(r"\d", told_of.removeprefix("2026-11-28T07:16:12Z").removesuffix("2026-11-28"))) == 3


@pytest.mark.parametrize(
    "kept",
    [
        "2026-11-28T07:16:12.943123+00:00", "2026-11-28T07:16:12.345678901Z", "2026-11-28 07:16:12,943", "2026-11-28",
        "2026-11-28T07:16:12.345678+07:00, 2026-11-28T08:00:00Z", "07:16:30.943123", "5432 ms", "127.0.0.1:8000",
        "123e4567-e89b-12d3-a456-426614174000", "CA0123456789abcdef0123456789abcdef", "00000000000000000012abcd",
        "0001732780800.123456-ab12cd34.json", "worker:web-1:1234567", "ticket 1234567",
        "{'from_at': '2026-11-28T07:16:12.943123'}",
        reference_of(4711, year=2026, keys=KEYS), grouped(reference_of(4711, year=2026, keys=KEYS)),
    ],
)  # fmt: skip
def test_what_tells_when_and_which_is_left_whole(lines: io.StringIO, kept: str) -> None:
    structlog.get_logger().info("tick.gap", from_at=kept, detail=f"since {kept}", many=[kept])

    line = json.loads(lines.getvalue())
    assert (line["from_at"], line["detail"], line["many"]) == (kept, f"since {kept}", [kept])


def test_every_request_is_one_line_without_what_was_typed(
    client: FlaskClient, session: Session, now: datetime, lines: io.StringIO
) -> None:
    sign_in(client, session, role=Role.SUPERVISOR, unit=unit_at(session, OWN), now=now)
    lines.truncate(0)
    answers = [
        client.get("/directory?phone=0987654321", headers={"X-Request-ID": "0123-of-the-proxy"}),
        client.get(f"/a/{'s3cret' * 5}"),
        client.get(f"/{WORDS}/0987654321"),
        client.get("/static/css/hotline.css"),
    ]

    told_of = [json.loads(line) for line in lines.getvalue().strip("\0").splitlines() if '"event": "request"' in line]
    assert [one["status"] for one in told_of] == [answer.status_code for answer in answers]
    assert told_of[0]["route"] == "/directory"
    assert told_of[0]["request_id"] == answers[0].headers["X-Request-ID"]
    assert told_of[0]["roles"] == ["supervisor"]
    assert told_of[0]["bytes"] == len(answers[0].get_data())
    assert {"method", "ms", "statements", "group", "timestamp"} <= told_of[0].keys()
    assert "s3cret" not in lines.getvalue()
    assert told_of[2]["route"] == ""
    assert told_of[3]["route"] == "/static/css/hotline.css"


def test_the_proxies_log_no_link_that_lets_somebody_in(app: HotlineApp) -> None:
    """They see addresses as they are; ours that carry a token are covered there by their beginnings."""
    carrying = {
        rule.rule.partition("<token>")[0].strip("/") for rule in app.url_map.iter_rules() if "<token>" in rule.rule
    }
    nginx, haproxy = (
        (ROOT / "deploy" / name).read_text("utf-8") for name in ("nginx/hotline.conf", "haproxy/haproxy.cfg")
    )

    assert {"a", "sent"} <= carrying
    for told_by, pattern in ((nginx, r"~\^\(\?<link>/\(\?:([^)]+)\)/\)"), (haproxy, r'regsub\("\^/\(([^)]+)\)/')):
        covered = re.search(pattern, told_by)
        assert covered is not None
        assert set(covered[1].split("|")) == carrying
    assert '"path":"$logged_path"' in nginx and '"path":"%[var(txn.logged_path)]"' in haproxy


def test_this_would_notice() -> None:
    assert set(told(f'{{"event": "x", "a": "{PHONE} {NAME} {WORDS} {MAIL}"}}')) == set(SECRETS)
