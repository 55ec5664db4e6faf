"""A leader passes a level up: the next one is told at once, whatever held it, and only where there is one (R20)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.levels_above import passes_up_to
from escalation.acknowledging.links import make_link
from escalation.acknowledging.pass_up import NothingAbove, pass_up, pass_up_by_link
from escalation.firing.sweep import tick
from escalation.queries.desk import load_desk
from escalation.queries.proof import changed_since_written
from escalation.queries.still_possible import still_possible
from tests.escalation.raising import MONDAY, raised
from tests.escalation.scene import holder, level_at, messages, results, step, told, unit_by_code, ward, with_role
from tickets.audit import entries
from tickets.errors import NotAllowed, NotFound
from tickets.people.roles import load_viewer
from tickets.promises import ledger
from tickets.schema import Acknowledgement, AuditEntry, TimelineEntry
from tickets.states import OutboundChannel, Role, StepResult, TicketStatus, TimelineKind
from tickets.work.ticket import lock_ticket

SECOND = timedelta(seconds=1)


def test_the_next_level_is_told_within_the_next_tick_and_those_above_keep_their_time(session):
    matter, people, at = raised(session)
    planned, fourth = level_at(session, matter, 3), level_at(session, matter, 4)
    assert planned > at + SECOND

    done = pass_up(session, step(session, matter, 2).id, staff_id=people[2].id, reason="vượt quyền", via="web", now=at)
    tick(session, now=at + SECOND)

    assert (done.level, done.is_repeat) == (3, False)
    assert results(session, matter)[3] is StepResult.NOTIFIED
    assert told(session, matter, 3) == [people[3].id]
    assert level_at(session, matter, 4) == fourth


def test_what_an_acknowledgement_holds_comes_at_once_too(session):
    matter, people, _at = raised(session)
    step_id = step(session, matter, 2).id
    later = level_at(session, matter, 3) - SECOND
    acknowledge(session, step_id, staff_id=people[2].id, via="web", now=later)
    assert level_at(session, matter, 3) > later + timedelta(hours=3)

    pass_up(session, step_id, staff_id=people[2].id, via="web", now=later)
    tick(session, now=later)

    assert told(session, matter, 3) == [people[3].id]


def test_it_counts_as_an_answer_that_holds_nothing_and_leaves_the_desk(session):
    matter, people, at = raised(session)
    with_role(session, Role.LEADER, unit_by_code(session, "79"), now=MONDAY)

    pass_up(session, step(session, matter, 2).id, staff_id=people[2].id, reason="vượt quyền", via="sms", now=at)

    answer = session.get_one(Acknowledgement, step(session, matter, 2).id)
    assert (answer.passed_to_level, answer.instruction, answer.holds_until) == (3, "vượt quyền", answer.at)
    viewer = load_viewer(session, people[2].id, now=at)
    assert load_desk(session, viewer, limit=10, now=at).waiting.lines == ()
    entry = session.scalars(select(TimelineEntry).where(TimelineEntry.kind == TimelineKind.ACKNOWLEDGED)).one()
    assert (entry.params["passed_to"], entry.body, entry.is_public) == (3, "vượt quyền", False)
    audited = session.scalars(select(AuditEntry).where(AuditEntry.action == "escalation.passed_up")).one()
    assert (audited.staff_id, audited.params["via"]) == (people[2].id, "sms")
    entries.seal(session, now=at, settled_before=at)
    assert changed_since_written(session) == []


def test_passed_up_twice_the_level_that_has_come_is_named_and_none_above_it_comes(session):
    matter, people, at = raised(session)
    step_id = step(session, matter, 2).id
    pass_up(session, step_id, staff_id=people[2].id, via="web", now=at)
    tick(session, now=at)

    again = pass_up(session, step_id, staff_id=people[2].id, via="web", now=at)
    tick(session, now=at)

    assert (again.level, again.is_repeat) == (3, True)
    assert results(session, matter)[4] is None


def test_above_the_last_level_there_is_nothing_and_nothing_is_recorded(session):
    matter, people, at = raised(session, level=5)

    with pytest.raises(NothingAbove), session.begin_nested():
        pass_up(session, step(session, matter, 5).id, staff_id=people[5].id, via="web", now=at)

    assert session.scalars(select(Acknowledgement)).all() == []


def test_a_settled_promise_is_passed_up_to_nobody(session):
    matter, people, at = raised(session)
    step_id = step(session, matter, 2).id
    ledger.on_resolved(session, lock_ticket(session, matter.id), now=at)

    with pytest.raises(NothingAbove), session.begin_nested():
        pass_up(session, step_id, staff_id=people[2].id, via="web", now=at + SECOND)


def test_whoever_the_level_was_not_raised_to_passes_nothing_up(session):
    matter, _people, at = raised(session)
    stranger = with_role(session, Role.AGENT, unit_by_code(session, "VPUB"), now=MONDAY)

    with pytest.raises(NotAllowed):
        pass_up(session, step(session, matter, 2).id, staff_id=stranger.id, via="web", now=at)


def test_the_link_of_the_message_passes_up_once(session):
    matter, people, at = raised(session)
    token = make_link(session, step_id=step(session, matter, 2).id, staff_id=people[2].id, now=at)

    assert pass_up_by_link(session, token, now=at).level == 3
    with pytest.raises(NotFound):
        pass_up_by_link(session, token + "x", now=at)


@pytest.mark.parametrize(("level", "next_level"), [(2, 3), (3, 4), (4, 5)])
def test_a_message_offers_what_its_reader_can_do(session, level, next_level):
    _matter, people, _at = raised(session, level=level)

    sent = messages(session, template="escalation_level", channel=OutboundChannel.SMS, staff_id=people[level].id)[-1]

    assert (sent.params["next_level"], sent.params["by_sms"]) == (next_level, True)


def replanned(session, matter, *, at):
    """The citizen is asked something and answers at once: everything that has not fired is planned anew."""
    for status in (TicketStatus.PENDING_CITIZEN, TicketStatus.OPEN):
        matter.status = status
        session.flush()
        ledger.on_status(session, lock_ticket(session, matter.id), now=at)


@pytest.mark.parametrize("answered_before", [False, True])
def test_a_plan_made_anew_before_the_next_tick_does_not_take_the_level_back(session, answered_before):
    matter, people, at = raised(session)
    step_id = step(session, matter, 2).id
    if answered_before:
        acknowledge(session, step_id, staff_id=people[2].id, via="web", now=at)
    fourth = level_at(session, matter, 4)

    pass_up(session, step_id, staff_id=people[2].id, via="web", now=at + SECOND)
    replanned(session, matter, at=at + 2 * SECOND)
    tick(session, now=at + 3 * SECOND)

    assert told(session, matter, 3) == [people[3].id]
    assert results(session, matter)[4] is None
    assert level_at(session, matter, 4) >= fourth


def test_a_level_that_has_come_once_is_not_called_again_by_a_plan_made_anew(session):
    matter, people, at = raised(session)
    pass_up(session, step(session, matter, 2).id, staff_id=people[2].id, via="web", now=at)
    tick(session, now=at + SECOND)

    replanned(session, matter, at=at + 2 * SECOND)
    tick(session, now=at + 3 * SECOND)

    assert told(session, matter, 3) == [people[3].id]
    assert results(session, matter)[4] is None


def test_whoever_is_all_that_is_left_above_passes_it_up_to_nobody(session):
    matter, people, at = raised(session, 4)
    chair, fourth = people[5], step(session, matter, 4)
    holder(session, "city_leader", unit_by_code(session, "79"), kind="deputy", staff=chair, now=MONDAY)
    offered = {who: passes_up_to(session, [fourth.id], staff_id=people[who].id, now=at) for who in (4, 5)}

    with pytest.raises(NothingAbove):
        pass_up(session, fourth.id, staff_id=chair.id, via="keypad", now=at)

    assert offered == {4: {fourth.id: 5}, 5: {}}
    assert session.scalars(select(Acknowledgement)).all() == [], "nothing is answered by it"
    assert pass_up(session, fourth.id, staff_id=people[4].id, via="keypad", now=at).level == 5


def test_whoever_stands_on_the_next_level_too_passes_it_up_to_the_one_above_as_is_offered(session):
    matter, people, at = raised(session, 1)
    chair, first = people[2], step(session, matter, 1)
    holder(session, "section_head", ward(session), kind="deputy", staff=chair, now=MONDAY)
    offered = [still_possible(session, first.id, staff_id=people[who].id, now=at)["next_level"] for who in (1, 2)]

    done = pass_up(session, first.id, staff_id=chair.id, via="keypad", now=at)
    tick(session, now=at + SECOND)

    assert (offered, done.level) == ([2, 3], 3)
    assert told(session, matter, 3) == [people[3].id]
    assert [results(session, matter)[level] for level in (2, 3, 4)] == [
        StepResult.SUPERSEDED, StepResult.NOTIFIED, None,
    ]  # fmt: skip
    entries.seal(session, now=at + SECOND, settled_before=at + SECOND)
    assert changed_since_written(session) == []
