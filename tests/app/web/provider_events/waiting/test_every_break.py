"""Every state of a call × every break: the same caller, at the same place, with all that was said, and a person."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from telephony.calls import end_hold
from telephony.floor import offers
from tests.app.web.provider_events.waiting.breaks import (
    BREAKS,
    AskedCarrier,
    Scene,
    database_away_for_a_minute,
    leg_told_first,
    reconciled,
    swept,
)
from tests.app.web.provider_events.waiting.rarer_states import RARER_STATES, answers_for_the_city, in_danger
from tests.app.web.provider_events.waiting.waiting_scene import (
    STATES,
    call_of,
    come_back,
    free_the_agent,
    in_queue,
    in_same_words,
    in_talk,
    listened_to,
    on_hold,
)
from tests.faults.nodes import LONG
from tests.telephony.phone import Phone
from tickets.schema import Call, CallbackRequest, CitizenPhone, Offer, Presence, Recording, Ticket
from tickets.states import CallState

WITH_SOMEBODY = (CallState.QUEUED, CallState.OFFERED, CallState.TALKING)
EVERY_STATE = [*STATES, *RARER_STATES]


@pytest.fixture
def carrier():
    asked = AskedCarrier()
    yield asked
    asked.close()


@pytest.fixture
def own_settings(own_settings, carrier):
    """The built-in carrier's REST side lies at our own address, and is this test's."""
    return own_settings.model_copy(update={"public_base_url": carrier.base_url})


@pytest.fixture
def agent(committed, agent):
    """Whom all these matters come to, wherever they belong."""
    answers_for_the_city(committed, agent)
    return agent


def cells(others, *, every, always=()):
    """All in the long form; otherwise every so many, which leaves out no state and none of the others.

    Of `always` the first of the others is kept in the short form too.
    """
    return [
        pytest.param(reach, other, id=f"{reach.__name__}-{other.__name__}")
        for across, reach in enumerate(EVERY_STATE)
        for down, other in enumerate(others)
        if LONG or (across + down) % every == 0 or (reach in always and down == 0)
    ]


BROKEN = cells(BREAKS, every=5)


@pytest.mark.parametrize(("reach", "broken"), BROKEN)
def test_no_break_costs_a_caller_anything(phone, committed, servers, app, own_settings, agent, carrier, reach, broken):
    """The same call, once undisturbed and once broken, comes to the same words, the same state, matter and person."""
    # Who is to be led into a room, and whose agent's leg drops on its way there, is cut off as anybody in a talk is.
    as_one = in_talk if (reach, broken) == (listened_to, leg_told_first) else reach
    smooth, heard = as_one(Phone(phone.client, own_settings, to=phone.to, number="+84902222222"), committed, agent)
    smooth.post(smooth.next_action(), heard)
    smooth.follow()
    expected = in_same_words(smooth.said), call_of(committed, smooth).state, matter_of(committed, smooth)
    hears_of_nobody = is_told_of_nobody(committed, smooth)
    free_the_agent(committed, smooth, agent)
    phone, heard = reach(phone, committed, agent)
    before = call_of(committed, phone)
    scene = Scene(phone, heard, committed, servers, own_settings, carrier)

    broken(scene)
    time.sleep(0.1)
    come_back(phone)

    call = call_of(committed, phone)
    came_to = in_same_words(phone.said), call.state, matter_of(committed, phone)
    if broken is database_away_for_a_minute and call.state in WITH_SOMEBODY:
        # How long they have waited is said anew.
        assert expected[1] in WITH_SOMEBODY and came_to[2] == expected[2], phone.said
    else:
        assert came_to == expected
    assert is_told_of_nobody(committed, phone) == hears_of_nobody, "and that nobody is there only where nobody is"
    assert before.ticket_id is None or call.ticket_id == before.ticket_id
    assert before.queued_at is None or call.queued_at <= before.queued_at, "the place is kept"
    assert tickets_of(committed, phone) <= 1
    assert recordings_of(committed, phone) <= 1
    if call.state in WITH_SOMEBODY:
        come_to_a_person(scene)


def come_to_a_person(scene):
    """Consoles beat, the floor is swept, whoever it rings at takes the call: the caller is led to them."""
    phone, now = scene.phone, scene.now
    swept(scene)
    for _ in range(4):
        if phone.document.find("Dial") is not None:
            break
        with scene.committed.factory() as session:
            call = session.scalars(select(Call).where(Call.call_sid == phone.sid)).one()
            beat = text("update presence set heartbeat_at = :now, state = case when state in ('wrap_up', 'offline') "
                        "then 'available' else state end, wrap_up_until = null")  # fmt: skip
            session.execute(beat, {"now": now})
            end_hold(call, now=now)
            offers.offer_waiting_calls(session, now=now)
            offer = session.scalars(
                select(Offer).where(Offer.call_id == call.id, Offer.outcome.is_(None))
            ).one_or_none()
            if offer is not None and call.state is CallState.OFFERED:
                offers.accept(session, offer.id, staff_id=offer.staff_id, now=now)
            session.commit()
        phone.wait()
    led_to = phone.document.find("Dial")
    assert led_to is not None, f"nobody came: {phone.said}"
    call = call_of(scene.committed, phone)
    assert call.state is CallState.TALKING
    if (name := led_to.find("Client/Identity")) is not None:
        assert name.text == f"agent_{call.agent_id}"


def is_told_of_nobody(committed, phone):
    return "nobody" in call_of(committed, phone).detail.get("told", ())


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


def recordings_of(committed, phone):
    with committed.factory() as session:
        mine = select(func.count(Recording.id)).join(Call, Call.id == Recording.call_id)
        return session.scalar(mine.where(Call.call_sid == phone.sid))


def told(scene):
    scene.phone.hang_up()


def learnt_of_later(scene):
    """Nobody tells us; the provider is asked about a call that was quiet for long."""
    scene.carrier.calls[scene.phone.sid] = "completed"
    assert reconciled(scene).calls == 1


def called_back(committed, phone):
    with committed.factory() as session:
        session.execute(
            text("update callback_request set state = 'done' where phone = :phone"), {"phone": phone.number}
        )
        session.commit()


def left_behind(committed, phone):
    """What a call that has ended leaves: itself, its matter, who is to be called, and an agent who is free of it."""
    call, matter = call_of(committed, phone), matter_of(committed, phone)
    with committed.factory() as session:
        asked = select(CallbackRequest.reason, CallbackRequest.state).where(CallbackRequest.phone == phone.number)
        rings = session.scalar(select(Offer.id).where(Offer.call_id == call.id, Offer.outcome.is_(None)))
        talks = session.scalar(select(Presence.state).where(Presence.call_id == call.id, Presence.state == "on_call"))
        assert (rings, talks) == (None, None)
        return call.state, call.ended_at is not None, matter, session.execute(asked).all()


# Of those whom most depends on we hear at once in the short form too, whichever way the pattern gives them.
CUT_OFF = cells([told, learnt_of_later], every=2, always=[in_queue, in_danger, in_talk, on_hold])


@pytest.mark.parametrize("kept", [BROKEN, CUT_OFF])
def test_the_short_form_leaves_out_no_state(kept):
    assert {cell.values[0] for cell in kept} == set(EVERY_STATE)


def test_the_short_form_always_holds_the_states_that_most_are_cut_off_in():
    hears_at_once = {reach for reach, hung_up in (cell.values for cell in CUT_OFF) if hung_up is told}
    assert {in_queue, in_danger, in_talk, on_hold} <= hears_at_once


@pytest.mark.parametrize(("reach", "hung_up"), CUT_OFF)
def test_who_is_cut_off_and_calls_again_goes_on_where_they_were(
    phone, committed, servers, own_settings, agent, carrier, reach, hung_up
):
    """Whether we are told that the line is down or find it out: the same is left, and whoever calls again goes on."""
    smooth, _ = reach(Phone(phone.client, own_settings, to=phone.to, number="+84902222222"), committed, agent)
    undisturbed = Scene(smooth, {}, committed, servers, own_settings, carrier)
    undisturbed.let_pass(timedelta(minutes=1))
    told(undisturbed)
    expected = left_behind(committed, smooth)
    # Nobody is kept for them who is to take the call that this is about.
    called_back(committed, smooth)
    free_the_agent(committed, smooth, agent)
    smooth.client.application.time = type(smooth.client.application.time)(timedelta(0))
    phone, _ = reach(phone, committed, agent)
    before = call_of(committed, phone)
    scene = Scene(phone, {}, committed, servers, own_settings, carrier)
    scene.let_pass(timedelta(minutes=1))

    hung_up(scene)

    assert left_behind(committed, phone) == expected
    before = before if before.ticket_id else call_of(committed, phone)
    free_the_agent(committed, phone, agent)
    others = Phone(phone.client, own_settings, to=phone.to, number="+84906666666").ring().press("0")
    again = Scene(Phone(phone.client, own_settings, to=phone.to, number=phone.number), {}, committed, servers,
                  own_settings, carrier)  # fmt: skip
    goes_on(again.phone, committed, before)
    call = call_of(committed, again.phone)
    if before.queued_at is not None and (before.answered_at is None or hung_up is told) and is_unfinished(before):
        assert call.queued_at <= call_of(committed, others).queued_at, "nobody who came meanwhile is before them"
    free_the_agent(committed, others, agent)
    come_to_a_person(again)


def is_unfinished(call):
    return not call.detail.get("agent_finished")


def goes_on(phone, committed, before):
    """One key where they are asked whether it is about the same; the same matter, as urgent as it was."""
    phone.ring()
    if before.ticket_id is None:
        phone.press("1").speak("phường Sài Gòn")
        assert tickets_of(committed, phone) == 1
        return
    assert call_of(committed, phone).detail["asking"] == "called_lately", phone.said
    phone.press("1")
    call = call_of(committed, phone)
    assert call.ticket_id == before.ticket_id
    assert bool(call.detail.get("emergency")) == bool(before.detail.get("emergency"))
    assert tickets_of(committed, phone) == 1
