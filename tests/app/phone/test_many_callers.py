"""A storm: everybody calls within ten minutes, and each is counted, heard or called back, and told once at the end."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.app.web.provider_events.voice_scene import agent_at
from tests.factories import open_ticket, staff
from tests.telephony.phone import Phone
from tickets.people.actor import staff_actor
from tickets.people.roles import load_viewer
from tickets.schema import Call, CallbackRequest, Contact, IncidentPerson, Line, OutboundMessage, Recording
from tickets.states import CallState, Role
from tickets.work import incident_people, incidents
from tickets.work.incidents import WantedIncident

WITHIN = timedelta(minutes=10)
MOST_WAITING = 5
# Whoever waits hears music, and tells us so when a piece is over; of whom nothing is heard has gone.
HEARD_EVERY = timedelta(seconds=45)
# What callers do, in turn: half are counted at once, others want a person, say nothing, leave a message, want to be
# called, have another matter, change the language, are in danger, or hang up without a word.
COUNTED, PERSON, SILENT, MESSAGE, CALLBACK, OTHER, ENGLISH, DANGER, GONE = (
    ("1",), ("0",), ("",), ("8",), ("9",), ("7", "1"), ("*", "1"), ("2",), (),
)  # fmt: skip
CALLERS = (
    COUNTED, PERSON, COUNTED, SILENT, COUNTED, MESSAGE, COUNTED, CALLBACK, COUNTED, OTHER, COUNTED, ENGLISH, COUNTED,
    DANGER, COUNTED, GONE,
)  # fmt: skip


@pytest.fixture
def storm(session, now):
    boss = staff(session, role=Role.SUPERVISOR, at="79")
    master = open_ticket(session, now=now)
    viewer, actor = load_viewer(session, boss.id, now=now), staff_actor(boss.id)
    wanted = WantedIncident(
        master.ticket_id, [], None, "Bão đang vào thành phố.", "A storm is coming.", timedelta(hours=3),
        is_disaster=True, most_waiting=MOST_WAITING,
    )  # fmt: skip
    incident = incidents.set_incident(session, wanted, viewer=viewer, actor=actor, now=now)

    def end(at):
        incidents.end(session, incident.id, viewer=viewer, actor=actor, now=at)
        while incident_people.tell_some(session, now=at):
            pass

    return end


@pytest.mark.parametrize("count", [64, pytest.param(2_000, marks=pytest.mark.slow)])
def test_in_a_storm_nobody_is_hung_up_on_and_all_who_are_counted_are_told_once(
    app, session, settings, now, storm, count
):
    agent_at(session, now)
    line = session.scalars(select(Line).where(Line.is_city)).first().phone
    counted_numbers, in_line, heard_at = set(), [], now
    for number in range(count):
        keys, phone_number = CALLERS[number % len(CALLERS)], f"+8490{number:07d}"
        at = now + WITHIN * number / count
        if at - heard_at >= HEARD_EVERY:
            heard_at = at
            with app.bound_to(session, at):
                for one in in_line:
                    if waits(session, one):
                        one.wait()
        with app.bound_to(session, at):
            phone = Phone(app.test_client(), settings, to=line, number=phone_number).ring()
            assert phone.response.status_code == 200
            for key in keys:
                phone.press(key) if key else phone.wait()
            heard_out(phone, keys)
        if waits(session, phone):
            in_line.append(phone)
        if keys in (COUNTED, ENGLISH):
            counted_numbers.add(phone_number)
    after = now + WITHIN

    storm(after)
    storm_over = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "incident_over"))

    assert sorted(one.address for one in storm_over) == sorted(counted_numbers), "each once, and nobody else"
    assert session.scalar(select(func.count()).select_from(IncidentPerson)) == len(counted_numbers)
    assert without_a_trace(session) == []
    assert most_waited(session) <= MOST_WAITING + count // len(CALLERS), "beyond the cap only who is in danger waits"


def waits(session, phone):
    state = session.scalar(select(Call.state).where(Call.call_sid == phone.sid))
    return state in (CallState.QUEUED, CallState.OFFERED)


def heard_out(phone, keys):
    """To the end of what this caller wants. A document that ends the call is one after which nothing is open."""
    if keys == CALLBACK:
        phone.press("1")
    while phone.document.find("Record") is not None:
        phone.record()
    if phone.document.find("Hangup") is not None:
        said = phone.said
        assert any(words in said for words in ("đã được tính", "You are counted", "sẽ gọi lại số", "được ghi nhận")), (
            said
        )
    if keys in (GONE, MESSAGE, CALLBACK, COUNTED, ENGLISH) or phone.document.find("Hangup") is not None:
        phone.hang_up()


def without_a_trace(session):
    """Calls that led to no ticket, no count, no message and no callback, and that wait for nobody."""
    waits = Call.state.in_((CallState.QUEUED, CallState.OFFERED, CallState.PLACE))
    told = (
        select(IncidentPerson.contact_id).where(IncidentPerson.contact_id.is_not(None)),
        select(Contact.id).where(Contact.ticket_id.is_not(None)),
    )
    return session.scalars(
        select(Call.phone).where(
            ~waits,
            *(Call.contact_id.not_in(one) for one in told),
            Call.id.not_in(select(CallbackRequest.call_id).where(CallbackRequest.call_id.is_not(None))),
            Call.id.not_in(select(Recording.call_id).where(Recording.call_id.is_not(None))),
        )
    ).all()


def most_waited(session):
    waiting = Call.state.in_((CallState.QUEUED, CallState.OFFERED))
    return session.scalar(select(func.count()).select_from(Call).where(waiting))
