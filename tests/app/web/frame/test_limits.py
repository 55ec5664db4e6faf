"""How much one request may carry: pictures where pictures are taken, a text everywhere else."""

from datetime import datetime
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from app.web.frame.limits import LARGEST_REQUEST, LARGEST_WITH_PICTURES, count_told, limiter, may_be_told
from tests.app.web.public.public_forms import fill_in, photograph, send_again
from tests.signing_in import sign_in
from tickets.schema import OutboundMessage, Ticket, WebhookRefusal
from tickets.states import Role

TOO_MUCH = b"x" * (LARGEST_REQUEST + 1)


@pytest.mark.parametrize("address", ["/preferences", "/track", "/sign-in", "/report/advice", "/api/v1/tickets"])
def test_nobody_can_make_us_read_more_than_a_text(client: FlaskClient, address: str) -> None:
    as_file = client.post(address, data={"file": (BytesIO(TOO_MUCH), "x.bin")})
    as_json = client.post(address, data=TOO_MUCH, content_type="application/json")

    # The API asks for its token before it reads anything.
    expected = {413} if not address.startswith("/api") else {401}
    assert {as_file.status_code} == expected
    assert as_json.status_code in (400, *expected)


def test_a_webhook_that_is_too_large_is_refused_like_any_other(client: FlaskClient, session: Session) -> None:
    headers = {"X-Twilio-Signature": "x"}

    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = client.post("/webhooks/sim/voice", data=TOO_MUCH, content_type=kind, headers=headers)
        assert (answer.status_code, answer.data) == (403, b"")

    assert set(session.scalars(select(WebhookRefusal.reason))) == {"too_large"}


def test_a_report_may_carry_pictures(client: FlaskClient) -> None:
    big = photograph() + b"\0" * LARGEST_REQUEST

    answer = client.post("/", data={"body": "Cống nghẹt", "pictures": (BytesIO(big), "anh.jpg")})

    assert answer.status_code == 400, "the page was open too long, which is told with everything kept"


def test_a_sixth_report_in_an_hour_is_taken_and_tells_the_named_phone_nothing(
    client: FlaskClient, session: Session
) -> None:
    for number in range(6):
        typed = {"body": f"Cống nghẹt số {number}", "place": "phường Sài Gòn", "phone": "0901234567"}
        answer = fill_in(client, "/", "/", **typed)
        if answer.status_code == 200:
            # It is asked back whether this is about the matter before; asking counts for nothing.
            answer = send_again(client, answer, "/")
        assert answer.status_code == 303, answer.get_data(as_text=True)

    assert session.scalar(select(func.count()).select_from(Ticket)) == 6
    assert session.scalar(select(func.count()).select_from(OutboundMessage)) == 5


def test_who_may_be_told_is_asked_before_the_transaction_of_a_report_and_counted_after_it(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    dispatch, ask, count = HotlineApp.dispatch_request, limiter.limiter.storage.get, limiter.limiter.storage.incr

    def dispatching(app: HotlineApp) -> object:
        told.append("begin")
        answer = dispatch(app)
        told.append("end")
        return answer

    def asking(key: str) -> int:
        if "/told/" in key:
            told.append("ask")
        return ask(key)

    def counting(key: str, *rest: int, **named: int) -> int:
        if "/told/" in key:
            told.append("count")
        return count(key, *rest, **named)

    page = client.get("/")
    monkeypatch.setattr(HotlineApp, "dispatch_request", dispatching)
    monkeypatch.setattr(limiter.limiter.storage, "get", asking)
    monkeypatch.setattr(limiter.limiter.storage, "incr", counting)
    named = {"phone": "0901234567", "email": "lan@example.vn"}
    answer = send_again(client, page, "/", body="Cống nghẹt", place="phường Sài Gòn", **named)

    assert answer.status_code == 303
    assert told == ["ask", "ask", "begin", "end", "count", "count"]


def test_whom_forms_name_is_counted_by_a_digest_and_never_by_the_number(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []
    count = limiter.limiter.storage.incr

    def counting(key: str, *rest: int, **named: int) -> int:
        keys.append(key)
        return count(key, *rest, **named)

    monkeypatch.setattr(limiter.limiter.storage, "incr", counting)

    with client.application.app_context():
        count_told("+84901234567")

    assert keys
    assert not any("901234567" in key for key in keys)


def test_without_redis_a_citizen_is_told_all_the_same(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> int:
        raise RedisAway("gone")

    monkeypatch.setattr(limiter.limiter.storage, "get", away)
    monkeypatch.setattr(limiter.limiter.storage, "incr", away)

    with client.application.app_context():
        assert may_be_told("+84901234567")
        count_told("+84901234567")


def test_not_even_a_report_may_be_larger_than_its_pictures(client: FlaskClient) -> None:
    too_large = {"CONTENT_LENGTH": str(LARGEST_WITH_PICTURES + 1)}

    answer = client.post("/", content_type="multipart/form-data; boundary=x", environ_overrides=too_large)

    assert answer.status_code == 413


@pytest.mark.parametrize("address", ["/sign-in", "/sign-in/code", "/sign-in/link/no-such-link"])
def test_one_address_may_guess_twenty_times_a_minute_and_another_one_still_can(
    client: FlaskClient, session: Session, now: datetime, address: str
) -> None:
    sign_in(client, session, role=Role.LEADER, second_factor=False, now=now)
    token = client.get("/sign-in/code").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    guess = {"email": "nobody@x.vn", "password": "x", "code": "000000", "csrf_token": token}

    statuses = [client.post(address, data=guess).status_code for _ in range(21)]
    elsewhere = client.post(address, data=guess, environ_base={"REMOTE_ADDR": "203.0.113.9"})

    assert 429 not in statuses[:20]
    assert statuses[20] == 429
    assert elsewhere.status_code == statuses[0]
