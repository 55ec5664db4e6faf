"""One matter nobody answers: its promise breaks, it climbs to a leader, is instructed, told to the unit, resolved."""

from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.firing.sweep import tick
from tests.app.web.steering import csrf_of, enter
from tests.escalation.scene import clock, full_house, step, ward
from tests.factories import give_role, open_ticket, staff
from tickets.people.actor import staff_actor
from tickets.schema import Acknowledgement, OutboundMessage, PlannedStep, Staff, StepRecipient, Ticket
from tickets.states import ClockStatus, Role, StepResult, TicketStatus
from tickets.work import assignment

INSTRUCTION = "Cử người thu gom ngay trong chiều nay, báo cáo tôi trước 17 giờ."


def browser_of(app: HotlineApp, session: Session, person: Staff, *, now: datetime) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("locale", "en")
    enter(client, session, person, now=now)
    return client


def notices_to(session: Session, staff_id: int, template: str) -> list[OutboundMessage]:
    wanted = select(OutboundMessage).where(OutboundMessage.staff_id == staff_id, OutboundMessage.template == template)
    return list(session.scalars(wanted))


def next_step_at(session: Session, matter: Ticket) -> datetime:
    unfired = select(func.min(PlannedStep.planned_at)).where(
        PlannedStep.ticket_id == matter.id, PlannedStep.fired_at.is_(None)
    )
    return session.execute(unfired).scalar_one()


def test_a_broken_promise_climbs_to_a_leader_whose_instruction_is_followed_to_the_end(
    app: HotlineApp, session: Session, now: datetime
) -> None:
    people = full_house(session, ward(session), now=now)
    give_role(session, people[4], role=Role.LEADER, at="79")
    agent, supervisor = staff(session, name="Trần Thị Lan"), staff(session, role=Role.SUPERVISOR, name="Hùng")
    opened = open_ticket(session, now=now)
    matter = session.get_one(Ticket, opened.ticket_id)
    assignment.claim(session, matter.id, actor=staff_actor(agent.id), now=now + timedelta(minutes=5))

    # Nobody answers: whatever is planned fires at its own time, up to the leader responsible.
    while step(session, matter, 4).fired_at is None:
        tick(session, now=next_step_at(session, matter))
    levels = [step(session, matter, level) for level in range(1, 5)]
    assert [one.fired_at for one in levels] == [one.planned_at for one in levels]
    assert levels[-1].result is StepResult.NOTIFIED
    at = levels[-1].planned_at
    [message] = [m for m in notices_to(session, people[4].id, "escalation_level") if m.channel == "screen"]
    assert message.params["reference"] == matter.reference

    # The leader reads the sentence on the list and instructs.
    evening = at + timedelta(minutes=20)
    with app.bound_to(session, evening):
        desk = browser_of(app, session, people[4], now=evening)
        page = desk.get("/leadership").get_data(as_text=True)
        step_id = session.scalars(
            select(StepRecipient.step_id).where(StepRecipient.staff_id == people[4].id).order_by(StepRecipient.id)
        ).all()[-1]
        assert "has not settled" in page
        form = {"csrf_token": csrf_of(desk, "/leadership"), "instruction": INSTRUCTION}
        assert desk.post(f"/leadership/steps/{step_id}", data=form).status_code == 303
    assert session.get_one(Acknowledgement, step_id).instruction == INSTRUCTION

    # The unit is told, and the supervisor's dashboard shows the answer.
    with app.bound_to(session, evening):
        assert notices_to(session, agent.id, "instruction")
        floor = browser_of(app, session, supervisor, now=evening)
        board = floor.get("/supervisor/escalations").get_data(as_text=True)
        assert INSTRUCTION in board
        thread = browser_of(app, session, agent, now=evening)
        here = f"/console/tickets/{matter.reference}"
        assert INSTRUCTION in thread.get(here).get_data(as_text=True)

    # The agent does it; the chain ends, the leader sees how, and no further level ever fires.
    done = evening + timedelta(hours=1)
    with app.bound_to(session, done):
        form = {"csrf_token": csrf_of(thread, here), "body": "Đã thu gom.", "disposition": "fixed", "channel": "sms"}
        assert thread.post(f"{here}/resolve", data=form).status_code == 303
        assert "Nothing is overdue." in floor.get("/supervisor/escalations").get_data(as_text=True)
        page = desk.get("/leadership").get_data(as_text=True)
        assert "Settled in the last 14 days" in page
        assert INSTRUCTION in page
    session.refresh(matter)
    assert matter.status is TicketStatus.RESOLVED
    assert clock(session, matter).status is ClockStatus.MISSED
    told_before = session.query(StepRecipient).count()
    tick(session, now=done + timedelta(days=30))
    assert session.query(StepRecipient).count() == told_before
