"""Who waits and is not heard, and whose talk an agent ends: the provider is asked whether there is anybody.

The dead are let go, the living fetched back to their place.
"""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.clock import utc_now
from app.phone.answers import Phones
from app.phone.ended_talks import take_down_again
from app.phone.silent_callers import AskedFor, ask_for_silent_callers
from telephony.floor import offers, presence
from tests.app.phone.asked.asked_scene import LEG, ends, soon
from tests.conftest import NOW
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.schema import Call, CallbackRequest, Line, TimelineEntry
from tickets.states import CallState, PresenceState, TimelineKind

LATER = NOW + timedelta(minutes=3)


@pytest.fixture
def ask(committed, app, provider):
    """One round of the leader's job, three minutes later."""
    phones = Phones(app.settings, app.reference)
    return lambda: ask_for_silent_callers(committed.factory, phones, now=LATER)


@pytest.fixture
def ask_again(committed, app, provider):
    """One round of the leader's job, a minute from now."""
    phones = Phones(app.settings, app.reference)
    return lambda: take_down_again(committed.factory, phones, now=utc_now() + timedelta(minutes=1))


@pytest.fixture
def phone(app, committed, agent):
    """A caller in the queue of a ward whose agent is not at the desk, unheard for three minutes."""
    with committed.factory() as session:
        line = session.scalars(select(Line).where(Line.is_city)).first().phone
    phone = Phone(app.test_client(), app.settings, to=line).ring().press("1").speak("phường Sài Gòn")
    silent_since(committed, NOW)
    return phone


def silent_since(committed, at):
    with committed.factory() as session:
        call = session.scalars(select(Call)).one()
        call.detail = {**call.detail, "seen_at": at.isoformat()}
        call.queued_at, call.state = NOW, CallState.QUEUED
        session.commit()


def state_of(committed):
    with committed.factory() as session:
        return session.scalars(select(Call.state)).one()


def rings(committed, agent):
    """Whether the agent, back at the desk, is rung for this caller."""
    with committed.factory() as session:
        presence.go_available(session, agent, now=LATER)
        offers.offer_waiting_calls(session, now=LATER)
        session.commit()
        return open_offer_of(session, agent) is not None


def test_an_agent_who_answered_somebody_who_was_gone_by_then_is_free_again(committed, phone, agent, provider, ask):
    provider.calls[phone.sid] = "completed"
    with committed.factory() as session:
        call = session.scalars(select(Call)).one()
        call.state, call.agent_id = CallState.OFFERED, agent
        presence.begin_talk(presence.go_available(session, agent, now=NOW), call.id, now=NOW)
        session.commit()

    assert ask() == AskedFor(gone=1)

    assert state_of(committed) is CallState.ENDED
    with committed.factory() as session:
        assert presence.presence_of(session, agent).state is PresenceState.AVAILABLE


def test_who_hung_up_without_anybody_telling_us_is_let_go_and_called_back(committed, phone, agent, provider, ask):
    provider.calls[phone.sid] = "completed"

    assert ask() == AskedFor(gone=1)

    assert state_of(committed) is CallState.ENDED
    assert not rings(committed, agent)
    with committed.factory() as session:
        assert session.scalars(select(CallbackRequest.phone)).all() == [phone.number]


def test_who_is_still_on_the_line_is_fetched_back_to_their_place_and_rung_for(committed, phone, agent, provider, ask):
    provider.calls[phone.sid] = "in-progress"
    assert not rings(committed, agent), "nobody is rung for who may be gone"

    assert ask() == AskedFor(fetched=1)
    [(led, url)] = provider.led
    assert led == phone.sid
    phone.post(url)

    assert "người tiếp theo" in phone.said or phone.document.find("Gather") is not None
    silent_since(committed, LATER)
    assert rings(committed, agent)


def test_who_is_heard_is_not_asked_about(committed, phone, provider, ask):
    silent_since(committed, LATER - timedelta(seconds=30))
    provider.calls[phone.sid] = "completed"

    assert ask() == AskedFor()
    assert state_of(committed) is CallState.QUEUED


@pytest.mark.parametrize("broken", [True, False])
def test_a_provider_that_does_not_know_or_answer_ends_nobodys_call(committed, phone, provider, ask, broken):
    provider.broken = broken

    assert ask() == AskedFor()
    assert state_of(committed) is CallState.QUEUED


def talked_of(committed):
    with committed.factory() as session:
        return session.scalars(select(TimelineEntry.params).where(TimelineEntry.kind == TimelineKind.CALL)).all()


def test_a_talk_whose_caller_went_without_a_word_is_over_as_soon_as_the_agent_ends_it(
    committed, talk, client, provider
):
    provider.calls[talk.sid] = "completed"

    bar = ends(committed, client)

    assert "ready again in" in bar, "the agent writes it down at once"
    assert soon(lambda: state_of(committed) is CallState.ENDED), "and so does nobody wait for the next round"
    assert (LEG, "") in provider.led, "the agent's own leg is taken down"
    assert [one["seconds"] >= 120 for one in talked_of(committed)] == [True]


def test_an_agent_writes_down_while_a_provider_is_away_and_the_call_is_over_when_it_is_back(
    committed, talk, client, provider, ask_again
):
    provider.broken = True

    assert "ready again in" in ends(committed, client)
    assert ask_again() == 0 and state_of(committed) is CallState.TALKING

    provider.broken, provider.calls[talk.sid] = False, "in-progress"
    assert ask_again() == 0, "who is still there is no ghost"
    _, url = provider.led[-1]
    talk.post(url)
    assert talk.document.find("Hangup") is not None, "they hear our goodbye"

    provider.calls[talk.sid] = "completed"
    assert ask_again() == 1 and state_of(committed) is CallState.ENDED
    assert len(talked_of(committed)) == 1


def test_a_caller_whose_talk_ends_on_hold_hears_the_goodbye_at_once(committed, talk, client, provider):
    provider.calls[talk.sid] = "in-progress"

    assert "ready again in" in ends(committed, client, held=True)

    assert soon(lambda: len(provider.led) == 2), "led into the hold loop, and out of it"
    talk.post(provider.led[-1][1])
    assert talk.document.find("Hangup") is not None


def test_who_was_not_connected_yet_when_the_agent_ends_the_call_is_in_line_again(committed, app, agent, client, phone):
    with committed.factory() as session:
        call = session.scalars(select(Call)).one()
        call.detail = {**call.detail, "seen_at": utc_now().isoformat()}
        presence.go_available(session, agent, now=utc_now())
        offers.offer_waiting_calls(session, now=utc_now())
        offers.accept(session, open_offer_of(session, agent).id, staff_id=agent, now=utc_now())
        session.commit()

    ends(committed, client)

    assert state_of(committed) is CallState.QUEUED
    phone.wait()
    assert phone.document.find("Gather") is not None, "neither let go, nor connected to who did not want it"
