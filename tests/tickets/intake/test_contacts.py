from datetime import timedelta

from tests.factories import NOW, open_ticket
from tickets.intake import contacts
from tickets.schema import Contact
from tickets.states import Channel


def test_the_same_contact_sent_again_is_one_and_keeps_its_first_arrival(session):
    first = contacts.register(session, channel=Channel.SMS, source_key="sim:SM1", arrived_at=NOW, phone="+84901230001")
    again = contacts.register(
        session, channel=Channel.SMS, source_key="sim:SM1", arrived_at=NOW + timedelta(hours=1), phone="+84901230001"
    )

    assert (first.is_new, again.is_new) == (True, False)
    assert (again.id, again.arrived_at) == (first.id, NOW)


def test_the_same_key_at_another_door_is_another_contact(session):
    by_sms = contacts.register(session, channel=Channel.SMS, source_key="1", arrived_at=NOW)
    by_web = contacts.register(session, channel=Channel.WEB, source_key="1", arrived_at=NOW)

    assert by_sms.id != by_web.id


def test_a_contact_says_which_ticket_it_led_to(session):
    opened = open_ticket(session)
    contact = contacts.register(session, channel=Channel.SMS, source_key="sim:SM2", arrived_at=NOW)

    contacts.link(session, contact.id, opened.ticket_id)

    session.expire_all()
    assert session.get_one(Contact, contact.id).ticket_id == opened.ticket_id
    assert contacts.register(session, channel=Channel.SMS, source_key="sim:SM2", arrived_at=NOW).ticket_id
