"""Who complains about officials in plain words is read by the City Office alone, whatever the door and whenever."""

import itertools
from datetime import datetime

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.settings import Settings
from tests import factories
from tests.app.web.api.test_tickets import headers
from tests.app.web.console.console_scene import agent_at, page_of, send
from tests.app.web.public.public_forms import fields_of, fill_in
from tests.signing_in import sign_in
from tests.telephony.phone import Phone
from tickets.people.actor import citizen_actor, staff_actor
from tickets.people.roles import load_viewer, visible_tickets
from tickets.routing.rules import load_rules
from tickets.schema import Line, Ticket, TicketAccess, Unit
from tickets.states import Disposition, Priority, QueueKind, Role
from tickets.work import assignment, conversation, resolution

WARD = "26740"
SAID = "Cán bộ một cửa phường Sài Gòn đòi 500 ngàn bồi dưỡng mới chịu nhận hồ sơ của tôi"
_sids = itertools.count(1)


def newest(session: Session) -> Ticket:
    return session.scalars(
        select(Ticket).order_by(Ticket.id.desc()).limit(1).execution_options(populate_existing=True)
    ).one()


def people_of_the_ward(session: Session) -> list[int]:
    roles = (Role.AGENT, Role.SUPERVISOR, Role.LEADER)
    return [factories.staff(session, role=role, at=WARD).id for role in roles]


def sees(session: Session, staff_id: int, ticket: Ticket, now: datetime) -> bool:
    viewer = load_viewer(session, staff_id, now=now)
    assert viewer is not None
    return session.scalar(select(Ticket.id).where(Ticket.id == ticket.id, visible_tickets(viewer))) is not None


def assert_only_the_office_reads(session: Session, ticket: Ticket, now: datetime) -> None:
    office = session.scalars(select(Unit).where(Unit.code == "VPUB")).one()
    people = people_of_the_ward(session)
    assert ticket.is_restricted
    assert (ticket.unit_id, ticket.queue_id) == (office.id, factories.queue_of(session, "VPUB", QueueKind.CONDUCT).id)
    assert [sees(session, staff_id, ticket, now) for staff_id in people] == [False] * 3


def test_a_text_message(client: FlaskClient, settings: Settings, session: Session, now: datetime) -> None:
    line = session.scalars(select(Line).where(Line.is_city)).first()
    assert line is not None

    Phone(client, settings, to=line.phone).post("sms", MessageSid=f"SM{next(_sids)}", Body=SAID)

    assert_only_the_office_reads(session, newest(session), now)


def test_the_form_on_the_web_also_under_another_kind_of_matter(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    fill_in(client, "/", "/", body=SAID, place="phường Sài Gòn", category="household_business")

    assert_only_the_office_reads(session, newest(session), now)


def test_who_writes_on_the_web_is_told_who_will_read_it(client: FlaskClient) -> None:
    token = fields_of(client.get("/").get_data(as_text=True), "/")["csrf_token"]

    told = client.post("/report/advice", data={"csrf_token": token, "body": SAID}).get_data(as_text=True)

    assert "The City Office reads it first" in told or "Văn phòng UBND Thành phố đọc trước" in told


def test_another_program(client: FlaskClient, session: Session, now: datetime) -> None:
    api = headers(session, now=now)

    client.post("/api/v1/tickets", json={"subject": "Hồ sơ", "body": SAID, "unit": WARD}, headers=api)

    assert_only_the_office_reads(session, newest(session), now)


def test_words_spoken_on_the_phone(client: FlaskClient, settings: Settings, session: Session, now: datetime) -> None:
    line = session.scalars(select(Line).where(Line.is_city)).first()
    assert line is not None

    Phone(client, settings, to=line.phone).ring().press("1").speak(SAID)

    assert_only_the_office_reads(session, newest(session), now)


def test_an_agent_who_writes_it_down(client: FlaskClient, session: Session, now: datetime) -> None:
    agent_at(client, session, now)

    send(client, "/console/new", "/console/new", body=SAID, place="phường Sài Gòn", phone="0901112233", go="open",
         once="a-form", asked="place")  # fmt: skip

    assert_only_the_office_reads(session, newest(session), now)


def test_words_that_come_to_an_ordinary_ticket_take_it_from_the_ward_that_works_on_it(
    session: Session, now: datetime
) -> None:
    ticket = factories.ticket(session, body="Rác trước nhà", place_text="phường Sài Gòn", now=now)
    agent = factories.staff(session, role=Role.AGENT, at=WARD)
    assignment.claim(session, ticket.id, actor=staff_actor(agent.id), now=now)

    conversation.citizen_message(session, ticket.id, body=SAID, channel=ticket.channel, actor=citizen_actor(), now=now)

    assert_only_the_office_reads(session, newest(session), now)
    assert not sees(session, agent.id, ticket, now)


def test_not_solved_with_an_accusation_takes_it_from_the_ward(session: Session, now: datetime) -> None:
    ticket = factories.ticket(session, body="Rác trước nhà", place_text="phường Sài Gòn", now=now)
    agent = factories.staff(session, role=Role.AGENT, at=WARD)
    actor = staff_actor(agent.id)
    assignment.claim(session, ticket.id, actor=actor, now=now)
    resolution.resolve(session, ticket.id, disposition=Disposition.FIXED, answer="Đã dọn.", actor=actor, now=now)

    resolution.not_solved(
        session, ticket.id, reason="Báo cáo láo, cán bộ không hề xuống mà còn hăm tôi", actor=citizen_actor(), now=now
    )

    assert_only_the_office_reads(session, newest(session), now)


def test_danger_that_comes_later_makes_it_an_emergency(session: Session, now: datetime) -> None:
    ticket = factories.ticket(session, body="Cây nghiêng trước nhà", place_text="phường Sài Gòn", now=now)

    conversation.citizen_message(
        session, ticket.id, body="Cây đổ đè trúng một người rồi, cứu với", channel=ticket.channel,
        actor=citizen_actor(), now=now,
    )  # fmt: skip

    operations = load_rules(session, on=now.date()).routing.operations_unit_id
    assert newest(session).priority is Priority.EMERGENCY
    assert newest(session).coordinating_unit_id == operations


def test_the_office_sends_a_false_alarm_where_it_belongs_with_a_reason(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    ticket = factories.ticket(session, body=SAID, place_text="phường Sài Gòn", now=now)
    clerk = sign_in(client, session, role=Role.CITY_OFFICE, now=now)
    session.add(TicketAccess(ticket_id=ticket.id, staff_id=clerk.id, reason="routing", created_at=now))
    session.commit()
    page = f"/console/tickets/{ticket.reference}"

    without_reason = send(client, page, f"{page}/clear", reason="")
    answer = send(client, page, f"{page}/clear", reason="Người dân hỏi thủ tục, không tố ai")

    freed = newest(session)
    assert without_reason.status_code == 400
    assert answer.status_code == 303
    assert (freed.is_restricted, freed.about_unit_id) == (False, None)
    assert freed.queue_id == factories.queue_of(session, WARD).id
    assert f"{page}/clear" not in page_of(client, page)


def test_whom_it_may_accuse_is_offered_and_allowed_no_way_to_be_rid_of_it(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    ticket = factories.ticket(session, body=SAID, place_text="phường Sài Gòn", now=now)
    clerk = sign_in(client, session, role=Role.CITY_OFFICE, now=now)
    clerk.locale = "en"
    factories.give_role(session, clerk, role=Role.SUPERVISOR, at=WARD)
    session.add(TicketAccess(ticket_id=ticket.id, staff_id=clerk.id, reason="routing", created_at=now))
    session.commit()
    page = f"/console/tickets/{ticket.reference}"

    seen = page_of(client, page)
    answers = [
        send(
            client,
            page,
            f"{page}/{way}",
            reason="không tố ai",
            queue="26743",
            category="noise",
            place="phường Tân Định",
        )
        for way in ("clear", "transfer", "category", "place", "set-aside")
    ]

    assert "It may be a complaint about your own unit" in seen
    assert not any(f'{page}/{way}"' in seen for way in ("clear", "transfer", "category", "place", "set-aside"))
    assert {answer.status_code for answer in answers} <= {400, 403}
    assert answers[0].status_code == 403 and "only the City Office" in answers[0].get_data(as_text=True)
    assert newest(session).is_restricted
