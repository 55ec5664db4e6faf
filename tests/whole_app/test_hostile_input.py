"""Hostile input on every address: whatever is sent, nothing breaks, nothing is injected, nothing is a 500."""

import inspect
import itertools
import json
import logging
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.settings import ROOT, Settings
from app.web.frame.application import HotlineApp
from app.web.frame.limits import limiter
from app.web.frame.session_cookie import SESSION_COOKIE
from tests import factories
from tests.faults.nodes import LONG
from tests.signing_in import sign_in
from tests.telephony.phone import Phone
from tests.whole_app.test_rights import SCOPES, SENSIBLE, csrf
from tests.whole_app.things import OTHERS, OWN, Way, address, administered, things, ways
from tickets.schema import Staff
from tickets.states import Role

HOSTILE: Mapping[str, bytes] = {
    "nul": b"\0",
    "nul inside": b"a\0b",
    "lone surrogate": b"\xed\xb2\x80",
    "no utf-8": b"\xff\xfe\x80",
    "minus one": b"-1",
    "huge number": b"9" * 40,
    "number that nobody reads": b"9" * 5_000,
    "not a number": b"NaN",
    "infinite": b"1e999",
    "other digits": "٣٤²".encode(),
    "header": b"x\r\nX-Injected: yes\r\n\r\n<script>",
    "long": b"x" * 100_000,
    "percent": b"%s%n%(x)s{0}{{7*7}}",
    "quotes": b"'\"`;--\\",
    "backwards": "\u202e\u2066\ufeff".encode(),
    "far away": b"9999-99-99T99:99",
    "last year of all": b"9999-12-31T23:59",
    "address": b"//evil.example/x",
    "no address": b"http://[",
    "no address of ours": b"//[",
}
JSON_BODIES: Mapping[str, bytes] = {
    "nothing": b"",
    "list": b"[]",
    "list of it": b'[{"subject": "x", "body": "y"}]',
    "text": b'"x"',
    "null": b"null",
    "number": b"1e999",
    "broken": b'{"subject": ',
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "no utf-8": b'{"subject": "\xff"}',
    "not finite": b'{"subject": NaN, "rating": Infinity}',
}
FIELD = re.compile(r"""name=["']([\w-]+)["']|(?:form|args|values)(?:\.get|\.getlist)?[(\[]["']([\w-]+)["']""")


@contextmanager
def nothing_goes_wrong() -> Iterator[list[str]]:
    """The errors the application writes into its log: a broken webhook is answered politely all the same."""
    seen: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(str(record.msg)[:1500])

    listening = Listening(logging.ERROR)
    logging.getLogger().addHandler(listening)
    try:
        yield seen
    finally:
        logging.getLogger().removeHandler(listening)


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", False)


def everybody(session: Session) -> Staff:
    """Somebody who may go everywhere, so that nothing is spared."""
    person = factories.staff(session, role=Role.AGENT, at=OWN)
    for role in Role:
        factories.give_role(session, person, role=role, at="79")
    return person


@pytest.fixture
def walk(app: HotlineApp, client: FlaskClient, session: Session, settings: Settings, now: datetime) -> "Walk":
    own = things(session, settings, unit=OWN, now=now)
    person = everybody(session)
    token = add_token(session, name="hostile", scopes=SCOPES, unit_code="", now=now)
    named = {**OTHERS, **administered(session, now=now), **own.named}
    session.commit()
    return Walk(app, client, session, now, person, token, named)


class Walk:
    """One visitor with every right, who knows the address of one thing of each kind."""

    def __init__(
        self, app: HotlineApp, client: FlaskClient, session: Session, now: datetime, person: Staff, token: str,
        named: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self.app, self.client, self.session, self.now = app, client, session, now
        self.person, self.token, self.named = person, token, named
        self.wrong: list[str] = []
        self.asked = 0

    def ask(self, way: Way, where: str, told: str, **request: Any) -> None:
        headers = {"Authorization": f"Bearer {self.token}", **request.pop("headers", {})}
        if self.client.get_cookie(SESSION_COOKIE) is None:
            sign_in(self.client, self.session, staff=self.person, now=self.now)
            self.session.commit()
        self.asked += 1
        with nothing_goes_wrong() as errors:
            answer = self.client.open(where, method=way.method, headers=headers, **request)
        # No scheduler lives here, which readiness says truly.
        is_truth = way.rule.endpoint == "health.ready" and answer.status_code == 503
        if (answer.status_code >= 500 and not is_truth) or errors:
            self.wrong.append(f"{way} with {told}: {answer.status_code} {' '.join(errors)[-300:]}")
        if "X-Injected" in answer.headers:
            self.wrong.append(f"{way} with {told}: a header of the sender's own")
        if answer.headers.get("Location", "").startswith(("//", "http://evil", "https://evil")):
            self.wrong.append(f"{way} with {told}: leads to {answer.headers['Location']}")
        answer.close()

    def address(self, way: Way) -> str:
        return address(self.app, way, self.named)

    def ways(self, *kinds: str) -> list[Way]:
        return [way for way in ways(self.app, *kinds) if not way.rule.rule.startswith("/simulated-carrier")]


@cache
def template_fields() -> frozenset[str]:
    found = set()
    for path in (ROOT / "templates").rglob("*.html"):
        found |= _fields(path.read_text("utf-8"))
    return frozenset(found - {"csrf_token"})


@cache
def fields_of_module(path: Path) -> frozenset[str]:
    """The field names that the package of a view reads, whichever of its modules does."""
    return frozenset(set().union(*(_fields(module.read_text("utf-8")) for module in path.parent.glob("*.py"))))


def _fields(text: str) -> set[str]:
    return {one or other for one, other in FIELD.findall(text)}


def fields_of(app: HotlineApp, way: Way) -> list[str]:
    view = inspect.unwrap(app.view_functions[way.rule.endpoint])
    return sorted(fields_of_module(Path(inspect.getfile(view))) - {"csrf_token"})


def form_of(fields: Mapping[str, bytes]) -> dict[str, Any]:
    body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields.items())
    return {"data": body.encode(), "content_type": "application/x-www-form-urlencoded"}


def in_turn(ways: list[Way]) -> Iterator[tuple[int, Way]]:
    """Each way once, with another turn of what is tried; `--long`: each with every turn."""
    turns = itertools.count()
    for way in ways:
        for _ in HOSTILE if LONG else range(1):
            yield next(turns) % len(HOSTILE), way


def test_no_field_of_any_form_or_query_breaks_anything(walk: Walk) -> None:
    token = csrf(walk.client).encode()
    names, values = sorted(template_fields()), list(HOSTILE.values())
    queries = ("limit", "cursor", "after", "q", "on", "text", "place", "reference", "unit", "status", "view", "month")

    # Every value comes to every field; a daily run does so over all ways together, `--long` on each of them.
    for number, way in in_turn(walk.ways()):
        told = f"round {number}"
        values.insert(0, values.pop())
        if way.method == "GET":
            asked = dict(zip(queries, itertools.cycle(values), strict=False))
            query = "&".join(f"{name}={quote_from_bytes(value[:1500])}" for name, value in asked.items())
            walk.ask(way, f"{walk.address(way)}?{query}", told)
        else:
            sent = dict(zip(names, itertools.cycle(values), strict=False))
            walk.ask(way, walk.address(way), told, **form_of({**sent, "csrf_token": token}))

    assert walk.wrong == []
    assert walk.asked > 200


def test_one_hostile_field_in_a_form_that_is_right_otherwise_breaks_nothing(walk: Walk) -> None:
    """All fields at once stop at the first; one at a time reaches what stands behind it."""
    chance = random.Random(31)
    sensible = {field: value.encode() for field, value in SENSIBLE.items() if field != "once"}
    sensible["csrf_token"] = csrf(walk.client).encode()

    for way in walk.ways("staff", "public", "halfway"):
        if way.method == "GET" or way.rule.endpoint == "sign_in.sign_out":
            continue
        fields = fields_of(walk.app, way)
        for field in fields if LONG else chance.sample(fields, min(4, len(fields))):
            for name in HOSTILE if LONG else chance.sample(sorted(HOSTILE), 1):
                walk.ask(way, walk.address(way), f"{name} in {field}", **form_of({**sensible, field: HOSTILE[name]}))

    assert walk.wrong == []
    assert walk.asked > 100


def test_no_body_of_any_shape_breaks_anything(walk: Walk) -> None:
    headers = {"X-CSRFToken": csrf(walk.client)}
    kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x/y")
    turn = itertools.cycle(itertools.product(JSON_BODIES, kinds))

    for way in walk.ways():
        if way.method == "GET":
            continue
        tried = [(name, kinds[0]) for name in JSON_BODIES] if way.access.kind == "bearer" else []
        tried += itertools.islice(turn, len(JSON_BODIES) * len(kinds) if LONG else 1)
        for name, kind in tried:
            body = JSON_BODIES[name]
            walk.ask(way, walk.address(way), f"{name} as {kind}", data=body, content_type=kind, headers=headers)

    assert walk.wrong == []


def test_no_value_in_a_programs_body_breaks_anything(walk: Walk) -> None:
    document = walk.client.get("/api/v1/openapi.json").get_json()
    names = {field for schema in document["components"]["schemas"].values() for field in schema.get("properties", {})}
    right = {"subject": "Cống nghẹt", "body": "Nước ngập.", "to": "open", "reason": "x", "priority": "high"}
    odd: list[Any] = [
        value.decode("utf-8", "surrogatepass" if b"\xed" in value else "replace") for value in HOSTILE.values()
    ]
    odd += [["x"], {"x": "y"}, -1, 10**30, 1.5, True, None, "", "\ud800"]
    turn = itertools.cycle(odd)

    for way in walk.ways("bearer"):
        if way.method == "GET":
            continue
        for field in sorted(names):
            for value in odd if LONG else [next(turn)]:
                body = json.dumps({**right, field: value})
                told = f"{str(value)[:30]!r} in {field}"
                walk.ask(way, walk.address(way), told, data=body, content_type="application/json")
        for key in ("x" * 300, "ký tự", "\t", "a b", "0"):
            walk.ask(way, walk.address(way), "key", json=right, headers={"Idempotency-Key": key})

    assert walk.wrong == []


def test_nothing_in_an_address_breaks_anything(walk: Walk) -> None:
    turn = itertools.cycle(name for name in HOSTILE if name != "long")
    for way in walk.ways():
        if not way.arguments:
            continue
        for argument in sorted(way.arguments):
            for name in itertools.islice(turn, len(HOSTILE) if LONG else 2):
                value = quote_from_bytes(HOSTILE[name], safe="")
                where = re.sub(rf"<(?:\w+:)?{argument}>", value, way.rule.rule)
                for other in way.arguments - {argument}:
                    where = re.sub(rf"<(?:\w+:)?{other}>", str(walk.named[other]), where)
                walk.ask(way, where, f"{name} as {argument}")
        numbers = {one: 10**30 if isinstance(walk.named[one], int) else walk.named[one] for one in way.arguments}
        walk.ask(way, address(walk.app, way, numbers), "huge numbers")

    assert walk.wrong == []


def test_no_header_breaks_anything(walk: Walk) -> None:
    names = (
        "Accept-Language", "User-Agent", "Referer", "Cookie", "X-Request-ID", "X-Forwarded-For", "Range",
        "If-None-Match", "If-Modified-Since", "X-Twilio-Signature", "HX-Request", "HX-Target", "Origin",
    )  # fmt: skip
    values = [v.replace(b"\r\n", b" ").replace(b"\0", b"").decode("latin-1")[:4000] for v in HOSTILE.values()]
    for number, way in in_turn(walk.ways()):
        values.insert(0, values.pop())
        headers = dict(zip(names, itertools.cycle(values), strict=False))
        walk.ask(way, walk.address(way), f"round {number}", headers=headers)
    for value in values:
        way = next(way for way in walk.ways("bearer"))
        walk.ask(way, walk.address(way), "token", headers={"Authorization": f"Bearer {value}"})

    assert walk.wrong == []


def test_nothing_a_genuine_provider_says_breaks_anything(
    client: FlaskClient, settings: Settings, session: Session
) -> None:
    """A signature proves who speaks, not that what is said makes sense."""
    kinds = "voice menu place queue dial voicemail status recording sms sms-status fallback whisper hold other"
    fields = (
        "From", "To", "CallStatus", "Digits", "SpeechResult", "RecordingSid", "RecordingDuration", "RecordingUrl",
        "RecordingStatus", "Body", "MessageSid", "MessageStatus", "ErrorCode", "CallDuration", "DialCallStatus",
        "Confidence", "SequenceNumber", "Timestamp", "CallerName", "CallSid", "DialCallSid", "NumMedia",
    )  # fmt: skip
    turn, wrong = itertools.cycle(HOSTILE), []
    session.commit()

    for kind, field in itertools.product(kinds.split(), fields):
        for name in itertools.islice(turn, len(HOSTILE) if LONG else 1):
            phone = Phone(client, settings)
            told = {"MessageSid": f"SM{phone.sid}", "RecordingSid": f"RE{phone.sid}"}
            with nothing_goes_wrong() as errors:
                if kind in ("menu", "place", "queue"):
                    phone.ring()
                said = HOSTILE[name].decode("utf-8", "replace")[:20_000]
                answer = phone.post(f"{kind}?turn=1" if kind != "voice" else kind, {**told, field: said})
            # Another account's number is refused; everything else is answered.
            if answer.status_code >= 400 or errors:
                wrong.append(f"{kind} with {name} in {field}: {answer.status_code} {' '.join(errors)[-300:]}")

    assert wrong == []
