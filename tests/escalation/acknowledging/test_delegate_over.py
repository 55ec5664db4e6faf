"""What becomes of an asking when it is answered, given back, settled or over: who hears of it, and who no more (A4)."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.asked_in_vain import report_unanswered
from escalation.acknowledging.decline import decline
from escalation.acknowledging.delegate import delegate
from escalation.firing.sweep import tick
from escalation.queries.desk import load_desk
from escalation.queries.follow_up import latest_work
from tests.escalation.raising import HOUR, MONDAY, raised
from tests.escalation.scene import clock, holder, level_at, messages, results, step, ward, with_role
from tests.factories import give_role
from tickets import timeline
from tickets.errors import InvalidInput, NotAllowed
from tickets.people.actor import staff_actor
from tickets.people.roles import load_viewer
from tickets.promises import ledger
from tickets.schema import (
    PostHolding,
    Staff,
    Ticket,
)
from tickets.states import OutboundChannel, Role, StepResult, TimelineKind
from tickets.work.ticket import lock_ticket


@pytest.fixture
def colleague(session: Session) -> Staff:
    return with_role(session, Role.AGENT, ward(session), now=MONDAY)


def ask(session: Session, matter: Ticket, people: dict[int, Staff], to: Staff, *, at: object, **more: str) -> object:
    said = {"reason": "đi họp", **more}
    return delegate(session, step(session, matter, 2).id, from_id=people[2].id, to_id=to.id, now=at, **said)


def waits_for(session: Session, who: Staff, *, at: object) -> int:
    viewer = load_viewer(session, who.id, now=at)
    return load_desk(session, viewer, limit=10, now=at).waiting.count


@pytest.mark.parametrize("ending", ["answered", "given back", "settled"])
def test_of_what_was_answered_given_back_or_settled_nobody_hears_that_nothing_was_done(session, colleague, ending):
    matter, people, at = raised(session)
    ask(session, matter, people, colleague, at=at)
    level, soon = step(session, matter, 2), at + timedelta(minutes=1)

    if ending == "answered":
        acknowledge(session, level.id, staff_id=colleague.id, via="web", now=soon)
    elif ending == "given back":
        decline(session, level.id, staff_id=colleague.id, reason="ốm", now=soon)
    else:
        ledger.on_resolved(session, lock_ticket(session, matter.id), now=soon)

    assert [report_unanswered(session, now=at + HOUR * 48) for _ in range(2)] == [0, 0]
    assert messages(session, template="delegation_overdue") == []


def test_a_promise_that_got_another_date_meanwhile_is_still_asked_about(session, colleague):
    matter, people, at = raised(session)
    ask(session, matter, people, colleague, at=at)
    the_clock = clock(session, matter)
    the_clock.due_at += timedelta(minutes=10)
    session.flush()
    assert waits_for(session, people[2], at=at) == 1

    assert report_unanswered(session, now=at + HOUR * 4) == 1


def test_where_whoever_asked_has_left_the_post_their_successor_hears_that_nothing_was_done(session, colleague):
    matter, people, at = raised(session)
    ask(session, matter, people, colleague, at=at)
    session.execute(update(PostHolding).where(PostHolding.staff_id == people[2].id).values(valid_to=at + HOUR / 60))
    successor = holder(session, "ward_chair", ward(session), now=MONDAY)

    report_unanswered(session, now=at + HOUR * 48)

    assert {m.staff_id for m in messages(session, template="delegation_overdue")} == {successor.id}


def test_what_is_over_is_neither_asked_of_anybody_nor_given_back(session, colleague):
    matter, people, at = raised(session)
    ask(session, matter, people, colleague, at=at)
    ledger.on_resolved(session, lock_ticket(session, matter.id), now=at + HOUR)

    with pytest.raises(InvalidInput) as back:
        decline(session, step(session, matter, 2).id, staff_id=colleague.id, reason="ốm", now=at + HOUR)
    with pytest.raises(InvalidInput) as again:
        ask(
            session,
            matter,
            people,
            holder(session, "ward_chair", ward(session), kind="deputy", now=MONDAY),
            at=at + HOUR,
        )

    assert {back.value.code, again.value.code} == {"promise_over"}
    assert messages(session, template="delegation_declined") == []


def test_whoever_stands_there_themselves_gives_nothing_back(session, colleague):
    matter, people, at = raised(session)

    for who in (people[2], colleague):
        with pytest.raises(NotAllowed):
            decline(session, step(session, matter, 2).id, staff_id=who.id, reason="x", now=at)


@pytest.mark.parametrize("is_given_back", [False, True])
def test_whoever_was_asked_about_a_level_below_is_told_of_their_own_when_it_comes(session, is_given_back):
    matter, people, at = raised(session, 1)
    head, chair = people[1], people[2]
    for who, role in ((head, Role.SUPERVISOR), (chair, Role.LEADER)):
        give_role(session, who, role=role, at=ward(session).code)
    below = step(session, matter, 1)
    delegate(session, below.id, from_id=head.id, to_id=chair.id, reason="đi họp", now=at)
    if is_given_back:
        decline(session, below.id, staff_id=chair.id, reason="Tôi cũng đi họp", now=at + timedelta(minutes=1))

    tick(session, now=level_at(session, matter, 2))

    assert results(session, matter)[2] is StepResult.NOTIFIED
    own = [m for m in messages(session, template="escalation_level", staff_id=chair.id) if m.params["level"] == 2]
    assert {m.channel for m in own} == {OutboundChannel.SCREEN, OutboundChannel.SMS}
    assert step(session, matter, 2).reach_by is not None, "followed until somebody has had word of it"


def test_giving_it_back_is_no_work_on_the_matter(session, colleague):
    matter, people, at = raised(session)
    viewer = load_viewer(session, with_role(session, Role.SUPERVISOR, ward(session), now=MONDAY).id, now=at)
    ask(session, matter, people, colleague, at=at)

    decline(session, step(session, matter, 2).id, staff_id=colleague.id, reason="Tôi nghỉ ốm", now=at + HOUR)
    assert latest_work(session, viewer, [matter.id])[matter.id].kind is None

    note = TimelineKind.NOTE
    timeline.add(session, matter.id, note, actor=staff_actor(people[1].id), is_public=False, body="x", now=at + HOUR)
    found = latest_work(session, viewer, [matter.id])[matter.id]
    assert (found.kind, found.by) == (note, people[1].name)
