"""Two matters in one report: the citizen is asked once, and each becomes a request of its own when they want it."""

import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.app.web.public.public_forms import fill_in, photograph, send_again
from tests.factories import rules
from tickets.routing.two_matters import two_matters
from tickets.schema import Attachment, Category, Ticket, Unit

LIGHT_AND_RUBBISH = (
    "Đèn đường trước số 12 Lê Lợi tắt cả tuần nay, tối om. Ngoài ra rác ở đầu hẻm ba ngày chưa ai thu gom, bốc mùi."
)
ELSEWHERE = "Đèn đường trước nhà tắt cả tuần. Với lại ở phường Vĩnh Hội rác ba ngày chưa ai thu gom."
ENGLISH = {"Accept-Language": "en"}


def kinds(session: Session) -> list[str]:
    rows = session.execute(select(Category.code).join(Ticket, Ticket.category_id == Category.id).order_by(Ticket.id))
    return list(rows.scalars())


def said(answer) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def asked(client: FlaskClient, body: str = LIGHT_AND_RUBBISH, **more: object):
    return fill_in(client, "/", "/", **{"body": body, "place": "phường Sài Gòn", **more})


def test_whoever_writes_of_two_matters_is_asked_once_and_gets_two_references(client: FlaskClient, session: Session):
    question = asked(client, phone="0901234567")
    answer = send_again(client, question, "/", apart="1")
    page = said(client.get(answer.headers["Location"]))

    first, second = session.scalars(select(Ticket).order_by(Ticket.id)).all()
    assert question.status_code == 200
    assert kinds(session) == ["street_light", "rubbish"]
    assert first.reference in page and second.reference in page
    assert len(set(re.findall(r'data-copy="(\d{6})"', page))) == 2
    assert (first.reply_phone, second.reply_phone) == ("+84901234567", "+84901234567")


def test_the_two_references_come_once_however_often_the_button_is_pressed(client: FlaskClient, session: Session):
    question = asked(client)
    for _press in range(3):
        answer = send_again(client, question, "/", apart="1")

    assert answer.status_code == 303
    assert len(session.scalars(select(Ticket)).all()) == 2


def test_who_wants_it_as_one_sends_it_as_one(client: FlaskClient, session: Session):
    answer = send_again(client, asked(client), "/")

    assert answer.status_code == 303
    assert len(session.scalars(select(Ticket)).all()) == 1


def test_the_second_goes_where_its_own_words_say(client: FlaskClient, session: Session):
    send_again(client, asked(client, ELSEWHERE), "/", apart="1")

    units = session.scalars(select(Unit.name).join(Ticket, Ticket.place_unit_id == Unit.id).order_by(Ticket.id)).all()
    assert units == ["Phường Sài Gòn", "Phường Vĩnh Hội"]


def test_pictures_stand_with_both(client: FlaskClient, session: Session):
    question = asked(client, pictures=[(BytesIO(photograph()), "rác.jpg")])
    send_again(client, question, "/", apart="1")

    of_each = session.scalars(select(Attachment.ticket_id)).all()
    assert sorted(of_each) == sorted(session.scalars(select(Ticket.id)).all())


@pytest.mark.parametrize(
    "body",
    [
        "Rác chất đống trước cổng trường, ngoài ra còn bốc mùi hôi thối rất khó chịu.",
        "Đèn đường tắt cả tuần nay. Trời tối nên đi lại rất nguy hiểm, mong sớm sửa.",
        "Ngoài ra không có gì thêm, xin cảm ơn.",
    ],
)
def test_one_matter_in_several_sentences_is_one(session: Session, body: str):
    assert two_matters(body, rules(session).routing) is None
