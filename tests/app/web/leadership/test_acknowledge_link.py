"""The one-time link of a message: what it says, what it does, and what it does only once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.links import VALID_FOR, make_link
from tests.app.web.steering import Climb, climb, csrf_of
from tickets.schema import Acknowledgement, OneTimeLink, Staff, StepRecipient
from tickets.states import TicketStatus

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def climbed(session: Session) -> Climb:
    return climb(session, opened_at=MONDAY)


@pytest.fixture
def phone(app: HotlineApp, session: Session, climbed: Climb) -> Iterator[FlaskClient]:
    """A leader's telephone at night: nobody is signed in on it."""
    with app.bound_to(session, climbed.at + timedelta(minutes=5)):
        client = app.test_client()
        client.set_cookie("locale", "en")
        yield client


@pytest.fixture
def address(session: Session, climbed: Climb) -> str:
    token = make_link(session, step_id=climbed.step(session, 4).id, staff_id=climbed.people[4].id, now=climbed.at)
    return f"/a/{token}"


def answered(session: Session, climbed: Climb) -> Acknowledgement | None:
    return session.get(Acknowledgement, climbed.step(session, 4).id, populate_existing=True)


def test_the_page_says_what_it_is_about_without_a_word_of_the_citizen(
    phone: FlaskClient, climbed: Climb, session: Session, address: str
) -> None:
    climbed.ticket.subject = "Bà Hai nhà số 9 đổ rác"
    session.flush()

    answer = phone.get(address)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert climbed.unit.name_en in page
    assert "has not settled" in page
    assert "Bà Hai" not in page
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_looking_at_it_uses_nothing_up_and_counts_as_no_reading(
    phone: FlaskClient, climbed: Climb, session: Session, address: str
) -> None:
    for _ in range(3):
        phone.get(address)

    assert answered(session, climbed) is None
    assert session.query(OneTimeLink).populate_existing().one().used_at is None
    assert session.query(StepRecipient).filter(StepRecipient.read_at.is_not(None)).count() == 0


def test_it_acknowledges_with_an_instruction_once(
    phone: FlaskClient, climbed: Climb, session: Session, address: str
) -> None:
    token = csrf_of(phone, address)

    first = phone.post(address, data={"csrf_token": token, "instruction": "Cử người đến ngay."})
    second = phone.post(address, data={"csrf_token": token, "instruction": "Khác hẳn."})

    given = answered(session, climbed)
    assert (first.status_code, second.status_code) == (303, 303)
    assert given is not None
    assert (given.staff_id, given.via, given.instruction) == (climbed.people[4].id, "link", "Cử người đến ngay.")
    page = phone.get(address).get_data(as_text=True)
    assert "You have responded to this." in page
    assert "Cử người đến ngay." in page
    assert 'name="instruction"' not in page


def test_it_passes_the_level_up_once_and_says_so(
    phone: FlaskClient, climbed: Climb, session: Session, address: str
) -> None:
    token = csrf_of(phone, address)
    assert "Pass up to level 5 now" in phone.get(address).get_data(as_text=True)

    first = phone.post(f"{address}/pass-up", data={"csrf_token": token, "instruction": "Vượt thẩm quyền."})
    second = phone.post(f"{address}/pass-up", data={"csrf_token": token})

    given = answered(session, climbed)
    assert (first.status_code, second.status_code) == (303, 303)
    assert given is not None
    assert (given.passed_to_level, given.via, given.instruction) == (5, "link", "Vượt thẩm quyền.")
    page = phone.get(address).get_data(as_text=True)
    assert "You have passed this up to level 5." in page
    assert "Pass up to level" not in page


def test_a_date_that_has_passed_leaves_the_link_unused(
    phone: FlaskClient, climbed: Climb, session: Session, address: str
) -> None:
    form = {"csrf_token": csrf_of(phone, address), "new_due_at": "2026-11-01T08:00", "instruction": "Lùi ngày"}

    answer = phone.post(address, data=form)

    assert answer.status_code == 400
    assert "Lùi ngày" in answer.get_data(as_text=True)
    assert answered(session, climbed) is None


def test_an_expired_and_an_invented_link_say_plainly_that_they_are_of_no_use(
    app: HotlineApp, session: Session, climbed: Climb, address: str
) -> None:
    with app.bound_to(session, climbed.at + VALID_FOR + timedelta(minutes=1)):
        client = app.test_client()
        client.set_cookie("locale", "en")
        token = csrf_of(client, "/sign-in")
        expired, invented = client.get(address), client.get("/a/invented")
        posted = client.post(address, data={"csrf_token": token})

    for answer in (expired, invented, posted):
        assert answer.status_code == 404
        assert "This link is no longer valid" in answer.get_data(as_text=True)
    assert answered(session, climbed) is None


def test_the_link_of_a_disabled_account_is_of_no_use(
    phone: FlaskClient, climbed: Climb, session: Session, address: str
) -> None:
    session.get_one(Staff, climbed.people[4].id).disabled_at = climbed.at
    session.flush()

    assert phone.get(address).status_code == 404


def test_an_answer_of_a_colleague_is_shown_instead_of_the_form(
    phone: FlaskClient, climbed: Climb, session: Session, address: str
) -> None:
    token = csrf_of(phone, address)
    chair = climbed.people[5]
    acknowledge(session, climbed.step(session, 4).id, staff_id=chair.id, instruction="Đã rõ", via="web", now=climbed.at)

    posted = phone.post(address, data={"csrf_token": token, "instruction": "Muộn rồi"})

    assert posted.status_code == 303
    assert chair.name in phone.get(address).get_data(as_text=True)
    given = answered(session, climbed)
    assert given is not None
    assert given.instruction == "Đã rõ"


def test_a_matter_settled_meanwhile_asks_for_nothing(
    phone: FlaskClient, climbed: Climb, session: Session, address: str
) -> None:
    climbed.ticket.status = TicketStatus.RESOLVED
    session.flush()

    page = phone.get(address).get_data(as_text=True)

    assert "has since settled the matter" in page
    assert "<textarea" not in page


def test_a_form_from_elsewhere_is_refused(phone: FlaskClient, climbed: Climb, session: Session, address: str) -> None:
    answer = phone.post(address, data={"instruction": "Giả mạo"})

    assert answer.status_code == 400
    assert answered(session, climbed) is None


def test_a_confidential_matter_is_not_named(app: HotlineApp, session: Session) -> None:
    hidden = climb(session, opened_at=MONDAY, is_restricted=True)
    token = make_link(session, step_id=hidden.step(session, 4).id, staff_id=hidden.people[4].id, now=hidden.at)
    with app.bound_to(session, hidden.at):
        client = app.test_client()
        client.set_cookie("locale", "en")

        page = client.get(f"/a/{token}").get_data(as_text=True)

    assert "a confidential matter" in page
    assert "Lấn chiếm" not in page
