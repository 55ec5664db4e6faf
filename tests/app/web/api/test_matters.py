"""A program asks what a text is about; nothing of it is kept."""

import csv
from datetime import datetime

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.app.web.api.test_tickets import headers
from tickets.matter.lists import FILES
from tickets.schema import AuditEntry, Contact, Ticket

READ = "/api/v1/matters/read"


def test_a_text_is_read_with_its_reasons_and_nothing_is_kept(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    token = headers(session, scopes=("tickets:write",), now=now)
    before = [session.scalar(select(func.count()).select_from(table)) for table in (Ticket, Contact, AuditEntry)]

    answer = client.post(READ, json={"text": "cháy nhà, còn bà ngoại trên lầu, phường Bến Nghé quận 1"}, headers=token)

    told = answer.json
    assert answer.status_code == 200
    assert told["danger"] == "yes"
    assert (told["about_official"], told["noise"], told["not_solved"], told["praise"]) == (False,) * 4
    assert told["categories"][0] == "fire_safety"
    assert told["language"] == "vi"
    assert told["places"]["outcome"] == "unique"
    assert {"label": "danger", "kinds": ["fire"], "words": told["reasons"][0]["words"]} == told["reasons"][0]
    assert "cháy nhà" in told["reasons"][0]["words"]
    after = [session.scalar(select(func.count()).select_from(table)) for table in (Ticket, Contact, AuditEntry)]
    assert after == before


def test_a_place_of_its_own_field_is_read_too(client: FlaskClient, session: Session, now: datetime) -> None:
    token = headers(session, scopes=("tickets:write",), now=now)

    told = client.post(READ, json={"text": "rác ba ngày chưa lấy", "place": "phường Tân Sơn Nhất"}, headers=token).json

    assert told["places"]["outcome"] == "unique"


def test_noise_has_no_kind_of_matter(client: FlaskClient, session: Session, now: datetime) -> None:
    token = headers(session, scopes=("tickets:write",), now=now)

    told = client.post(READ, json={"text": "kq phieu cua toi", "channel": "sms"}, headers=token).json

    assert told["noise"] is True
    assert told["categories"] == []
    assert told["reasons"] == [{"label": "noise", "kinds": ["broken_status"], "words": ["kq phieu cua toi"]}]


def test_mere_thanks_are_told_as_what_they_would_become(client: FlaskClient, session: Session, now: datetime) -> None:
    token = headers(session, scopes=("tickets:write",), now=now)

    told = client.post(READ, json={"text": "Dạ em cảm ơn nhiều ạ", "channel": "sms"}, headers=token).json

    assert told["noise"] is True
    assert (told["categories"], told["reasons"]) == ([], [{"label": "noise", "kinds": ["thanks"], "words": []}])


def test_an_answer_contradicted_in_words_that_no_rule_knows_is_told(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    token = headers(session, scopes=("tickets:write",), now=now)
    said = "Nhà trường trả lời sở là đã hoàn tiền cho phụ huynh. Lớp con tôi 42 em chưa em nào nhận một xu."

    told = client.post(READ, json={"text": said, "channel": "sms"}, headers=token).json

    assert told["not_solved"] is True
    assert told["noise"] is False


def test_who_may_not_write_tickets_reads_no_matter(client: FlaskClient, session: Session, now: datetime) -> None:
    assert client.post(READ, json={"text": "cháy"}).status_code == 401
    token = headers(session, scopes=("tickets:read",), now=now)
    assert client.post(READ, json={"text": "cháy"}, headers=token).status_code == 403


def test_what_is_no_text_is_refused_by_field(client: FlaskClient, session: Session, now: datetime) -> None:
    token = headers(session, scopes=("tickets:write",), now=now)

    for sent in ({}, {"text": 5}, {"text": "x" * 20_001}, {"text": "rác", "channel": "fax"}):
        answer = client.post(READ, json=sent, headers=token)
        assert answer.status_code in (400, 422)
        assert answer.content_type == "application/problem+json"
        assert answer.json["errors"][0]["field"] in ("text", "channel")


def test_an_empty_text_is_noise(client: FlaskClient, session: Session, now: datetime) -> None:
    token = headers(session, scopes=("tickets:write",), now=now)

    assert client.post(READ, json={"text": "  "}, headers=token).json["noise"] is True


def test_all_labelled_texts_are_answered(client: FlaskClient, session: Session, now: datetime) -> None:
    token = headers(session, scopes=("tickets:write",), now=now)
    cases = FILES / "examples.csv"

    for row in csv.DictReader(cases.open(encoding="utf-8", newline="")):
        sent = {"text": row["text"], "channel": row["channel"], "place": row["place_text"]}
        answer = client.post(READ, json=sent, headers=token)
        assert answer.status_code == 200, (row, answer.json)
