"""One guidance answers a thousand callers: each citizen once, and nobody whose matter is none of it or restricted."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.app.web.supervisor.guidance_rows import issued, person
from tests.factories import open_ticket
from tickets.errors import InvalidInput
from tickets.people.actor import staff_actor
from tickets.queries.guidance import counts_of, linked_tickets
from tickets.schema import AuditEntry, GuidanceTicket, Message, OutboundMessage, Ticket
from tickets.states import Role
from tickets.work import guidance, guidance_tickets
from tickets.work.guidance_tickets import CALLED_OFF_WITHIN, answer_next, tickets_of


@pytest.fixture
def office(session, now):
    return person(session, Role.CITY_OFFICE, now=now)


@pytest.fixture
def deeds(session, office, now):
    """Who steers it, as arguments of every deed."""
    who, viewer = office
    return {"viewer": viewer, "actor": staff_actor(who.id), "now": now}


def asking(session, now, *, phone, body="Sổ đỏ bao lâu có?", **facts):
    return session.get_one(Ticket, open_ticket(session, body=body, phone=phone, now=now, **facts).ticket_id)


def answer_all(session, *, at):
    while answer_next(session, now=at):
        pass


def answers_to(session, ticket):
    found = select(Message.body).where(Message.ticket_id == ticket.id, Message.direction == "out")
    return list(session.scalars(found))


def texts(session):
    return session.scalar(select(func.count()).where(OutboundMessage.template == "ticket_reply"))


def test_a_thousand_callers_in_little_each_citizen_is_answered_once(session, now, deeds):
    one = issued(session, now=now)
    twice = [asking(session, now, phone="0901000001") for _ in range(2)]
    others = [asking(session, now, phone=f"090100000{n}") for n in (2, 3)]
    foreign = asking(session, now, phone="0901000009", body="Rác chưa lấy")
    assert tickets_of(session, one, deeds["viewer"]).matching == 4

    assert guidance_tickets.link_matching(session, one.id, **deeds) == 4
    before = tickets_of(session, one, deeds["viewer"])
    assert (before.linked, before.citizens, before.matching) == (4, 3, 0), "said before anything leaves"
    assert guidance_tickets.ask_to_answer(session, one.id, **deeds) == 4
    answer_all(session, at=now + CALLED_OFF_WITHIN)

    assert [answers_to(session, ticket) for ticket in (*twice, *others)] == [["Bảy ngày làm việc, nộp tại phường."]] * 4
    assert texts(session) == 3, "whoever asked twice is written to once, and reads it on both pages"
    assert answers_to(session, foreign) == []
    assert counts_of(session, [one.id])[one.id].answered == 4
    done = session.scalar(select(func.count()).where(AuditEntry.action == "guidance.answered"))
    assert done == 4
    assert all(ticket.first_answered_at is not None or ticket.status != "new" for ticket in others)


def test_nothing_leaves_within_two_minutes_and_until_then_it_is_called_off(session, now, deeds):
    one, ticket = issued(session, now=now), asking(session, now, phone="0901000001")
    guidance_tickets.link_matching(session, one.id, **deeds)
    guidance_tickets.ask_to_answer(session, one.id, **deeds)

    assert answer_next(session, now=now + CALLED_OFF_WITHIN - timedelta(seconds=1)) == 0
    assert guidance_tickets.call_off(session, one.id, **deeds) == 1

    answer_all(session, at=now + timedelta(hours=1))
    assert answers_to(session, ticket) == []
    assert tickets_of(session, one, deeds["viewer"]).linked == 1


def test_withdrawn_meanwhile_it_answers_nobody(session, now, deeds):
    one, ticket = issued(session, now=now), asking(session, now, phone="0901000001")
    guidance_tickets.link_matching(session, one.id, **deeds)
    guidance_tickets.ask_to_answer(session, one.id, **deeds)
    guidance.withdraw(session, one.id, reason="Luật mới", **deeds)

    answer_all(session, at=now + CALLED_OFF_WITHIN)

    assert answers_to(session, ticket) == []
    assert session.scalars(select(GuidanceTicket.result)).all() == ["refused"]
    with pytest.raises(InvalidInput):
        guidance_tickets.ask_to_answer(session, one.id, **deeds)


def test_what_is_restricted_is_neither_found_nor_answered_nor_counted(session, now, deeds):
    one = issued(session, now=now)
    before, meanwhile = (asking(session, now, phone=f"090100000{n}") for n in (1, 2))
    before.is_restricted = True
    session.flush()
    assert guidance_tickets.link_matching(session, one.id, **deeds) == 1
    guidance_tickets.ask_to_answer(session, one.id, **deeds)
    meanwhile.is_restricted = True
    session.flush()

    answer_all(session, at=now + CALLED_OFF_WITHIN)

    assert answers_to(session, before) == answers_to(session, meanwhile) == []
    assert counts_of(session, [one.id])[one.id].answered == 0
    assert linked_tickets(session, one.id, deeds["viewer"], limit=9) == []


def test_an_answered_ticket_that_becomes_restricted_is_counted_no_more(session, now, deeds):
    one, ticket = issued(session, now=now), asking(session, now, phone="0901000001")
    guidance_tickets.answer_one(session, one, ticket, actor=deeds["actor"], now=now)
    assert counts_of(session, [one.id])[one.id].answered == 1

    ticket.is_restricted = True
    session.flush()

    assert counts_of(session, [one.id])[one.id].answered == 0


def test_a_ward_answers_its_own_tickets_alone(session, now):
    one = issued(session, now=now)
    own = asking(session, now, phone="0901000001", unit_code="26740")
    foreign = asking(session, now, phone="0901000002", unit_code="26824")
    who, viewer = person(session, Role.SUPERVISOR, at="26740", now=now)
    deeds = {"viewer": viewer, "actor": staff_actor(who.id), "now": now}

    assert tickets_of(session, one, viewer).matching == 1
    guidance_tickets.link_matching(session, one.id, **deeds)
    guidance_tickets.ask_to_answer(session, one.id, **deeds)
    answer_all(session, at=now + CALLED_OFF_WITHIN)

    assert len(answers_to(session, own)) == 1 and answers_to(session, foreign) == []


def test_a_citizen_is_answered_in_their_language(session, now, deeds):
    one, ticket = issued(session, now=now), asking(session, now, phone="0901000001", locale="en")

    guidance_tickets.answer_one(session, one, ticket, actor=deeds["actor"], now=now)

    assert answers_to(session, ticket) == ["Seven working days, filed at the ward."]


def test_a_phrase_is_its_words_in_their_order(session, now, deeds):
    one = issued(session, now=now, words="cấp đổi sổ đỏ")
    fitting = asking(session, now, phone="0901000001", body="Tôi muốn CAP DOI so do")
    asking(session, now, phone="0901000002", body="Sổ của tôi màu đỏ, xin đổi giấy đã cấp")

    guidance_tickets.link_matching(session, one.id, **deeds)

    assert session.scalars(select(GuidanceTicket.ticket_id)).all() == [fitting.id]
