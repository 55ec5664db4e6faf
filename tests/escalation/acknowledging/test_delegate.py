"""A level is passed to a colleague: they may answer and are told; it stays owed by the responsibility (A4)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.asked_in_vain import report_unanswered
from escalation.acknowledging.code_replies import take_reply
from escalation.acknowledging.decline import decline
from escalation.acknowledging.delegate import delegate
from escalation.acknowledging.given_back_before import complete_given_back
from escalation.acknowledging.reply_deeds import Reply
from escalation.firing.codes import new_codes
from escalation.firing.pursue import pursue
from escalation.firing.recipients import add_recipients, mark_read
from escalation.firing.sweep import tick
from escalation.firing.telling import duty_calendar
from escalation.queries.asked import asked_about
from escalation.queries.desk import load_desk
from escalation.queries.proof import changed_since_written
from tests.escalation.raising import HOUR, MONDAY, raised
from tests.escalation.scene import holder, level_at, messages, results, step, told, unit_by_code, ward, with_role
from tests.handing_over import overtaken_by
from tickets import timeline
from tickets.audit import entries
from tickets.errors import InvalidInput, NotAllowed
from tickets.outbox.overtaken import Overtaken
from tickets.outbox.posting import mark_notices_of_tickets_read
from tickets.people.actor import staff_actor
from tickets.people.roles import load_viewer
from tickets.promises.calendar import is_open, next_opening
from tickets.promises.loading import load_rulebook
from tickets.queries.reached_levels import heard_by
from tickets.schema import (
    Acknowledgement,
    Delegation,
    PostHolding,
    RoleAssignment,
    Staff,
    StepRecipient,
    Ticket,
    TicketAccess,
)
from tickets.states import OutboundChannel, Priority, Role, StepResult, TimelineKind


@pytest.fixture
def colleague(session: Session) -> Staff:
    return with_role(session, Role.AGENT, ward(session), now=MONDAY)


def ask(session: Session, matter: Ticket, people: dict[int, Staff], to: Staff, *, at: object, **more: str) -> object:
    said = {"reason": "đi họp", **more}
    return delegate(session, step(session, matter, 2).id, from_id=people[2].id, to_id=to.id, now=at, **said)


def waits_for(session: Session, who: Staff, *, at: object) -> int:
    viewer = load_viewer(session, who.id, now=at)
    return load_desk(session, viewer, limit=10, now=at).waiting.count


def test_the_colleague_is_told_with_reason_and_code_and_answers_by_it(session, colleague):
    matter, people, at = raised(session)

    ask(session, matter, people, colleague, at=at)

    sent = messages(session, template="delegated", staff_id=colleague.id)
    assert {m.channel for m in sent} == {OutboundChannel.SCREEN, OutboundChannel.SMS}
    assert {m.params["reason"] for m in sent} == {"đi họp"}
    take_reply(session, Reply((sent[0].params["code"],)), phone=colleague.phone or "", message_sid="SM1", now=at + HOUR)
    assert session.scalars(select(Acknowledgement.staff_id)).one() == colleague.id
    entries.seal(session, now=at + HOUR, settled_before=at + HOUR)
    assert changed_since_written(session) == []


def test_it_stays_on_both_desks_and_the_next_level_comes_when_nobody_answers(session, colleague):
    matter, people, at = raised(session)
    third = level_at(session, matter, 3)

    ask(session, matter, people, colleague, at=at)

    assert (waits_for(session, people[2], at=at), waits_for(session, colleague, at=at)) == (1, 1)
    tick(session, now=third)
    assert results(session, matter)[3] is StepResult.NOTIFIED
    assert told(session, matter, 3) == [people[3].id]


def test_answered_by_one_it_waits_for_neither(session, colleague):
    matter, people, at = raised(session)
    ask(session, matter, people, colleague, at=at)

    acknowledge(session, step(session, matter, 2).id, staff_id=colleague.id, via="web", now=at)

    assert (waits_for(session, people[2], at=at), waits_for(session, colleague, at=at)) == (0, 0)


def test_asked_twice_they_are_told_once(session, colleague):
    matter, people, at = raised(session)
    ask(session, matter, people, colleague, at=at)
    told_of_it = len(messages(session, template="delegated"))

    again = ask(session, matter, people, colleague, at=at + HOUR, reason="nữa")

    assert again.is_repeat
    assert len(messages(session, template="delegated")) == told_of_it


def test_the_right_ends_with_the_responsibility_of_whoever_asked(session, colleague):
    matter, people, at = raised(session)
    ask(session, matter, people, colleague, at=at)
    session.execute(update(PostHolding).where(PostHolding.staff_id == people[2].id).values(valid_to=at + HOUR))
    session.expire_all()

    with pytest.raises(NotAllowed):
        acknowledge(session, step(session, matter, 2).id, staff_id=colleague.id, via="web", now=at + 2 * HOUR)


def test_the_right_ends_when_the_colleague_leaves_the_unit(session, colleague):
    matter, people, at = raised(session)
    ask(session, matter, people, colleague, at=at)
    session.execute(update(RoleAssignment).where(RoleAssignment.staff_id == colleague.id).values(valid_to=at + HOUR))
    session.expire_all()

    with pytest.raises(NotAllowed):
        acknowledge(session, step(session, matter, 2).id, staff_id=colleague.id, via="web", now=at + 2 * HOUR)


def test_whoever_was_asked_asks_nobody_further(session, colleague):
    matter, people, at = raised(session)
    ask(session, matter, people, colleague, at=at)
    third = with_role(session, Role.AGENT, ward(session), now=MONDAY)

    with pytest.raises(NotAllowed):
        delegate(session, step(session, matter, 2).id, from_id=colleague.id, to_id=third.id, reason="bận", now=at)


def test_a_stranger_to_the_unit_is_asked_by_nobody_and_a_reason_is_needed(session, colleague):
    matter, people, at = raised(session)
    stranger = with_role(session, Role.AGENT, unit_by_code(session, "VPUB"), now=MONDAY)

    with pytest.raises(InvalidInput) as unknown:
        ask(session, matter, people, stranger, at=at)
    with pytest.raises(InvalidInput) as silent:
        ask(session, matter, people, colleague, at=at, reason=" ")

    assert (unknown.value.field, silent.value.field) == ("to", "reason")
    assert messages(session, template="delegated") == []


def test_whoever_handles_the_ticket_is_not_asked_to_answer_for_its_delay(session, colleague):
    matter, people, at = raised(session)
    matter.assignee_id = colleague.id
    session.flush()

    with pytest.raises(InvalidInput) as refused:
        ask(session, matter, people, colleague, at=at)

    assert (refused.value.field, refused.value.code) == ("to", "handles_it")
    assert messages(session, template="delegated") == []


def test_whom_it_did_not_reach_asks_nobody_so_that_no_restricted_matter_opens_by_asking(session):
    matter, _, at = raised(session, is_restricted=True)
    office = unit_by_code(session, "VPUB")
    one, other = (with_role(session, Role.CITY_OFFICE, office, now=MONDAY) for _ in range(2))

    with pytest.raises(NotAllowed):
        delegate(session, step(session, matter, 2).id, from_id=one.id, to_id=other.id, reason="x", now=at)

    assert other.id not in session.scalars(select(TicketAccess.staff_id)).all()


def test_whoever_holds_the_post_since_then_may_ask_too_and_the_city_office_about_open_matters(session, colleague):
    matter, people, at = raised(session, is_restricted=True)
    session.execute(update(PostHolding).where(PostHolding.staff_id == people[2].id).values(valid_to=at))
    successor = holder(session, "ward_chair", ward(session), now=MONDAY)
    open_matter, _, _ = raised(session)
    one, other = (with_role(session, Role.CITY_OFFICE, unit_by_code(session, "VPUB"), now=MONDAY) for _ in range(2))

    delegate(session, step(session, matter, 2).id, from_id=successor.id, to_id=colleague.id, reason="x", now=at + HOUR)
    delegate(session, step(session, open_matter, 2).id, from_id=one.id, to_id=other.id, reason="x", now=at)

    assert {colleague.id} <= set(told(session, matter, 2))
    assert {other.id} <= set(told(session, open_matter, 2))


def test_a_deputy_of_the_post_is_a_colleague(session):
    matter, people, at = raised(session)
    deputy = holder(session, "ward_chair", ward(session), kind="deputy", now=MONDAY)

    ask(session, matter, people, deputy, at=at)

    assert deputy.id in told(session, matter, 2)


def test_of_a_restricted_matter_the_colleague_becomes_a_named_reader(session, colleague):
    matter, people, at = raised(session, is_restricted=True)

    ask(session, matter, people, colleague, at=at)

    named = session.scalars(select(TicketAccess.staff_id).where(TicketAccess.ticket_id == matter.id)).all()
    assert colleague.id in named


def test_who_was_told_before_keeps_their_code(session, colleague):
    matter, people, at = raised(session)
    ask(session, matter, people, colleague, at=at)
    codes = session.scalars(select(StepRecipient.reply_code).where(StepRecipient.staff_id == colleague.id)).all()
    deputy = holder(session, "ward_chair", ward(session), kind="deputy", now=MONDAY)
    code = new_codes(session, [(step(session, matter, 2).id, deputy.id)])[(step(session, matter, 2).id, deputy.id)]
    row = {"step_id": step(session, matter, 2).id, "staff_id": deputy.id, "post_id": None, "capacity": "deputy"}
    add_recipients(session, [{**row, "told_at": at, "reply_code": code}])

    delegate(
        session, step(session, matter, 2).id, from_id=deputy.id, to_id=colleague.id, reason="x",
        now=at + timedelta(minutes=1),
    )  # fmt: skip

    after = session.scalars(select(StepRecipient.reply_code).where(StepRecipient.staff_id == colleague.id)).all()
    assert after == codes


def test_given_back_it_is_the_askers_alone_who_is_told_why_and_the_chain_goes_on_as_planned(session, colleague):
    matter, people, at = raised(session)
    third = level_at(session, matter, 3)
    ask(session, matter, people, colleague, at=at)
    level = step(session, matter, 2)

    with pytest.raises(InvalidInput):
        decline(session, level.id, staff_id=colleague.id, reason=" ", now=at + HOUR)
    decline(session, level.id, staff_id=colleague.id, reason="Tôi đang nghỉ ốm", now=at + HOUR)

    assert (waits_for(session, colleague, at=at + HOUR), waits_for(session, people[2], at=at + HOUR)) == (0, 1)
    [asked] = asked_about(session, [level.id])[level.id]
    assert (asked.to_id, asked.why_declined) == (colleague.id, "Tôi đang nghỉ ốm")
    told_of_it = messages(session, template="delegation_declined")
    assert {(m.staff_id, m.channel) for m in told_of_it} == {
        (people[2].id, OutboundChannel.SCREEN), (people[2].id, OutboundChannel.SMS),
    }  # fmt: skip
    for answering in (acknowledge, decline):
        more = {"reason": "x"} if answering is decline else {"via": "web"}
        with pytest.raises(NotAllowed):
            answering(session, level.id, staff_id=colleague.id, now=at + 2 * HOUR, **more)
    assert level_at(session, matter, 3) == third


def test_whoever_gave_it_back_is_asked_again_and_told_and_each_asking_stands_once_on_the_desk(session, colleague):
    matter, people, at = raised(session)
    level = step(session, matter, 2)
    minute = timedelta(minutes=1)

    for round_ in range(2):
        done = ask(session, matter, people, colleague, at=at + 10 * round_ * minute, reason=f"họp {round_}")
        assert not done.is_repeat
        mark_notices_of_tickets_read(session, colleague.id, ticket_ids={matter.id}, now=at + (10 * round_ + 1) * minute)
        decline(session, level.id, staff_id=colleague.id, reason=f"ốm {round_}", now=at + (10 * round_ + 2) * minute)
    ask(session, matter, people, colleague, at=at + HOUR, reason="họp 2")

    asked = asked_about(session, [level.id])[level.id]
    assert [(one.reason, one.why_declined) for one in asked] == [("họp 0", "ốm 0"), ("họp 1", "ốm 1"), ("họp 2", None)]
    assert [one.read_at and one.read_at - one.at for one in asked] == [minute, minute, None]
    for template, times in (("delegated", 3), ("delegation_declined", 2)):
        sent = messages(session, template=template, channel=OutboundChannel.SMS)
        assert len({m.params["reason"] for m in sent}) == len(sent) == times
    acknowledge(session, level.id, staff_id=colleague.id, via="web", now=at + HOUR)


def test_whom_it_did_not_reach_is_looked_for_again_once_whoever_had_it_in_hand_gives_it_back(session):
    matter, _people, at = raised(session)
    level, office = step(session, matter, 2), unit_by_code(session, "VPUB")
    asking, asked = (with_role(session, Role.CITY_OFFICE, office, now=MONDAY) for _ in range(2))
    delegate(session, level.id, from_id=asking.id, to_id=asked.id, reason="đi họp", now=at)
    mark_read(session, asked.id, step_ids=[level.id], now=at)
    pursue(session, now=at + HOUR)
    assert step(session, matter, 2).reach_by is None, "in hand: nobody is looked for"
    before = len(messages(session, template="escalation_level"))

    decline(session, level.id, staff_id=asked.id, reason="không rõ vụ việc", now=at + HOUR)
    pursue(session, now=at + HOUR)

    assert len(messages(session, template="escalation_level")) > before
    assert step(session, matter, 2).reach_by is not None


def test_whoever_asked_hears_in_time_that_nothing_was_done_and_then_nothing_further(session, colleague):
    matter, people, at = raised(session)
    third = level_at(session, matter, 3)
    ask(session, matter, people, colleague, at=at)
    [said] = messages(session, template="delegated", channel=OutboundChannel.SMS)
    due = datetime.fromisoformat(said.params["answer_by"])
    assert at < due <= at + (third - at) / 2, "there is time left to answer before it goes up"

    heard = [report_unanswered(session, now=when) for when in (due - timedelta(seconds=1), due, due)]

    assert heard == [0, 1, 0]
    sent = messages(session, template="delegation_overdue")
    assert {(m.staff_id, m.channel) for m in sent} == {
        (people[2].id, OutboundChannel.SCREEN), (people[2].id, OutboundChannel.SMS),
    }  # fmt: skip
    assert {(m.params["person"], m.params["next_level"]) for m in sent} == {(colleague.name, 3)}
    [asked] = asked_about(session, [step(session, matter, 2).id])[step(session, matter, 2).id]
    assert asked.in_vain_at == due
    acknowledge(session, step(session, matter, 2).id, staff_id=colleague.id, via="web", now=due)


def test_of_a_normal_matter_no_telephone_speaks_at_night_and_the_time_to_answer_is_not_over_by_then(session, colleague):
    matter, people, at = raised(session, priority=Priority.NORMAL)
    level, hours = step(session, matter, 2), duty_calendar(load_rulebook(session))
    ahead = step(session, matter, 3)
    asked_at = at.replace(hour=9, minute=30)
    while asked_at < at or not is_open(hours, asked_at):
        asked_at += 24 * HOUR
    morning = next_opening(hours, asked_at + timedelta(hours=10))
    ahead.planned_at = morning + 2 * HOUR
    session.flush()
    assert morning.date() > asked_at.date()

    ask(session, matter, people, colleague, at=asked_at)

    [asked] = asked_about(session, [level.id])[level.id]
    assert morning < asked.answer_by < ahead.planned_at, "half of the open time, not of the night"
    # Looked at late, or asked on a night on which the next level comes.
    night = asked.answer_by + 14 * HOUR
    morning = next_opening(hours, night)
    assert morning > night and report_unanswered(session, now=night) == 1
    sent = {m.channel: m for m in messages(session, template="delegation_overdue", staff_id=people[2].id)}
    assert sent[OutboundChannel.SMS].not_before == morning
    assert sent[OutboundChannel.SCREEN].not_before <= night
    assert overtaken_by(session, sent[OutboundChannel.SMS], now=morning) is None
    acknowledge(session, level.id, staff_id=colleague.id, via="web", now=night + HOUR)
    assert overtaken_by(session, sent[OutboundChannel.SMS], now=morning) is Overtaken.LEVEL_REACHED


def test_whoever_is_asked_once_more_has_it_in_hand_when_they_have_seen_that_they_were(session):
    matter, _people, at = raised(session)
    level, office, minute = step(session, matter, 2), unit_by_code(session, "VPUB"), timedelta(minutes=1)
    asking, asked = (with_role(session, Role.CITY_OFFICE, office, now=MONDAY) for _ in range(2))
    delegate(session, level.id, from_id=asking.id, to_id=asked.id, reason="đi họp", now=at)
    mark_read(session, asked.id, step_ids=[level.id], now=at)
    assert heard_by(session, [level.id])[level.id].is_answered
    decline(session, level.id, staff_id=asked.id, reason="ốm", now=at + minute)
    assert level.id not in heard_by(session, [level.id])

    delegate(session, level.id, from_id=asking.id, to_id=asked.id, reason="vẫn họp", now=at + 2 * minute)
    assert level.id not in heard_by(session, [level.id])
    mark_read(session, asked.id, step_ids=[level.id], now=at + 3 * minute)
    mark_notices_of_tickets_read(session, asked.id, ticket_ids={matter.id}, now=at + 3 * minute)

    assert heard_by(session, [level.id])[level.id].is_answered


def test_what_was_given_back_to_a_process_of_the_release_before_ends_their_right_and_may_be_asked_again(
    session, colleague
):
    matter, people, at = raised(session)
    level, minute = step(session, matter, 2), timedelta(minutes=1)
    asked_before = Delegation(step_id=level.id, from_id=people[2].id, to_id=colleague.id, reason="đi họp", at=at)
    session.add(asked_before)
    row = {"step_id": level.id, "staff_id": colleague.id, "post_id": None, "capacity": "delegate"}
    add_recipients(session, [{**row, "told_at": at, "reply_code": "999999"}])
    session.flush()
    assert ask(session, matter, people, colleague, at=at).is_repeat
    assert complete_given_back(session, now=at) == 0
    said = {"body": "ốm", "params": {"step_id": level.id, "declined_by": colleague.id}}
    timeline.add(
        session, matter.id, TimelineKind.NOTE, actor=staff_actor(colleague.id), is_public=False, now=at + minute, **said
    )

    assert [complete_given_back(session, now=at + 2 * minute) for _ in range(2)] == [1, 0]

    [asked] = asked_about(session, [level.id])[level.id]
    assert (asked.declined_at, asked.why_declined) == (at + minute, "ốm")
    with pytest.raises(NotAllowed):
        acknowledge(session, level.id, staff_id=colleague.id, via="web", now=at + 2 * minute)
    assert not ask(session, matter, people, colleague, at=at + 3 * minute).is_repeat
