"""Nobody hears that nobody is there while the ward's agent is free; and nobody a request is about is rung for it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from telephony.call.passing_on import PassedOn, lock_own_talk, pass_to_unit
from telephony.floor import offers, presence
from telephony.floor.floor import load_floor, load_staffing
from telephony.floor.waiting import position
from tests.app.web.console.console_scene import agent_at as signed_in_at
from tests.app.web.console.console_scene import page_of, row, send
from tests.app.web.provider_events.calling_back_scene import City
from tests.app.web.provider_events.voice_scene import agent_at, call_of, ticket_of
from tests.factories import give_role, unit
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.errors import NotAllowed
from tickets.schema import Presence, TimelineEntry, Unit
from tickets.states import CallState, PresenceState, Role
from tickets.work.suspicion import ACCUSED, restrict
from tickets.work.ticket import lock_ticket

WARD, CITY = "26740", "TTDH"
# What a department answers for, in the ward of the agents.
POWER = "phường Sài Gòn, nhà tôi mất điện"
ACCUSES = "cán bộ phường Sài Gòn đòi hối lộ"


@pytest.fixture
def city(app, session, settings, city_line, now, client):
    return City(app, session, settings, city_line, now)


@pytest.fixture
def another(client, settings, city_line):
    def ring(number="+84901234567"):
        return Phone(client, settings, to=city_line, number=number).ring()

    return ring


def rings_for(session, agent, phone):
    offer = open_offer_of(session, agent.id)
    return offer is not None and offer.call_id == call_of(session, phone).id


def about_officials(session, ticket, now):
    """Somebody who read it finds that it accuses the ward it is in."""
    restrict(session, lock_ticket(session, ticket.id), ACCUSED, {}, why="Tố cáo cán bộ", now=now)
    session.flush()


def test_a_departments_matter_rings_at_the_wards_free_agent_who_notes_it_with_the_departments_request(
    session, phone, now, client
):
    agent = signed_in_at(client, session, now)
    presence.go_available(session, agent.id, phone="", now=now)

    phone.ring().press("1").speak(POWER)

    ticket = ticket_of(session, phone)
    assert unit(session, WARD).id != ticket.unit_id
    assert rings_for(session, agent, phone) and "nobody" not in call_of(session, phone).detail["told"]
    offer = open_offer_of(session, agent.id)
    taken = send(client, "/console", f"/console/offers/{offer.id}/accept")
    page = f"/console/calls/{call_of(session, phone).id}"
    assert taken.location == page, "the request is the department's, and not open to the ward"
    name = session.get(Unit, ticket.unit_id).name_en
    assert name in page_of(client, page) and ticket.reference not in page_of(client, page)
    phone.wait().hang_up()
    noted = send(client, page, f"{page}/wrap-up", said="Mất điện từ sáng", reference="", then="available")
    assert noted.status_code == 303
    assert row(session, ticket.reference).unit_id == ticket.unit_id
    kept = session.scalars(select(TimelineEntry.body).where(TimelineEntry.ticket_id == ticket.id)).all()
    assert "Mất điện từ sáng" in kept


def test_the_city_answers_a_departments_matter_at_once_while_the_wards_agents_talk(session, phone, now):
    ward, city = agent_at(session, now), agent_at(session, now, at=CITY)
    session.get(Presence, ward.id).state = PresenceState.ON_CALL
    session.flush()

    phone.ring().press("1").speak(POWER)

    assert rings_for(session, city, phone)


def test_the_departments_own_agent_is_rung_before_the_wards(session, another, now):
    ward = agent_at(session, now)
    first = another().press("1").speak(POWER)
    department = session.get(Unit, ticket_of(session, first).unit_id)
    offers.decline(session, open_offer_of(session, ward.id).id, staff_id=ward.id, now=now)
    own = agent_at(session, now, at=department.code)

    offers.offer_waiting_calls(session, now=now)

    assert rings_for(session, own, first) and open_offer_of(session, ward.id) is None


def test_callers_about_a_department_and_about_the_ward_stand_in_one_line_for_the_wards_agents(session, another, now):
    ward = agent_at(session, now)
    session.get(Presence, ward.id).state = PresenceState.ON_CALL
    session.flush()
    callers = [
        another(f"+8490222222{number}").press("1").speak(words)
        for number, words in enumerate((POWER, "phường Sài Gòn", POWER))
    ]

    staffing = load_staffing(session, now=now)
    assert [position(session, call_of(session, one), staffing=staffing, now=now) for one in callers] == [1, 2, 3]
    agent_at(session, now, at=CITY)
    staffing = load_staffing(session, now=now)
    assert [position(session, call_of(session, one), staffing=staffing, now=now) for one in callers] == [1, 2, 3]


def test_who_calls_again_about_a_departments_matter_rings_at_the_wards_agent(session, another, now):
    first = another().press("1").speak(POWER).hang_up()
    agent = agent_at(session, now)

    again = another().press("1")

    assert call_of(session, again).ticket_id == call_of(session, first).ticket_id
    assert rings_for(session, agent, again)


def test_a_callback_about_a_departments_matter_keeps_the_wards_agent_and_connects_them(city):
    city.phone().ring().press("1").speak(POWER).press("9").press("1").hang_up()
    city.later(minutes=1)

    agent = agent_at(city.session, city.now)
    city.sweep()

    assert city.presence(agent).state is PresenceState.CALLING_BACK
    called = city.rings().answers_with("1")
    assert city.call_of(called).state is CallState.OFFERED
    city.accept(agent)
    assert city.presence(agent).state is PresenceState.ON_CALL


def test_an_accusation_rings_at_nobody_of_the_ward_and_at_the_citys_people_who_are_not_of_it(session, phone, now):
    ward, both, city = (agent_at(session, now, at=at) for at in (WARD, CITY, CITY))
    give_role(session, both, role=Role.AGENT, at=WARD)

    phone.ring().press("1").speak(ACCUSES)

    assert ticket_of(session, phone).is_restricted
    assert rings_for(session, city, phone)
    assert open_offer_of(session, ward.id) is None and open_offer_of(session, both.id) is None


def test_who_accuses_the_wards_people_hears_that_nobody_is_there_rather_than_to_be_put_through_to_them(
    session, phone, now
):
    agent_at(session, now)

    phone.ring().press("1").speak(ACCUSES)

    assert ticket_of(session, phone).is_restricted
    assert call_of(session, phone).state is not CallState.OFFERED and "nobody" in call_of(session, phone).detail["told"]


def test_a_request_that_was_restricted_meanwhile_rings_at_nobody_of_the_ward_when_its_caller_calls_again(
    session, another, now
):
    first = another().press("1").speak("phường Sài Gòn, rác không ai lấy").hang_up()
    about_officials(session, ticket_of(session, first), now)
    ward = agent_at(session, now)

    again = another().press("1")
    assert open_offer_of(session, ward.id) is None
    city = agent_at(session, now, at=CITY)
    offers.offer_waiting_calls(session, now=now)

    assert call_of(session, again).ticket_id == call_of(session, first).ticket_id
    assert rings_for(session, city, again)


def test_a_caller_whose_request_is_restricted_while_they_wait_rings_at_nobody_of_the_ward(session, phone, now):
    ward = agent_at(session, now)
    presence.go_away(session, ward.id, reason="lunch", now=now)
    busy = agent_at(session, now)
    session.get(Presence, busy.id).state = PresenceState.ON_CALL
    session.flush()
    phone.ring().press("1").speak("phường Sài Gòn, rác không ai lấy")
    about_officials(session, ticket_of(session, phone), now)

    presence.go_available(session, ward.id, now=now)
    offers.offer_waiting_calls(session, now=now)

    assert open_offer_of(session, ward.id) is None
    city = agent_at(session, now, at=CITY)
    offers.offer_waiting_calls(session, now=now)
    assert rings_for(session, city, phone)


def test_a_callback_about_the_ward_keeps_nobody_of_it(city):
    phone = city.phone().ring().press("1").speak("phường Sài Gòn, rác không ai lấy").press("9").press("1").hang_up()
    about_officials(city.session, ticket_of(city.session, phone), city.now)
    city.later(minutes=1)
    ward = agent_at(city.session, city.now)
    city.sweep()
    assert city.presence(ward).state is PresenceState.AVAILABLE

    desk = agent_at(city.session, city.now, at=CITY)
    city.sweep()

    assert city.presence(desk).state is PresenceState.CALLING_BACK
    city.rings().answers_with("1")
    assert open_offer_of(city.session, desk.id) is not None and open_offer_of(city.session, ward.id) is None


def test_a_caller_is_passed_on_to_nobody_of_the_body_their_request_is_about(session, phone, now):
    desk, ward = agent_at(session, now, at=CITY), agent_at(session, now)
    phone.ring().press("1").speak(ACCUSES)
    offers.accept(session, open_offer_of(session, desk.id).id, staff_id=desk.id, now=now)
    phone.wait()
    call = lock_own_talk(session, call_of(session, phone).id, staff_id=desk.id)
    told, floor = PassedOn(desk.id, desk.name, ""), load_floor(session, now=now)

    with pytest.raises(NotAllowed, match="about_them"):
        pass_to_unit(session, call, told, unit_id=unit(session, WARD).id, floor=floor, now=now)

    assert not offers.offer_to(session, call, ward.id, now=now)
    assert not offers.offer_back(session, call, now=now + timedelta(seconds=1))
