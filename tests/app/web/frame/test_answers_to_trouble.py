"""What an address, a way or an inside that is not there is answered with: the right status, in words, nothing more."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.signing_in import sign_in
from tickets.states import Role

ENGLISH = {"Accept-Language": "en"}


@pytest.mark.parametrize("who", [None, Role.AGENT, Role.LEADER])
def test_an_address_that_is_not_there_is_not_found_and_not_forbidden(
    client: FlaskClient, session: Session, now, who: Role | None
) -> None:
    client.set_cookie("locale", "en")
    if who:
        sign_in(client, session, role=who, now=now)

    for address in ("/no-such-page", "/console/no-such-page", "/static/no-such-file.css", "/webhooks"):
        answer = client.get(address, headers=ENGLISH)
        assert (answer.status_code, "Not found" in answer.get_data(as_text=True)) == (404, True), address


def test_a_program_is_told_in_its_own_format(client: FlaskClient) -> None:
    answer = client.get("/api/v1/no-such-thing", headers=ENGLISH)

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    told = answer.get_json()
    assert (told["status"], told["title"], told["request_id"]) == (404, "Not found", answer.headers["X-Request-ID"])


def test_a_way_that_is_not_there_is_named_with_those_that_are(client: FlaskClient) -> None:
    answer = client.put("/track", headers=ENGLISH)

    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
    assert "Not possible this way" in answer.get_data(as_text=True)


def test_an_address_with_a_stroke_too_many_leads_to_the_page_that_was_meant(client: FlaskClient) -> None:
    answer = client.get("/sign-in//code?next=/console")

    assert (answer.status_code, answer.headers["Location"]) == (308, "http://localhost/sign-in/code?next=/console")


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "evil<script>1234", "số-0123456789", "a b c d e f g h"])
def test_a_request_id_that_is_none_is_replaced(client: FlaskClient, given: str) -> None:
    answer = client.get("/sign-in", headers={"X-Request-ID": given.encode().decode("latin-1")})

    assert answer.headers["X-Request-ID"] != given
    assert len(answer.headers["X-Request-ID"]) == 24


@pytest.mark.parametrize("given", ["abcdefgh", "0123-4567-89ab-cdef", "x" * 64])
def test_a_request_id_that_is_one_is_kept(client: FlaskClient, given: str) -> None:
    assert client.get("/sign-in", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given
