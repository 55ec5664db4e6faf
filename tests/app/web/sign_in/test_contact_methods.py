"""My contact details: named by me, proved by a code that was sent there, and then what reports go by."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.firing.methods import ways_in_turn
from tests.app.web.steering import LIGHT, csrf_of, enter
from tests.escalation.scene import holder, messages, person, unit_by_code, ward, with_role
from tickets.directory import contact_methods
from tickets.directory.contact_hours import Hours
from tickets.directory.standing_rows import load_standing
from tickets.people.actor import SYSTEM
from tickets.schema import AuditEntry, ContactMethod, Staff
from tickets.states import OutboundChannel, OutboundState, Role

MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HERE = "/my/contacts"


@pytest.fixture
def me(session: Session) -> Staff:
    return with_role(session, Role.SUPERVISOR, ward(session), now=MONDAY)


@pytest.fixture
def browser(app: HotlineApp, session: Session, me: Staff):
    with app.bound_to(session, MONDAY):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, me, now=MONDAY)
        yield client


def post(client: FlaskClient, page: str, **form: str):
    return client.post(page, data={"csrf_token": csrf_of(client, LIGHT), **form})


def mine(session: Session, me: Staff) -> list[ContactMethod]:
    return contact_methods.methods_of(session, [me.id]).get(me.id, [])


def test_a_way_is_proved_by_the_code_that_was_sent_there_and_by_no_other(browser, session, me):
    post(browser, HERE, kind="sms", address="0901 234 567", from_hour="7", to_hour="20")
    [way] = mine(session, me)
    post(browser, f"{HERE}/{way.id}/code")
    [sent] = messages(session, template="contact_code", staff_id=me.id)
    right = sent.params["code"]
    wrong = "000000" if right != "000000" else "111111"

    refused = post(browser, f"{HERE}/{way.id}/prove", code=wrong)
    after_wrong = mine(session, me)[0].verified_at
    accepted = post(browser, f"{HERE}/{way.id}/prove", code=f" {right[:3]} {right[3:]} ")

    assert (sent.channel, sent.address) == (OutboundChannel.SMS, "+84901234567")
    assert (refused.status_code, after_wrong) == (400, None)
    assert "not the code" in refused.get_data(as_text=True)
    assert accepted.status_code == 303
    assert mine(session, me)[0].verified_at == MONDAY
    done = session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject_kind == "contact_method").order_by(AuditEntry.id)
    ).all()
    assert done == [f"contact_method.{what}" for what in ("changed", "code_sent", "code_wrong", "verified")]


def test_another_address_is_to_be_proved_again_and_what_is_none_is_refused_with_what_was_typed(browser, session, me):
    way = contact_methods.save(
        session, me.id, kind=OutboundChannel.EMAIL, address="a@b.vn", hours=Hours(), actor=SYSTEM, now=MONDAY
    )
    way.verified_at = MONDAY

    answers = [
        post(browser, HERE, kind="sms", address="không phải số"),
        post(browser, HERE, kind="sms", address="028 3829 1052"),
        post(browser, HERE, kind="email", address="ab.vn", from_hour="9"),
        post(browser, HERE, kind="email", address="c@d.vn", from_hour="x"),
        post(browser, HERE, kind="email", address="c@d.vn", from_hour="8", to_hour="8"),
        post(browser, HERE, kind="pigeon", address="c@d.vn"),
    ]
    post(browser, HERE, kind="email", address="c@d.vn")

    assert [answer.status_code for answer in answers] == [400] * 6
    assert "không phải số" in answers[0].get_data(as_text=True)
    assert [(one.address, one.verified_at) for one in mine(session, me)] == [("c@d.vn", None)]


def test_nobody_touches_anothers_way(browser, session, me):
    other = person(session, now=MONDAY)
    theirs = contact_methods.save(
        session, other.id, kind=OutboundChannel.SMS, address="0901234567", hours=Hours(), actor=SYSTEM, now=MONDAY
    )

    answers = [
        post(browser, f"{HERE}/{theirs.id}/{deed}", code="1") for deed in ("code", "prove", "test", "up", "remove")
    ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert messages(session, staff_id=other.id) == []


def test_a_code_is_no_good_after_five_wrong_ones_or_a_quarter_of_an_hour(session, me):
    way = contact_methods.save(
        session, me.id, kind=OutboundChannel.SMS, address="0901234567", hours=Hours(), actor=SYSTEM, now=MONDAY
    )
    contact_methods.keep_code(way, "123456", now=MONDAY)

    def proves(code: str, at: datetime) -> bool:
        return contact_methods.prove(session, me.id, way.id, code, actor=SYSTEM, now=at)

    late = proves("123456", MONDAY + timedelta(minutes=16))
    guesses = [proves("000000", MONDAY) for _ in range(5)]

    assert [late, *guesses, proves("123456", MONDAY)] == [False] * 7


def test_reports_go_by_what_is_proved_in_its_order_and_hours_and_by_the_rest_only_where_nothing_is(session):
    head = holder(session, "section_head", ward(session), now=MONDAY)

    def ways(*, hour: int = 10, is_emergency: bool = False) -> list[str]:
        session.flush()
        standing = load_standing(session, posts=["section_head"], unit_ids=[ward(session).id], now=MONDAY)
        [found] = standing.at(["section_head"], unit_id=ward(session).id, field="")
        at = MONDAY.replace(hour=hour - 7)
        found_ways = ways_in_turn(found.person, ["sms", "screen"], is_emergency=is_emergency, at=at)
        return [f"{way.kind} {way.address}" for way in found_ways]

    of_the_account = ways()
    save = {"hours": Hours(), "actor": SYSTEM, "now": MONDAY}
    mail = contact_methods.save(session, head.id, kind=OutboundChannel.EMAIL, address="nha@a.vn", **save)
    phone = contact_methods.save(session, head.id, kind=OutboundChannel.SMS, address="0907654321", **save)
    named = ways()
    mail.verified_at = MONDAY
    proved = ways()
    phone.verified_at, phone.from_hour, phone.to_hour = MONDAY, 7, 9
    out_of_hours = ways(hour=10)
    contact_methods.move_up(session, head.id, phone.id, actor=SYSTEM, now=MONDAY)

    assert of_the_account == [f"sms {head.phone}", f"email {head.email}"]
    assert named == ["email nha@a.vn", "sms +84907654321"]
    assert proved == ["email nha@a.vn"]
    assert out_of_hours == ["email nha@a.vn"]
    assert ways(hour=8) == ["sms +84907654321", "email nha@a.vn"]
    phone.from_hour, phone.to_hour = 22, 6
    assert {hour: len(ways(hour=hour)) for hour in (10, 21, 22, 23)} == {10: 1, 21: 1, 22: 2, 23: 2}
    phone.from_hour, phone.to_hour = 7, 9
    # An emergency rings first, whatever the order: a text that was delivered to somebody asleep would end the search.
    assert ways(hour=10, is_emergency=True) == ["voice +84907654321", "sms +84907654321", "email nha@a.vn"]


def test_an_administrator_sees_how_somebody_is_reached(app: HotlineApp, session: Session, me: Staff):
    contact_methods.save(
        session, me.id, kind=OutboundChannel.SMS, address="0901234567", hours=Hours(), actor=SYSTEM, now=MONDAY
    )
    administrator = with_role(session, Role.ADMINISTRATOR, unit_by_code(session, "79"), now=MONDAY)
    with app.bound_to(session, MONDAY):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, administrator, now=MONDAY)

        page = client.get(f"/administration/people/{me.id}").get_data(as_text=True)

    assert "not proved" in page
    assert "+84901234567" not in page


def test_an_office_behind_one_address_proves_its_phones_in_one_afternoon_and_each_of_them_has_ten_codes(
    app: HotlineApp, browser: FlaskClient, session: Session, me: Staff
) -> None:
    def sent_to(client: FlaskClient, staff: Staff) -> Iterator[int]:
        enter(client, session, staff, now=MONDAY)
        post(client, HERE, kind="sms", address=f"09{10_000_000 + staff.id}")
        [way] = mine(session, staff)
        while True:
            yield post(client, f"{HERE}/{way.id}/code").status_code

    office = [with_role(session, Role.SUPERVISOR, ward(session), now=MONDAY) for _ in range(11)]
    everybody = [next(sent_to(app.test_client(), staff)) for staff in office]
    eager = list(islice(sent_to(browser, me), 11))
    refused = post(browser, f"{HERE}/{mine(session, me)[0].id}/code")

    assert set(everybody) == {303}
    assert 429 not in eager[:10] and eager[10] == 429
    assert refused.status_code == 429
    # The limit is of an hour: who is told to wait a minute would only be refused again.
    assert re.search(r"Please wait (a minute|[1-6]?[0-9] minutes) and try again", refused.get_data(as_text=True))
    assert int(refused.headers["Retry-After"]) > 0


def test_what_became_of_a_test_stands_beside_the_way_and_is_asked_for_until_it_has_arrived(app, browser, session, me):
    post(browser, HERE, kind="sms", address="0901 234 567")
    [way] = mine(session, me)

    def shown(*, later: timedelta = timedelta(seconds=3)) -> str:
        with app.bound_to(session, MONDAY + later):
            page = browser.get(HERE).get_data(as_text=True)
        found = re.search(rf'<span class="quiet" id="test-{way.id}"(.*?)</span>', page, re.DOTALL)
        return found[1] if found else ""

    before = shown()
    post(browser, f"{HERE}/{way.id}/test")
    waiting = shown()
    [sent] = messages(session, template="contact_test", staff_id=me.id)
    sent.state, sent.sent_at, sent.delivered_at = OutboundState.DELIVERED, MONDAY, MONDAY
    session.commit()

    assert before == "" and "test by SMS: Waiting to be sent" in waiting and f'hx-get="{HERE}"' in waiting
    assert "test by SMS: Delivered" in shown() and "hx-get" not in shown()
    assert shown(later=timedelta(hours=1)) == "", "an old test says nothing of today"
