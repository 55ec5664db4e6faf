"""A city begins with nobody in it: late matters are heard of, citizens are told who works, and a ward goes live.

Everything is entered by the pages an administrator has; no row is written by hand.
"""

from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.firing.sweep import tick
from escalation.queries.weekly_readiness import post_weekly_readiness
from tests.app.web.administration.desk import HERE, post
from tests.app.web.steering import csrf_of, enter
from tests.escalation.scene import level_at, messages, step, told
from tests.factories import open_ticket, staff, unit
from tests.signing_in import sign_in
from tickets.city import day_of
from tickets.directory import going_live
from tickets.directory.staff import person_by_email
from tickets.people.actor import SYSTEM, staff_actor
from tickets.queries.follow import followed
from tickets.schema import Post, Staff, Ticket, Unit
from tickets.states import OutboundState, Priority, Role, StepResult
from tickets.work.assignment import change_priority
from tickets.work.conversation import reply

DESK_LEAD, WARD_LEAD = "truong.ca@thanhpho.vn", "phu.trach@phuong.vn"


def at_the_desk(app: HotlineApp, session: Session, person: Staff, *, now: datetime) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("locale", "vi")
    sign_in(client, session, staff=person, now=now)
    return client


def entered(client: FlaskClient, session: Session, email: str, *, role: Role, at: str) -> Staff:
    answer = post(client, f"{HERE}/people", email=email, name=email, role=role.value, unit=at)
    person = person_by_email(session, email)
    assert person is not None, answer
    return person


def give_post(client: FlaskClient, session: Session, person: Staff, code: str, *, at: str, now: datetime) -> None:
    wanted = select(Post.id).where(Post.code == code, Post.unit_id == unit(session, at).id)
    address = f"{HERE}/posts/{session.scalars(wanted).one()}"
    form = {
        "kind": "holder",
        "before": "none",
        "email": person.email,
        "decision": "1/QĐ",
        "from": day_of(now).isoformat(),
    }
    answer = post(client, address, **form)
    assert answer.status_code == 303, answer.get_data(as_text=True)


def arrive(session: Session, *, at: datetime) -> None:
    for message in messages(session, template="escalation_level"):
        message.state, message.sent_at = OutboundState.DELIVERED, at
    session.flush()


def next_late(session: Session, *, now: datetime) -> Ticket:
    """Of the ward, taken up and answered at once, so that only the promise to settle it climbs."""
    opened = open_ticket(session, now=now, unit_id=unit(session).id)
    matter = session.get_one(Ticket, opened.ticket_id)
    change_priority(session, matter.id, priority=Priority.URGENT, reason="x", actor=SYSTEM, now=now)
    agent = staff(session, at=session.get_one(Unit, matter.unit_id).code or "")
    reply(session, matter.id, body="Chào", actor=staff_actor(agent.id), now=now)
    return matter


def test_a_late_matter_reaches_the_citys_desk_until_the_ward_is_live_and_then_its_own_lead(
    app: HotlineApp, session: Session, now: datetime
) -> None:
    boss = staff(session, email="boss@thanhpho.vn", role=Role.ADMINISTRATOR, at="79", phone="+84909999999")
    going_live.begin(session, are_live=False, now=now)

    # Nobody is there: the page says so, and one person at the desk is enough for every ward.
    with app.bound_to(session, now):
        desk = at_the_desk(app, session, boss, now=now)
        empty = desk.get(f"/supervisor/readiness/{unit(session).id}").get_data(as_text=True)
        assert "không báo được cho ai ở cấp 1, 2, 3, 5" in empty
        lead = entered(desk, session, DESK_LEAD, role=Role.SUPERVISOR, at="TTDH")
    matter = next_late(session, now=now)
    assert matter.unit_id == unit(session, "TTDH").id
    page = followed(session, matter.id, locale="vi")
    assert (page.unit, page.works_for) == (unit(session, "TTDH").name, unit(session).name)

    late = level_at(session, matter, 1)
    tick(session, now=late)
    arrive(session, at=late)
    assert told(session, matter, 1) == [lead.id]
    # The desk has heard of it, and no head of the unit: the citizen is not told that one had.
    assert followed(session, matter.id, locale="vi").level == 0

    # The ward's people are entered, their lead gets the post, and the ward goes live: all by pages, by name.
    later = now + timedelta(hours=2)
    with app.bound_to(session, later):
        desk = at_the_desk(app, session, boss, now=later)
        own = entered(desk, session, WARD_LEAD, role=Role.SUPERVISOR, at="26740")
        give_post(desk, session, own, "unit_lead", at="26740", now=later)
        answer = post(desk, f"{HERE}/readiness/live", unit=unit(session).id, on=day_of(later).isoformat())
        assert answer.status_code == 303
        listed = desk.get(f"/supervisor/readiness/{unit(session).id}").get_data(as_text=True)
        assert boss.name in listed and WARD_LEAD in listed
    second = next_late(session, now=later)
    assert second.unit_id == unit(session).id
    assert followed(session, second.id, locale="vi").works_for == ""

    # Its late matter tells its own lead, who answers; now the citizen hears of the level.
    late = level_at(session, second, 1)
    tick(session, now=late)
    arrive(session, at=late)
    assert told(session, second, 1) == [own.id]
    assert followed(session, second.id, locale="vi").level == 1
    with app.bound_to(session, late):
        theirs = app.test_client()
        enter(theirs, session, own, now=late)
        step_id = step(session, second, 1).id
        form = {"csrf_token": csrf_of(theirs, "/leadership"), "instruction": "Tôi sẽ xử lý ngay."}
        assert theirs.post(f"/leadership/steps/{step_id}", data=form).status_code == 303
    assert step(session, second, 1).result is StepResult.NOTIFIED


def test_a_ward_is_taken_back_with_a_reason_that_the_next_reader_sees(
    app: HotlineApp, session: Session, now: datetime
) -> None:
    boss = staff(session, email="boss@thanhpho.vn", role=Role.ADMINISTRATOR, at="79")
    going_live.begin(session, are_live=True, now=now)

    with app.bound_to(session, now):
        desk = at_the_desk(app, session, boss, now=now)
        refused = post(desk, f"{HERE}/readiness/take-back", unit=unit(session).id, reason=" ")
        taken = post(desk, f"{HERE}/readiness/take-back", unit=unit(session).id, reason="Mất người trực đêm")
        page = desk.get(f"/supervisor/readiness/{unit(session).id}").get_data(as_text=True)

    assert (refused.status_code, taken.status_code) == (400, 303)
    assert "Mất người trực đêm" in page
    assert next_late(session, now=now).unit_id == unit(session, "TTDH").id


def test_units_are_reminded_once_a_week_of_what_they_lack_and_the_city_office_gets_the_list(
    session: Session, now: datetime
) -> None:
    supervisor = staff(session, role=Role.SUPERVISOR)
    office = staff(session, role=Role.CITY_OFFICE, at="VPUB")

    told_now = post_weekly_readiness(session, now=now)
    again = post_weekly_readiness(session, now=now + timedelta(days=2))

    assert told_now >= 2 and again == 0
    own = messages(session, template="units_lacking", staff_id=supervisor.id)
    whole = messages(session, template="units_lacking", staff_id=office.id)
    assert {one.channel.value for one in own} == {"screen", "email"}
    assert {one.params["count"] for one in own} == {1}
    assert whole[0].params["count"] > 168
