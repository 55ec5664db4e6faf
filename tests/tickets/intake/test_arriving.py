from datetime import timedelta

from sqlalchemy import func, select

from tests.factories import open_ticket
from tickets.people import citizens
from tickets.schema import Citizen, Contact, OutboundMessage, Ticket
from tickets.states import OutboundState


def contact_of(session, opened) -> Contact:
    return session.scalars(select(Contact).where(Contact.ticket_id == opened.ticket_id)).one()


def test_a_contact_belongs_to_the_one_at_a_shared_phone_whose_name_was_given(session, now):
    citizens.create(session, phone="+84901231001", name="Nguyễn Văn Ba", now=now)
    daughter = citizens.create(session, phone="+84901231001", name="Nguyễn Thị Tư", now=now)

    opened = open_ticket(session, phone="+84901231001", name="nguyen thi tu", now=now)

    assert session.get_one(Ticket, opened.ticket_id).citizen_id == daughter.id
    assert contact_of(session, opened).citizen_id == daughter.id


def test_somebody_new_is_made_once_with_phone_and_address(session, now):
    opened = open_ticket(session, phone="+84901231002", name=" Hoa ", email="HOA@example.vn", now=now)

    person = session.get_one(Citizen, opened.citizen_id)
    assert (person.name, person.email, citizens.phones_of(session, person.id)) == (
        "Hoa", "hoa@example.vn", ["+84901231002"],
    )  # fmt: skip
    assert contact_of(session, opened).citizen_id == person.id
    assert open_ticket(session, phone="+84901231002", now=now).citizen_id == person.id


def test_a_repeated_form_with_a_name_alone_makes_nobody_a_second_time(session, now):
    def people() -> int:
        return session.scalar(select(func.count()).select_from(Citizen)) or 0

    first = open_ticket(session, phone=None, email=None, name="An", contact_source_key="form-name", now=now)
    before = people()
    again = open_ticket(
        session, phone=None, email=None, name="An", contact_source_key="form-name", now=now + timedelta(minutes=1)
    )

    assert again.ticket_id == first.ticket_id
    assert people() == before


def test_a_phone_that_opted_out_is_not_texted_the_reference_and_an_address_still_is(session, now):
    citizens.opt_out(session, "+84901231003", reason="stop", now=now)

    opened = open_ticket(session, phone="+84901231003", email="an@example.vn", now=now)

    posted = session.scalars(select(OutboundMessage).where(OutboundMessage.ticket_id == opened.ticket_id))
    assert {m.address: m.state for m in posted} == {
        "+84901231003": OutboundState.SUPPRESSED,
        "an@example.vn": OutboundState.WAITING,
    }
