"""What people put right is kept beside what was guessed, and nobody changes it afterwards."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from app.storage.database import transaction
from tests.factories import NOW, open_ticket, staff, unit
from tickets.matter.kept import newest_version
from tickets.people.actor import SYSTEM, staff_actor
from tickets.schema import ReadingCorrection, Ticket
from tickets.states import Role
from tickets.work.assignment import change_category, correct_place
from tickets.work.suspicion import lift_suspicion

RUBBISH = "Rác không ai gom ba ngày nay ở phường Sài Gòn"


@pytest.fixture
def agent(session):
    return staff_actor(staff(session, role=Role.AGENT, at="TTDH").id)


def told(session, subject, **facts) -> Ticket:
    facts = {"category_code": None, "unit_code": None, "body": "", **facts}
    return session.get_one(Ticket, open_ticket(session, subject=subject, **facts).ticket_id)


def kept(session, ticket) -> list[tuple[str, ...]]:
    rows = session.scalars(
        select(ReadingCorrection).where(ReadingCorrection.ticket_id == ticket.id).order_by(ReadingCorrection.id)
    )
    return [(row.field.value, row.guessed, row.correct, row.told_by) for row in rows]


def test_a_ticket_says_by_which_rules_it_was_read(session):
    assert told(session, RUBBISH).read_by == str(newest_version(session))


def test_another_category_keeps_the_guess_the_truth_and_the_words_that_misled(session, agent):
    ticket = told(session, RUBBISH)

    change_category(session, ticket.id, category_code="street_light", actor=agent, now=NOW)

    correction = session.scalars(select(ReadingCorrection)).one()
    assert kept(session, ticket) == [("category", "rubbish", "street_light", "rubbish")]
    assert "Rác" in correction.words
    assert (correction.staff_id, correction.at) == (agent.staff_id, NOW)
    assert correction.rules_version == str(newest_version(session))


def test_corrected_twice_the_first_guess_stays_the_guess(session, agent):
    ticket = told(session, RUBBISH)

    change_category(session, ticket.id, category_code="street_light", actor=agent, now=NOW)
    change_category(session, ticket.id, category_code="pothole", actor=agent, now=NOW)

    assert [row[1:3] for row in kept(session, ticket)] == [("rubbish", "street_light"), ("rubbish", "pothole")]


def test_what_the_citizen_chose_was_no_guess(session, agent):
    ticket = told(session, RUBBISH, category_code="rubbish")

    change_category(session, ticket.id, category_code="pothole", actor=agent, now=NOW)

    assert kept(session, ticket) == [("category", "rubbish", "pothole", "given")]


def test_the_right_place_is_kept_beside_the_one_that_was_understood(session, agent):
    ticket = told(session, RUBBISH)

    correct_place(session, ticket.id, unit_id=unit(session, "27043").id, actor=agent, now=NOW)

    assert kept(session, ticket) == [("place", "26740", "27043", "place_unique")]


def test_an_accusation_that_is_none_is_kept_as_a_false_alarm_with_its_rule(session):
    ticket = told(session, "Cán bộ phường Sài Gòn vòi tiền 5 triệu mới chịu ký hồ sơ")
    office = staff_actor(staff(session, role=Role.CITY_OFFICE, at="VPUB").id)

    lift_suspicion(session, ticket.id, reason="Chỉ là lời kể lại", actor=office, now=NOW)

    field, guessed, correct, told_by = kept(session, ticket)[0]
    assert (field, guessed, correct) == ("conduct", "yes", "no")
    assert told_by not in ("", "officials_suspected")


def test_what_the_machine_moves_corrects_nothing(session):
    ticket = told(session, RUBBISH)

    change_category(session, ticket.id, category_code="pothole", actor=SYSTEM, now=NOW)

    assert kept(session, ticket) == []


def test_the_application_may_not_change_or_delete_a_correction(committed):
    for statement in ("update reading_correction set correct = 'no'", "delete from reading_correction"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction(committed.factory) as session:
            session.execute(text(statement))
