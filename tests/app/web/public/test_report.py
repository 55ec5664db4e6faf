"""Reporting on the web: what is asked back, what is kept, and that one form is one request."""

import re
from collections import Counter
from datetime import datetime
from io import BytesIO
from unittest.mock import ANY

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.settings import Settings
from app.storage.database import make_engine
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from tests.app.web.public.public_forms import fields_of, fill_in, photograph, send_again
from tickets.people.pins import check_pin
from tickets.schema import Attachment, Citizen, Contact, OutboundMessage, Ticket, Unit

RUBBISH = "Ba ngày nay xe rác không tới hẻm 12, rác chất đống trước cổng trường."


def report(client: FlaskClient, **typed: object) -> TestResponse:
    return fill_in(client, "/", "/", **{"body": RUBBISH, "place": "phường Bến Nghé quận 1 cũ", **typed})


def newest(session: Session) -> Ticket:
    return session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def said(answer: TestResponse) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def test_a_report_reaches_the_ward_of_today_and_gives_reference_and_pin(
    client: FlaskClient, session: Session, app: HotlineApp, now: datetime
) -> None:
    answer = report(client, phone="090 123 4567", name="Nguyễn Văn An")
    page = client.get(answer.headers["Location"]).get_data(as_text=True)

    ticket = newest(session)
    assert answer.status_code == 303
    assert session.get_one(Unit, ticket.unit_id).name == "Phường Sài Gòn"
    assert ticket.reply_phone == "+84901234567"
    pin = re.search(r'data-copy="(\d{6})"', page)
    assert ticket.reference in page and pin is not None
    found = check_pin(
        session, reference=ticket.reference, pin=pin[1], asker="a phone", keys=app.reference.keys, now=now
    )
    assert found.ticket_id == ticket.id


def test_neither_pin_nor_reference_stands_in_an_address_or_may_be_kept_by_a_cache(client: FlaskClient) -> None:
    answer = report(client)
    page = client.get(answer.headers["Location"])

    pin = re.search(r'data-copy="(\d{6})"', page.get_data(as_text=True))
    assert pin is not None and pin[1] not in answer.headers["Location"]
    assert page.headers["Cache-Control"] == "no-store"


def test_the_page_with_the_pin_opens_in_no_other_browser(client: FlaskClient, app: HotlineApp) -> None:
    address = report(client).headers["Location"]

    stranger = app.test_client().get(address)

    assert stranger.status_code == 404
    assert client.get(address).status_code == 200


def test_a_double_click_is_one_request_with_the_same_numbers(client: FlaskClient, session: Session) -> None:
    form = client.get("/")
    first = send_again(client, form, "/", body=RUBBISH, place="Phường Sài Gòn")
    tickets = count(session, Ticket)
    second = send_again(client, form, "/", body=RUBBISH, place="Phường Sài Gòn")

    pages = [client.get(a.headers["Location"]).get_data(as_text=True) for a in (first, second)]
    numbers = [re.findall(r'data-copy="(\d+)"', page) for page in pages]
    assert count(session, Ticket) == tickets
    assert numbers[0] == numbers[1] != []


def test_nobody_gets_the_numbers_of_another_by_guessing_the_name_of_a_form(
    client: FlaskClient, session: Session
) -> None:
    report(client, form_token="1")
    first = newest(session)

    report(client, form_token="1", body="Đèn đường trước số 5 không sáng")

    assert newest(session).id != first.id


def test_everything_typed_comes_back_with_the_error(client: FlaskClient, session: Session) -> None:
    typed = {
        "body": RUBBISH,
        "place": "hẻm 12 <b>Lê Lợi</b>",
        "phone": "12",
        "email": "not an address",
        "name": "Bà Năm",
        "dossier_number": "??",
        "category": "rubbish",
        "no_calls": "1",
    }
    before = count(session, Ticket)

    answer = report(client, **typed)

    kept = fields_of(answer.get_data(as_text=True), "/")
    assert answer.status_code == 422
    assert {name: kept[name] for name in typed} == typed
    assert answer.get_data(as_text=True).count('aria-invalid="true"') == 3
    assert count(session, Ticket) == before


def test_a_form_without_words_asks_for_them(client: FlaskClient) -> None:
    answer = report(client, body=" \n ")

    assert answer.status_code == 422
    assert 'id="f-body-error"' in answer.get_data(as_text=True)


def test_pictures_survive_an_error_elsewhere_in_the_form(client: FlaskClient, session: Session) -> None:
    wrong = report(
        client, phone="12", pictures=[(BytesIO(photograph()), "rác.jpg"), (BytesIO(photograph()), "cổng.jpg")]
    )
    right = send_again(client, wrong, "/", phone="")

    files = session.scalars(
        select(Attachment).where(Attachment.ticket_id == newest(session).id).order_by(Attachment.id)
    ).all()
    assert wrong.status_code == 422
    assert right.status_code == 303
    assert [file.file_name for file in files] == ["rác.jpg", "cổng.jpg"]


def test_a_kept_picture_can_be_left_out_again(client: FlaskClient, session: Session) -> None:
    wrong = report(client, phone="12", pictures=[(BytesIO(photograph()), "a.jpg")])
    key = re.search(r'name="drop_picture" [^>]*value="([^"]+)"', wrong.get_data(as_text=True))
    assert key is not None

    send_again(client, wrong, "/", phone="", drop_picture=key[1])

    assert session.scalars(select(Attachment).where(Attachment.ticket_id == newest(session).id)).all() == []


def test_a_file_that_is_no_picture_is_named_and_the_rest_kept(client: FlaskClient) -> None:
    answer = report(
        client,
        pictures=[(BytesIO(b"<svg><script>alert(1)</script></svg>"), "x.svg"), (BytesIO(photograph()), "ảnh.jpg")],
    )

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "x.svg" in page and "ảnh.jpg" in page
    assert fields_of(page, "/")["body"] == RUBBISH


def test_more_than_five_pictures_are_not_taken(client: FlaskClient) -> None:
    answer = report(client, pictures=[(BytesIO(photograph()), f"{n}.jpg") for n in range(6)])

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert page.count('name="kept_picture"') == 5


def test_a_full_disk_costs_the_pictures_and_never_the_report(
    client: FlaskClient, session: Session, app: HotlineApp
) -> None:
    # A file stands where the folder of pending pictures should be made: writing fails as it does on a full disk.
    folder = app.settings.media_folder
    pending = folder / "pending"
    aside = folder / "pending-aside"
    if pending.exists():
        pending.rename(aside)
    folder.mkdir(parents=True, exist_ok=True)
    pending.write_text("not a folder")
    try:
        told = report(client, pictures=[(BytesIO(photograph()), "a.jpg")])
        sent = send_again(client, told, "/")
    finally:
        pending.unlink()
        if aside.exists():
            aside.rename(pending)

    assert "không lưu được" in said(told)
    assert sent.status_code == 303
    assert newest(session).body == RUBBISH


def test_who_must_not_be_called_is_remembered_so(client: FlaskClient, session: Session) -> None:
    report(client, phone="0912 345 678", no_calls="1")

    assert session.get_one(Citizen, newest(session).citizen_id).do_not_call


def test_a_report_without_name_and_number_makes_no_citizen(client: FlaskClient, session: Session) -> None:
    report(client)

    assert newest(session).citizen_id is None


def test_forms_sent_by_anybody_do_not_flood_a_phone_or_a_mailbox_and_every_report_is_taken(
    client: FlaskClient, session: Session
) -> None:
    for typed in 7 * [{"phone": "0901234567"}] + 7 * [{"email": "An@example.vn"}] + [{"phone": "0907654321"}]:
        answer = report(client, **typed)
        # Similar ones are shown first.
        assert answer.status_code == 303 or send_again(client, answer, "/").status_code == 303

    sent = session.scalars(select(OutboundMessage.address).where(OutboundMessage.template == "ticket_opened")).all()
    assert count(session, Ticket) == 15
    assert Counter(sent) == {"+84901234567": 5, "an@example.vn": 5, "+84907654321": 1}


def test_the_message_to_a_typed_number_holds_neither_pin_nor_what_was_written(
    client: FlaskClient, session: Session
) -> None:
    report(client, phone="0912 345 678")

    message = session.scalars(select(OutboundMessage).where(OutboundMessage.ticket_id == newest(session).id)).one()
    assert message.params == {"reference": newest(session).reference, "unit": ANY, "unit_en": ANY, "due_at": ANY}


def test_a_program_that_fills_in_the_hidden_field_sends_nothing_and_a_person_just_presses_again(
    client: FlaskClient, session: Session
) -> None:
    before = count(session, Contact)
    caught = report(client, website="https://spam.example")

    assert (caught.status_code, count(session, Contact)) == (422, before)
    assert fields_of(caught.get_data(as_text=True), "/")["website"] == ""
    assert send_again(client, caught, "/").status_code == 303


def test_a_page_whose_cookie_is_gone_comes_back_filled_in_and_can_be_sent(client: FlaskClient) -> None:
    form = client.get("/")
    client.delete_cookie("hotline_form")

    refused = send_again(client, form, "/", body=RUBBISH, place="Phường Sài Gòn")
    again = send_again(client, refused, "/")

    assert refused.status_code == 400
    assert fields_of(refused.get_data(as_text=True), "/")["body"] == RUBBISH
    assert again.status_code == 303


@pytest.mark.parametrize(
    ("odd", "readable"),
    [
        ("rác\x00 bẩn", "rác bẩn"),
        ("rác \udcff bẩn".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "rác \ufffd\ufffd\ufffd bẩn"),
        ("Ra\u0301c ba\u0309n", "Rác bản"),
    ],
)
def test_odd_characters_are_kept_readable_and_break_nothing(
    client: FlaskClient, session: Session, odd: str, readable: str
) -> None:
    answer = report(client, body=odd, name=odd, phone="0901234567")

    assert answer.status_code == 303
    assert newest(session).body == readable
    assert session.get_one(Citizen, newest(session).citizen_id).name == readable


def test_what_people_type_is_shown_as_text(client: FlaskClient) -> None:
    attack = '<script>alert(1)</script>" onfocus="alert(1)'

    page = report(client, body="", place=attack, name=attack, dossier_number=attack, phone=attack).get_data(
        as_text=True
    )

    assert "<script>alert" not in page
    assert '" onfocus="' not in page


def test_the_form_is_ready_with_the_place_that_a_link_names(client: FlaskClient) -> None:
    page = client.get("/?place=Phường Sài Gòn").get_data(as_text=True)

    assert fields_of(page, "/")["place"] == "Phường Sài Gòn"


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_both_languages_say_everything(client: FlaskClient, locale: str) -> None:
    client.set_cookie("locale", locale)

    page = client.get("/").get_data(as_text=True)

    assert f'<html lang="{locale}"' in page
    assert ("What would you like to report" in page) == (locale == "en")


def test_a_flood_from_one_address_is_slowed_down_and_what_was_typed_is_kept(client: FlaskClient) -> None:
    form = client.get("/")
    answers = [send_again(client, form, "/", body="", name="Bà Năm") for _attempt in range(120)]
    picture = [(BytesIO(photograph()), "rác.jpg")]
    answers += [send_again(client, form, "/", body="", name="Bà Năm", pictures=picture)]

    assert [answer.status_code for answer in answers[-2:]] == [422, 429]
    assert fields_of(answers[-1].get_data(as_text=True), "/")["name"] == "Bà Năm"
    assert "chọn lại các ảnh này: rác.jpg" in said(answers[-1])


def test_the_page_with_the_numbers_says_elsewhere_why_it_does_not_open(client: FlaskClient) -> None:
    answer = client.get("/sent/somebody-elses")

    assert answer.status_code == 404
    assert "chỉ mở được trên trình duyệt đã gửi biểu mẫu" in said(answer)


@pytest.fixture
def client_without_database(settings: Settings) -> FlaskClient:
    """A browser at a server whose database does not answer."""
    app = create_app(settings, engine=make_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing"))
    return app.test_client()


def test_without_a_database_the_form_says_that_nothing_was_saved_and_keeps_what_was_typed(
    client_without_database: FlaskClient, client: FlaskClient
) -> None:
    client.get("/")
    shown = client_without_database.get("/")

    answer = send_again(
        client_without_database,
        shown,
        "/",
        body=RUBBISH,
        place="Phường Sài Gòn",
        category="rubbish",
        pictures=[(BytesIO(photograph()), "rác.jpg")],
    )

    kept = fields_of(answer.get_data(as_text=True), "/")
    assert (shown.status_code, answer.status_code) == (503, 503)
    assert answer.headers["Retry-After"] == "60"
    assert "Chưa có gì được lưu" in said(answer)
    assert (kept["body"], kept["place"], kept["category"]) == (RUBBISH, "Phường Sài Gòn", "rubbish")
    assert "kept_picture" in kept


def test_what_was_refused_without_a_database_can_be_sent_when_it_is_back(
    client_without_database: FlaskClient, client: FlaskClient, session: Session
) -> None:
    client.get("/")
    shown = client_without_database.get("/")
    refused = send_again(client_without_database, shown, "/", body=RUBBISH, place="Phường Sài Gòn")
    cookie = client_without_database.get_cookie("hotline_form")
    assert cookie is not None
    client.set_cookie("hotline_form", cookie.value)

    answer = send_again(client, refused, "/")

    assert answer.status_code == 303
    assert newest(session).body == RUBBISH
