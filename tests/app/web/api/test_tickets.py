"""The JSON API: tickets are opened once, read by scope, and every fault names its field."""

import base64
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.web.api.bodies import TicketOut
from app.web.api.paging import keys_of
from app.web.api.ticket_view import ticket_view
from app.web.frame.application import HotlineApp
from tests import factories
from tests.app.web.steering import climb
from tests.escalation.scene import holder, ward, with_role
from tickets.errors import NotFound
from tickets.people.roles import load_viewer
from tickets.schema import Acknowledgement, Contact, PostHolding, Staff, StepRecipient, Ticket
from tickets.states import Role

ALL = ("tickets:read", "tickets:write", "escalations:acknowledge", "figures:read", "directory:read")


@pytest.fixture
def city(session: Session, now: datetime) -> dict[str, str]:
    """Headers of a program that belongs to the city."""
    return headers(session, now=now)


def headers(session: Session, *, unit: str = "", scopes: tuple[str, ...] = ALL, now: datetime) -> dict[str, str]:
    name = f"program-{unit}-{'-'.join(scopes)}"
    token = add_token(session, name=name, scopes=scopes, unit_code=unit, now=now)
    # A refused request rolls back to here.
    session.commit()
    return {"Authorization": f"Bearer {token}", "Accept-Language": "en"}


def body(**facts: Any) -> dict[str, Any]:
    return {"subject": "Rác không thu gom", "body": "Hẻm nhà tôi ba ngày chưa ai lấy rác.", **facts}


def test_whatever_is_told_of_a_ticket_stands_in_the_document(app: HotlineApp, session: Session, now: datetime) -> None:
    """A field that the document does not name is left out of the answer without a word."""
    opened = factories.open_ticket(session, now=now)

    with app.test_request_context():
        viewer = load_viewer(session, factories.staff(session).id, now=now)
        assert viewer is not None
        told = ticket_view(session, viewer, session.get_one(Ticket, opened.ticket_id))

    assert set(told) == set(TicketOut.model_fields)


def test_a_ticket_is_opened_with_its_pin_reasons_and_clocks(client: FlaskClient, city: dict[str, str]) -> None:
    answer = client.post("/api/v1/tickets", json=body(place="phường Bến Nghé quận 1 cũ"), headers=city)

    told = answer.get_json()
    assert answer.status_code == 201, told
    assert len(told["reference"]) == 10 and len(told["pin"]) == 6
    assert told["unit"] == {"code": "26740", "name": "Phường Sài Gòn"}
    assert told["status"] == "new"
    assert told["level"] == 0
    assert any("Phường Sài Gòn" in reason["text"]["vi"] for reason in told["routing"]["reasons"])
    assert {"accept", "first", "resolve"} <= {clock["kind"] for clock in told["clocks"]}
    assert all(clock["due_at"].endswith("Z") for clock in told["clocks"])


def test_reading_it_again_tells_everything_but_the_pin(client: FlaskClient, city: dict[str, str]) -> None:
    opened = client.post("/api/v1/tickets", json=body(unit="26740"), headers=city).get_json()

    read = client.get(f"/api/v1/tickets/{opened['reference']}", headers=city).get_json()

    assert "pin" not in read
    assert read == {key: value for key, value in opened.items() if key not in ("pin", "warnings")}


def test_the_same_idempotency_key_opens_one_ticket_and_tells_the_same(
    client: FlaskClient, session: Session, city: dict[str, str]
) -> None:
    with_key = {**city, "Idempotency-Key": "form-4711"}

    first = client.post("/api/v1/tickets", json=body(unit="26740"), headers=with_key)
    again = client.post("/api/v1/tickets", json=body(unit="26740"), headers=with_key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json()["reference"] == again.get_json()["reference"]
    assert first.get_json()["pin"] == again.get_json()["pin"]
    ticket = session.scalars(select(Ticket).where(Ticket.reference == first.get_json()["reference"])).one()
    assert len(session.scalars(select(Contact).where(Contact.ticket_id == ticket.id)).all()) == 1


def test_the_same_idempotency_key_with_another_body_is_refused(client: FlaskClient, city: dict[str, str]) -> None:
    with_key = {**city, "Idempotency-Key": "form-4712"}
    client.post("/api/v1/tickets", json=body(), headers=with_key)

    other = client.post("/api/v1/tickets", json=body(body="etwas anderes"), headers=with_key)

    assert other.status_code == 422
    assert other.content_type == "application/problem+json"


def test_every_fault_of_a_body_is_named_with_its_field(client: FlaskClient, city: dict[str, str]) -> None:
    answer = client.post("/api/v1/tickets", json={"subjekt": "x", "body": "", "phone": 7}, headers=city)

    told = answer.get_json()
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert {(e["field"], e["code"]) for e in told["errors"]} == {
        ("subject", "missing"),
        ("subjekt", "extra_forbidden"),
        ("body", "string_too_short"),
        ("phone", "string_type"),
    }
    assert told["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("faulty", [[1, 2], "text", None, {"subject": "a\0b", "body": "x"}])
def test_bodies_that_are_no_ticket_get_400_and_never_500(
    client: FlaskClient, city: dict[str, str], faulty: Any
) -> None:
    answer = client.post("/api/v1/tickets", json=faulty, headers=city)

    assert answer.status_code == 400


def test_a_deeply_nested_body_gets_400(client: FlaskClient, city: dict[str, str]) -> None:
    deep = '{"subject":' + "[" * 100_000 + "]" * 100_000 + "}"

    answer = client.post("/api/v1/tickets", data=deep, content_type="application/json", headers=city)

    assert answer.status_code == 400


def test_without_a_token_the_answer_is_401_and_says_how(client: FlaskClient) -> None:
    answer = client.get("/api/v1/tickets")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_without_the_scope_is_refused(client: FlaskClient, session: Session, now: datetime) -> None:
    reader = headers(session, scopes=("tickets:read",), now=now)

    assert client.post("/api/v1/tickets", json=body(), headers=reader).status_code == 403


def test_a_wards_token_sees_its_own_tickets_and_no_others(client: FlaskClient, session: Session, now: datetime) -> None:
    own = factories.open_ticket(session, now=now, unit_code="26740")
    foreign = factories.open_ticket(session, now=now, unit_code="26824")
    ward = headers(session, unit="26740", now=now)

    listed = client.get("/api/v1/tickets?limit=200", headers=ward).get_json()["items"]
    missing = client.get(f"/api/v1/tickets/{foreign.reference}", headers=ward)
    unknown = client.get("/api/v1/tickets/2600000000", headers=ward)

    references = {item["reference"] for item in listed}
    assert own.reference in references
    assert foreign.reference not in references
    assert missing.status_code == unknown.status_code == 404


def test_lists_page_by_a_cursor_without_repeating(client: FlaskClient, session: Session, now: datetime) -> None:
    for _number in range(5):
        factories.open_ticket(session, now=now, unit_code="26506")
    ward = headers(session, unit="26506", now=now)

    seen: list[str] = []
    address = "/api/v1/tickets?limit=2"
    while address:
        page = client.get(address, headers=ward).get_json()
        seen += [item["reference"] for item in page["items"]]
        address = f"/api/v1/tickets?limit=2&cursor={page['next']}" if page["next"] else ""

    assert len(seen) == len(set(seen)) >= 5


def test_a_page_holds_two_hundred_rows_at_most(client: FlaskClient, city: dict[str, str]) -> None:
    assert client.get("/api/v1/tickets?limit=200", headers=city).status_code == 200
    for limit in ("201", "0", "-1", "100000"):
        answer = client.get(f"/api/v1/tickets?limit={limit}", headers=city)
        assert answer.status_code == 400, limit
        assert [fault["field"] for fault in answer.get_json()["errors"]] == ["limit"]


def test_a_cursor_nested_ever_deeper_is_made_up_too() -> None:
    with pytest.raises(NotFound):
        keys_of(base64.urlsafe_b64encode(b"[" * 100_000).decode(), int)


def test_a_made_up_cursor_is_refused(client: FlaskClient, city: dict[str, str]) -> None:
    for cursor in ("x", "W10", "bnVsbA", "WzFlOTk5XQ", "%00", "WzkyMjMzNzIwMzY4NTQ3NzU4MDdd", "WyIxIl0"):
        assert client.get(f"/api/v1/tickets?cursor={cursor}", headers=city).status_code == 404, cursor
    assert client.get(f"/api/v1/tickets?cursor={'x' * 501}", headers=city).status_code == 400


def test_a_program_answers_and_resolves(client: FlaskClient, city: dict[str, str]) -> None:
    reference = client.post("/api/v1/tickets", json=body(unit="26740", phone="0901234567"), headers=city).get_json()[
        "reference"
    ]
    base = f"/api/v1/tickets/{reference}"

    reply = client.post(f"{base}/messages", json={"kind": "reply", "body": "Chiều nay sẽ thu gom."}, headers=city)
    note = client.post(f"{base}/messages", json={"kind": "note", "body": "Đã gọi tổ thu gom."}, headers=city)
    moved = client.post(f"{base}/transitions", json={"to": "open", "text": "nhận"}, headers=city)
    resolved = client.post(
        f"{base}/transitions", json={"to": "resolved", "text": "Đã thu gom.", "disposition": "fixed"}, headers=city
    )

    assert (reply.status_code, note.status_code) == (201, 201)
    assert resolved.status_code == 200, (moved.get_json(), resolved.get_json())
    assert resolved.get_json()["status"] == "resolved"
    messages = client.get(f"{base}/messages", headers=city).get_json()["items"]
    assert "Đã gọi tổ thu gom." not in [message["body"] for message in messages]
    timeline = client.get(f"{base}/timeline", headers=city).get_json()["items"]
    assert "resolved" in {entry["kind"] for entry in timeline}


def test_what_a_citizen_told_a_program_opens_the_ticket_again(client: FlaskClient, city: dict[str, str]) -> None:
    opened = client.post("/api/v1/tickets", json=body(unit="26740"), headers=city).get_json()
    base = f"/api/v1/tickets/{opened['reference']}"
    client.post(f"{base}/transitions", json={"to": "open", "text": "nhận"}, headers=city)
    answer = {"to": "resolved", "text": "Đã thu gom.", "disposition": "fixed"}
    client.post(f"{base}/transitions", json=answer, headers=city)

    thanks = client.post(f"{base}/messages", json={"kind": "citizen", "body": "Cảm ơn"}, headers=city)
    still = client.get(base, headers=city).get_json()["status"]
    said = client.post(f"{base}/messages", json={"kind": "citizen", "body": "Chưa xong"}, headers=city)

    assert (thanks.status_code, still) == (201, "resolved")
    assert (said.status_code, said.get_json()["direction"]) == (201, "in")
    assert client.get(base, headers=city).get_json()["status"] == "open"


def test_a_move_the_ticket_cannot_make_is_a_conflict(client: FlaskClient, city: dict[str, str]) -> None:
    reference = client.post("/api/v1/tickets", json=body(), headers=city).get_json()["reference"]
    move = {"to": "spam", "text": "nhầm"}
    client.post(f"/api/v1/tickets/{reference}/transitions", json=move, headers=city)

    again = client.post(
        f"/api/v1/tickets/{reference}/transitions",
        json={"to": "resolved", "text": "x", "disposition": "fixed"},
        headers=city,
    )

    assert again.status_code == 409


def test_a_date_that_has_passed_is_a_conflict_with_today_and_not_a_malformed_request(
    client: FlaskClient, city: dict[str, str]
) -> None:
    reference = client.post("/api/v1/tickets", json=body(), headers=city).get_json()["reference"]
    base = f"/api/v1/tickets/{reference}/transitions"
    client.post(base, json={"to": "open", "text": "nhận"}, headers=city)
    wait = {"to": "pending_third_party", "text": "chờ điện lực", "wake_at": "2020-01-01T00:00:00Z"}

    refused = client.post(base, json=wait, headers=city)

    assert refused.status_code == 409
    assert [error["code"] for error in refused.get_json()["errors"]] == ["not_in_the_future"]


def test_figures_come_for_the_tokens_units(client: FlaskClient, city: dict[str, str]) -> None:
    promises = client.get("/api/v1/figures/promises", headers=city)
    service = client.get("/api/v1/figures/service-level?from=2026-11-01T00:00:00%2B07:00", headers=city)
    backwards = client.get("/api/v1/figures/promises?from=2026-11-20T00:00:00Z&to=2026-11-01T00:00:00Z", headers=city)

    assert promises.status_code == service.status_code == 200
    assert set(service.get_json()["figures"]) >= {"service_level", "asa_seconds", "aht_seconds", "abandonment"}
    assert backwards.get_json()["figures"]["counted"] == 0


def test_the_resolver_answers_without_a_token(client: FlaskClient) -> None:
    told = client.get("/api/v1/places/resolve", query_string={"text": "phường Đa Kao quận 1"}).get_json()

    assert told["outcome"] == "split"
    assert {candidate["code"] for candidate in told["candidates"]} == {"26737", "26740"}
    assert told["question"]["text"]["vi"] and told["question"]["text"]["en"]


def test_units_and_procedures_are_listed(client: FlaskClient) -> None:
    seen, address = set(), "/api/v1/units?kind=ward&limit=50"
    while address:
        page = client.get(address).get_json()
        seen |= {unit["code"] for unit in page["items"]}
        address = f"/api/v1/units?kind=ward&limit=50&cursor={page['next']}" if page["next"] else ""

    assert len(seen) == 113
    assert client.get("/api/v1/procedures?level=city").get_json()["items"]
    assert client.get("/api/v1/queues").get_json()["items"]


def test_the_document_describes_every_operation_and_the_page_shows_it(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    page = client.get("/api/v1/docs").get_data(as_text=True)

    assert document["openapi"].startswith("3.1")
    assert document["paths"]["/api/v1/tickets"]["post"]["requestBody"]["required"] is True
    for path in document["paths"]:
        assert path in page.replace("&lt;", "<")


def test_a_token_that_may_only_write_tickets_cannot_acknowledge_in_a_leaders_name(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    climbed = climb(session, opened_at=now)
    step = climbed.step(session, 4)
    address, told = f"/api/v1/escalations/{step.id}/acknowledge", {"instruction": "Làm ngay."}
    person = session.scalars(
        select(Staff).join(StepRecipient, StepRecipient.staff_id == Staff.id).where(StepRecipient.step_id == step.id)
    ).first()
    assert person is not None
    told["by"] = person.email
    writer = headers(session, scopes=("tickets:read", "tickets:write"), now=now)
    answering = headers(session, scopes=("escalations:acknowledge",), now=now)

    refused = client.post(address, json=told, headers={**writer, "Accept-Language": "vi"})
    assert (refused.status_code, refused.content_type) == (403, "application/problem+json")
    assert "Cần quyền escalations:acknowledge." in str(refused.get_json())
    assert session.scalar(select(func.count()).select_from(Acknowledgement)) == 0
    desk = f"/api/v1/escalations?waiting_for={person.email}"
    waiting = client.get(desk, headers=writer).get_json()
    assert ([one["id"] for one in waiting["items"]], waiting["count"]) == ([step.id], 1)

    taken = client.post(address, json=told, headers=answering)
    assert taken.status_code == 200, taken.get_json()
    assert session.scalars(select(Acknowledgement.staff_id)).all() == [person.id]
    assert client.get(desk, headers=writer).get_json() == {"items": [], "next": None, "count": 0}
    assert client.get(f"{desk}x", headers=writer).status_code == 404


def test_whoever_came_after_the_person_told_answers_by_the_api_and_nobody_else_does(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    climbed = climb(session, opened_at=now)
    step = climbed.step(session, 2)
    successor, stranger = (
        with_role(session, Role.LEADER, unit, now=now) for unit in (climbed.unit, ward(session, "Phường Bến Thành"))
    )
    session.execute(update(PostHolding).where(PostHolding.staff_id == climbed.people[2].id).values(valid_to=climbed.at))
    holder(session, "ward_chair", climbed.unit, staff=successor, now=climbed.at)
    address = f"/api/v1/escalations/{step.id}/acknowledge"
    answering = headers(session, scopes=("escalations:acknowledge",), now=now)

    answers = [
        client.post(address, json={"by": who.email}, headers=answering).status_code for who in (stranger, successor)
    ]

    assert answers == [404, 200]
    assert session.scalars(select(Acknowledgement.staff_id)).all() == [successor.id]


def test_the_document_names_the_scope_that_each_operation_needs(client: FlaskClient) -> None:
    paths = client.get("/api/v1/openapi.json").get_json()["paths"]

    acknowledging = paths["/api/v1/escalations/{step_id}/acknowledge"]["post"]
    assert acknowledging["security"] == [{"token": ["escalations:acknowledge"]}]
    assert paths["/api/v1/tickets"]["post"]["security"] == [{"token": ["tickets:write"]}]
    assert "escalations:acknowledge" in client.get("/api/v1/docs").get_data(as_text=True)


def test_a_program_links_a_duplicate_reads_the_group_and_parts_it_again(
    client: FlaskClient, city: dict[str, str], session: Session, now: datetime
) -> None:
    master, duplicate = (factories.open_ticket(session, now=now).reference for _ in range(2))
    session.commit()
    address = f"/api/v1/tickets/{duplicate}/master"

    linked = client.post(address, json={"master": master}, headers=city)
    of_master = client.get(f"/api/v1/tickets/{master}", headers=city).get_json()
    parted = client.post(address, json={"reason": "Another alley"}, headers=city)
    again = client.post(address, json={"reason": "Another alley"}, headers=city)

    assert (linked.status_code, linked.get_json()["master"]) == (200, master)
    assert {clock["state"] for clock in linked.get_json()["clocks"]} == {"cancelled"}
    assert of_master["duplicates"] == [duplicate]
    assert (parted.status_code, parted.get_json()["master"]) == (200, None)
    assert again.status_code == 409


@pytest.mark.parametrize(("phone", "code"), [("+447911123456", "number_refused"), ("+841900123456", "number_premium")])
def test_a_number_that_nobody_is_called_at_is_told_and_a_text_to_it_refused(
    client: FlaskClient, city: dict[str, str], session: Session, phone: str, code: str
) -> None:
    opened = client.post("/api/v1/tickets", json=body(phone=phone), headers=city)

    assert opened.status_code == 201
    assert [one["code"] for one in opened.get_json()["warnings"]] == [code]
