"""A known incident on the phone: said by place and language, counted with one key, told once when it is over."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.web.frame.application import HotlineApp
from app.wording.messages import message_app, render
from tests.app.web.provider_events.voice_scene import BULLETIN, agent_at, call_of, ticket_of
from tests.factories import open_ticket, staff, unit
from tests.statements import counted
from tests.telephony.phone import Phone
from tickets.errors import InvalidInput
from tickets.people.actor import staff_actor
from tickets.people.citizens import prefer_text
from tickets.people.roles import load_viewer
from tickets.schema import (
    CallbackRequest,
    Category,
    CitizenPhone,
    Contact,
    IncidentPerson,
    Offer,
    OutboundMessage,
    Ticket,
)
from tickets.states import (
    CallState,
    Channel,
    Disposition,
    OutboundChannel,
    OutboundState,
    Priority,
    Role,
    TicketStatus,
)
from tickets.work import incident_people, incidents, resolution
from tickets.work.incidents import WantedIncident

AT_NIGHT = timedelta(hours=13)


def rounds(session, now):
    def failed(ticket_id, trouble):
        raise trouble

    incidents.end_what_is_over(session, now=now)
    while incident_people.tell_some(session, now=now) + incident_people.link_next(session, failed=failed, now=now):
        pass
    session.expire_all()


def told(session):
    of_the_end = select(OutboundMessage).where(OutboundMessage.template == "incident_over")
    return session.scalars(of_the_end.order_by(OutboundMessage.id)).all()


def test_a_caller_from_there_hears_it_is_counted_and_is_told_once_when_it_is_over(session, phone, now, set_incident):
    incident = set_incident()
    agent_at(session, now)

    phone.ring().press("1").speak("phường Sài Gòn, nhà tôi mất điện")
    assert BULLETIN in phone.said
    assert session.scalar(select(func.count()).select_from(Offer)) == 0, "no agent is rung while it is said"
    phone.press("1")
    assert "đã được tính" in phone.said and phone.document.find("Hangup") is not None
    phone.hang_up()
    rounds(session, now)
    own = ticket_of(session, phone)
    assert own.master_id == incident.master_id, "their own request is answered with the incident's"
    assert session.scalar(select(func.count()).select_from(CallbackRequest)) == 0
    assert told(session) == []

    incidents.end(
        session, incident.id, closing_vi="Đã có điện lại.", closing_en="", viewer=set_incident.viewer(),
        actor=set_incident.actor, now=now,
    )  # fmt: skip
    for _ in range(3):
        rounds(session, now)

    [message] = told(session)
    assert message.address == phone.number
    assert message.params["closing"]["vi"] == "Đã có điện lại."
    assert message.params["reference"] == session.get(Ticket, incident.master_id).reference


def test_who_says_nothing_goes_on_to_a_person_in_the_order_in_which_they_came(session, phone, now, set_incident):
    set_incident()
    agent_at(session, now)
    phone.ring().press("1").speak("phường Sài Gòn, nhà tôi mất điện")
    first_place = call_of(session, phone).queued_at

    phone.wait()

    call = call_of(session, phone)
    assert call.state in (CallState.QUEUED, CallState.OFFERED)
    assert call.queued_at == first_place is not None
    assert session.scalar(select(func.count()).select_from(IncidentPerson)) == 0


def test_who_calls_about_another_kind_of_matter_hears_nothing(session, phone, now, set_incident):
    rubbish = session.scalars(select(Category).where(Category.code == "rubbish")).one()
    set_incident(category_id=rubbish.id)

    phone.ring().press("1").speak("phường Sài Gòn, đèn đường trước nhà bị hỏng")

    assert BULLETIN not in phone.said


def test_danger_goes_past_it_and_pressed_during_it_makes_the_matter_urgent(session, phone, now, set_incident):
    set_incident()
    agent_at(session, now)
    phone.ring().press("1").speak("phường Sài Gòn, nhà tôi mất điện")
    assert BULLETIN in phone.said

    phone.press("2")

    assert ticket_of(session, phone).priority is Priority.EMERGENCY
    assert call_of(session, phone).detail["emergency"] is True
    assert call_of(session, phone).state in (CallState.QUEUED, CallState.OFFERED)


def test_in_a_disaster_one_key_from_the_greeting_counts_without_a_ticket(session, phone, now, set_incident):
    incident = set_incident(units=(), is_disaster=True)
    before = session.scalar(select(func.count()).select_from(Ticket))

    phone.ring()
    assert BULLETIN in phone.said
    phone.press("1").hang_up()

    assert session.scalar(select(func.count()).select_from(Ticket)) == before
    contact = session.scalars(select(Contact).where(Contact.phone == phone.number)).one()
    assert contact.ticket_id == incident.master_id
    [person] = session.scalars(select(IncidentPerson)).all()
    assert (person.phone, person.channel) == (phone.number, Channel.VOICE)


def test_it_expires_by_itself_and_is_not_said_any_more(app: HotlineApp, session, phone, now, set_incident):
    set_incident(units=(), is_disaster=True)
    phone.ring().press("1").hang_up()
    later = now + timedelta(hours=2)

    with app.bound_to(session, later):
        other = Phone(phone.client, app.settings, to=phone.to, number="+84902000002").ring()
        assert BULLETIN not in other.said
    rounds(session, later)

    [message] = told(session)
    assert message.params["cause"] == "expired"


def test_at_night_they_are_told_in_the_morning(session, phone, now, set_incident):
    incident = set_incident(units=(), is_disaster=True)
    phone.ring().press("1").hang_up()
    incident.expires_at = now + AT_NIGHT
    session.flush()

    rounds(session, now + AT_NIGHT)

    [message] = told(session)
    assert message.not_before == now + timedelta(hours=22), "seven in the morning"


def test_when_its_request_is_answered_it_is_over_and_each_hears_it_once(app, session, phone, now, set_incident):
    incident = set_incident()
    phone.ring().press("1").speak("phường Sài Gòn, nhà tôi mất điện").press("1").hang_up()
    rounds(session, now)
    agent = staff(session, role=Role.AGENT, at="26740")

    session.get_one(Ticket, incident.master_id).status = TicketStatus.OPEN
    session.flush()
    resolution.resolve(
        session, incident.master_id, disposition=Disposition.FIXED, answer="Đã có điện.", actor=staff_actor(agent.id),
        now=now,
    )  # fmt: skip
    rounds(session, now)

    assert session.get(type(incident), incident.id).cause == "answered"
    assert ticket_of(session, phone).status is TicketStatus.RESOLVED
    assert told(session) == []
    answers = (
        select(func.count())
        .select_from(OutboundMessage)
        .where(OutboundMessage.address == phone.number, OutboundMessage.template == "ticket_resolved")
    )
    assert session.scalar(answers) == 1


def test_who_calls_twice_is_counted_once_and_a_hidden_number_is_counted_too(
    client, settings, session, city_line, now, set_incident
):
    incident = set_incident(units=(), is_disaster=True)
    for number in ("+84902000001", "+84902000001", "anonymous"):
        Phone(client, settings, to=city_line, number=number).ring().press("1").hang_up()

    [standing] = incidents.standing_incidents(session)

    assert (standing.incident.id, standing.counted) == (incident.id, 2)


def test_a_call_asks_the_database_nothing_more_because_an_incident_runs(
    client, settings, session, city_line, now, set_incident
):
    def statements(number):
        with counted(session) as seen:
            Phone(client, settings, to=city_line, number=number).ring()
        return len(seen)

    statements("+84902000000")
    without = statements("+84902000001")
    set_incident(units=(), is_disaster=True)
    statements("+84902000002")

    assert statements("+84902000003") == without


def test_a_unit_sets_it_for_its_own_area_only(session, now):
    boss = staff(session, role=Role.SUPERVISOR, at="26740")
    master = open_ticket(session, now=now)
    viewer = load_viewer(session, boss.id, now=now)

    for units in ([], [unit(session, "26743").id]):
        wanted = WantedIncident(master.ticket_id, units, None, BULLETIN, "No electricity.", timedelta(hours=1))
        with pytest.raises(InvalidInput) as refused:
            incidents.set_incident(session, wanted, viewer=viewer, actor=staff_actor(boss.id), now=now)
        assert refused.value.code == "not_your_area"


def test_who_calls_again_about_the_same_hears_what_was_set_meanwhile_once(app, session, phone, now, set_incident):
    def calls_again():
        return Phone(phone.client, app.settings, to=phone.to)

    agent_at(session, now)
    phone.ring().press("1").speak("phường Sài Gòn, nhà tôi mất điện").hang_up()
    set_incident()

    again = calls_again().ring()
    before = again.said
    again.press("1")
    heard = again.said
    again.hang_up()
    third = calls_again().ring().press("1")

    assert BULLETIN not in before and BULLETIN in heard
    assert BULLETIN not in third.said, "told is told"


def test_whom_the_end_of_it_reached_is_counted_by_the_carriers_word(app, session, phone, now, set_incident):
    incident = set_incident()
    numbers = ["+84902000001", "+84902000002", "+84902000003", "+842838291234", "anonymous"]
    for number in numbers:
        caller = Phone(phone.client, app.settings, to=phone.to, number=number)
        caller.ring().press("1").speak("phường Sài Gòn, nhà tôi mất điện").press("1").hang_up()
    incidents.end(session, incident.id, viewer=set_incident.viewer(), actor=set_incident.actor, now=now)
    rounds(session, now)
    first, second, *_ = sorted(told(session), key=lambda one: one.address)

    phone.post(f"sms-status?m={first.id}", MessageSid="SM-1", MessageStatus="delivered")
    phone.post(f"sms-status?m={second.id}", MessageSid="SM-2", MessageStatus="undelivered", ErrorCode="30005")

    session.expire_all()
    [standing] = incidents.standing_incidents(session)
    assert (standing.counted, standing.told, standing.unreachable) == (5, 4, 1), "a landline is rung"
    assert (standing.posted, standing.delivered, standing.failed) == (4, 1, 1)


LANDLINE = "+842838291234"


def counted_from_a_landline(session, app, phone, set_incident, now):
    incident = set_incident()
    caller = Phone(phone.client, app.settings, to=phone.to, number=LANDLINE)
    caller.ring().press("1").speak("phường Sài Gòn, nhà tôi mất điện").press("1")
    said = caller.said
    caller.hang_up()
    incidents.end(
        session, incident.id, closing_vi="Đã có điện lại.", closing_en="", viewer=set_incident.viewer(),
        actor=set_incident.actor, now=now,
    )  # fmt: skip
    rounds(session, now)
    return said


def call_that_tells(session):
    """The one that rings now, or will."""
    session.expire_all()
    return next(one for one in told(session) if one.state in (OutboundState.WAITING, OutboundState.SENT))


def test_a_landline_is_rung_when_it_is_over_again_while_nobody_takes_it_and_a_key_says_that_it_was_heard(
    app, session, phone, now, set_incident
):
    said = counted_from_a_landline(session, app, phone, set_incident, now)
    assert "chúng tôi gọi đến số máy này" in said

    first = call_that_tells(session)
    assert (first.channel, first.address, first.not_before) == (OutboundChannel.VOICE, LANDLINE, now)
    with message_app(app.settings).app_context():
        words = render(first.template, "voice", first.params, locale="vi", base_url="https://x.example.vn", now=now)
    assert BULLETIN in words.text and "Đã có điện lại." in words.text and "phím 1" in words.text

    phone.post(f"notice-status?m={first.id}", CallSid="CA-first", CallStatus="no-answer")
    second = call_that_tells(session)
    assert second.id != first.id and second.not_before == now + timedelta(hours=1)

    second.text = words.text
    session.flush()
    telephone = Phone(phone.client, app.settings, to=LANDLINE)
    telephone.post(f"notice?m={second.id}", CallSid="CA-second", Digits="1")

    assert telephone.said == "Xin cảm ơn ông bà." and telephone.document.find("Hangup") is not None
    session.expire_all()
    [standing] = incidents.standing_incidents(session)
    assert (standing.told, standing.posted, standing.delivered, standing.failed) == (1, 1, 1, 0)
    assert len(told(session)) == 2


def test_a_landline_at_which_nobody_is_found_is_left_alone_after_the_third_time_and_that_is_shown(
    app, session, phone, now, set_incident
):
    counted_from_a_landline(session, app, phone, set_incident, now)

    for number in range(3):
        ringing = call_that_tells(session)
        phone.post(f"notice-status?m={ringing.id}", CallSid=f"CA-{number}", CallStatus="busy")

    assert [one.state for one in told(session)] == [
        OutboundState.SUPPRESSED, OutboundState.SUPPRESSED, OutboundState.FAILED,
    ]  # fmt: skip
    [standing] = incidents.standing_incidents(session)
    assert (standing.posted, standing.failed) == (1, 1)


def test_whoever_asked_never_to_be_called_is_not_rung_about_it(app, session, phone, now, set_incident):
    incident = set_incident()
    Phone(phone.client, app.settings, to=phone.to, number=LANDLINE).ring().press("1").speak(
        "phường Sài Gòn, nhà tôi mất điện"
    ).press("1").hang_up()
    owner = select(CitizenPhone.citizen_id).where(CitizenPhone.phone == LANDLINE)
    prefer_text(session, session.scalars(owner).one())

    incidents.end(session, incident.id, viewer=set_incident.viewer(), actor=set_incident.actor, now=now)
    rounds(session, now)

    assert told(session) == []
