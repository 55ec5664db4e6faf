"""How much one request may carry: pictures where pictures are taken, a text everywhere else."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.limits import LARGEST_REQUEST
from tests.app.web.public_forms import photograph
from tickets.schema import WebhookRefusal

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
