"""Texts about an incident that is known: answered with its bulletin, counted once."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.wording.messages import message_app, render
from tests.factories import open_ticket, staff, unit
from tests.telephony.phone import Phone
from tickets.people.actor import staff_actor
from tickets.people.roles import load_viewer
from tickets.schema import IncidentPerson, Line, OutboundMessage, Ticket
from tickets.states import Role
from tickets.work import incidents
from tickets.work.incidents import WantedIncident

_sids = itertools.count(1)


@pytest.fixture
def texter(client, settings, session):
    line = session.scalars(select(Line).where(Line.is_city)).first().phone
    phone = Phone(client, settings, to=line)

    def text(body, *, sid=None, **more):
        sid = sid or f"SM{next(_sids):032d}"
        return phone.post("sms", MessageSid=sid, SmsSid=sid, Body=body, NumSegments="1", **more)

    return text


def tickets(session):
    return session.scalars(select(Ticket).order_by(Ticket.id)).all()


def known_incident(session, now, *, units=("26740",)):
    boss = staff(session, role=Role.SUPERVISOR, at="79")
    master = open_ticket(session, now=now)
    wanted = WantedIncident(
        master.ticket_id, [unit(session, code).id for code in units], None, "Khu vực mất điện.", "A power cut.",
        timedelta(hours=2),
    )  # fmt: skip
    viewer = load_viewer(session, boss.id, now=now)
    return incidents.set_incident(session, wanted, viewer=viewer, actor=staff_actor(boss.id), now=now)


def test_a_text_from_an_incident_is_answered_with_its_bulletin_and_1_counts_once(session, texter, settings, now):
    incident = known_incident(session, now)

    texter("phường Sài Gòn, nhà tôi mất điện từ sáng")
    sent = select(OutboundMessage).where(OutboundMessage.template == "ticket_opened")
    [opened] = session.scalars(sent.where(OutboundMessage.address == "+84901234567"))
    with message_app(settings).app_context():
        words = render("ticket_opened", "sms", opened.params, locale="vi", base_url="http://x", now=now)
    assert "Khu vực mất điện." in words.text and "Trả lời 1" in words.text
    texter("1")
    texter("1.")

    [person] = session.scalars(select(IncidentPerson))
    assert (person.incident_id, person.ticket_id, person.phone) == (incident.id, opened.ticket_id, "+84901234567")
    assert session.scalar(select(func.count()).select_from(Ticket).where(Ticket.reply_phone == "+84901234567")) == 1
    counted = select(OutboundMessage).where(OutboundMessage.template == "incident_counted")
    assert [one.address for one in session.scalars(counted)] == ["+84901234567"]


def test_1_after_the_question_where_it_is_answers_that_question(session, texter, now):
    known_incident(session, now, units=())

    texter("rác ở Tân Định")
    texter("1")

    assert session.scalar(select(func.count()).select_from(IncidentPerson)) == 0
