"""Time of ours is given back: to whom, how much by whose calendar, and what it does not mend (R16, A1)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from escalation.firing.sweep import note_late, tick
from tests.escalation import scene
from tests.factories import staff
from tickets.errors import InvalidInput
from tickets.people.actor import SYSTEM, Actor, staff_actor
from tickets.promises import exclusions, retargeting
from tickets.promises.arithmetic import reached_at
from tickets.promises.clocks import open_book
from tickets.promises.crediting import Affected, give_back_next, preview
from tickets.promises.exclusions import Wanted
from tickets.schema import ExclusionCredit, ExclusionWindow, PromiseBreach, Ticket
from tickets.states import ClockKind, Priority, Role
from tickets.work import resolution

# A Monday, 09:00 in the city.
MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def administrator(session: Session) -> Actor:
    return staff_actor(staff(session, role=Role.ADMINISTRATOR, at="79").id)


def approved(
    session: Session, begin: datetime, end: datetime, *, holds: bool = False, now: datetime, kinds=tuple(ClockKind)
) -> ExclusionWindow:
    wanted = Wanted(begin, end, "Bảo trì máy chủ", kinds, holds)
    window = exclusions.ask(session, wanted, actor=administrator(session), now=now)
    return exclusions.decide(session, window.id, is_approved=True, actor=administrator(session), now=now)


def give_back(session: Session, *, now: datetime) -> None:
    def failed(_ticket_id: int, trouble: Exception) -> None:
        raise trouble

    while give_back_next(session, failed=failed, now=now):
        pass
    session.expire_all()


def urgent(session: Session, *, arrived_at: datetime = MORNING) -> Ticket:
    """Promised in 24 hours that run day and night."""
    return scene.ticket(session, scene.ward(session), arrived_at=arrived_at, priority=Priority.URGENT)


def due(session: Session, ticket: Ticket) -> datetime:
    due_at = scene.clock(session, ticket).due_at
    assert due_at is not None
    return due_at


def test_announced_work_moves_the_date_of_what_runs_by_its_length_and_its_levels_with_it(session):
    ticket = urgent(session)
    before, level = due(session, ticket), scene.level_at(session, ticket, 1)
    approved(session, MORNING + 5 * HOUR, MORNING + 7 * HOUR, now=MORNING + HOUR)

    give_back(session, now=MORNING + HOUR)

    assert due(session, ticket) == before + 2 * HOUR
    assert scene.level_at(session, ticket, 1) == level + 2 * HOUR
    held = next(iter(open_book(session, ticket).live(ClockKind.RESOLVE)))
    assert reached_at(held.calendar, held.state.intervals, held.state.allowance_seconds) == held.state.due_at


def test_each_promise_gets_the_open_time_of_its_own_calendar(session):
    """From 16:00 to 20:00: the office is open for one hour of it."""
    normal, always = scene.ticket(session, scene.ward(session), arrived_at=MORNING), urgent(session)
    before = due(session, normal), due(session, always)
    begin = MORNING + 7 * HOUR
    approved(session, begin, begin + 4 * HOUR, now=MORNING)

    give_back(session, now=MORNING)

    # Both are days ahead: the working one an open hour later, the other by the whole window.
    assert due(session, always) - before[1] == 4 * HOUR
    assert due(session, normal) - before[0] == HOUR


def test_what_begins_while_the_work_is_on_gets_what_is_left_of_it(session):
    approved(session, MORNING, MORNING + 4 * HOUR, now=MORNING - HOUR)
    give_back(session, now=MORNING)
    ticket = urgent(session, arrived_at=MORNING + 3 * HOUR)

    give_back(session, now=MORNING + 3 * HOUR)

    assert due(session, ticket) == MORNING + 3 * HOUR + 24 * HOUR + HOUR


@pytest.mark.parametrize("is_doubted", [False, True])
def test_an_emergency_is_taken_up_and_reported_during_announced_work_as_always(session, is_doubted):
    approved(session, MORNING, MORNING + 4 * HOUR, now=MORNING - HOUR)
    priority = Priority.URGENT if is_doubted else Priority.EMERGENCY
    given = {"arrived_at": MORNING, "clocks": [ClockKind.ACCEPT]}
    danger = scene.ticket(session, scene.ward(session), priority=priority, **given)
    other = scene.ticket(session, scene.ward(session), priority=Priority.URGENT, **given)
    danger.is_doubted = is_doubted
    session.flush()

    def planned(one: Ticket) -> tuple[datetime | None, datetime]:
        return scene.clock(session, one, ClockKind.ACCEPT).due_at, scene.level_at(session, one, 1, ClockKind.ACCEPT)

    before = planned(danger), planned(other)
    give_back(session, now=MORNING)

    assert planned(danger) == before[0]
    assert planned(other) == tuple(at + 4 * HOUR for at in before[1])


@pytest.mark.parametrize("is_doubted", [False, True])
def test_what_is_found_to_be_in_danger_waits_no_longer_for_work_that_was_given_back_to_it(session, is_doubted):
    given = {"arrived_at": MORNING, "clocks": [ClockKind.ACCEPT], "priority": Priority.URGENT}
    danger = scene.ticket(session, scene.ward(session), **given)
    approved(session, MORNING, MORNING + 4 * HOUR, now=MORNING - HOUR)
    give_back(session, now=MORNING)
    # What comes afterwards here gets no time back.
    other = scene.ticket(session, scene.ward(session), **given)
    kept = scene.clock(session, other, ClockKind.ACCEPT).due_at

    def become(priority: Priority, doubted: bool, minutes: int) -> list[tuple[datetime | None, datetime]]:
        for one in (danger, other):
            one.priority, one.is_doubted = priority, doubted
            session.flush()
            at = MORNING + timedelta(minutes=minutes)
            retargeting.retarget(session, one, cause="priority", actor=SYSTEM, now=at)
            session.flush()
        return [
            (scene.clock(session, one, ClockKind.ACCEPT).due_at, scene.level_at(session, one, 1, ClockKind.ACCEPT))
            for one in (danger, other)
        ]

    doubted = become(Priority.URGENT, True, 1) if is_doubted else None
    raised = become(Priority.EMERGENCY, False, 2)
    again = become(Priority.EMERGENCY, False, 3)
    lowered = become(Priority.URGENT, False, 4)

    assert raised[0] == raised[1]
    assert raised[0][0] < MORNING + timedelta(minutes=30)
    assert again == raised
    assert doubted is None or [due_at for due_at, _ in doubted] == [due_at for due_at, _ in raised]
    assert (lowered[0][0], lowered[1][0]) == (kept + 4 * HOUR, kept)


def test_nobody_gets_it_twice(session):
    ticket = urgent(session)
    approved(session, MORNING + HOUR, MORNING + 2 * HOUR, now=MORNING)
    for hours in (0, 1, 3, 9):
        give_back(session, now=MORNING + hours * HOUR)

    assert due(session, ticket) == MORNING + 25 * HOUR
    [window] = exclusions.newest_windows(session, limit=5)
    assert window.applied_at is not None


def test_time_that_two_windows_share_is_given_back_once(session):
    """An outage that begins before announced work and outlasts it; then one in the midst of both."""
    ticket = urgent(session)
    for first, last in ((2, 3), (1, 5), (2, 4)):
        approved(session, MORNING + first * HOUR, MORNING + last * HOUR, now=MORNING)
        give_back(session, now=MORNING)

    assert due(session, ticket) == MORNING + 24 * HOUR + 4 * HOUR


def test_what_was_broken_before_the_gap_or_within_it_stays_broken_and_keeps_its_date(session):
    long_ago, within = urgent(session, arrived_at=MORNING - 30 * HOUR), urgent(session, arrived_at=MORNING - 23 * HOUR)
    dates = due(session, long_ago), due(session, within)
    now = MORNING + 5 * HOUR
    note_late(session, now=now)
    facts = {row.clock_id: (row.due_at, row.cause) for row in session.scalars(select(PromiseBreach))}
    approved(session, MORNING, MORNING + 4 * HOUR, now=now)

    give_back(session, now=now)

    assert (due(session, long_ago), due(session, within)) == dates
    session.expire_all()
    assert {row.clock_id: (row.due_at, row.cause) for row in session.scalars(select(PromiseBreach))} == facts
    # Pages say of the one that broke meanwhile whose delay it was.
    assert scene.clock(session, within).breach_cause == "downtime"
    assert scene.clock(session, long_ago).breach_cause == ""


def test_what_was_answered_before_it_began_and_what_stands_still_gets_nothing_too_much(session):
    held = urgent(session)
    resolution.hold(
        session, held.id, question="Ở đâu?", wake_at=MORNING + 20 * HOUR, actor=administrator(session),
        now=MORNING + HOUR,
    )  # fmt: skip
    approved(session, MORNING + 2 * HOUR, MORNING + 6 * HOUR, now=MORNING + HOUR)
    give_back(session, now=MORNING + 2 * HOUR)
    resolution.resume(session, held.id, actor=administrator(session), now=MORNING + 4 * HOUR)

    give_back(session, now=MORNING + 7 * HOUR)

    # It ran for two hours of the four; three hours of waiting for the citizen are its pause.
    assert due(session, held) == MORNING + 24 * HOUR + 3 * HOUR + 2 * HOUR


def test_only_the_chosen_promises_get_it(session):
    ticket = scene.ticket(
        session, scene.ward(session), arrived_at=MORNING, priority=Priority.URGENT,
        clocks=(ClockKind.RESOLVE, ClockKind.FIRST),
    )  # fmt: skip
    first = scene.clock(session, ticket, ClockKind.FIRST).due_at
    approved(session, MORNING + HOUR, MORNING + 2 * HOUR, kinds=(ClockKind.RESOLVE,), now=MORNING)

    give_back(session, now=MORNING)

    assert scene.clock(session, ticket, ClockKind.FIRST).due_at == first
    assert due(session, ticket) == MORNING + 25 * HOUR


def test_the_preview_says_how_many_dates_would_move_and_changes_none(session):
    ticket, broken = urgent(session), urgent(session, arrived_at=MORNING - 23 * HOUR)
    note_late(session, now=MORNING + 5 * HOUR)
    wanted = Wanted(MORNING, MORNING + 4 * HOUR, "Mất điện", (ClockKind.RESOLVE,), holds_reports=False)
    window = exclusions.ask(session, wanted, actor=administrator(session), now=MORNING + 5 * HOUR)

    assert preview(session, window) == [Affected(ClockKind.RESOLVE, "24x7", 1, 1, 4 * 3600)]
    give_back(session, now=MORNING + 5 * HOUR)
    assert due(session, ticket) == MORNING + 24 * HOUR
    assert scene.clock(session, broken).breach_cause == ""


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"to_at": MORNING}, "to_at"), ({"to_at": MORNING + timedelta(days=15)}, "to_at"), ({"reason": "  "}, "reason"),
     ({"clocks": ()}, "clocks")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(session, changed, field):
    wanted = {"from_at": MORNING, "to_at": MORNING + HOUR, "reason": "x", "clocks": tuple(ClockKind)}

    with pytest.raises(InvalidInput) as refused:
        exclusions.ask(
            session, Wanted(**{**wanted, **changed}, holds_reports=False), actor=administrator(session), now=MORNING
        )

    assert refused.value.field == field


def test_nobody_approves_their_own_and_nothing_is_decided_twice(session):
    me, other = administrator(session), administrator(session)
    window = exclusions.ask(
        session, Wanted(MORNING, MORNING + HOUR, "x", tuple(ClockKind), holds_reports=False), actor=me, now=MORNING
    )

    with pytest.raises(InvalidInput, match="own_request"):
        exclusions.decide(session, window.id, is_approved=True, actor=me, now=MORNING)
    exclusions.decide(session, window.id, is_approved=False, actor=other, now=MORNING)
    with pytest.raises(InvalidInput, match="decided_already"):
        exclusions.decide(session, window.id, is_approved=True, actor=other, now=MORNING)


@pytest.mark.parametrize(
    "edit",
    ["update exclusion_window set to_at = to_at + interval '1 day'", "delete from exclusion_window",
     "update exclusion_credit set seconds = 1", "delete from exclusion_credit"],
)  # fmt: skip
def test_what_was_decided_and_given_back_cannot_be_edited(session, edit):
    urgent(session)
    approved(session, MORNING + HOUR, MORNING + 2 * HOUR, now=MORNING)
    give_back(session, now=MORNING)
    assert session.scalars(select(ExclusionCredit)).all()

    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text(edit))


def test_while_work_holds_reports_the_level_is_raised_on_time_and_told_at_its_end_and_an_emergency_at_once(session):
    house = scene.full_house(session, scene.ward(session), now=MORNING)
    late = urgent(session, arrived_at=MORNING - 24 * HOUR - timedelta(minutes=1))
    danger = scene.ticket(session, scene.ward(session), arrived_at=MORNING - 3 * HOUR, priority=Priority.EMERGENCY)
    end = MORNING + 2 * HOUR
    # Of promises nobody is here asked, only of the reports.
    approved(session, MORNING - HOUR, end, holds=True, kinds=(ClockKind.NEXT,), now=MORNING - 2 * HOUR)

    tick(session, now=MORNING)

    assert scene.step(session, late, 1).fired_at == MORNING
    [waits] = scene.messages(session, ticket_id=late.id, template="escalation_level", channel="sms")
    leaving = scene.messages(session, ticket_id=danger.id, template="escalation_level")
    assert (waits.staff_id, waits.not_before) == (house[1].id, end)
    # By whatever way an emergency is told first.
    assert {message.not_before for message in leaving} == {MORNING}


def test_once_the_work_is_over_reports_leave_at_once_again(session):
    scene.full_house(session, scene.ward(session), now=MORNING)
    late = urgent(session, arrived_at=MORNING - 24 * HOUR - timedelta(minutes=1))
    approved(session, MORNING - 2 * HOUR, MORNING - HOUR, holds=True, kinds=(ClockKind.NEXT,), now=MORNING - 3 * HOUR)

    tick(session, now=MORNING)

    [leaves] = scene.messages(session, ticket_id=late.id, template="escalation_level", channel="sms")
    assert leaves.not_before == MORNING
