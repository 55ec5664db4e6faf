"""R24 by text message: XEM LAI or APPEAL, the reference and why; with the PIN from any phone."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests.factories import KEYS, open_ticket, staff
from tests.telephony.phone import Phone
from tickets.people.actor import staff_actor
from tickets.people.pins import pin_of
from tickets.schema import Appeal, Base, InboundSms, OutboundMessage, Ticket
from tickets.states import Channel, Disposition
from tickets.work.assignment import claim
from tickets.work.resolution import close_due, resolve


@pytest.fixture
def texter(client, settings, session):
    session.commit()
    return lambda body: Phone(client, settings).post("sms", MessageSid=f"SM-{abs(hash(body))}", Body=body)


def closed(session, now, **facts) -> Ticket:
    then = now - timedelta(days=17)
    opened = open_ticket(session, channel=Channel.SMS, now=then, **facts)
    agent = staff_actor(staff(session).id)
    claim(session, opened.ticket_id, actor=agent, now=then)
    resolve(session, opened.ticket_id, disposition=Disposition.REFUSED, answer="Không.", actor=agent, now=then)
    close_due(session, now=now - timedelta(days=1))
    session.commit()
    return session.get_one(Ticket, opened.ticket_id)


def last_sent(session) -> OutboundMessage:
    return session.scalars(select(OutboundMessage).order_by(OutboundMessage.id.desc()).limit(1)).one()


@pytest.mark.parametrize("word", ["XEM LAI", "Xem xét lại", "Appeal"])
def test_the_phone_of_the_request_appeals_with_its_reference_alone(session, texter, now, word):
    ticket = closed(session, now, phone="+84901234567")

    texter(f"{word} {ticket.reference} rác vẫn còn nguyên")

    [appeal] = session.scalars(select(Appeal)).all()
    case = session.get_one(Ticket, appeal.case_id)
    assert (appeal.ticket_id, appeal.channel) == (ticket.id, Channel.SMS)
    assert case.body == "rác vẫn còn nguyên"
    told = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "appeal_opened")).one()
    assert told.params["case"] == case.reference and told.params["due_at"]


def test_another_phone_needs_the_pin_which_is_kept_nowhere(session, texter, now):
    ticket = closed(session, now, phone="+84909999999")
    pin = pin_of(KEYS, ticket.pin_salt, ticket.reference)

    texter(f"XEM LAI {ticket.reference} vì sai")
    assert last_sent(session).template == "request_unknown"
    texter(f"XEM LAI {ticket.reference} {pin} vì sai")

    assert session.scalars(select(Appeal.ticket_id)).all() == [ticket.id]
    assert pin not in " ".join(session.scalars(select(InboundSms.body)))
    for table in Base.metadata.sorted_tables:
        kept = session.scalars(text(f"select t::text from {table.name} t where t::text ~ '[^0-9]{pin}[^0-9]'")).all()
        assert kept == [], table.name


def test_whoever_cannot_appeal_is_told_why_and_no_ticket_is_made_of_it(session, texter, now):
    ticket = closed(session, now, phone="+84901234567")
    fresh = open_ticket(session, phone="+84901234567", now=now)
    session.commit()
    before = len(session.scalars(select(Ticket.id)).all())

    whys = []
    for body in (f"XEM LAI {ticket.reference}", f"XEM LAI {fresh.reference} vì sao"):
        texter(body)
        whys.append(last_sent(session).params["why"])

    assert whys == ["no_words", "not_closed"]
    assert len(session.scalars(select(Ticket.id)).all()) == before


def test_the_same_words_without_a_number_are_a_citizens_matter(session, texter, now):
    texter("Xem lại giúp tôi vụ rác ở phường Bến Thành")

    assert session.scalars(select(Appeal)).all() == []
    assert session.scalars(select(Ticket.channel)).all() == [Channel.SMS]
