"""A request that waited for a ticket's row while its promise broke: one verdict, by when it got the row (R17)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import g
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.settings import Settings
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.code_replies import take_reply
from escalation.acknowledging.reply_deeds import Reply
from escalation.firing.sweep import tick
from tests.app.web.console.test_rights_under_the_lock import waits_for_a_row
from tests.conftest import Committed
from tests.escalation import scene
from tests.factories import queue_of, unit
from tests.faults.nodes import wait_until
from tests.signing_in import person_with, sign_in
from tickets.people.actor import Actor, citizen_actor, staff_actor
from tickets.schema import Acknowledgement, Clock, PlannedStep, PromiseBreach, Staff, StepRecipient, Ticket
from tickets.states import Channel, ClockKind, ClockStatus, Priority, Role
from tickets.work import assignment, conversation, resolution
from tickets.work.ticket import lock_ticket

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class House:
    """A city that runs by true time, with somebody on each level of one ward."""

    app: HotlineApp
    committed: Committed
    stands: dict[int, Staff]
    agent: Actor
    from_above: Actor

    def matter(self, *kinds: ClockKind) -> Ticket:
        """An urgent ticket with these clocks, an hour old; its first hours go on."""
        with self.committed.factory.begin() as session:
            clocks = kinds or (ClockKind.RESOLVE,)
            arrived_at = self.now(session) - HOUR / 10
            return scene.ticket(
                session, scene.ward(session), priority=Priority.URGENT, clocks=clocks, arrived_at=arrived_at
            )

    @staticmethod
    def now(session: Session) -> datetime:
        at: datetime = session.execute(text("select clock_timestamp()")).scalar_one()
        return at

    def while_it_breaks(self, matter: Ticket, ask: Callable[[], object], *, fires: bool = True) -> datetime:
        """Let `ask` wait for the row until its promises have broken and a tick has seen it; when they were due."""
        with self.committed.factory() as holder, ThreadPoolExecutor(1) as hand:
            lock_ticket(holder, matter.id)
            asked = hand.submit(ask)
            assert wait_until(lambda: waits_for_a_row(self.committed.engine), seconds=30)
            due_at = self.now(holder)
            late = {"due_at": due_at, "planned_at": due_at}
            holder.execute(update(Clock).where(Clock.ticket_id == matter.id).values(due_at=due_at))
            holder.execute(update(PlannedStep).where(PlannedStep.ticket_id == matter.id, PlannedStep.rank == 1)
                           .values(**late))  # fmt: skip
            if fires:
                tick(holder, only=[matter.id], now=self.now(holder))
            holder.commit()
            asked.result(timeout=60)
        return due_at

    def does(self, story: Callable[[Session, datetime], object]) -> Callable[[], object]:
        """A story as a request tells it: in a session of the application, with the time read at its beginning."""

        def told() -> None:
            with self.app.test_request_context(), self.app.open_session() as session:
                story(session, g.now)
                session.commit()

        return told


@pytest.fixture
def house(committed: Committed, settings: Settings) -> Iterator[House]:
    app = create_app(settings, engine=committed.engine)
    with committed.factory.begin() as session:
        now = House.now(session)
        stands = scene.full_house(session, scene.ward(session), now=now)
        agent = person_with(session, role=Role.AGENT, unit=unit(session), now=now)
        above = person_with(session, role=Role.SUPERVISOR, now=now)
    yield House(app, committed, stands, staff_actor(agent.id), staff_actor(above.id))


def test_an_answer_that_waited_for_the_row_while_the_promise_broke_is_late_in_every_figure(house: House) -> None:
    client = house.app.test_client()
    with house.committed.factory() as session:
        now, scopes = house.now(session), ("tickets:read", "tickets:write")
        sign_in(client, session, role=Role.AGENT, unit=unit(session), now=now)
        token = add_token(session, name="p", scopes=scopes, unit_code="", now=now)
        session.commit()

    def by_page(matter: Ticket) -> Callable[[], object]:
        here = f"/console/tickets/{matter.reference}"
        csrf = client.get(here).get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
        form = {"csrf_token": csrf, "once": matter.reference, "disposition": "fixed", "body": "Đã dọn."}
        return lambda: client.post(f"{here}/resolve", data=form)

    def by_program(matter: Ticket) -> Callable[[], object]:
        body = {"to": "resolved", "disposition": "fixed", "text": "Đã dọn."}
        address, bearer = f"/api/v1/tickets/{matter.reference}/transitions", {"Authorization": f"Bearer {token}"}
        return lambda: house.app.test_client().post(address, json=body, headers=bearer)

    def first_word(matter: Ticket) -> Callable[[], object]:
        return house.does(lambda s, now: conversation.reply(s, matter.id, body="Đã rõ.", actor=house.agent, now=now))

    ways = {by_page: ClockKind.RESOLVE, by_program: ClockKind.RESOLVE, first_word: ClockKind.FIRST}
    said = {}
    for way, kind in ways.items():
        matter = house.matter(kind)
        due_at = house.while_it_breaks(matter, way(matter))
        with house.committed.factory() as session:
            clock = scene.clock(session, matter, kind)
            raised = scene.step(session, matter, 1, kind)
            said[way.__name__] = (
                clock.status,
                clock.first_breach_at == due_at,
                clock.stopped_at is not None and clock.stopped_at > max(due_at, raised.fired_at or due_at),
            )

    assert said == dict.fromkeys((way.__name__ for way in ways), (ClockStatus.MISSED, True, True))


def test_whatever_moves_a_ticket_after_waiting_for_its_row_leaves_the_breach_that_came_meanwhile(house: House) -> None:
    wrong = {}
    for name, way in MOVES.items():
        matter = house.matter()
        due_at = house.while_it_breaks(matter, house.does(partial(way, house, matter)), fires=False)
        with house.committed.factory() as session:
            breach = session.get(PromiseBreach, scene.clock(session, matter).id)
            if breach is None or (breach.breached_at, breach.unit_id) != (due_at, matter.unit_id):
                wrong[name] = breach

    assert wrong == {}


def test_a_leaders_answer_that_waited_is_judged_by_when_it_was_taken_and_moves_no_broken_date(house: House) -> None:
    leader = house.stands[4]
    matter, other = house.matter(), house.matter()
    with house.committed.factory.begin() as session:
        step, code = raised_now(session, matter, 4)
        other_step, _ = raised_now(session, other, 4)

    def by_text(session: Session, now: datetime) -> None:
        take_reply(session, Reply((code,)), phone=leader.phone or "", message_sid=code, now=now)

    def new_date(session: Session, now: datetime) -> None:
        said = {"instruction": "Gấp.", "new_due_at": now + DAY, "via": "web"}
        acknowledge(session, other_step, staff_id=leader.id, **said, now=now)

    texted_due = house.while_it_breaks(matter, house.does(by_text), fires=False)
    dated_due = house.while_it_breaks(other, house.does(new_date), fires=False)

    with house.committed.factory() as session:
        answered = session.scalars(select(Acknowledgement.at).where(Acknowledgement.step_id == step)).one()
        assert answered > texted_due
        assert scene.clock(session, other).due_at == dated_due


def transferred(house: House, matter: Ticket, session: Session, now: datetime) -> None:
    elsewhere = queue_of(session, "26824").id
    assignment.transfer(session, matter.id, queue_id=elsewhere, reason="Ở đó.", actor=house.from_above, now=now)


def held(house: House, matter: Ticket, session: Session, now: datetime) -> None:
    asked = {"question": "Ở đâu ạ?", "wake_at": now + DAY, "channel": Channel.WEB}
    resolution.hold(session, matter.id, **asked, actor=house.from_above, now=now)


def of_another_kind(house: House, matter: Ticket, session: Session, now: datetime) -> None:
    assignment.change_category(session, matter.id, category_code="rubbish", actor=house.from_above, now=now)


def more_urgent(house: House, matter: Ticket, session: Session, now: datetime) -> None:
    raised = {"priority": Priority.EMERGENCY, "reason": "Cháy."}
    assignment.change_priority(session, matter.id, **raised, actor=house.from_above, now=now)


def withdrawn(house: House, matter: Ticket, session: Session, now: datetime) -> None:
    resolution.withdraw(session, matter.id, reason="Xong.", actor=citizen_actor(), now=now)


def claimed(house: House, matter: Ticket, session: Session, now: datetime) -> None:
    assignment.claim(session, matter.id, actor=house.agent, now=now)


MOVES = {move.__name__: move for move in (transferred, held, of_another_kind, more_urgent, withdrawn, claimed)}


def raised_now(session: Session, matter: Ticket, level: int) -> tuple[int, str]:
    """The level and its code: raised before the promise breaks, so that there is something to answer."""
    session.execute(
        update(PlannedStep)
        .where(PlannedStep.ticket_id == matter.id, PlannedStep.rank == level)
        .values(planned_at=House.now(session))
    )
    tick(session, only=[matter.id], now=House.now(session))
    step = scene.step(session, matter, level).id
    return step, session.scalars(select(StepRecipient.reply_code).where(StepRecipient.step_id == step)).one()
