"""Warnings before a promise is due: who gets them, and what covers them."""

from datetime import timedelta

from sqlalchemy import select

from escalation.firing.sweep import tick
from tests.escalation.firing.test_sweep import MONDAY
from tests.escalation.scene import (
    full_house,
    holder,
    level_at,
    level_of,
    messages,
    person,
    ticket,
    ward,
)
from tickets.schema import PlannedStep
from tickets.states import (
    OutboundChannel,
    Priority,
    StepKind,
    StepResult,
)


def test_warnings_go_to_the_assignee_then_to_the_lead_too_then_to_the_lead_by_sms(session):
    unit = ward(session)
    lead = holder(session, "unit_lead", unit, now=MONDAY)
    agent = person(session, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT, assignee=agent)
    day = timedelta(hours=24)

    seen = []
    for share in (0.5, 0.75, 0.9):
        tick(session, now=MONDAY + day * share)
        known = [m for _, group in seen for m in group]
        seen.append((share, [m for m in messages(session, template="warning") if m not in known]))

    assert [[(m.channel, m.staff_id) for m in group] for _, group in seen] == [
        [(OutboundChannel.SCREEN, agent.id)],
        [(OutboundChannel.SCREEN, agent.id), (OutboundChannel.SCREEN, lead.id)],
        [(OutboundChannel.SMS, lead.id), (OutboundChannel.SCREEN, lead.id)],
    ]
    assert level_of(session, matter) == 0


def test_a_level_covers_the_warnings_that_came_due_with_it(session):
    unit = ward(session)
    full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)

    tick(session, now=level_at(session, matter, 1))

    warned = session.scalars(
        select(PlannedStep.result).where(PlannedStep.ticket_id == matter.id, PlannedStep.kind == StepKind.WARNING)
    ).all()
    assert set(warned) == {StepResult.SUPERSEDED}
    assert messages(session, template="warning") == []
