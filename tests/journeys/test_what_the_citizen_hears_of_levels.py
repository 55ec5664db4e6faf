"""A level is told to the citizen only once somebody has heard of it: on the page, by text, by phone, in the API."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.recipients import mark_read
from escalation.firing.sweep import tick
from telephony.request_state import request_state
from tests.escalation.scene import full_house, holder, level_at, messages, results, step, told, unit_by_code, ward
from tests.factories import KEYS, open_ticket, staff
from tickets.people.actor import SYSTEM, staff_actor
from tickets.people.pins import pin_of_ticket
from tickets.queries.follow import followed
from tickets.queries.reached_levels import reached_level
from tickets.schema import OutboundMessage, Ticket
from tickets.states import OutboundChannel, OutboundState, Priority, StepResult, TimelineKind
from tickets.work.assignment import change_priority
from tickets.work.conversation import reply

# A Monday, 09:00 in the city.
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def matter(session: Session) -> Ticket:
    opened = open_ticket(session, now=MONDAY)
    change_priority(session, opened.ticket_id, priority=Priority.URGENT, reason="x", actor=SYSTEM, now=MONDAY)
    # Taken up and answered at once, so that only the promise to settle it climbs.
    reply(session, opened.ticket_id, body="Chào", actor=staff_actor(staff(session).id), now=MONDAY)
    return session.get_one(Ticket, opened.ticket_id)


def heard(session: Session, matter: Ticket) -> tuple[int, int, list[int]]:
    """The level on the tracking page, the level said by phone and text, and the levels of the citizen's timeline."""
    page = followed(session, matter.id, locale="vi")
    pin = pin_of_ticket(session, matter.id, keys=KEYS)
    state = request_state(session, reference=matter.reference, pin=pin, caller=None, keys=KEYS, now=MONDAY)
    assert state is not None
    levels = [int(entry.params["level"]) for entry in page.entries if entry.kind is TimelineKind.ESCALATED]
    return page.level, state.level, levels


def climb_to(session: Session, matter: Ticket, level: int) -> datetime:
    at = level_at(session, matter, level)
    tick(session, now=at)
    return at


def become(session: Session, matter: Ticket, state: OutboundState, *, at: datetime) -> None:
    """What becomes of every message about the ticket that leaves the house."""
    for message in messages(session, ticket_id=matter.id, template="escalation_level"):
        if message.channel is not OutboundChannel.SCREEN:
            message.state, message.sent_at = state, at
        else:
            message.state, message.sent_at = OutboundState.SENT, at
    session.flush()


def test_a_level_nobody_could_be_told_of_is_not_told_to_the_citizen(session, matter):
    climb_to(session, matter, 3)

    assert results(session, matter)[3] is StepResult.NOBODY
    assert session.scalar(select(Ticket.escalation_level).where(Ticket.id == matter.id)) == 3
    assert heard(session, matter) == (0, 0, [])


def test_levels_that_another_one_covers_are_not_told(session, matter):
    full_house(session, ward(session), now=MONDAY)
    at = climb_to(session, matter, 3)
    become(session, matter, OutboundState.DELIVERED, at=at)

    assert results(session, matter)[2] is StepResult.SUPERSEDED
    assert heard(session, matter) == (3, 3, [3])


@pytest.mark.parametrize(
    ("state", "level"),
    [
        (OutboundState.WAITING, 0),
        (OutboundState.CLAIMED, 0),
        (OutboundState.FAILED, 0),
        (OutboundState.SUPPRESSED, 0),
        (OutboundState.UNCERTAIN, 0),
        (OutboundState.SENT, 0),
        (OutboundState.DELIVERED, 1),
    ],
)
def test_a_message_reached_its_person_when_it_was_delivered_and_not_before(session, matter, state, level):
    full_house(session, ward(session), now=MONDAY)
    at = climb_to(session, matter, 1)

    become(session, matter, state, at=at)

    assert heard(session, matter) == (level, level, [1] if level else [])


def test_messages_gathered_into_a_list_reach_with_the_list(session, matter):
    full_house(session, ward(session), now=MONDAY)
    at = climb_to(session, matter, 1)
    become(session, matter, OutboundState.SUPPRESSED, at=at)
    [sms] = messages(session, ticket_id=matter.id, template="escalation_level", channel=OutboundChannel.SMS)
    carrier = OutboundMessage(
        dedup_key="list", channel=OutboundChannel.SMS, address=sms.address, template="gathered", params={}, locale="vi",
        state=OutboundState.WAITING, created_at=at, not_before=at, staff_id=sms.staff_id,
    )  # fmt: skip
    session.add(carrier)
    session.flush()
    sms.gathered_into_id = carrier.id
    session.flush()
    before = heard(session, matter)

    carrier.state = OutboundState.DELIVERED
    session.flush()

    assert (before, heard(session, matter)) == ((0, 0, []), (1, 1, [1]))


def _reads(session: Session, matter: Ticket, staff_id: int, at: datetime) -> None:
    mark_read(session, staff_id, step_ids=[step(session, matter, 1).id], now=at)


def _answers(session: Session, matter: Ticket, staff_id: int, at: datetime) -> None:
    acknowledge(session, step(session, matter, 1).id, staff_id=staff_id, via="web", now=at)


@pytest.mark.parametrize("hears", [_reads, _answers])
def test_whoever_reads_or_answers_has_heard_though_every_message_failed(
    session: Session, matter: Ticket, hears: Callable[[Session, Ticket, int, datetime], None]
) -> None:
    full_house(session, ward(session), now=MONDAY)
    at = climb_to(session, matter, 1)
    become(session, matter, OutboundState.FAILED, at=at)

    hears(session, matter, told(session, matter, 1)[0], at + timedelta(minutes=1))

    assert reached_level(session, matter.id) == 1


def test_one_person_on_two_levels_has_heard_of_the_second_by_the_message_of_the_first(session, matter):
    unit = ward(session)
    both = holder(session, "section_head", unit, now=MONDAY)
    holder(session, "ward_chair", unit, staff=both, now=MONDAY)
    holder(session, "city_office_duty", unit_by_code(session, "VPUB"), now=MONDAY)
    at = climb_to(session, matter, 1)
    climb_to(session, matter, 2)
    before = heard(session, matter)

    become(session, matter, OutboundState.DELIVERED, at=at)

    assert results(session, matter)[2] is StepResult.MERGED
    assert (before[0], heard(session, matter)) == (0, (2, 2, [1, 2]))
