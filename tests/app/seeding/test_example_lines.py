"""What people see, hear and find in a city that is no demonstration: nothing that nobody entered."""

import html
import re
from datetime import datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.seeding import example_lines
from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import audited
from tests.conftest import NOW
from tests.factories import staff, unit
from tests.signing_in import sign_in
from tests.telephony.phone import Phone
from tickets.directory import releases
from tickets.directory.lines import LineFacts, insert_lines
from tickets.directory.offices import correct_office, offices_of
from tickets.schema import Line
from tickets.states import Role

OWN, CITYS_OWN = "+842838271022", "+842838291022"
ANY_NUMBER = re.compile(r"tel:\+|028 \d")


@pytest.fixture
def bare(session: Session) -> None:
    """As a first start leaves a city of its own."""
    session.execute(text("delete from line"))
    session.execute(text("delete from one_stop_office"))


@pytest.fixture
def bound(app: HotlineApp, session: Session):
    with app.bound_to(session, NOW):
        yield app


def read(client, address: str) -> str:
    answer = client.get(address, headers={"Accept-Language": "en"})
    assert answer.status_code == 200, address
    return html.unescape(answer.get_data(as_text=True))


def open_data(client) -> dict[str, dict[str, object]]:
    return {one["code"]: one for one in client.get("/open-data/directory.json").json["items"]}


@pytest.mark.usefixtures("bare")
def test_the_public_of_a_city_of_its_own_reads_no_number_and_what_to_do_instead(client) -> None:
    said = {address: read(client, address) for address in ("/", "/directory/26740", "/track", "/privacy", "/answers")}

    assert not [address for address, page in said.items() if ANY_NUMBER.search(page)]
    assert "The city has published no telephone number for this yet. Please use the form." in said["/"]
    assert "No telephone number of it is published yet. Write to us by the form" in said["/directory/26740"]
    assert "say that you have lost your PIN" in said["/track"]
    assert "Ask by this form:" in said["/privacy"] and "or call us" not in said["/answers"]


@pytest.mark.usefixtures("bare")
def test_open_data_of_a_city_of_its_own_names_units_alone(client) -> None:
    items = open_data(client).values()

    assert len(items) > 168
    assert {(*one["hotlines"], one["office"], one["address"], one["opening_hours"]) for one in items} == {("", "", "")}


@pytest.mark.usefixtures("bare")
def test_the_guide_says_that_the_line_comes_before_the_trial_call(bound: HotlineApp, session: Session) -> None:
    client = bound.test_client()
    client.set_cookie("locale", "en")
    sign_in(client, session, staff=staff(session, role=Role.ADMINISTRATOR, at="79"), now=NOW)

    page, ready = read(client, "/administration/setting-up"), read(client, "/administration/readiness")

    assert "There is none yet." in page and "There is no number to dial yet" in page
    assert "No number is the city's line." in ready


@pytest.mark.usefixtures("bare")
def test_whoever_is_to_be_called_back_hears_a_whole_sentence_and_no_number(client, settings) -> None:
    phone = Phone(client, settings, to=CITYS_OWN)

    phone.ring().press("9").press("1")

    assert "Chúng tôi gọi từ số" not in phone.said and "{" not in phone.said
    assert phone.said


def test_an_upgrade_ends_what_is_exactly_the_example_and_leaves_what_somebody_entered(
    client, session: Session, now: datetime
) -> None:
    saigon, other = unit(session, "26740"), unit(session, "26743")
    releases.begin(session, now=now)
    vouched = offices_of(session, other.id)[0]
    correct_office(session, vouched.id, {"address": "Số 12 đường Mới"})
    insert_lines(session, [LineFacts(OWN, "1022", offices_of(session, saigon.id)[0].id)])
    before = session.scalars(select(Line).where(Line.phone != OWN)).all()

    closed = example_lines.close(session, now=now)

    assert closed == len(before)
    assert set(session.scalars(select(Line.phone).where(Line.valid_to.is_(None)))) == {OWN}
    page, items = read(client, "/directory/26740"), open_data(client)
    assert "07:30" not in page and "not yet given by the unit" in page and not ANY_NUMBER.search(page)
    assert not [one for one in items.values() if one["hotlines"]]
    assert {code for code, one in items.items() if one["opening_hours"]} == {other.code}
    assert (entry := audited(session, "directory.examples_closed")[0]).params["count"] == closed
    assert entry.params["offices"] == closed - 1
    assert example_lines.close(session, now=now) == 0


def test_the_demonstration_keeps_its_examples_and_gets_them_once(session: Session, now: datetime) -> None:
    lines = set(session.scalars(select(Line.id)))
    staff(session, is_demo=True)

    assert example_lines.close(session, now=now) == 0
    assert example_lines.give(session, now=now) is False

    assert set(session.scalars(select(Line.id).where(Line.valid_to.is_(None)))) == lines
