"""A turn hands over a note, which the next one is told of when it begins, by the way its person proved."""

import pytest
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.rota.planning import DAY, HOUR, MONDAY, post_of
from tests.app.web.steering import csrf_of, enter
from tests.escalation.scene import messages, ward, with_role
from tickets.directory import contact_methods
from tickets.directory.contact_hours import Hours
from tickets.outbox.rota_news import tell_turns_that_begin
from tickets.people.actor import SYSTEM
from tickets.schema import Absence, Shift, Staff, Unit
from tickets.states import OutboundChannel, Role

MINE = "/my/duty"


@pytest.fixture
def unit(session: Session) -> Unit:
    return ward(session)


@pytest.fixture
def turns(session: Session, unit: Unit) -> list[Shift]:
    """One that runs at Monday, and the one after it."""
    post_id = post_of(session, unit).id
    found = []
    for number in range(2):
        who = with_role(session, Role.AGENT, unit, now=MONDAY)
        since = MONDAY + (8 * number - 4) * HOUR
        found.append(Shift(post_id=post_id, staff_id=who.id, starts_at=since, ends_at=since + 8 * HOUR))
    session.add_all(found)
    session.commit()
    return found


def browser_of(app: HotlineApp, session: Session, staff_id: int):
    client = app.test_client()
    client.set_cookie("locale", "en")
    enter(client, session, session.get_one(Staff, staff_id), now=MONDAY)
    return client


def test_the_next_turn_is_told_once_with_what_was_handed_over_and_reads_it_on_its_page(app, session, turns):
    first, second = turns
    with app.bound_to(session, MONDAY):
        writing = browser_of(app, session, first.staff_id)
        token = csrf_of(writing, MINE)
        note = f"{MINE}/shifts/{first.id}/note"
        drafted = writing.post(f"{note}/draft", data={"words": "Cống Nguyễn Huệ", "csrf_token": token})
        form = writing.get(note).get_data(as_text=True)
        begun_before = tell_turns_that_begin(session, now=second.starts_at - HOUR)
        writing.post(note, data={"words": "Cống Nguyễn Huệ chưa thông.", "csrf_token": token})

    began = second.starts_at + HOUR / 60
    counts = [tell_turns_that_begin(session, now=began) for _ in range(2)]
    with app.bound_to(session, began):
        page = browser_of(app, session, second.staff_id).get(MINE).get_data(as_text=True)

    assert drafted.status_code == 204 and "Cống Nguyễn Huệ</textarea>" in form
    assert begun_before == 0 and counts == [1, 0]
    by = {one.channel for one in messages(session, template="duty_begins", staff_id=second.staff_id)}
    assert by == {OutboundChannel.SCREEN, OutboundChannel.SMS}
    assert len(messages(session, template="duty_begins")) == 2, "told once, however often it is looked"
    assert messages(session, template="duty_begins")[0].params["note"] == "Cống Nguyễn Huệ chưa thông."
    assert "Cống Nguyễn Huệ chưa thông." in page


def test_it_begins_for_whoever_stands_in_by_a_proved_way_within_its_hours(session, turns):
    second = turns[1]
    deputy_id = turns[0].staff_id
    session.add(
        Absence(
            staff_id=second.staff_id, deputy_id=deputy_id, starts_at=MONDAY, ends_at=MONDAY + 2 * DAY, created_at=MONDAY
        )
    )
    # It begins at two in the afternoon in the city.
    for kind, address, hours in (
        (OutboundChannel.SMS, "0901234567", Hours(18, 22)), (OutboundChannel.EMAIL, "lan@example.vn", Hours(8, 17))
    ):  # fmt: skip
        way = contact_methods.save(
            session, deputy_id, kind=kind, address=address, hours=hours, actor=SYSTEM, now=MONDAY
        )
        way.verified_at = MONDAY
    session.flush()

    tell_turns_that_begin(session, now=second.starts_at)

    told = messages(session, template="duty_begins")
    assert {one.staff_id for one in told} == {deputy_id}
    assert {(one.channel, one.address) for one in told} == {
        (OutboundChannel.SCREEN, ""), (OutboundChannel.EMAIL, "lan@example.vn")
    }  # fmt: skip


def test_nobody_writes_the_note_of_anothers_turn_nor_of_one_to_come(app, session, turns):
    first, second = turns
    with app.bound_to(session, MONDAY):
        client = browser_of(app, session, second.staff_id)
        token = csrf_of(client, MINE)

        answers = [
            client.post(f"{MINE}/shifts/{one.id}/note", data={"words": "x", "csrf_token": token})
            for one in (first, second)
        ]

    assert [answer.status_code for answer in answers] == [404, 404]
