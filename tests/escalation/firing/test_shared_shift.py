"""Duty that is shared is told to all: levels, further ways and warnings go to everybody on the rota at once (R12)."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.firing.sweep import tick
from tests.escalation.firing.test_pursue import MINUTE, NIGHT, SECOND, failed, raised, run
from tests.escalation.scene import holder, level_at, messages, on_shift, results, ticket, told, ward
from tickets.schema import AuditEntry, PlannedStep
from tickets.states import OutboundChannel, Priority, StepKind, StepResult


def test_neither_of_two_is_reached_and_both_are_called_before_the_next_person_is_told(session: Session) -> None:
    unit = ward(session)
    first, second = (on_shift(session, "section_head", unit, now=NIGHT) for _ in range(2))
    head = holder(session, "section_head", unit, now=NIGHT)
    matter, at = raised(session)

    for who in (first, second):
        failed(session, who.id)
    run(session, since=at, until=at + 5 * SECOND)
    rung = {one.staff_id for one in messages(session, channel=OutboundChannel.VOICE)}
    before = told(session, matter, 1)
    for who in (first, second):
        failed(session, who.id)
    run(session, since=at + 10 * SECOND, until=at + 5 * MINUTE)

    assert rung == {first.id, second.id}
    assert before == [first.id, second.id]
    assert told(session, matter, 1)[:3] == [first.id, second.id, head.id]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "escalation.fired")).one()
    assert entry.params["told"] == [first.id, second.id], "one level, one entry, two people"


def test_whoever_was_told_below_is_not_told_again_but_who_shares_their_shift_above_is(session: Session) -> None:
    unit = ward(session)
    both = on_shift(session, "section_head", unit, now=NIGHT, hours=90)
    holder(session, "ward_chair", unit, staff=both, now=NIGHT)
    matter = ticket(session, unit, arrived_at=NIGHT, priority=Priority.URGENT)
    tick(session, now=level_at(session, matter, 1))
    due = level_at(session, matter, 2)
    chair = on_shift(session, "ward_chair", unit, now=due)

    tick(session, now=due)

    assert told(session, matter, 2) == [chair.id]
    assert results(session, matter)[2] is StepResult.NOTIFIED


def test_a_warning_goes_to_everybody_who_leads_the_shift(session: Session) -> None:
    unit = ward(session)
    leads = [on_shift(session, "unit_lead", unit, now=NIGHT, hours=40) for _ in range(2)]
    matter = ticket(session, unit, arrived_at=NIGHT, priority=Priority.URGENT)
    warnings = session.scalars(
        select(PlannedStep.planned_at)
        .where(PlannedStep.ticket_id == matter.id, PlannedStep.kind == StepKind.WARNING)
        .order_by(PlannedStep.planned_at)
    ).all()

    tick(session, now=warnings[-1] + timedelta(seconds=1))

    assert {one.staff_id for one in messages(session, template="warning")} == {who.id for who in leads}
