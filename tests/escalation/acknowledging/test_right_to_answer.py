"""The right to answer is judged when the answer comes: links, codes, keys and pages do not outlive it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.acknowledge import acknowledge, acknowledge_by_link
from escalation.acknowledging.code_replies import take_reply
from escalation.acknowledging.links import make_link
from escalation.acknowledging.pass_up import pass_up, pass_up_by_link
from escalation.acknowledging.reply_deeds import Reply
from escalation.firing.sweep import tick
from tests.escalation.scene import clock, full_house, holder, level_at, messages, on_shift, step, ticket, ward
from tests.handing_over import why_not_told
from tickets.directory.staff import disable
from tickets.errors import HotlineError, NotAllowed
from tickets.outbox.overtaken import Overtaken
from tickets.people.actor import SYSTEM
from tickets.schema import Acknowledgement, PostHolding, Queue, RoleAssignment, StepRecipient
from tickets.states import OutboundChannel, Priority, QueueKind, Role
from tickets.work.assignment import transfer

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Reached:
    """The ward's chair, told of level two, with the link and the code of the message."""

    def __init__(self, session: Session) -> None:
        self.session, self.unit = session, ward(session)
        self.chair = full_house(session, self.unit, now=MONDAY)[2]
        session.add(
            RoleAssignment(staff_id=self.chair.id, role=Role.LEADER, unit_id=self.unit.id, valid_from=MONDAY - HOUR)
        )
        self.matter = ticket(session, self.unit, arrived_at=MONDAY, priority=Priority.URGENT)
        self.at = level_at(session, self.matter, 2)
        tick(session, now=self.at)
        self.step_id = step(session, self.matter, 2).id
        self.link = make_link(session, step_id=self.step_id, staff_id=self.chair.id, now=self.at)
        mine = StepRecipient.step_id == self.step_id, StepRecipient.staff_id == self.chair.id
        self.code = session.scalars(select(StepRecipient.reply_code).where(*mine)).one()


def _disabled(reached: Reached) -> None:
    disable(reached.session, reached.chair.id, now=reached.at)


def _role_ended(reached: Reached) -> None:
    for role in reached.session.scalars(select(RoleAssignment).where(RoleAssignment.staff_id == reached.chair.id)):
        role.valid_to = reached.at


def _post_ended(reached: Reached) -> None:
    for held in reached.session.scalars(select(PostHolding).where(PostHolding.staff_id == reached.chair.id)):
        held.valid_to = reached.at


def _moved_to_another_ward(reached: Reached) -> None:
    _post_ended(reached)
    _role_ended(reached)
    other = ward(reached.session, "Phường Bến Thành")
    holder(reached.session, "ward_chair", other, staff=reached.chair, now=MONDAY)
    reached.session.add(
        RoleAssignment(staff_id=reached.chair.id, role=Role.LEADER, unit_id=other.id, valid_from=MONDAY)
    )


def _ticket_went_to_another_ward(reached: Reached) -> None:
    other = ward(reached.session, "Phường Bến Thành")
    queue = select(Queue.id).where(Queue.unit_id == other.id, Queue.kind == QueueKind.WORK)
    queue_id = reached.session.scalars(queue).one()
    transfer(reached.session, reached.matter.id, queue_id=queue_id, reason="x", actor=SYSTEM, now=reached.at)


ENDED: list[Callable[[Reached], None]] = [
    _disabled, _role_ended, _post_ended, _moved_to_another_ward, _ticket_went_to_another_ward,
]  # fmt: skip


def _by_link(r: Reached) -> object:
    return acknowledge_by_link(r.session, r.link, new_due_at=r.at + 48 * HOUR, now=r.at + HOUR)


def _by_key_in_a_call(r: Reached) -> object:
    return acknowledge(r.session, r.step_id, staff_id=r.chair.id, via="keypad", now=r.at + HOUR)


def _by_passing_it_up(r: Reached) -> object:
    return pass_up(r.session, r.step_id, staff_id=r.chair.id, via="sms", now=r.at + HOUR)


def _by_passing_it_up_by_link(r: Reached) -> object:
    return pass_up_by_link(r.session, r.link, now=r.at + HOUR)


WAYS = [_by_link, _by_key_in_a_call, _by_passing_it_up, _by_passing_it_up_by_link]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("end", ENDED)
def test_whoever_no_longer_stands_there_answers_by_no_way(session, end, way):
    reached = Reached(session)
    due_at = clock(session, reached.matter).due_at
    end(reached)
    session.flush()

    with pytest.raises(HotlineError), session.begin_nested():
        way(reached)

    assert session.scalars(select(Acknowledgement)).all() == []
    assert clock(session, reached.matter).due_at == due_at


@pytest.mark.parametrize("way", WAYS)
def test_whoever_still_stands_there_answers_by_every_way(session, way):
    reached = Reached(session)

    way(reached)

    assert session.scalars(select(Acknowledgement.staff_id)).one() == reached.chair.id


def _taken_by_sms(r: Reached, *, at: datetime) -> bool:
    return take_reply(r.session, Reply((r.code,)), phone=r.chair.phone or "", message_sid="SM1", now=at)


@pytest.mark.parametrize("end", [_role_ended, _post_ended, _moved_to_another_ward, _ticket_went_to_another_ward])
def test_the_code_of_whoever_no_longer_stands_there_is_answered_so_and_records_nothing(session, end):
    reached = Reached(session)
    end(reached)
    session.flush()

    assert _taken_by_sms(reached, at=reached.at + HOUR)

    assert session.scalars(select(Acknowledgement)).all() == []
    said = [m.template for m in messages(session, staff_id=reached.chair.id) if m.template.startswith("acknowledge")]
    assert said == ["acknowledge_ended"]


@pytest.mark.parametrize("end", ENDED)
def test_what_waited_for_whoever_no_longer_stands_there_is_not_handed_over(session, end):
    """Written at night for the morning; meanwhile the matter or the post went to somebody else."""
    reached = Reached(session)
    [text] = messages(session, staff_id=reached.chair.id, channel=OutboundChannel.SMS, template="escalation_level")
    before = why_not_told(session, text, now=reached.at + HOUR)
    end(reached)
    session.flush()

    why = why_not_told(session, text, now=reached.at + HOUR)

    expected = Overtaken.ROLE_ENDED if end in (_disabled, _role_ended) else Overtaken.NOT_THEIRS
    assert (before, why) == (None, expected)


def test_a_disabled_leaders_code_is_an_ordinary_text_and_gets_no_answer(session):
    reached = Reached(session)
    _disabled(reached)
    session.flush()

    assert not _taken_by_sms(reached, at=reached.at)
    assert session.scalars(select(Acknowledgement)).all() == []
    assert not [m for m in messages(session, staff_id=reached.chair.id) if m.template.startswith("acknowledge")]


def test_the_posts_new_holder_may_answer_for_what_the_one_before_was_told(session):
    reached = Reached(session)
    _post_ended(reached)
    successor = holder(session, "ward_chair", reached.unit, now=MONDAY)

    acknowledge(session, reached.step_id, staff_id=successor.id, via="web", now=reached.at)

    assert session.scalars(select(Acknowledgement.staff_id)).one() == successor.id


def test_whoever_was_told_on_their_turn_may_answer_when_it_has_just_ended_but_not_days_later(session):
    unit = ward(session)
    officer = on_shift(session, "section_head", unit, now=MONDAY, hours=25)
    first, second = (ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT) for _ in range(2))
    tick(session, now=level_at(session, first, 1))
    ended = MONDAY + timedelta(hours=25)

    acknowledge(session, step(session, first, 1).id, staff_id=officer.id, via="web", now=ended + HOUR)
    with pytest.raises(NotAllowed):
        acknowledge(session, step(session, second, 1).id, staff_id=officer.id, via="web", now=ended + timedelta(days=2))


def test_the_holder_of_another_wards_post_answers_for_nothing_here(session):
    reached = Reached(session)
    stranger = holder(session, "ward_chair", ward(session, "Phường Bến Thành"), now=MONDAY)

    with pytest.raises(NotAllowed):
        acknowledge(session, reached.step_id, staff_id=stranger.id, via="web", now=reached.at)
