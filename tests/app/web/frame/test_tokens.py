"""Programs: which header is a token, what it opens, and what a key that is sent twice may be."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.web.frame.application import HotlineApp
from app.web.frame.errors import trouble_of
from tests.factories import open_ticket
from tickets.errors import NotAllowed
from tickets.schema import ApiToken, Ticket
from tickets.states import Priority, TicketStatus

BODY = {"subject": "Rác không thu gom", "body": "Hẻm nhà tôi ba ngày chưa ai lấy rác.", "unit": "26740"}


def token_of(session: Session, now: datetime, *scopes: str, name: str = "1022") -> str:
    token = add_token(session, name=name, scopes=scopes, unit_code="", now=now)
    session.commit()
    return token


def test_only_a_bearers_header_is_a_token(client: FlaskClient, session: Session, now: datetime) -> None:
    token = token_of(session, now, "tickets:read")
    right = [f"Bearer {token}", f"bearer {token}", f"Bearer  {token} "]
    wrong = ["", token, f"Basic {token}", "Bearer", "Bearer ", f"Bearer {token}x", f"Bearer {token[:-1]}"]

    answers = {given: client.get("/api/v1/tickets", headers={"Authorization": given}) for given in (*right, *wrong)}

    assert {answers[given].status_code for given in right} == {200}
    assert {answers[given].status_code for given in wrong} == {401}
    assert {answers[given].headers["WWW-Authenticate"] for given in wrong} == {'Bearer realm="Hotline"'}
    assert {answers[given].content_type for given in wrong} == {"application/problem+json"}


SPEAKS = {
    "en": "This request is not open to the unit or the scopes of the token.",
    "vi": "Yêu cầu này nằm ngoài đơn vị hoặc quyền của mã truy cập.",
}


@pytest.mark.parametrize("asked", ["en", "en-GB,en;q=0.8", "vi", "vi-VN,vi;q=0.9,en;q=0.5", "fr", None])
def test_a_program_is_answered_in_the_language_it_asks_for_and_about_its_request(
    client: FlaskClient, session: Session, now: datetime, asked: str | None
) -> None:
    token = token_of(session, now, "tickets:read", "tickets:write")
    reference = open_ticket(session).reference
    headers = {"Authorization": f"Bearer {token}"} | ({"Accept-Language": asked} if asked else {})
    other = token_of(session, now, "figures:read", name="figures")
    taken_up = {"to": "open", "text": "x"}
    client.post(f"/api/v1/tickets/{reference}/transitions", json=taken_up, headers=headers)
    locale = "en" if asked and asked.startswith("en") else "vi"

    refused = {
        404: client.get("/api/v1/tickets/2699999999", headers=headers),
        405: client.delete(f"/api/v1/tickets/{reference}", headers=headers),
        400: client.post("/api/v1/tickets", json={"subject": "x"}, headers=headers),
        403: client.get("/api/v1/tickets", headers={**headers, "Authorization": f"Bearer {other}"}),
        409: client.post(f"/api/v1/tickets/{reference}/transitions", json=taken_up, headers=headers),
    }
    withdrawn = client.post(
        f"/api/v1/tickets/{reference}/transitions", json={"to": "withdrawn", "text": "x"}, headers=headers
    )

    assert {status: answer.status_code for status, answer in refused.items()} == {status: status for status in refused}
    told = [answer.get_json() for answer in (*refused.values(), withdrawn)]
    words = " ".join(f"{one['title']} {one['detail']} {one['errors']}" for one in told)
    is_vietnamese = "ơ" in words or "ư" in words
    assert is_vietnamese is (locale == "vi"), words
    for of_pages in (" page", "button", "you typed", "Go back", "Reload", "trang", "nút", "tải lại", "đã nhập"):
        assert of_pages not in words, of_pages


@pytest.mark.parametrize("asked", SPEAKS)
def test_a_program_that_is_not_allowed_hears_of_its_request_and_not_of_a_page(app: HotlineApp, asked: str) -> None:
    with app.test_request_context("/api/v1/tickets", headers={"Accept-Language": asked}):
        assert trouble_of(NotAllowed("transfer_to_whom_it_is_about")).words == SPEAKS[asked]


def test_a_revoked_token_opens_nothing_more(client: FlaskClient, session: Session, now: datetime) -> None:
    with_it = {"Authorization": f"Bearer {token_of(session, now, 'tickets:read')}"}
    assert client.get("/api/v1/tickets", headers=with_it).status_code == 200
    session.scalars(select(ApiToken)).one().revoked_at = now
    session.commit()

    assert client.get("/api/v1/tickets", headers=with_it).status_code == 401


def test_a_revoked_token_does_not_get_the_answer_to_its_own_repeated_request(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    headers = {"Authorization": f"Bearer {token_of(session, now, 'tickets:write')}", "Idempotency-Key": "once"}
    first = client.post("/api/v1/tickets", json=BODY, headers=headers).get_json()
    assert client.post("/api/v1/tickets", json=BODY, headers=headers).get_json()["pin"] == first["pin"]
    session.scalars(select(ApiToken)).one().revoked_at = now
    session.commit()

    again = client.post("/api/v1/tickets", json=BODY, headers=headers)

    assert again.status_code == 401
    assert first["pin"] not in again.get_data(as_text=True)
    assert first["reference"] not in again.get_data(as_text=True)


def test_a_repeated_request_is_told_nothing_of_a_ticket_that_its_token_may_no_longer_see(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    headers = {"Authorization": f"Bearer {token_of(session, now, 'tickets:write')}", "Idempotency-Key": "once"}
    first = client.post("/api/v1/tickets", json=BODY, headers=headers).get_json()
    ticket = session.scalars(select(Ticket).where(Ticket.reference == first["reference"])).one()
    ticket.is_restricted, ticket.status, ticket.priority = True, TicketStatus.OPEN, Priority.URGENT
    session.commit()

    again = client.post("/api/v1/tickets", json=BODY, headers=headers).get_json()

    assert (again["reference"], again["pin"]) == (first["reference"], first["pin"])
    assert (again["status"], again["priority"], again["clocks"]) == ("new", "normal", [])
    assert (again["unit"], again["queue"], again["escalations"]) == ({"code": None, "name": ""}, "", [])


def test_a_token_does_what_its_scopes_say_and_the_administrators_everything(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    reference = open_ticket(session, now=now).reference
    reads, writes, may_all = (
        {"Authorization": f"Bearer {token_of(session, now, scope, name=scope)}"}
        for scope in ("tickets:read", "tickets:write", "admin")
    )

    def outcome(headers: dict[str, str]) -> tuple[int, int]:
        read = client.get(f"/api/v1/tickets/{reference}", headers=headers)
        opened = client.post("/api/v1/tickets", json=BODY, headers=headers)
        return read.status_code, opened.status_code

    assert [outcome(headers) for headers in (reads, writes, may_all)] == [(200, 403), (403, 201), (200, 201)]


def test_when_a_token_was_used_last_is_written_once_a_minute(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    with_it = {"Authorization": f"Bearer {token_of(session, now, 'tickets:read')}"}
    row = session.scalars(select(ApiToken)).one()

    for before, moved in ((None, True), (now - timedelta(seconds=59), False), (now - timedelta(seconds=61), True)):
        row.last_used_at = before
        session.commit()
        client.get("/api/v1/tickets", headers=with_it)
        session.refresh(row)
        assert (row.last_used_at == now) is moved, before


def test_open_data_are_read_without_a_token_and_with_a_wrong_one(client: FlaskClient) -> None:
    for given in ({}, {"Authorization": "Bearer made-up"}):
        assert client.get("/api/v1/units", headers=given).status_code == 200


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("k", 201),
        ("k" * 200, 201),
        ("k" * 201, 400),
        ("mã", 400),
        ("a\tb", 400),
        ("two words", 201),
    ],
    ids=["short", "longest", "too long", "letters", "tab", "words"],
)
def test_a_key_is_two_hundred_printable_letters_at_most(
    client: FlaskClient, session: Session, now: datetime, key: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {token_of(session, now, 'tickets:write')}", "Idempotency-Key": key}

    answer = client.post("/api/v1/tickets", json=BODY, headers=headers)

    assert answer.status_code == status
    if status == 400:
        assert [fault["field"] for fault in answer.get_json()["errors"]] == ["Idempotency-Key"]


def test_without_a_key_each_request_is_a_ticket_and_a_key_is_one_programs_own(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    one, other = (
        {"Authorization": f"Bearer {token_of(session, now, 'tickets:write', name=name)}"} for name in ("a", "b")
    )
    before = session.scalar(select(func.count()).select_from(Ticket)) or 0

    for headers in (one, one, {**one, "Idempotency-Key": "  "}, {**one, "Idempotency-Key": "7"}):
        assert client.post("/api/v1/tickets", json=BODY, headers=headers).status_code == 201
    others = client.post("/api/v1/tickets", json={**BODY, "body": "Khác."}, headers={**other, "Idempotency-Key": "7"})

    assert others.status_code == 201, "another program's key is none of this one's business"
    assert (session.scalar(select(func.count()).select_from(Ticket)) or 0) - before == 5
