"""Morning and evening lists: what waits on a desk, once a round, by an open way, and nothing where nothing waits."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.sweep import tick
from escalation.queries.desk_digests import post_desk_digests
from escalation.queries.succession import hand_over
from tests.escalation.raising import MONDAY, raised
from tests.escalation.scene import holder, level_at, messages, person, step, ward
from tickets.outbox import posting
from tickets.outbox.posting import Outgoing
from tickets.promises import standing_levels
from tickets.schema import ContactMethod, EscalationAttempt, PostHolding, Staff, StepRecipient, Ticket
from tickets.states import OutboundChannel, Priority

# 07:30 and 16:30 in the city.
MORNING, EVENING = timedelta(minutes=30), timedelta(hours=9, minutes=30)


def day(number: int) -> datetime:
    """Midnight UTC, seven in the morning of the city, of Monday and the days after it."""
    return datetime(2026, 11, 23 + number, 0, 0, tzinfo=UTC)


def lists_of(session: Session, who: Staff) -> list[OutboundChannel]:
    return sorted(m.channel for m in messages(session, template="daily_list", staff_id=who.id))


@pytest.fixture
def waiting(session: Session):
    """Level two waits for the ward's chair since Tuesday."""
    return raised(session)


def test_what_waits_is_told_in_the_morning_and_in_the_evening_once_each(session, waiting):
    matter, people, at = waiting
    tomorrow = day((at - day(0)).days + 1)

    rounds = [post_desk_digests(session, now=tomorrow + after) > 0 for after in (MORNING, MORNING, EVENING, EVENING)]

    assert rounds == [True, False, True, False]
    assert lists_of(session, people[2]) == [OutboundChannel.SCREEN] * 2 + [OutboundChannel.SMS] * 2
    (first, *_) = messages(session, template="daily_list", staff_id=people[2].id)
    assert [item["reference"] for item in first.params["items"]] == [matter.reference]


def test_a_later_round_is_for_those_alone_to_whom_it_was_refused(session, waiting, monkeypatch):
    matter, people, at = waiting
    morning, post_all, refusing = day((at - day(0)).days + 1) + MORNING, posting.post_all, [True]
    late = person(session, now=MONDAY)

    def refuses(session: Session, some: Sequence[Outgoing], *, now: datetime) -> None:
        if refusing and people[2].id in {message.staff_id for message in some}:
            raise LookupError("refused")
        post_all(session, some, now=now)

    monkeypatch.setattr(posting, "post_all", refuses)
    found = []
    for minutes in (0, 60, 61):
        post_desk_digests(session, now=morning + timedelta(minutes=minutes), put_aside=lambda _item, _trouble: None)
        found.append([len(lists_of(session, who)) for who in (people[2], late)])
        if refusing:
            comes_to_stand_there(session, matter, late, at=morning + timedelta(minutes=20))
            refusing.clear()

    assert found == [[0, 0], [2, 0], [2, 0]]


def comes_to_stand_there(session: Session, matter: Ticket, who: Staff, *, at: datetime) -> None:
    first = session.scalars(select(StepRecipient).where(StepRecipient.step_id == step(session, matter, 2).id)).one()
    told = {"step_id": first.step_id, "staff_id": who.id, "capacity": "holder", "told_at": at, "reply_code": "999999"}
    session.add(StepRecipient(post_id=first.post_id, **told))
    session.add(PostHolding(post_id=first.post_id, staff_id=who.id, kind="holder", valid_from=MONDAY))
    session.flush()
    standing_levels.refresh(session, {matter.id})


def test_it_is_an_attempt_to_tell_of_each_level_on_it(session, waiting):
    matter, _people, at = waiting
    step_id = step(session, matter, 2).id
    of_it = select(EscalationAttempt.id).where(EscalationAttempt.step_id == step_id)
    before = len(session.scalars(of_it).all())

    post_desk_digests(session, now=day((at - day(0)).days + 1) + MORNING)

    assert len(session.scalars(of_it).all()) > before


def test_before_the_hour_and_where_nothing_waits_nothing_is_sent(session, waiting):
    matter, people, at = waiting
    tomorrow = day((at - day(0)).days + 1)
    assert post_desk_digests(session, now=tomorrow + MORNING - timedelta(minutes=1)) == 0
    for level in (1, 2):
        who = people[level]
        acknowledge(session, step(session, matter, level).id, staff_id=who.id, via="web", now=at)

    post_desk_digests(session, now=tomorrow + MORNING)

    assert messages(session, template="daily_list") == []


def test_on_days_off_nobody_is_told(session, waiting):
    # Sunday the 29th.
    assert post_desk_digests(session, now=day(6) + MORNING) == 0
    assert messages(session, template="daily_list") == []


def test_on_days_off_an_emergency_is_told_all_the_same_and_nothing_else(session, waiting):
    matter, people, _at = waiting
    matter.priority = Priority.EMERGENCY
    raised(session)

    post_desk_digests(session, now=day(6) + MORNING)

    listed = {item["reference"] for m in messages(session, template="daily_list") for item in m.params["items"]}
    assert lists_of(session, people[2]) == [OutboundChannel.SCREEN, OutboundChannel.SMS]
    assert listed == {matter.reference}


@pytest.mark.parametrize("of_next_list", [False, True])
@pytest.mark.parametrize("minutes_before", [0, 120])
def test_whoever_came_to_stand_there_in_the_morning_is_told_once_and_in_writing(session, of_next_list, minutes_before):
    """With the list the hours of duty have begun; two hours before it they had not."""
    matter, people, _ = raised(session, 1, priority=Priority.NORMAL)
    if of_next_list:
        step(session, matter, 2).detail = {"in": "next_list"}
    at = level_at(session, matter, 2)
    tick(session, now=at)
    round_at = (at + timedelta(days=1)).replace(hour=0, minute=30, second=0, microsecond=0)
    session.execute(update(PostHolding).where(PostHolding.staff_id == people[2].id).values(valid_to=at))
    successor = holder(session, "ward_chair", ward(session), now=MONDAY)

    hand_over(session, now=round_at - timedelta(minutes=minutes_before))
    post_desk_digests(session, now=round_at)

    assert lists_of(session, successor).count(OutboundChannel.SMS) == 1


def test_what_was_told_within_the_last_hours_is_not_repeated(session, waiting):
    _matter, people, at = waiting
    at_once = at + timedelta(minutes=1)
    rounds = [at.replace(hour=0, minute=30, second=0), at.replace(hour=9, minute=30, second=0)]
    near = [one for one in rounds if at <= one < at + timedelta(hours=3)] or [at_once]

    post_desk_digests(session, now=near[0])

    assert lists_of(session, people[2]) == []


def test_it_comes_by_a_way_that_is_open_then_and_by_none_otherwise(session, waiting):
    _matter, people, at = waiting
    session.add_all(
        ContactMethod(
            staff_id=people[2].id, kind=kind, address=address, position=place, from_hour=first, to_hour=end,
            verified_at=MONDAY,
        )
        for place, (kind, address, first, end) in enumerate(
            [(OutboundChannel.SMS, "+84911222333", 9, 12), (OutboundChannel.EMAIL, "chair@example.vn", 6, 9)], start=1
        )
    )  # fmt: skip
    session.flush()
    tomorrow = day((at - day(0)).days + 1)

    post_desk_digests(session, now=tomorrow + MORNING)
    assert lists_of(session, people[2]) == [OutboundChannel.EMAIL, OutboundChannel.SCREEN]
    post_desk_digests(session, now=tomorrow + EVENING)

    assert lists_of(session, people[2]) == [OutboundChannel.EMAIL, OutboundChannel.SCREEN, OutboundChannel.SCREEN]


def test_whoever_no_longer_stands_there_is_told_of_nothing(session, waiting):
    _matter, people, at = waiting
    for held in session.scalars(select(PostHolding).where(PostHolding.staff_id == people[2].id)):
        held.valid_to = at
    session.flush()

    post_desk_digests(session, now=day((at - day(0)).days + 1) + MORNING)

    assert lists_of(session, people[2]) == []
