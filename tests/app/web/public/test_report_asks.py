"""What the form asks and shows before it sends: the place, danger, similar requests, the kind of matter."""

import re

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests import factories
from tests.app.web.public.public_forms import fields_of, send_again
from tests.app.web.public.test_report import RUBBISH, count, newest, report, said
from tickets.schema import Ticket, Unit
from tickets.states import Priority


def test_a_divided_place_is_asked_about_with_everything_kept_and_the_answer_decides(
    client: FlaskClient, session: Session
) -> None:
    asked = report(client, place="ở Tân Bình")
    page = asked.get_data(as_text=True)
    codes = re.findall(r'name="unit" id="unit-[\d-]+" value="(\d+)"', page)

    answer = send_again(client, asked, "/", unit=codes[-1])

    assert asked.status_code == 200
    assert len(codes) > 1
    assert fields_of(page, "/")["body"] == RUBBISH
    assert answer.status_code == 303
    assert session.get_one(Unit, newest(session).unit_id).code == codes[-1]
    assert newest(session).place_detail["by"] == "citizen"


def test_who_does_not_know_the_ward_may_send_all_the_same(client: FlaskClient, session: Session) -> None:
    asked = report(client, place="ở Tân Bình")

    answer = send_again(client, asked, "/", unit="unsure")

    assert answer.status_code == 303
    assert "undecided" in [reason["code"] for reason in newest(session).routing_reasons]


def test_an_answer_given_for_other_words_does_not_count(client: FlaskClient, session: Session) -> None:
    asked = report(client, place="ở Tân Bình")
    code = re.findall(r'name="unit" id="unit-[\d-]+" value="(\d+)"', asked.get_data(as_text=True))[0]

    answer = send_again(client, asked, "/", unit=code, place="Phường Sài Gòn")

    assert answer.status_code == 303
    assert session.get_one(Unit, newest(session).unit_id).name == "Phường Sài Gòn"


def test_a_unit_that_was_not_among_the_answers_is_not_taken(client: FlaskClient, session: Session) -> None:
    asked = report(client, place="ở Tân Bình")

    answer = send_again(client, asked, "/", unit="26732")
    session.expire_all()

    if answer.status_code == 303:
        assert session.get_one(Unit, newest(session).unit_id).code != "26732"


def test_danger_to_life_is_answered_with_the_numbers_to_call_before_anything_is_sent(
    client: FlaskClient, session: Session
) -> None:
    before = count(session, Ticket)
    warned = report(client, body="Cháy nhà ở hẻm 12, có người mắc kẹt!")
    page = warned.get_data(as_text=True)

    assert count(session, Ticket) == before
    assert all(f'href="tel:{number}"' in page for number in ("113", "114", "115"))
    assert page.index('href="tel:114"') < page.index('id="f-body"')
    assert send_again(client, warned, "/").status_code == 303
    assert newest(session).priority is Priority.EMERGENCY


def test_similar_open_requests_are_shown_without_a_word_of_what_others_wrote(
    client: FlaskClient, session: Session
) -> None:
    factories.open_ticket(
        session, subject="Rác hẻm 12", body="Xe rác không tới hẻm 12, rác chất đống, tôi là Bảy Sẹo", name="Bảy Sẹo"
    )

    shown = report(client, category="rubbish", place="Phường Sài Gòn")
    page = shown.get_data(as_text=True)

    assert shown.status_code == 200
    assert 'class="notice notice-info similar"' in page
    assert "Bảy Sẹo" not in page and "chất đống, tôi" not in page
    assert send_again(client, shown, "/").status_code == 303


def test_a_matter_about_somebodys_conduct_shows_no_similar_ones(client: FlaskClient, session: Session) -> None:
    words = "Cán bộ tiếp nhận hồ sơ hạch sách, đòi thêm giấy tờ không có trong quy định"
    factories.open_ticket(session, body=words, category_code="conduct_staff")

    answer = report(client, body=words, category="conduct_staff", place="Phường Sài Gòn")

    assert answer.status_code == 303


def test_the_kind_of_matter_is_guessed_from_the_words_and_the_citizen_may_say_better(
    client: FlaskClient, session: Session
) -> None:
    advice = client.post("/report/advice", data={"body": "hàng xóm hát karaoke ầm ĩ", "place": "Phường Sài Gòn"})
    report(client, body="hàng xóm hát karaoke ầm ĩ", category="cultural_event")

    assert "Tiếng ồn ban đêm" in advice.get_data(as_text=True)
    assert [r["code"] for r in newest(session).routing_reasons if r["code"] == "category_guessed"] == []


def test_a_kind_of_matter_that_nobody_has_is_left_to_the_words(client: FlaskClient, session: Session) -> None:
    answer = report(client, category="no_such_thing")

    assert answer.status_code == 303
    assert "category_guessed" in [reason["code"] for reason in newest(session).routing_reasons]


def test_a_place_outside_the_city_is_told_so(client: FlaskClient) -> None:
    answer = report(client, place="Biên Hòa, Đồng Nai")

    assert "Biên Hòa có vẻ không thuộc Thành phố" in said(answer)
