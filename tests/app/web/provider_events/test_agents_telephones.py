"""Where an agent's telephone is rung, who is offered calls there, and a telephone that falls silent."""

from dataclasses import replace
from datetime import timedelta

from app.phone.accounts import simulated_account
from telephony import sweep
from telephony.floor import offers, presence
from telephony.floor.floor import load_floor
from telephony.floor.telephones import cannot_ring
from telephony.provider.account import ProviderKind
from telephony.provider.account_kinds import CAPABILITIES
from tests.app.web.provider_events.voice_scene import agent_at, call_of
from tests.telephony.floor.ringing import open_offer_of
from tickets.schema import Presence
from tickets.states import PresenceState

EXCHANGE = "sip.thanh-pho.vn"


def taken(session, phone, agent, now):
    phone.ring().press("1").speak("phường Sài Gòn")
    offers.accept(session, open_offer_of(session, agent.id).id, staff_id=agent.id, now=now)
    phone.wait()
    return phone.document.find("Dial")


def test_a_telephone_at_the_exchange_is_rung_by_its_address_without_a_key(session, phone, now):
    agent = agent_at(session, now, phone=f"sip:so12@{EXCHANGE}")

    rung = taken(session, phone, agent, now).find("Sip")

    assert rung.text == f"sip:so12@{EXCHANGE}"
    assert rung.get("statusCallback").endswith("/status#rc=3&rp=all")
    phone.post("status", CallSid="CA-leg", ParentCallSid=phone.sid, CallStatus="in-progress")
    assert call_of(session, phone).answered_at == now


def test_who_cannot_be_rung_by_the_callers_provider_is_not_offered_the_call(session, phone, now):
    in_browser = agent_at(session, now - timedelta(hours=1))
    at_exchange = agent_at(session, now, phone=f"sip:so12@{EXCHANGE}")
    presence.go_away(session, in_browser.id, reason="", now=now)
    presence.go_away(session, at_exchange.id, reason="", now=now)
    phone.ring().press("1").speak("phường Sài Gòn")
    call = call_of(session, phone)
    call.detail = {**call.detail, "cannot_ring": ["client"]}
    presence.go_available(session, in_browser.id, now=now - timedelta(minutes=1))
    presence.heartbeat(session, in_browser.id, now=now)
    presence.go_available(session, at_exchange.id, phone=f"sip:so12@{EXCHANGE}", now=now)
    session.flush()

    offers.offer_waiting_calls(session, now=now)

    assert open_offer_of(session, in_browser.id) is None, "idle for longer, but their browser cannot be rung"
    assert open_offer_of(session, at_exchange.id).call_id == call.id


def test_a_plain_number_is_offered_no_caller_whose_provider_asks_for_no_key_first(session, phone, settings, now):
    at_number = agent_at(session, now - timedelta(hours=1), phone="+84901234567")
    at_exchange = agent_at(session, now, phone=f"sip:so12@{EXCHANGE}")
    for one in (at_number, at_exchange):
        presence.go_away(session, one.id, reason="", now=now)
    phone.ring().press("1").speak("phường Sài Gòn")
    call = call_of(session, phone)
    trunk = replace(simulated_account(settings), capabilities=CAPABILITIES[ProviderKind.OWN_TRUNK])
    call.detail = {**call.detail, "cannot_ring": cannot_ring(trunk)}
    presence.go_available(session, at_number.id, phone="+84901234567", now=now - timedelta(minutes=1))
    presence.heartbeat(session, at_number.id, now=now)
    presence.go_available(session, at_exchange.id, phone=f"sip:so12@{EXCHANGE}", now=now)
    session.flush()

    offers.offer_waiting_calls(session, now=now)

    assert open_offer_of(session, at_number.id) is None, "a voicemail would take them"
    assert open_offer_of(session, at_exchange.id).call_id == call.id


def test_a_console_that_beats_without_its_telephone_is_offered_no_call_and_is_put_away(session, now):
    agent = agent_at(session, now)
    presence.go_available(session, agent.id, must_register=True, now=now)
    heard = now
    for _ in range(3):
        heard += timedelta(seconds=15)
        presence.heartbeat(session, agent.id, can_ring=True, now=heard)
    assert [one.staff_id for one in load_floor(session, now=heard).agents] == [agent.id]

    silent = heard
    for _ in range(3):
        silent += timedelta(seconds=15)
        presence.heartbeat(session, agent.id, now=silent)

    assert load_floor(session, now=silent).agents == (), "the console is there; its telephone is not"
    presence.lose_silent_telephones(session, now=silent)
    mine = session.get(Presence, agent.id, populate_existing=True)
    assert (mine.state, mine.reason) == (PresenceState.AWAY, "no_telephone")


def test_a_telephone_that_is_there_again_is_rung_at_the_next_press_of_take_calls(session, now):
    agent = agent_at(session, now)
    presence.go_available(session, agent.id, must_register=True, now=now)
    later = now + timedelta(seconds=45)
    presence.heartbeat(session, agent.id, now=later)
    presence.lose_silent_telephones(session, now=later)

    presence.heartbeat(session, agent.id, can_ring=True, now=later + timedelta(seconds=1))
    still_away = session.get(Presence, agent.id, populate_existing=True).state
    presence.go_available(session, agent.id, must_register=True, now=later + timedelta(seconds=2))

    assert still_away is PresenceState.AWAY, "who was put away is told, and comes back by a press"
    assert len(load_floor(session, now=later + timedelta(seconds=3)).agents) == 1


def test_whose_telephone_falls_silent_in_the_middle_of_a_talk_keeps_the_talk(session, phone, now):
    agent = agent_at(session, now)
    presence.go_available(session, agent.id, must_register=True, now=now)
    taken(session, phone, agent, now)
    later = now + timedelta(minutes=2)

    presence.lose_silent_telephones(session, now=later)

    assert session.get(Presence, agent.id, populate_existing=True).state is PresenceState.ON_CALL
    assert len(load_floor(session, now=later).agents) == 1


def test_the_sweep_puts_away_whose_telephone_is_silent(session, now):
    agent = agent_at(session, now)
    presence.go_available(session, agent.id, must_register=True, now=now - timedelta(seconds=50))
    presence.heartbeat(session, agent.id, now=now)

    sweep.sweep(session, lambda _: None, now=now)

    mine = session.get(Presence, agent.id, populate_existing=True)
    assert (mine.state, mine.reason) == (PresenceState.AWAY, "no_telephone")
