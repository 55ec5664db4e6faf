"""The directory, the figures and the standing pages for citizens."""

import csv
import re
from datetime import datetime, timedelta
from io import StringIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.web.pieces.csv_answer import safe_cell
from app.web.pieces.dot_map import dot_map
from tests import factories
from tickets.directory.units import AREA_KINDS, current_units
from tickets.people.actor import staff_actor
from tickets.states import Disposition
from tickets.work import resolution
from tickets.work.assignment import claim


def text_of(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def test_an_old_name_leads_to_the_unit_of_today_and_says_why(client: FlaskClient) -> None:
    page = text_of(client, "/directory?q=phường Bến Nghé quận 1")

    assert "Phường Sài Gòn" in page
    assert "/directory/26740" in page
    assert "Bến Nghé" in page.split('id="found"')[1]


def test_a_name_with_several_meanings_is_answered_with_the_question_that_decides(client: FlaskClient) -> None:
    page = text_of(client, "/directory?q=Tân Bình").split('id="found"')[1].split("</section>")[0]

    assert page.count('href="/directory/') > 1


@pytest.mark.parametrize(
    ("said", "offered", "left_out"),
    [("phuoc", "Phường Phước Long", "Phường Sài Gòn"), ("xây dựng", "Sở Xây dựng", "Phường Phước Long")],
)
def test_half_a_name_is_answered_with_all_who_have_it_in_theirs(
    client: FlaskClient, said: str, offered: str, left_out: str
) -> None:
    found = text_of(client, f"/directory?q={said}").split('id="found"')[1].split("</section>")[0]

    assert offered in found
    assert left_out not in found


def test_words_that_are_no_place_are_told_so_and_shown_as_text(client: FlaskClient) -> None:
    page = text_of(client, "/directory?q=<b>xyzzy</b>")

    assert "&lt;b&gt;xyzzy" in page
    assert "<b>xyzzy" not in page


def test_all_168_units_stand_in_the_list_and_on_the_map(client: FlaskClient, session: Session, now: datetime) -> None:
    page = text_of(client, "/directory")
    units = current_units(session, kinds=AREA_KINDS, on=now.date())

    assert len(units) == 168
    assert all(f'<li><a href="/directory/{unit.code}">' in page for unit in units)
    assert page.count("<circle") == 168


def test_every_dot_lies_on_the_drawing_and_no_two_on_the_same_spot(session: Session, now: datetime) -> None:
    drawn = dot_map(current_units(session, kinds=AREA_KINDS, on=now.date()), locale="vi")

    assert len(drawn.dots) == 168
    assert all(0 < dot.x < drawn.width and 0 < dot.y < drawn.height for dot in drawn.dots)
    assert len({(dot.x, dot.y) for dot in drawn.dots}) == 168


def test_north_is_up_and_east_is_right(session: Session, now: datetime) -> None:
    drawn = dot_map(current_units(session, kinds=AREA_KINDS, on=now.date()), locale="vi")
    by_name = {dot.name: dot for dot in drawn.dots}

    assert by_name["Phường Thủ Dầu Một"].y < by_name["Phường Sài Gòn"].y < by_name["Phường Vũng Tàu"].y
    assert by_name["Phường Sài Gòn"].x < by_name["Phường Vũng Tàu"].x


def test_a_unit_page_shows_hotline_hours_procedures_and_what_it_was_made_of(client: FlaskClient) -> None:
    page = text_of(client, "/directory/26740")

    assert 'href="tel:+842890026740"' in page
    assert "Đăng ký khai sinh" in page
    assert "Phường Bến Nghé" in page


def test_procedures_are_found_without_marks(client: FlaskClient) -> None:
    page = text_of(client, "/directory/26740?p=khai sinh").split('id="procedures"')[1]
    plain = text_of(client, "/directory/26740?p=ket hon").split('id="procedures"')[1]

    assert "khai sinh" in page and "kết hôn" not in page.split("</section>")[0].split("procedure-list")[1]
    assert "kết hôn" in plain


def test_a_department_shows_its_own_procedures_only(client: FlaskClient) -> None:
    page = text_of(client, "/directory/SYT").split('id="procedures"')[1]

    assert "Đăng ký khai sinh" not in page


@pytest.mark.parametrize("address", ["/directory/99999", "/directory/%00", "/directory/..%2f"])
def test_a_body_that_does_not_exist_is_not_found(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def resolve_many(session: Session, count: int, *, code: str, late: int = 0, now: datetime) -> None:
    agent = factories.staff(session, at=code)
    for number in range(count):
        opened_at = now - timedelta(days=20 if number < late else 3)
        ticket = factories.open_ticket(session, now=opened_at, unit_code=code)
        claim(session, ticket.ticket_id, actor=staff_actor(agent.id), now=opened_at + timedelta(minutes=5))
        resolution.resolve(
            session,
            ticket.ticket_id,
            disposition=Disposition.FIXED,
            answer="Đã xong.",
            actor=staff_actor(agent.id),
            now=(now - timedelta(days=2)) if number < late else opened_at + timedelta(hours=1),
        )


def test_figures_count_kept_promises_by_body(client: FlaskClient, session: Session, now: datetime) -> None:
    resolve_many(session, 6, code="26740", late=3, now=now)

    page = text_of(client, "/performance")

    row = page.split('href="/directory/26740"')[1].split("</tr>")[0]
    assert row.count("50%") == 2


def test_fewer_than_five_are_never_shown_neither_on_the_page_nor_in_the_file(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    resolve_many(session, 4, code="26740", now=now)

    page, file = text_of(client, "/performance"), text_of(client, "/performance.csv")

    assert "26740" not in page
    line = next(line for line in csv.reader(StringIO(file.lstrip("\ufeff"))) if line[0] == "26740")
    assert line[2:] == ["", "", "", ""]


def test_the_file_says_the_same_as_the_page(client: FlaskClient, session: Session, now: datetime) -> None:
    resolve_many(session, 8, code="26740", late=2, now=now)

    rows = list(csv.reader(StringIO(text_of(client, "/performance.csv").lstrip("\ufeff"))))

    assert ["26740", "Phường Sài Gòn", "8", "75,0%", "8", "75,0%"] in rows


@pytest.mark.parametrize("value", ["=1+1", "+84", "-1+1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_a_file_begins_a_formula(value: str) -> None:
    assert safe_cell(value).startswith("'")


@pytest.mark.parametrize("value", ["a;=1+1", "a;  @SUM(A1)", "a\t=1", "a\n+1", "\uff1d1+1"])
def test_no_cell_begins_a_formula_where_columns_are_parted_otherwise(value: str) -> None:
    shown = safe_cell(value)

    assert shown.replace("'", "") == value
    assert not re.search(r"(^|[;\t\n])[ ]*[=+@\uff1d]", shown)


@pytest.mark.parametrize("value", [-1, 0, 3.5, None, "Phường 1", "hẻm 12; số 5", "a - b = c"])
def test_numbers_and_plain_words_stay_as_they_are(value: object) -> None:
    assert safe_cell(value) == ("" if value is None else str(value))


@pytest.mark.parametrize("address", ["/", "/track", "/directory", "/directory/26740", "/performance", "/privacy"])
@pytest.mark.parametrize("locale", ["vi", "en"])
def test_every_page_answers_in_both_languages(client: FlaskClient, address: str, locale: str) -> None:
    client.set_cookie("locale", locale)

    assert f'<html lang="{locale}"' in text_of(client, address)


def test_a_name_with_many_readings_offers_each_unit_once(client: FlaskClient) -> None:
    page = text_of(client, "/directory?q=T%C3%A2n+B%C3%ACnh")

    found = page[page.index('id="found"') : page.index("</section>", page.index('id="found"'))]
    codes = re.findall(r'href="/directory/(\w+)"', found)
    assert len(codes) > 3
    assert len(codes) == len(set(codes))
