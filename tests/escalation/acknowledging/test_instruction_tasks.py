"""Every instruction is a task of the unit with its own time, followed to its end; then the chain goes on (A5)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.storage.database import transaction
from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.code_replies import take_reply
from escalation.acknowledging.instruction_tasks import answer_instruction, break_overdue
from escalation.acknowledging.reply_deeds import Reply
from escalation.firing.sweep import tick
from escalation.queries.instructed import TaskState, instructed_by
from tests.app.clockwork.test_batches import somebody
from tests.conftest import Committed
from tests.escalation.raising import HOUR, MONDAY, code_at, raised
from tests.escalation.scene import (
    clock,
    holder,
    level_at,
    messages,
    results,
    step,
    ticket,
    told,
    unit_by_code,
    ward,
    with_role,
)
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import staff_actor
from tickets.people.roles import load_viewer
from tickets.promises import ledger, retargeting
from tickets.schema import AuditEntry, Instruction, PostHolding, Staff, Ticket, TimelineEntry
from tickets.states import ClockStatus, OutboundChannel, Priority, Role, StepResult, TicketStatus
from tickets.work.judged_at import BELIEVES
from tickets.work.ticket import lock_ticket

SECOND = timedelta(seconds=1)


def instruct(session: Session, matter: Ticket, who: Staff, *, at: datetime, **more: object) -> Instruction:
    """The ward's chair instructs about level two; the task that came of it."""
    said = {"instruction": "Dọn trong ngày", **more}
    acknowledge(session, step(session, matter, 2).id, staff_id=who.id, via="web", now=at, **said)
    return tasks(session)[-1]


def tasks(session: Session) -> list[Instruction]:
    every = select(Instruction).order_by(Instruction.id).execution_options(populate_existing=True)
    return list(session.scalars(every))


def answer(session: Session, task: Instruction, words: str, *, by: Staff, at: datetime) -> None:
    locked = lock_ticket(session, task.ticket_id)
    answer_instruction(session, locked, task.id, words=words, actor=staff_actor(by.id), now=at)


def state_for(session: Session, who: Staff, *, at: datetime) -> list[TaskState]:
    viewer = load_viewer(session, who.id, now=at)
    assert viewer is not None
    return [one.state(at) for one in instructed_by(session, viewer, now=at)]


@pytest.fixture
def worker(session: Session) -> Staff:
    return with_role(session, Role.AGENT, ward(session), now=MONDAY)


def test_it_is_given_to_the_unit_and_says_by_when(session):
    matter, people, at = raised(session)

    task = instruct(session, matter, people[2], at=at)

    assert (task.words, task.unit_id, task.due_at) == ("Dọn trong ngày", matter.unit_id, at + 4 * HOUR)
    told_unit = messages(session, template="instruction")
    assert told_unit == [] or {m.params["answer_by"] for m in told_unit} == {task.due_at.isoformat()}
    assert state_for(session, people[2], at=at) == [TaskState.WAITING]


def test_a_bare_acknowledgement_asks_the_unit_for_nothing(session):
    matter, people, at = raised(session)

    acknowledge(session, step(session, matter, 2).id, staff_id=people[2].id, via="web", now=at)

    assert tasks(session) == []


def test_unanswered_it_is_reported_once_to_whoever_gave_it_and_the_chain_goes_on_from_its_level(session):
    matter, people, _ = raised(session)
    later = level_at(session, matter, 3) - SECOND
    task = instruct(session, matter, people[2], at=later)
    before = task.due_at - SECOND

    assert break_overdue(session, now=before) == 0
    tick(session, now=before)
    assert results(session, matter)[3] is None
    assert [break_overdue(session, now=task.due_at) for _ in range(2)] == [1, 0]
    tick(session, now=task.due_at)

    assert results(session, matter)[3] is StepResult.NOTIFIED
    assert told(session, matter, 3) == [people[3].id]
    notices = messages(session, template="instruction_overdue")
    assert [(m.staff_id, m.channel) for m in notices] == [(people[2].id, OutboundChannel.SCREEN)]
    assert state_for(session, people[2], at=task.due_at + SECOND) == [TaskState.OVERDUE]
    assert session.scalars(select(AuditEntry.action).where(AuditEntry.action == "instruction.broken")).all()


def test_the_unit_answers_once_and_whoever_gave_it_reads_with_what(session, worker):
    matter, people, at = raised(session)
    task = instruct(session, matter, people[2], at=at)

    answer(session, task, "Đã dọn xong lúc 10 giờ.", by=worker, at=at + HOUR)

    with pytest.raises(NotFound):
        answer(session, task, "Lại nữa.", by=worker, at=at + HOUR)
    assert state_for(session, people[2], at=at + 5 * HOUR) == [TaskState.ANSWERED]
    assert break_overdue(session, now=at + 5 * HOUR) == 0
    (notice,) = messages(session, template="instruction_answered")
    assert (notice.staff_id, notice.params["answer"]) == (people[2].id, "Đã dọn xong lúc 10 giờ.")
    entry = session.scalars(select(TimelineEntry).where(TimelineEntry.body == "Đã dọn xong lúc 10 giờ.")).one()
    assert not entry.is_public
    audited = session.scalars(select(AuditEntry).where(AuditEntry.action == "instruction.answered")).one()
    assert "dọn" not in str(audited.params)


def test_a_task_that_somebody_holds_keeps_no_other_from_being_reported(committed: Committed) -> None:
    with transaction(committed.factory) as session:
        other = ticket(session, ward(session), arrived_at=MONDAY, priority=Priority.URGENT)
        matter, people, at = raised(session)
        held, free = (instruct(session, one, people[2], at=at).id for one in (matter, other))
        due = max(one.due_at for one in tasks(session))

    def broken() -> int:
        with transaction(committed.factory) as session:
            return break_overdue(session, now=due)

    with somebody(committed, f"update instruction set words = words where id = {held}"):
        meanwhile = broken()
        with committed.factory() as session:
            told_of = [one.id for one in tasks(session) if one.broken_at is not None]

    assert (meanwhile, told_of, broken()) == (1, [free], 1)


def test_an_answer_after_its_time_stays_late(session, worker):
    matter, people, at = raised(session)
    task = instruct(session, matter, people[2], at=at)
    break_overdue(session, now=task.due_at)

    answer(session, task, "Xong.", by=worker, at=task.due_at + HOUR)

    assert state_for(session, people[2], at=task.due_at + 2 * HOUR) == [TaskState.ANSWERED_LATE]
    assert tasks(session)[0].broken_at == task.due_at


def test_an_answer_that_waited_while_its_time_ran_out_is_late_as_was_said_meanwhile(session):
    matter, people, at = raised(session)
    task = instruct(session, matter, people[2], at=at)
    pressed = task.due_at - SECOND
    assert break_overdue(session, now=task.due_at + SECOND) == 1
    session.info[BELIEVES] = lambda _locked_at: task.due_at + SECOND

    answer(session, task, "Đã dọn xong", by=people[1], at=pressed)

    assert (tasks(session)[-1].answered_at, tasks(session)[-1].broken_at) == (task.due_at + SECOND,) * 2
    assert state_for(session, people[2], at=task.due_at + HOUR) == [TaskState.ANSWERED_LATE]


def test_an_answer_without_words_is_none(session, worker):
    matter, people, at = raised(session)
    task = instruct(session, matter, people[2], at=at)

    with pytest.raises(InvalidInput) as refused:
        answer(session, task, "  ", by=worker, at=at)

    assert (refused.value.field, refused.value.code) == ("answer", "required")
    assert tasks(session)[0].answered_at is None


def test_a_second_instruction_is_a_task_of_its_own(session, worker):
    matter, people, at = raised(session)
    first = instruct(session, matter, people[2], at=at)
    answer(session, first, "Đang làm.", by=worker, at=at + HOUR)

    code = code_at(session, matter, 2)
    reply = Reply((code,), "Báo cáo trước 17 giờ")
    take_reply(session, reply, phone=people[2].phone or "", message_sid="SM1", now=at + 2 * HOUR)

    assert [task.words for task in tasks(session)] == ["Dọn trong ngày", "Báo cáo trước 17 giờ"]
    assert state_for(session, people[2], at=at + 3 * HOUR) == [TaskState.WAITING, TaskState.ANSWERED]


def test_a_date_that_was_given_is_its_time(session):
    matter, people, at = raised(session, level=3)
    wanted = at + timedelta(days=3)

    acknowledge(session, step(session, matter, 3).id, staff_id=people[3].id, new_due_at=wanted, via="web", now=at)

    assert [task.due_at for task in tasks(session)] == [wanted]


def test_what_was_settled_meanwhile_is_settled_and_breaks_no_more(session):
    matter, people, at = raised(session)
    task = instruct(session, matter, people[2], at=at)
    ledger.on_resolved(session, lock_ticket(session, matter.id), now=at + HOUR)
    matter.status = TicketStatus.RESOLVED
    session.flush()

    assert break_overdue(session, now=task.due_at) == 0
    assert state_for(session, people[2], at=task.due_at) == [TaskState.SETTLED]
    assert task.ended_at == task.due_at


def test_what_was_settled_after_its_time_stays_late(session):
    matter, people, at = raised(session)
    task = instruct(session, matter, people[2], at=at)
    break_overdue(session, now=task.due_at)
    ledger.on_resolved(session, lock_ticket(session, matter.id), now=task.due_at + HOUR)
    matter.status = TicketStatus.RESOLVED
    session.flush()

    assert state_for(session, people[2], at=task.due_at + 2 * HOUR) == [TaskState.SETTLED_LATE]


def test_while_its_promise_is_paused_it_breaks_as_little_as_the_promise(session):
    matter, people, at = raised(session)
    task = instruct(session, matter, people[2], at=at)
    clock(session, matter).status = ClockStatus.PAUSED
    session.flush()

    assert break_overdue(session, now=task.due_at + HOUR) == 0
    assert state_for(session, people[2], at=task.due_at + HOUR) == [TaskState.WAITING]
    clock(session, matter).status = ClockStatus.RUNNING
    session.flush()
    assert break_overdue(session, now=task.due_at + 2 * HOUR) == 1


def test_whoever_moved_on_neither_reads_nor_hears_of_it_and_the_successor_does(session):
    matter, people, at = raised(session)
    task = instruct(session, matter, people[2], at=at)
    for held in session.scalars(select(PostHolding).where(PostHolding.staff_id == people[2].id)):
        held.valid_to = at + HOUR
    successor = holder(session, "ward_chair", ward(session), now=MONDAY)
    session.flush()

    break_overdue(session, now=task.due_at)

    assert [m.staff_id for m in messages(session, template="instruction_overdue")] == [successor.id]
    assert state_for(session, people[2], at=task.due_at) == []
    assert state_for(session, successor, at=task.due_at + SECOND) == [TaskState.OVERDUE]


def test_somebody_elses_instructions_are_not_mine(session):
    matter, people, at = raised(session)
    instruct(session, matter, people[2], at=at)
    stranger = with_role(session, Role.AGENT, unit_by_code(session, "VPUB"), now=MONDAY)

    assert state_for(session, stranger, at=at) == []


def test_a_date_that_was_added_later_holds_the_chain_although_the_plan_is_made_anew(session):
    matter, people, at = raised(session, level=3)
    step_id = step(session, matter, 3).id
    acknowledge(session, step_id, staff_id=people[3].id, via="web", now=at)
    wanted = at + timedelta(days=3)
    acknowledge(session, step_id, staff_id=people[3].id, new_due_at=wanted, via="web", now=at + HOUR)

    matter.priority = Priority.NORMAL
    session.flush()
    retargeting.retarget(
        session, lock_ticket(session, matter.id), cause="priority", actor=staff_actor(people[3].id), now=at + 2 * HOUR
    )

    assert level_at(session, matter, 4) >= wanted
    tick(session, now=wanted - SECOND)
    assert results(session, matter)[4] is None
    assert break_overdue(session, now=wanted) == 1
    tick(session, now=level_at(session, matter, 4))
    assert results(session, matter)[4] is StepResult.NOTIFIED


@pytest.mark.parametrize("is_planned_anew", [False, True])
@pytest.mark.parametrize("days", [(10, 3), (3, 10, 2), (10, 0.5)])
def test_the_last_date_that_was_given_is_when_the_chain_goes_on_also_where_it_is_sooner(session, days, is_planned_anew):
    matter, people, at = raised(session, level=3)
    third, fourth = step(session, matter, 3), level_at(session, matter, 4)
    apart = level_at(session, matter, 5) - fourth
    for n, later in enumerate(days):
        date = at + timedelta(days=later)
        acknowledge(
            session, third.id, staff_id=people[3].id, new_due_at=date, via="web", now=at + n * timedelta(minutes=1)
        )
    if is_planned_anew:
        for status in (TicketStatus.PENDING_CITIZEN, TicketStatus.OPEN):
            matter.status = status
            session.flush()
            ledger.on_status(session, lock_ticket(session, matter.id), now=at + HOUR / 4)

    assert level_at(session, matter, 4) == max(fourth, date)
    assert level_at(session, matter, 5) - level_at(session, matter, 4) >= apart
    tick(session, now=max(fourth, date) - SECOND)
    assert results(session, matter)[4] is None
    tick(session, now=max(fourth, date))
    assert results(session, matter)[4] is StepResult.NOTIFIED
