"""A message about something that is over is not sent, and staff read why."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.storage.database import transaction
from app.wording.contact_codes import overtaken_word
from escalation.acknowledging.code_replies import take_reply
from escalation.acknowledging.reply_deeds import Reply
from tests.app.delivery.delivering_office import PHONE, Office
from tests.conftest import NOW
from tests.factories import open_ticket, staff
from tests.fake_carrier import FakeCarrier, fake_carrier
from tickets.outbox.gathering import GATHER_ABOVE
from tickets.outbox.overtaken import Overtaken
from tickets.people import citizens
from tickets.schema import (
    Acknowledgement,
    Clock,
    OutboundMessage,
    PlannedStep,
    RoleAssignment,
    Staff,
    StepRecipient,
    Ticket,
    TimelineEntry,
)
from tickets.states import Channel, ClockStatus, OutboundState, TicketStatus


@pytest.fixture
def carrier() -> Iterator[FakeCarrier]:
    with fake_carrier() as carrier:
        yield carrier


@pytest.fixture
def office(committed, settings, carrier) -> Office:
    return Office(
        committed, settings, twilio_account_sid="AC" + "1" * 32, twilio_auth_token="t" * 32, twilio_base_url=carrier.url
    )


LEADERS_PHONE = "+84907777777"


def level(office: Office, *, key: str = "level") -> tuple[int, int, int]:
    """A level written in the evening for the morning: the message, its ticket, its reader."""
    with transaction(office.factory) as session:
        person = staff(session, phone=LEADERS_PHONE)
        ticket = open_ticket(session, phone=PHONE, channel=Channel.WEB, now=NOW)
        step = session.scalars(select(PlannedStep).where(PlannedStep.ticket_id == ticket.ticket_id)).first()
        params = {
            "step_id": step.id, "reference": ticket.reference, "level": 2, "clock": "resolve", "priority": "urgent",
            "code": "00007", "due_at": NOW.isoformat(), "unit": {"vi": "Phường Sài Gòn", "en": "Sai Gon Ward"},
            "category": {"vi": "", "en": ""},
        }  # fmt: skip
        step_clock = step.clock_id
        person_id, ticket_id = person.id, ticket.ticket_id
    message = office.post_sms(
        key, template="escalation_level", params=params, staff_id=person_id, ticket_id=ticket_id,
        to=LEADERS_PHONE, not_before=NOW + timedelta(hours=10),
    )  # fmt: skip
    assert step_clock
    return message, ticket_id, person_id


def in_the_morning(office: Office, message: int) -> OutboundMessage:
    office.now = NOW + timedelta(hours=10, minutes=1)
    office.deliver()
    return office.message(message)


def said_in_timeline(office: Office, ticket_id: int) -> list[str]:
    with office.factory() as session:
        rows = session.scalars(select(TimelineEntry).where(TimelineEntry.ticket_id == ticket_id)).all()
        return [row.params["withdrawn"] for row in rows if "withdrawn" in row.params and not row.is_public]


def test_a_level_that_still_stands_is_told(office, carrier):
    message, _ticket, _person = level(office)

    assert in_the_morning(office, message).state is OutboundState.SENT


def test_a_level_whose_matter_was_answered_overnight_wakes_nobody(office, carrier):
    message, ticket, _person = level(office)
    with transaction(office.factory) as session:
        session.get_one(Ticket, ticket).status = TicketStatus.RESOLVED

    withdrawn = in_the_morning(office, message)

    assert (withdrawn.state, withdrawn.error_code, withdrawn.error) == (
        OutboundState.SUPPRESSED, "withdrawn", "ticket_over",
    )  # fmt: skip
    assert "+84907777777" not in [form["To"] for form in carrier.received]
    assert said_in_timeline(office, ticket) == ["ticket_over"]


def test_a_list_of_many_names_only_what_still_stands_when_it_is_sent(office, carrier):
    matters = [level(office, key=f"level-{n}") for n in range(GATHER_ABOVE + 2)]
    over = [ticket for _message, ticket, _person in matters[3:]]
    with transaction(office.factory) as session:
        for ticket in over:
            session.get_one(Ticket, ticket).status = TicketStatus.RESOLVED
        references = dict(session.execute(select(Ticket.id, Ticket.reference)).all())
        session.execute(update(OutboundMessage).values(staff_id=matters[0][2]))

    in_the_morning(office, matters[0][0])

    [told] = [form["Body"] for form in carrier.received if form["To"] == LEADERS_PHONE]
    shown = [ticket for _m, ticket, _p in matters if references[ticket] in re.sub(r"[^0-9,(]", "", told)]
    assert shown == [ticket for _m, ticket, _p in matters[:3]]
    assert "3 tin" in told
    assert said_in_timeline(office, over[0]) == ["ticket_over"]


def test_a_list_of_which_nothing_stands_is_not_sent(office, carrier):
    matters = [level(office, key=f"level-{n}") for n in range(GATHER_ABOVE + 1)]
    with transaction(office.factory) as session:
        for clock in session.scalars(select(Clock)):
            clock.status = ClockStatus.PAUSED
        session.execute(update(OutboundMessage).values(staff_id=matters[0][2]))

    in_the_morning(office, matters[0][0])

    assert LEADERS_PHONE not in [form["To"] for form in carrier.received]


def test_the_lines_of_a_daily_list_that_are_over_by_then_are_not_on_it(office, carrier):
    matters = [level(office, key=f"level-{n}") for n in range(2)]
    with transaction(office.factory) as session:
        steps = [session.get_one(OutboundMessage, message).params["step_id"] for message, *_ in matters]
        session.get_one(Clock, session.get_one(PlannedStep, steps[0]).clock_id).status = ClockStatus.MET
        lines = [{"step_id": one, "reference": "2600421733", "level": 5, "due_at": NOW.isoformat()} for one in steps]
        params = {"count": 2, "items": [{**line, "unit": {"vi": "Phường", "en": ""}} for line in lines]}
    message = office.post_sms("daily", template="daily_list", params={**params, "step_ids": steps}, to="+84908888888")

    office.deliver()

    assert [form["Body"] for form in carrier.received if form["To"] == "+84908888888"] == [office.message(message).text]
    assert office.message(message).params["step_ids"] == steps[1:]
    assert "1 " in office.message(message).text


def test_a_level_whose_clock_stopped_or_moved_is_withdrawn(office, carrier):
    message, ticket, _person = level(office)
    with transaction(office.factory) as session:
        for clock in session.scalars(select(Clock).where(Clock.ticket_id == ticket)):
            clock.status = ClockStatus.PAUSED

    assert in_the_morning(office, message).error == "step_over"


def test_whoever_has_left_is_told_nothing(office, carrier):
    message, _ticket, person = level(office)
    with transaction(office.factory) as session:
        for role in session.scalars(select(RoleAssignment).where(RoleAssignment.staff_id == person)):
            role.valid_to = NOW + timedelta(hours=1)

    assert in_the_morning(office, message).error == "role_ended"


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        (("00007",), "(mã 00007) nay không còn thuộc trách nhiệm của ông/bà"),
        (("11111",), "Mã 11111 không phải mã đã gửi"),
        (("00007", "11111"), "Không còn thuộc trách nhiệm của ông/bà"),
        ((), "Không có phản ánh nào đang chờ ông/bà"),
    ],
)
def test_whoever_has_left_and_texts_a_code_hears_that_it_is_no_longer_theirs(office, carrier, words, heard):
    with transaction(office.factory) as session:
        person = staff(session, phone=LEADERS_PHONE)
        told_by_its_code(session, person, code="00007")
        for role in session.scalars(select(RoleAssignment).where(RoleAssignment.staff_id == person.id)):
            role.valid_to = NOW - timedelta(minutes=1)
        session.flush()
        take_reply(session, Reply(words), phone=LEADERS_PHONE, message_sid="SM1", now=NOW)

    office.deliver()

    (body,) = [form["Body"] for form in carrier.received if form["To"] == LEADERS_PHONE]
    assert heard in body
    with transaction(office.factory) as session:
        assert session.scalars(select(Acknowledgement)).all() == []


def told_by_its_code(session: Session, person: Staff, *, code: str) -> None:
    """A level this person was told of, with the code of the message."""
    ticket = open_ticket(session, phone=PHONE, channel=Channel.WEB, now=NOW)
    step = session.scalars(select(PlannedStep).where(PlannedStep.ticket_id == ticket.ticket_id)).first()
    session.add(StepRecipient(step_id=step.id, staff_id=person.id, capacity="holder", told_at=NOW, reply_code=code))
    session.flush()


def test_a_phone_that_opted_out_meanwhile_hears_nothing_but_that_it_did(office, carrier):
    waiting = office.post_sms("later", not_before=NOW + timedelta(hours=10))
    confirmed = office.post_sms("stop", template="sms_stopped", params={}, not_before=NOW + timedelta(hours=10))
    with transaction(office.factory) as session:
        citizens.opt_out(session, PHONE, reason="asked", now=NOW + timedelta(hours=1))

    withdrawn = in_the_morning(office, waiting)
    # To one telephone one after the other.
    office.deliver()

    assert (withdrawn.state, withdrawn.error) == (OutboundState.SUPPRESSED, "opted_out")
    assert office.message(confirmed).state is OutboundState.SENT


@pytest.mark.parametrize("why", list(Overtaken))
def test_every_reason_has_its_words(office, why):
    with office.delivery.wording.app_context():
        assert overtaken_word(why.value) != why.value
