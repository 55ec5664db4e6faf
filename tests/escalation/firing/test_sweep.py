"""Firing by the rules R11 to R19: who is told, once, and what is recorded of everything else."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from escalation.firing.sweep import tick
from tests.escalation.scene import (
    clock,
    full_house,
    holder,
    level_at,
    level_of,
    messages,
    on_shift,
    responsible,
    results,
    step,
    ticket,
    told,
    unit_by_code,
    ward,
    with_role,
)
from tickets.people.actor import SYSTEM
from tickets.promises.policies import import_policies
from tickets.promises.policy_file import parse_policies
from tickets.schema import AuditEntry, OutboundMessage, PlannedStep, TicketAccess, TimelineEntry
from tickets.states import (
    ClockKind,
    ClockStatus,
    OutboundChannel,
    Priority,
    Role,
    StepKind,
    StepResult,
    TimelineKind,
)

SECOND = timedelta(seconds=1)
# A Monday, 08:00 in the city.
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def levels_fired(session: Session) -> int:
    statement = select(func.count()).select_from(PlannedStep)
    return session.scalar(statement.where(PlannedStep.fired_at.is_not(None), PlannedStep.kind == StepKind.LEVEL)) or 0


def sms(session: Session) -> list[OutboundMessage]:
    return messages(session, template="escalation_level", channel=OutboundChannel.SMS)


def test_nothing_fires_before_its_time(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)

    outcome = tick(session, now=level_at(session, matter, 1) - SECOND)

    assert results(session, matter)[1] is None
    assert outcome.fired == 3  # the warnings at 50, 75 and 90 per cent


def test_the_first_level_tells_the_head_of_section_by_sms_and_screen_only_once(session):
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    due = level_at(session, matter, 1)

    tick(session, now=due)
    tick(session, now=due + SECOND)

    sent = messages(session, template="escalation_level")
    assert sorted((m.channel, m.staff_id) for m in sent) == [
        (OutboundChannel.SCREEN, people[1].id),
        (OutboundChannel.SMS, people[1].id),
    ]
    assert results(session, matter)[1] is StepResult.NOTIFIED
    assert level_of(session, matter) == 1


def test_state_timeline_and_audit_are_written_with_the_level(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    due = level_at(session, matter, 1)

    tick(session, now=due + 3 * SECOND)

    fired = step(session, matter, 1)
    assert (fired.planned_at, fired.fired_at) == (due, due + 3 * SECOND)
    assert clock(session, matter).breached_at == clock(session, matter).due_at
    kinds = set(session.scalars(select(TimelineEntry.kind).where(TimelineEntry.ticket_id == matter.id)))
    assert {TimelineKind.BREACHED, TimelineKind.ESCALATED} <= kinds
    audited = select(AuditEntry.subject_id).where(AuditEntry.action == "escalation.fired")
    assert session.scalars(audited).all() == [fired.id]


def test_after_downtime_all_levels_are_recorded_and_only_the_highest_tells(session):
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    fourth = level_at(session, matter, 4)

    tick(session, now=fourth + timedelta(minutes=1))

    assert results(session, matter) == {
        1: StepResult.SUPERSEDED,
        2: StepResult.SUPERSEDED,
        3: StepResult.SUPERSEDED,
        4: StepResult.NOTIFIED,
        5: None,
    }
    assert {m.staff_id for m in messages(session, template="escalation_level")} == {people[4].id}
    assert step(session, matter, 2).detail["by_level"] == 4
    assert level_of(session, matter) == 4


def test_of_levels_due_at_once_the_highest_that_can_be_told_tells_and_the_vacant_ones_above_alarm(session):
    unit = ward(session)
    head = holder(session, "section_head", unit, now=MONDAY)
    administrator = with_role(session, Role.ADMINISTRATOR, unit_by_code(session, "79"), now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)

    tick(session, now=level_at(session, matter, 3) + SECOND)

    found = results(session, matter)
    assert [found[level] for level in (1, 2, 3)] == [StepResult.NOTIFIED, StepResult.NOBODY, StepResult.NOBODY]
    assert {m.staff_id for m in sms(session)} == {head.id}
    assert {m.staff_id for m in messages(session, template="nobody_reachable")} == {administrator.id}
    assert level_of(session, matter) == 3


def test_of_two_overdue_clocks_of_a_ticket_only_the_higher_level_tells(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    clocks = (ClockKind.ACCEPT, ClockKind.RESOLVE)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT, clocks=clocks)

    tick(session, now=level_at(session, matter, 3) + SECOND)

    sent = sms(session)
    assert [(m.params["clock"], m.params["level"]) for m in sent] == [("resolve", 3)]


def test_accept_ends_with_the_head_of_the_unit_and_only_resolve_climbs_to_the_chair(session):
    unit = ward(session)
    matter = ticket(session, unit, arrived_at=MONDAY, clocks=(ClockKind.ACCEPT, ClockKind.FIRST, ClockKind.RESOLVE))

    planned = session.execute(
        select(PlannedStep.clock_id, func.max(PlannedStep.rank))
        .where(PlannedStep.ticket_id == matter.id, PlannedStep.kind == StepKind.LEVEL)
        .group_by(PlannedStep.clock_id)
    )

    highest = dict(tuple(row) for row in planned)
    kinds = (ClockKind.ACCEPT, ClockKind.FIRST, ClockKind.RESOLVE)
    assert {kind: highest[clock(session, matter, kind).id] for kind in kinds} == {
        ClockKind.ACCEPT: 2,
        ClockKind.FIRST: 3,
        ClockKind.RESOLVE: 5,
    }


@pytest.mark.parametrize("change", ["stopped", "paused", "moved"])
def test_a_step_whose_clock_stopped_paused_or_moved_is_void_and_nobody_is_told(session, change):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    due, running = level_at(session, matter, 1), clock(session, matter)
    if change == "moved":
        running.due_at = due + timedelta(hours=5)
    else:
        running.status = ClockStatus.MET if change == "stopped" else ClockStatus.PAUSED
    session.flush()

    tick(session, now=due + SECOND)

    assert results(session, matter)[1] is StepResult.VOID
    assert messages(session) == []
    assert level_of(session, matter) == 0


def test_one_person_on_two_levels_is_told_once_and_the_levels_merge(session):
    unit = ward(session)
    both = holder(session, "section_head", unit, now=MONDAY)
    holder(session, "ward_chair", unit, staff=both, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)

    tick(session, now=level_at(session, matter, 1))
    tick(session, now=level_at(session, matter, 2))

    assert results(session, matter)[2] is StepResult.MERGED
    assert told(session, matter, 2) == [both.id]
    assert [m.params["level"] for m in sms(session)] == [1]
    assert level_of(session, matter) == 2


def test_whoever_is_on_the_rota_is_told_before_the_holder(session):
    unit = ward(session)
    holder(session, "section_head", unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    due = level_at(session, matter, 1)
    tonight = on_shift(session, "section_head", unit, now=due)

    tick(session, now=due)

    assert told(session, matter, 1) == [tonight.id]


def test_a_disabled_holder_is_passed_over_for_the_deputy_of_the_same_level(session):
    unit = ward(session)
    gone = holder(session, "section_head", unit, now=MONDAY)
    gone.disabled_at = MONDAY
    deputy = holder(session, "section_head", unit, kind="deputy", now=MONDAY)
    holder(session, "ward_chair", unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)

    tick(session, now=level_at(session, matter, 1))

    assert told(session, matter, 1) == [deputy.id]


def test_a_level_without_anybody_falls_through_and_alerts_administrators_once_a_day(session):
    unit = ward(session)
    chair = holder(session, "ward_chair", unit, now=MONDAY)
    administrator = with_role(session, Role.ADMINISTRATOR, unit_by_code(session, "79"), now=MONDAY)
    first = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    second = ticket(session, unit, arrived_at=MONDAY + SECOND, priority=Priority.URGENT)

    tick(session, now=level_at(session, first, 1))
    tick(session, now=level_at(session, second, 1))

    assert told(session, first, 1) == told(session, second, 1) == [chair.id]
    assert step(session, first, 1).detail["fell_through_to"] == 2
    alerts = messages(session, template="nobody_reachable")
    assert sorted((m.channel, m.staff_id) for m in alerts) == [
        (OutboundChannel.EMAIL, administrator.id),
        (OutboundChannel.SCREEN, administrator.id),
    ]


def test_only_an_emergency_falls_through_to_the_citys_leadership(session):
    unit = ward(session)
    leader = holder(session, "city_leader", unit_by_code(session, "79"), now=MONDAY)
    urgent = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    emergency = ticket(session, unit, arrived_at=MONDAY, priority=Priority.EMERGENCY)

    tick(session, now=level_at(session, emergency, 1))
    tick(session, now=level_at(session, urgent, 1))

    assert told(session, emergency, 1) == [leader.id]
    assert told(session, urgent, 1) == []
    assert results(session, urgent)[1] is StepResult.NOBODY
    assert level_of(session, urgent) == 1


def test_an_emergency_is_raised_before_it_is_due(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.EMERGENCY)

    tick(session, now=MONDAY + timedelta(hours=2))

    assert results(session, matter)[1] is StepResult.NOTIFIED
    assert clock(session, matter).breached_at is None
    assert all(m.is_urgent for m in messages(session, template="escalation_level"))


def test_the_fourth_level_is_the_leader_of_the_field_before_the_leader_of_the_area(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    of_area = responsible(session, unit=unit, now=MONDAY)
    of_field = responsible(session, field="urban_order", now=MONDAY)
    field_matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT, category="pavement_use")
    other = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT, category="certification")

    tick(session, now=level_at(session, field_matter, 4))

    assert told(session, field_matter, 4) == [of_field.id]
    assert told(session, other, 4) == [of_area.id]


def test_at_night_a_normal_level_is_raised_on_time_and_told_at_the_next_opening(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY)
    night = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)  # 22:00

    tick(session, now=night)

    [message] = sms(session)
    assert message.created_at == night
    assert message.not_before.astimezone(UTC) == datetime(2026, 12, 2, 0, 30, tzinfo=UTC)
    assert level_of(session, matter) == message.params["level"]


def test_at_night_the_citys_leader_is_woken_by_an_emergency_and_by_nothing_else(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    evening = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)  # 21:00
    emergency = ticket(session, unit, arrived_at=evening - timedelta(hours=9), priority=Priority.EMERGENCY)
    urgent = ticket(session, unit, arrived_at=evening - timedelta(hours=49), priority=Priority.URGENT)

    tick(session, now=evening)

    waking = {m.ticket_id: m.not_before for m in [*sms(session), *messages(session, channel=OutboundChannel.VOICE)]}
    assert waking[emergency.id] == evening
    assert waking[urgent.id] > evening


def test_the_chair_is_not_messaged_at_once_but_listed(session):
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    tick(session, now=level_at(session, matter, 4))
    before = len(messages(session))

    tick(session, now=level_at(session, matter, 5))

    assert told(session, matter, 5) == [people[5].id]
    assert len(messages(session)) == before
    assert level_of(session, matter) == 5


def test_at_the_third_level_the_city_takes_over_coordination(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)

    tick(session, now=level_at(session, matter, 3))

    session.refresh(matter)
    assert matter.coordinating_unit_id == unit_by_code(session, "VPUB").id
    assert matter.unit_id == unit.id


def test_whoever_is_told_of_a_restricted_ticket_may_see_it_and_reads_nothing_of_its_kind(session):
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT, is_restricted=True)

    tick(session, now=level_at(session, matter, 1))

    named = session.scalars(select(TicketAccess.staff_id).where(TicketAccess.ticket_id == matter.id)).all()
    assert named == [people[1].id]
    assert messages(session, template="escalation_level")[0].params["category"] == {"vi": "", "en": ""}


def test_a_ticket_left_out_does_not_stand_in_the_way_of_the_others(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    poison = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    other = ticket(session, unit, arrived_at=MONDAY + SECOND, priority=Priority.URGENT)

    tick(session, now=level_at(session, other, 1), leave_out=[poison.id])

    assert results(session, other)[1] is StepResult.NOTIFIED
    assert results(session, poison)[1] is None


def test_the_longest_overdue_tickets_come_first(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    younger = ticket(session, unit, arrived_at=MONDAY + timedelta(hours=1), priority=Priority.URGENT)
    older = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)

    tick(session, now=level_at(session, younger, 1), batch=1)

    assert results(session, older)[1] is StepResult.NOTIFIED
    assert results(session, younger)[1] is None
    assert levels_fired(session) == 1


def test_a_level_that_says_so_makes_a_normal_matter_urgent(session):
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    wanted = parse_policies(
        """
        name: Gấp dần
        match: {category: pavement_use}
        rows: [{priority: normal, clock: resolve, target_seconds: 3600, calendar: 24x7, warn: [], chain: rising}]
        chains:
          - name: rising
            steps: [{level: 1, post: section_head, offset_seconds: 0, actions: [raise_priority]}]
        """
    )
    import_policies(session, wanted, actor=SYSTEM, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY)

    tick(session, now=MONDAY + timedelta(hours=1))

    session.refresh(matter)
    assert matter.priority is Priority.URGENT
    assert told(session, matter, 1) == [people[1].id]
