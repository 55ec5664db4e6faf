"""What may be danger is looked at within minutes; to praise nothing is promised, and its words are passed on."""

from datetime import datetime, timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from app.wording.messages import message_app, render
from escalation.firing.sweep import tick
from tests.factories import NOW, hold_post, open_ticket, queue_of, staff, unit
from tests.signing_in import sign_in
from tickets.people.actor import staff_actor
from tickets.schema import Clock, OutboundMessage, Ticket
from tickets.states import Channel, ClockKind, OutboundChannel, Priority, Role
from tickets.work.assignment import correct_route
from tickets.work.readings import say_danger, say_praise

GAS = "Có mùi gas nhẹ ở hành lang chung cư phường Sài Gòn"
PRAISE = "Cảm ơn cán bộ phường Sài Gòn rất nhiệt tình, làm giấy tờ nhanh"


def told(session, said, *, now=NOW, **facts) -> Ticket:
    facts = {"category_code": None, "unit_code": None, "channel": Channel.SMS, "subject": "", **facts}
    return session.get_one(Ticket, open_ticket(session, body=said, now=now, **facts).ticket_id)


def clocks(session, ticket):
    session.expire_all()
    rows = session.scalars(select(Clock).where(Clock.ticket_id == ticket.id, Clock.status == "running"))
    return {clock.kind: clock for clock in rows}


def said_to_the_citizen(session, settings, ticket) -> str:
    letter = session.scalars(select(OutboundMessage).where(OutboundMessage.ticket_id == ticket.id)).first()
    with message_app(settings).app_context(), force_locale("vi"):
        return render(letter.template, "sms", letter.params, locale="vi", base_url="", now=NOW).text


@pytest.fixture
def agent(session):
    return staff_actor(staff(session, role=Role.AGENT, at="TTDH").id)


def test_a_doubt_about_danger_has_five_minutes_until_somebody_looks_and_the_citys_desk_follows_it(session):
    ticket = told(session, GAS)

    assert (ticket.is_doubted, ticket.priority) == (True, Priority.URGENT)
    assert ticket.coordinating_unit_id == unit(session, "TTDH").id
    assert clocks(session, ticket)[ClockKind.ACCEPT].due_at == NOW + timedelta(minutes=5)


def test_in_doubt_the_emergency_numbers_are_sent_with_the_receipt(session, settings):
    assert "114" in said_to_the_citizen(session, settings, told(session, GAS))


def test_a_doubt_stands_above_every_list_of_the_desk_until_somebody_has_said_what_it_is(session, client, agent, now):
    ticket = told(session, GAS, now=now)
    sign_in(client, session, role=Role.AGENT, unit=unit(session, "TTDH"), now=now)
    assert 'id="doubts"' in client.get("/console").text

    say_danger(session, ticket.id, is_danger=False, actor=agent, now=now)
    session.commit()

    assert 'id="doubts"' not in client.get("/console").text


def test_nobody_in_danger_gives_the_doubt_its_usual_time(session, agent):
    ticket = told(session, GAS)

    say_danger(session, ticket.id, is_danger=False, actor=agent, now=NOW + timedelta(minutes=1))

    assert not ticket.is_doubted
    assert clocks(session, ticket)[ClockKind.ACCEPT].due_at > NOW + timedelta(minutes=5)


def test_praise_has_no_clock_climbs_to_nobody_and_is_thanked_for(session, settings):
    ticket = told(session, PRAISE)

    assert ticket.is_praise and ticket.unit_id == unit(session).id and clocks(session, ticket) == {}
    assert tick(session, now=NOW + timedelta(days=60)).fired == 0
    assert "Cảm ơn: lời khen được chuyển đến" in said_to_the_citizen(session, settings, ticket)


def test_what_is_no_praise_after_all_has_its_promises_from_when_it_came(session, agent):
    ticket = told(session, PRAISE)

    say_praise(session, ticket.id, is_praise=False, actor=agent, now=NOW + timedelta(hours=1))

    assert ClockKind.RESOLVE in clocks(session, ticket)
    assert clocks(session, ticket)[ClockKind.RESOLVE].started_at == NOW


def test_praise_that_was_missed_ends_its_promises(session, agent):
    ticket = told(session, "Xe rác phường Sài Gòn hôm nay tới đúng giờ")
    assert clocks(session, ticket) != {}

    say_praise(session, ticket.id, is_praise=True, actor=agent, now=NOW + timedelta(minutes=1))

    assert clocks(session, ticket) == {}


@pytest.fixture
def head(session):
    chair = staff(session, role=Role.LEADER, name="Lê Thị Chủ Tịch")
    hold_post(session, chair, "ward_chair", at="26740")
    return chair


def told_to(session, person) -> dict[OutboundChannel, datetime]:
    """By which ways somebody is told of praise, each not before when."""
    wanted = (OutboundMessage.staff_id == person.id, OutboundMessage.template == "praise_received")
    return {one.channel: one.not_before for one in session.scalars(select(OutboundMessage).where(*wanted))}


def test_whoever_heads_the_unit_hears_of_praise_on_screen_and_on_their_own_way(session, head, client, now):
    ticket = told(session, PRAISE, now=now)
    sign_in(client, session, staff=head, now=now)

    assert set(told_to(session, head)) == {OutboundChannel.SCREEN, OutboundChannel.SMS}
    page = client.get("/my/notices").text
    assert "được khen" in page and ticket.reference[:2] in page


def test_thanks_wake_nobody(session, head):
    at_night = NOW.replace(hour=16, minute=30)

    told(session, PRAISE, now=at_night)

    ways = told_to(session, head)
    assert ways[OutboundChannel.SCREEN] == at_night
    assert ways[OutboundChannel.SMS] == (at_night + timedelta(days=1)).replace(hour=0, minute=0)


def test_the_receipt_names_the_lead_only_where_somebody_leads(session, settings, head):
    here = said_to_the_citizen(session, settings, told(session, PRAISE))
    said = "Cảm ơn cán bộ phường Thủ Dầu Một rất nhiệt tình, làm giấy tờ nhanh"
    elsewhere = told(session, said, phone="+84907654321")

    assert "và người phụ trách đơn vị" in here
    assert elsewhere.is_praise and "người phụ trách" not in said_to_the_citizen(session, settings, elsewhere)


def test_praise_that_nobody_had_placed_reaches_the_lead_once_somebody_has(session, head, agent):
    ticket = told(session, "Cảm ơn cán bộ rất nhiệt tình, làm giấy tờ nhanh")
    assert ticket.is_praise and told_to(session, head) == {}

    correct_route(session, ticket.id, queue_id=queue_of(session).id, reason="phường Sài Gòn", actor=agent, now=NOW)

    assert len(told_to(session, head)) == 2


def test_praise_has_a_list_of_its_own_at_the_desk(session, client, now):
    ticket = told(session, PRAISE, now=now)
    sign_in(client, session, role=Role.AGENT, unit=unit(session), now=now)

    assert ticket.reference in client.get("/console?view=praise").text
    assert "Lời khen" in client.get("/console?view=queues").text
