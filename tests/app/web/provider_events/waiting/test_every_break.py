"""Every state of a call × every break: the same caller, at the same place, with all that was pressed or said."""

import time
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from app.clock import utc_now
from app.web.factory import create_app
from telephony.floor import offers, presence
from tests.app.web.provider_events.waiting.waiting_scene import (
    STATES,
    call_of,
    come_back,
    free_the_agent,
    in_queue,
    in_same_words,
    in_talk,
    on_hold,
    row_locked,
    stopped,
)
from tests.factories import staff
from tests.faults.nodes import LONG
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.schema import Call, CitizenPhone, Ticket
from tickets.states import CallState, Role


@dataclass
class Scene:
    """One call about to be told something, and all that can be broken."""

    phone: Phone
    heard: dict
    committed: object
    servers: object
    settings: object


def asked_twice(scene):
    """The provider did not hear us the first time, nor the second."""
    action = scene.phone.next_action()
    answers = {scene.phone.post(action, scene.heard).data for _ in range(3)}
    assert len(answers) == 1, "a request told again gets the same bytes"


def told_late(scene):
    """An earlier request comes once more, behind the one that followed it."""
    earlier = scene.phone.next_action()
    told = scene.phone.post(earlier, scene.heard).data
    document = scene.phone.document
    scene.phone.follow()
    if scene.phone.next_action() == document.find("Redirect"):
        return
    now_at = scene.phone.document
    assert scene.phone.post(earlier, scene.heard).data == told
    scene.phone.document = now_at


def row_in_other_hands(scene):
    """Somebody of ours works on the caller's row for three seconds."""
    with row_locked(scene.committed, scene.phone, seconds=3):
        scene.phone.post(scene.phone.next_action(), scene.heard)


def database_away(scene):
    """Its server is stopped while the request is answered, and is back a moment later."""
    with stopped(scene.servers, scene.committed):
        scene.phone.post(scene.phone.next_action(), scene.heard)
        time.sleep(0.5)


def process_killed(scene):
    """The process dies with the request in its hands; another one, which knows nothing of it, gets the next."""
    with row_locked(scene.committed, scene.phone, seconds=20):
        scene.phone.post(scene.phone.next_action(), scene.heard)
    scene.phone.client = create_app(scene.settings).test_client()


def answer_lost(scene):
    """We answered, and it never arrived: the provider asks the fallback address."""
    action = scene.phone.next_action().split("#")[0]
    scene.phone.post(action, scene.heard)
    scene.phone.post("fallback", scene.heard, ErrorCode="11200", ErrorUrl=action)


def leg_told_first(scene):
    """An agent's leg is said to be down before the step that follows from it; said of no leg at all, it is nothing."""
    action = scene.phone.next_action()
    leg = {"CallSid": f"{scene.phone.sid}-leg", "ParentCallSid": scene.phone.sid}
    scene.phone.post("status", leg, CallStatus="completed")
    scene.phone.post(action, scene.heard)


BREAKS = [asked_twice, told_late, row_in_other_hands, database_away, process_killed, answer_lost, leg_told_first]


# All in the long form; otherwise every third, which leaves out no state and no break.
CELLS = [
    pytest.param(reach, broken, id=f"{reach.__name__}-{broken.__name__}")
    for across, reach in enumerate(STATES)
    for down, broken in enumerate(BREAKS)
    if LONG or (across + down) % 3 == 0
]


@pytest.mark.parametrize(("reach", "broken"), CELLS)
def test_no_break_costs_a_caller_anything(phone, committed, servers, app, own_settings, agent, reach, broken):
    """The same call, once undisturbed and once broken, comes to the same words, the same state and the same matter."""
    smooth, heard = reach(Phone(phone.client, own_settings, to=phone.to, number="+84902222222"), committed, agent)
    smooth.post(smooth.next_action(), heard)
    smooth.follow()
    expected = in_same_words(smooth.said), call_of(committed, smooth).state, matter_of(committed, smooth)
    free_the_agent(committed, smooth, agent)
    phone, heard = reach(phone, committed, agent)
    before = call_of(committed, phone)

    broken(Scene(phone, heard, committed, servers, own_settings))
    time.sleep(0.1)
    come_back(phone)

    call = call_of(committed, phone)
    assert (in_same_words(phone.said), call.state, matter_of(committed, phone)) == expected
    assert before.ticket_id is None or call.ticket_id == before.ticket_id
    assert before.queued_at is None or call.queued_at <= before.queued_at, "the place is kept"
    assert tickets_of(committed, phone) <= 1


def matter_of(committed, phone):
    with committed.factory() as session:
        found = session.execute(
            select(Ticket.unit_id, Ticket.priority, Ticket.subject)
            .join(Call, Call.ticket_id == Ticket.id)
            .where(Call.call_sid == phone.sid)
        ).one_or_none()
        return tuple(found) if found else None


def tickets_of(committed, phone):
    with committed.factory() as session:
        mine = select(func.count(Ticket.id.distinct())).join(CitizenPhone, CitizenPhone.citizen_id == Ticket.citizen_id)
        return session.scalar(mine.where(CitizenPhone.phone == phone.number))


def of_the_city(committed):
    with committed.factory() as session:
        person = staff(session, role=Role.AGENT, at="TTDH", languages=["vi"]).id
        presence.go_available(session, person, now=utc_now())
        session.commit()
    return person


def emergency(phone, committed, agent):
    return phone.ring().press("2"), {"Digits": ""}


@pytest.mark.parametrize("reach", [in_queue, emergency, in_talk, on_hold], ids=lambda state: state.__name__)
def test_who_is_cut_off_and_calls_again_goes_on_where_they_were(phone, committed, own_settings, agent, reach):
    # Danger that nobody has placed is the city's to answer.
    agent = of_the_city(committed) if reach is emergency else agent
    phone, _ = reach(phone, committed, agent)
    before, matter = call_of(committed, phone), matter_of(committed, phone)
    others = Phone(phone.client, own_settings, to=phone.to, number="+84906666666").ring().press("0")
    free_the_agent(committed, phone, agent)

    again = Phone(phone.client, own_settings, to=phone.to, number=phone.number).ring().press("1")

    call = call_of(committed, again)
    assert call.ticket_id == before.ticket_id and matter_of(committed, again) == matter
    assert bool(call.detail.get("emergency")) == (reach is emergency)
    assert call.queued_at <= call_of(committed, others).queued_at, "nobody who came meanwhile is before them"
    with committed.factory() as session:
        offers.offer_waiting_calls(session, now=utc_now())
        offers.accept(session, open_offer_of(session, agent).id, staff_id=agent, now=utc_now())
        session.commit()
    again.wait()
    assert again.document.find("Dial/Client/Identity").text == f"agent_{agent}"
    assert call_of(committed, again).state is CallState.TALKING
