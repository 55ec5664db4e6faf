"""A caller who waits is never sent away by trouble of ours: asked to hold the line, back at the same turn, answered."""

import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from app.clock import utc_now
from app.phone.answers import StepUrls
from app.phone.replay import Replayer
from telephony.floor import offers, presence
from telephony.provider import held_turn
from telephony.sweep import Hearing, sweep
from tests.app.web.provider_events.waiting.waiting_scene import (
    STATES,
    at_callback,
    at_menu,
    at_menu_in_english,
    at_pin,
    at_place,
    at_voicemail,
    call_of,
    come_back,
    door_of,
    free_the_agent,
    in_queue,
    in_same_words,
    in_talk,
    is_hold,
    row_locked,
    stopped,
)
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.schema import Call, CallbackRequest, Recording, Ticket
from tickets.states import CallState, PresenceState


@pytest.mark.parametrize("reach", STATES, ids=lambda state: state.__name__)
def test_a_lock_costs_a_waiting_caller_a_moment_and_nothing_that_was_pressed_or_said(
    phone, committed, app, agent, reach
):
    """The same call, once undisturbed and once with the row locked, comes to the same words and the same state."""
    smooth, heard = reach(Phone(phone.client, app.settings, to=phone.to, number="+84902222222"), committed, agent)
    smooth.post(smooth.next_action(), heard)
    smooth.follow()
    expected = (smooth.said, call_of(committed, smooth).state)
    free_the_agent(committed, smooth, agent)
    phone, heard = reach(phone, committed, agent)
    locale = "en" if reach is at_menu_in_english else "vi"
    action = phone.next_action()

    with row_locked(committed, phone, seconds=20):
        phone.post(action, heard)
        was_held, first = is_hold(phone.document, locale), phone.response.data
        phone.post(action, heard)
        again = phone.response.data
    come_back(phone)

    assert was_held
    assert first == again, "a request told twice gets the same bytes"
    assert (in_same_words(phone.said), call_of(committed, phone).state) == (in_same_words(expected[0]), expected[1])
    assert call_of(committed, phone).state is not CallState.FAILSAFE


@pytest.mark.parametrize("reach", [at_menu, at_place, in_queue, in_talk], ids=lambda state: state.__name__)
def test_a_lock_of_three_seconds_is_held_out_round_after_round(phone, committed, agent, reach):
    phone, heard = reach(phone, committed, agent)

    with row_locked(committed, phone, seconds=3):
        phone.post(phone.next_action(), heard)
        began, held = time.monotonic(), 0
        while time.monotonic() - began < 2:
            assert is_hold(phone.document), phone.said
            held += 1
            phone.post(phone.document.find("Redirect").text)
    come_back(phone)

    assert held >= 2
    assert call_of(committed, phone).state not in (CallState.FAILSAFE, CallState.ENDED)


def test_what_was_keyed_is_in_no_address_that_could_be_read_and_comes_back_all_the_same(phone, committed, agent):
    phone, heard = at_pin(phone, committed, agent)

    with row_locked(committed, phone, seconds=5):
        phone.post(phone.next_action(), heard)
        address = phone.document.find("Redirect").text
    come_back(phone)

    assert phone.pin not in address
    assert parse_qs(urlsplit(address).query)["turn"], "the turn is in it as it was"
    assert "Đơn vị đang phụ trách" in phone.said


def test_while_the_database_is_stopped_waiting_callers_hold_and_a_new_one_leaves_a_message_and_both_are_served_after(
    phone, committed, app, servers, agent
):
    phone, _ = in_queue(phone, committed, agent)
    place = call_of(committed, phone).queued_at
    late = Phone(phone.client, app.settings, to=phone.to, number="+84903333333")

    with stopped(servers, committed):
        phone.post(phone.next_action(), Digits="")
        # Long enough for the breaker to open, and then some.
        for _ in range(12):
            assert is_hold(phone.document), phone.said
            phone.post(phone.document.find("Redirect").text)
        is_open = door_of(app).breaker.is_open
        late.post("voice", CallStatus="ringing")
    time.sleep(2.1)
    rounds = come_back(phone)
    with committed.factory() as session:
        offers.offer_waiting_calls(session, now=utc_now())
        offers.accept(session, open_offer_of(session, agent).id, staff_id=agent, now=utc_now())
        session.commit()
    phone.wait()

    assert is_open
    assert late.document.find("Record") is not None, "a call that only arrives gets the fail-safe document"
    assert rounds >= 1
    assert phone.document.find("Dial/Client/Identity").text == f"agent_{agent}"
    call = call_of(committed, phone)
    assert (call.state, call.queued_at) == (CallState.TALKING, place)


def test_who_hangs_up_while_holding_is_served_from_what_was_kept_on_disk(phone, committed, app, servers, agent):
    phone, heard = at_callback(phone, committed, agent)
    other = Phone(phone.client, app.settings, to=phone.to, number="+84904444444")
    spoken, message = at_voicemail(other, committed, agent)

    with stopped(servers, committed):
        phone.post(phone.next_action(), heard)
        spoken.post(spoken.next_action(), message, CallStatus="completed")
        phone.hang_up()
        spoken.hang_up()
    Replayer(door_of(app).spool, door_of(app).phones, committed.factory).replay_now()

    with committed.factory() as session:
        asked = session.scalars(select(CallbackRequest.phone).where(CallbackRequest.phone == phone.number)).all()
        kept = session.scalars(select(Recording.recording_sid)).all()
        states = set(session.scalars(select(Call.state).where(Call.call_sid.in_((phone.sid, spoken.sid)))))
        tickets = session.scalar(select(func.count()).select_from(Ticket))
    assert asked == [phone.number]
    assert kept == [message["RecordingSid"]]
    assert states == {CallState.ENDED}
    assert tickets == 2
    assert door_of(app).spool.depth() == 0


def test_locks_and_slow_statements_open_no_breaker(phone, committed, app, own_settings, agent):
    phone, heard = at_menu(phone, committed, agent)

    with row_locked(committed, phone, seconds=20):
        phone.post(phone.next_action(), heard)
        for _ in range(8):
            phone.post(phone.document.find("Redirect").text)
        other = Phone(phone.client, own_settings, to=phone.to, number="+84905555555")
        other.ring()

    assert not door_of(app).breaker.is_open
    assert "ghi âm" in other.said, "nobody else notices"


def test_a_step_whose_answer_was_lost_on_its_way_is_asked_for_again_by_way_of_the_fallback_address(
    phone, committed, agent
):
    phone, _ = in_queue(phone, committed, agent)
    failed = phone.next_action().split("#")[0]

    phone.post("fallback", ErrorCode="11200", ErrorUrl=failed)
    was_held = is_hold(phone.document)
    come_back(phone)

    assert was_held
    assert call_of(committed, phone).state in (CallState.QUEUED, CallState.OFFERED)


def test_a_fallback_for_anybody_elses_address_is_the_failsafe_document(phone, agent):
    phone.post("fallback", ErrorCode="11200", ErrorUrl="https://elsewhere.example/webhooks/sim/queue?turn=3")

    assert phone.document.find("Record") is not None


def test_whoever_picks_up_an_agents_telephone_hears_the_whisper_also_without_a_database(
    phone, committed, servers, agent
):
    with stopped(servers, committed):
        phone.post("whisper")
        asked = phone.said
        phone.post(phone.next_action(), Digits="1")

    assert "Để nhận, bấm phím 1" in asked
    assert len(phone.document) == 0, "connected"


def test_a_leader_who_is_called_holds_the_line_too_and_the_key_is_kept(phone, committed, app, servers):
    with stopped(servers, committed):
        phone.post("notice?m=7&locale=en", Digits="1")
        held, address = is_hold(phone.document, "en"), phone.document.find("Redirect").text
        (kept,) = door_of(app).spool.waiting()
    come_back(phone)

    assert held
    assert parse_qs(urlsplit(address).query)["m"] == ["7"]
    assert (kept.webhook.kind, kept.webhook.form["keys"], kept.was_held) == ("notice", "1", True)
    assert phone.document.find("Redirect") is None, "answered: there is no such message"


def test_after_five_minutes_of_holding_a_message_is_better_than_more_of_it(servers, committed, phone):
    phone.ring()
    rounds = 0

    with stopped(servers, committed):
        phone.post(phone.next_action(), Digits="1")
        while is_hold(phone.document):
            rounds += 1
            phone.post(phone.document.find("Redirect").text)

    assert rounds == held_turn.MOST_ROUNDS
    assert sum(held_turn.pause_seconds(n) for n in range(rounds)) >= 240
    assert phone.document.find("Record") is not None


def test_agents_and_callers_are_not_made_to_bear_a_silence_that_was_ours(committed, phone, agent):
    phone, _ = in_queue(phone, committed, agent)
    hearing, before = Hearing(), utc_now()
    hearing.since(before)

    back = before + timedelta(minutes=12)
    swept(committed, phone, hearing, from_=back, to=back)
    still, working = call_of(committed, phone).state, presence_of(committed, agent)
    gone = back + timedelta(minutes=25)
    swept(committed, phone, hearing, from_=back, to=gone)

    assert still in (CallState.QUEUED, CallState.OFFERED)
    assert working == PresenceState.OFFERED
    assert presence_of(committed, agent) == PresenceState.AWAY
    assert call_of(committed, phone).state is CallState.ENDED, "who is really gone is found out all the same"


def swept(committed, phone, hearing, *, from_, to):
    """As the scheduler does, every ten seconds."""
    at = from_
    while at <= to:
        with committed.factory() as session:
            sweep(session, door_desk(phone), now=at, hearing_since=hearing.since(at))
            session.commit()
        at += timedelta(seconds=10)


def presence_of(committed, staff_id):
    with committed.factory() as session:
        return presence.presence_of(session, staff_id).state


def door_desk(phone):
    app = phone.client.application
    here = door_of(app)

    def desk_of(account):
        with app.sessions() as session:
            return here.phones.desk(session, account, now=utc_now())

    return desk_of


def test_the_language_a_caller_chose_is_in_every_address_of_the_call():
    urls = StepUrls("https://city.example", "sim", 4, "en")

    assert urls.step("queue", {}) == "https://city.example/webhooks/sim/queue?turn=4&locale=en"
