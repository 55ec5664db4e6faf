"""R24: a closed matter is looked at again by the body above and by another person, with a date that stays."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import KEYS, NOW, open_ticket, places, rules, staff
from tickets.errors import InvalidInput, NotAllowed
from tickets.intake.appealing import APPEAL_WINDOW, open_appeal
from tickets.people.actor import citizen_actor, staff_actor
from tickets.people.roles import load_viewer
from tickets.promises.outcomes import ended_in, tallies
from tickets.queries.appeals import appeal_state, first_ticket
from tickets.queries.follow import followed
from tickets.schema import Clock, OutboundMessage, Ticket, Unit
from tickets.states import AppealOutcome, Channel, ClockKind, ClockStatus, Disposition, Role, TicketStatus
from tickets.work.appeals import decide
from tickets.work.assignment import change_category, claim
from tickets.work.conversation import interim
from tickets.work.resolution import close_due, mark_spam, not_solved, resolve, withdraw

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOSED = NOW + 16 * DAY


@pytest.fixture
def agent(session):
    return staff_actor(staff(session, role=Role.AGENT, at="26740").id)


@pytest.fixture
def department(session):
    return staff_actor(staff(session, role=Role.AGENT, at="SNNMT").id)


@pytest.fixture
def ticket(session, agent) -> Ticket:
    """Answered on the first day, closed on the sixteenth."""
    opened = open_ticket(session, channel=Channel.SMS, phone="+84901234567")
    claim(session, opened.ticket_id, actor=agent, now=NOW)
    resolve(
        session, opened.ticket_id, disposition=Disposition.REFUSED, answer="Không thuộc diện.", actor=agent,
        now=NOW + HOUR,
    )  # fmt: skip
    close_due(session, now=CLOSED)
    return session.get_one(Ticket, opened.ticket_id)


def appeal(session, ticket, *, now=CLOSED + DAY, said="Quyết định không đúng, rác vẫn ở đó.", key="a"):
    return open_appeal(
        session, ticket.id, said=said, channel=Channel.WEB, source_key=key, actor=citizen_actor(), keys=KEYS,
        places=places(session), rules=rules(session), now=now,
    )  # fmt: skip


def clock(session, case_id, kind=ClockKind.APPEAL) -> Clock | None:
    return session.scalars(select(Clock).where(Clock.ticket_id == case_id, Clock.kind == kind)).one_or_none()


def test_r24_an_appeal_is_a_case_at_the_fields_department_with_twenty_one_days_of_its_own(session, ticket):
    opened = appeal(session, ticket)

    case = session.get_one(Ticket, opened.ticket_id)
    assert session.get_one(Unit, case.unit_id).code == "SNNMT"
    assert clock(session, case.id).due_at == CLOSED + DAY + 21 * DAY
    assert clock(session, case.id, ClockKind.RESOLVE) is None
    assert ticket.status is TicketStatus.CLOSED
    assert appeal_state(session, ticket.id).case_reference == case.reference


def test_r24_once_for_each_closure_within_thirty_days_and_never_against_the_decision(session, ticket, department):
    opened = appeal(session, ticket)
    assert appeal(session, ticket, key="sent twice").ticket_id == opened.ticket_id
    claim(session, opened.ticket_id, actor=department, now=CLOSED + 2 * DAY)
    decide(
        session, opened.ticket_id, outcome=AppealOutcome.UPHELD, decision="Giữ nguyên.", actor=department,
        now=CLOSED + 3 * DAY,
    )  # fmt: skip
    close_due(session, now=CLOSED + 4 * DAY)

    with pytest.raises(InvalidInput) as again:
        appeal(session, ticket, now=CLOSED + 4 * DAY, key="b")
    with pytest.raises(InvalidInput) as against_it:
        appeal(session, session.get_one(Ticket, opened.ticket_id), now=CLOSED + 4 * DAY, key="c")

    assert (again.value.code, against_it.value.code) == ("appealed_before", "is_appeal")


def test_r24_after_thirty_days_and_before_it_is_closed_there_is_no_appeal(session, ticket, agent):
    with pytest.raises(InvalidInput) as late:
        appeal(session, ticket, now=CLOSED + APPEAL_WINDOW + HOUR)
    still_open = session.get_one(Ticket, open_ticket(session).ticket_id)
    with pytest.raises(InvalidInput) as early:
        appeal(session, still_open)

    assert (late.value.code, early.value.code) == ("too_late", "not_closed")


def test_r24_whoever_answered_the_first_ticket_neither_takes_nor_decides_the_appeal(session, ticket, agent):
    opened = appeal(session, ticket)

    with pytest.raises(NotAllowed):
        claim(session, opened.ticket_id, actor=agent, now=CLOSED + 2 * DAY)
    with pytest.raises(NotAllowed):
        decide(
            session, opened.ticket_id, outcome=AppealOutcome.UPHELD, decision="Giữ nguyên.", actor=agent,
            now=CLOSED + 2 * DAY,
        )  # fmt: skip


def test_r24_the_decision_is_told_to_the_citizen_and_published_with_the_first_ticket(session, ticket, department):
    opened = appeal(session, ticket)
    claim(session, opened.ticket_id, actor=department, now=CLOSED + 2 * DAY)

    decide(
        session, opened.ticket_id, outcome=AppealOutcome.CHANGED, decision="Sở sẽ dọn trong tuần.", actor=department,
        now=CLOSED + 3 * DAY,
    )  # fmt: skip

    [message] = session.scalars(
        select(OutboundMessage).where(OutboundMessage.template == "appeal_decided", OutboundMessage.channel == "sms")
    ).all()
    assert message.address == "+84901234567"
    told = followed(session, ticket.id, locale="vi")
    assert told.appeal.outcome is AppealOutcome.CHANGED
    assert "Sở sẽ dọn trong tuần." in [entry.body for entry in told.entries]
    assert clock(session, opened.ticket_id).status is ClockStatus.MET
    assert ticket.status is TicketStatus.CLOSED


def test_r24_what_must_be_done_again_is_open_at_its_unit_with_its_promise_running(session, ticket, department):
    opened = appeal(session, ticket)
    claim(session, opened.ticket_id, actor=department, now=CLOSED + 2 * DAY)

    decide(
        session, opened.ticket_id, outcome=AppealOutcome.REDO, decision="Phường làm lại.", actor=department,
        now=CLOSED + 3 * DAY,
    )  # fmt: skip

    assert ticket.status is TicketStatus.OPEN
    assert clock(session, ticket.id, ClockKind.RESOLVE).status is ClockStatus.RUNNING
    assert ticket.next_due_at > CLOSED + 3 * DAY


def test_an_appeal_is_decided_not_resolved_and_not_solved_does_not_open_it_again(session, ticket, department):
    opened = appeal(session, ticket)
    claim(session, opened.ticket_id, actor=department, now=CLOSED + 2 * DAY)
    with pytest.raises(InvalidInput):
        resolve(
            session, opened.ticket_id, disposition=Disposition.ANSWERED, answer="Xong.", actor=department,
            now=CLOSED + 2 * DAY,
        )  # fmt: skip
    decide(
        session, opened.ticket_id, outcome=AppealOutcome.UPHELD, decision="Giữ nguyên.", actor=department,
        now=CLOSED + 3 * DAY,
    )  # fmt: skip

    with pytest.raises(Exception, match=session.get_one(Ticket, opened.ticket_id).reference):
        not_solved(session, opened.ticket_id, reason="Không", actor=citizen_actor(), now=CLOSED + 3 * DAY + HOUR)


def test_an_appeal_is_not_set_aside_and_one_taken_back_is_none(session, ticket, department):
    opened = appeal(session, ticket)
    with pytest.raises(InvalidInput):
        mark_spam(session, opened.ticket_id, reason="Phiền", actor=department, now=CLOSED + 2 * DAY)

    withdraw(session, opened.ticket_id, reason="Thôi", actor=citizen_actor(), now=CLOSED + 2 * DAY)

    assert followed(session, ticket.id, locale="vi").appeal is None


def test_r24_a_restricted_matter_is_reviewed_by_the_city_office_and_stays_restricted(session, agent):
    opened = open_ticket(session, category_code="conduct_unit")
    ticket = session.get_one(Ticket, opened.ticket_id)
    office = staff_actor(staff(session, role=Role.CITY_OFFICE, at="VPUB").id)
    claim(session, ticket.id, actor=office, now=NOW)
    resolve(session, ticket.id, disposition=Disposition.REFUSED, answer="Không có.", actor=office, now=NOW + HOUR)
    close_due(session, now=CLOSED)

    case = session.get_one(Ticket, appeal(session, ticket).ticket_id)

    assert case.is_restricted
    assert case.about_unit_id == ticket.about_unit_id
    assert case.unit_id != ticket.about_unit_id


def test_whoever_decides_reads_what_was_asked_and_answered_although_they_do_not_see_the_ticket(
    session, ticket, department
):
    opened = appeal(session, ticket)
    viewer = load_viewer(session, department.staff_id, now=CLOSED)

    first = first_ticket(session, viewer, opened.ticket_id)

    assert not first.is_seen
    assert first.body == ticket.body
    assert "Không thuộc diện." in [words for _, words in first.answers]


def test_r24_an_interim_answer_moves_what_is_expected_and_never_the_first_date(session, ticket, department):
    opened = appeal(session, ticket)
    due_at = clock(session, opened.ticket_id).due_at
    later = due_at + 10 * DAY

    interim(
        session, opened.ticket_id, body="Cần đo lại ranh.", expected_at=later, actor=department, now=CLOSED + 2 * DAY
    )

    case = followed(session, opened.ticket_id, locale="vi")
    assert (case.expected_at, case.resolve_clock.due_at) == (later, due_at)
    state = followed(session, ticket.id, locale="vi").appeal
    assert (state.first_due_at, state.expected_at) == (due_at, later)
    claim(session, opened.ticket_id, actor=department, now=CLOSED + 2 * DAY)
    decide(
        session, opened.ticket_id, outcome=AppealOutcome.UPHELD, decision="Giữ nguyên.", actor=department,
        now=due_at + DAY,
    )  # fmt: skip
    counted = tallies(session, ended_in(CLOSED, due_at + 2 * DAY), now=due_at + 2 * DAY)
    assert [tally.missed for (_, kind), tally in counted.items() if kind is ClockKind.APPEAL] == [1]


def test_an_interim_answer_counts_as_contact_and_names_a_date_that_is_to_come(session, agent):
    opened = open_ticket(session, channel=Channel.SMS, phone="+84901234567")
    due_at = clock(session, opened.ticket_id, ClockKind.RESOLVE).due_at

    with pytest.raises(InvalidInput):
        interim(session, opened.ticket_id, body="Đang làm", expected_at=NOW - DAY, actor=agent, now=NOW)
    interim(session, opened.ticket_id, body="Đang làm", expected_at=NOW + 30 * DAY, actor=agent, now=NOW + HOUR)

    assert clock(session, opened.ticket_id, ClockKind.FIRST).status is ClockStatus.MET
    assert clock(session, opened.ticket_id, ClockKind.RESOLVE).due_at == due_at
    [message] = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "ticket_interim")).all()
    assert message.params["expected_at"] == (NOW + 30 * DAY).isoformat()


def test_another_category_leaves_an_appeal_its_own_promise_alone(session, ticket):
    opened = appeal(session, ticket)
    due_at = clock(session, opened.ticket_id).due_at
    office = staff_actor(staff(session, role=Role.CITY_OFFICE, at="VPUB").id)

    change_category(session, opened.ticket_id, category_code="pollution", actor=office, now=CLOSED + 2 * DAY)

    assert clock(session, opened.ticket_id, ClockKind.RESOLVE) is None
    assert clock(session, opened.ticket_id).due_at == due_at
