"""The short way of a waiting caller's turn: word for word and row for row what the whole way comes to, or not taken."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select, text

from app.phone import answers
from app.web.provider_events.webhooks import door
from telephony.call import end
from telephony.floor import presence
from telephony.provider.webhook_inbox import Webhook
from tests.app.web.provider_events.voice_scene import agent_at, call_of
from tests.statements import counted
from tests.telephony.phone import Phone
from tickets.schema import Call, Presence, WebhookEvent
from tickets.states import CallState, PresenceState


@pytest.fixture
def waiting(client, settings, session, city_line, now):
    """A caller in the middle of a full line: somebody is at work, and nobody is free."""
    busy = agent_at(session, now)
    session.get(Presence, busy.id).state = PresenceState.ON_CALL
    session.flush()
    phone = Phone(client, settings, to=city_line)
    phone.ring().press("1").speak("phường Sài Gòn").wait()
    while phone.said:
        phone.wait()
    phone.agent = busy
    return phone


def test_most_turns_take_two_statements_and_are_told_again_alike(waiting, session, database):
    before, action = call_of(session, waiting), waiting.next_action()
    turn, place = before.turn, before.queued_at

    with counted(database) as sent:
        first = waiting.post(action, Digits="").data
    again = waiting.post(action, Digits="").data

    call = call_of(session, waiting)
    assert len(sent) == 2, sent
    assert first == again and b"<Play>" in first
    assert (call.turn, call.state, call.queued_at) == (turn + 1, CallState.QUEUED, place)


def nothing(session, call, agent, now):
    pass


def position_is_due(session, call, agent, now):
    call.detail = {**call.detail, "said_at": -200}


def waits_for_long(session, call, agent, now):
    call.queued_at = now - timedelta(minutes=11)
    call.detail = {**call.detail, "said_at": 655}


def has_waited_for_long_and_knows_it(session, call, agent, now):
    waits_for_long(session, call, agent, now)
    call.detail = {**call.detail, "told": [*call.detail["told"], "long"]}


def five_rang_in_vain(session, call, agent, now):
    call.offers = 5


def somebody_is_free(session, call, agent, now):
    session.get(Presence, agent.id).state = PresenceState.AVAILABLE


def nobody_is_there(session, call, agent, now):
    presence.presence_of(session, agent.id).state = PresenceState.OFFLINE


def was_cut_off(session, call, agent, now):
    call.detail = {**call.detail, "cut_off_from": agent.id}
    session.get(Presence, agent.id).state = PresenceState.AVAILABLE


def passed_on(session, call, agent, now):
    call.detail = {**call.detail, "asking": "passed_on"}


def number_is_untold(session, call, agent, now):
    told = [one for one in call.detail["told"] if one != "reference"]
    call.detail = {**call.detail, "told": told}


def was_not_led(session, call, agent, now):
    call.detail = {**call.detail, "not_led": True}


def speaks_english(session, call, agent, now):
    call.locale = "en"


def is_rung_for(session, call, agent, now):
    call.state = CallState.OFFERED


def talks(session, call, agent, now):
    call.state, call.agent_id, call.answered_at = CallState.TALKING, agent.id, now


def has_ended(session, call, agent, now):
    end.end_call(session, call, door().phones.desk(session, "sim", now=now), now=now)


def never_counted(session, call, agent, now):
    call.last_position = None


def ahead_of_its_address(session, call, agent, now):
    call.turn += 7


CHANGES = [
    nothing, position_is_due, waits_for_long, has_waited_for_long_and_knows_it, five_rang_in_vain, somebody_is_free,
    nobody_is_there, was_cut_off, passed_on, number_is_untold, was_not_led, speaks_english, is_rung_for, talks,
    has_ended, never_counted, ahead_of_its_address,
]  # fmt: skip
QUIET = {nothing, has_waited_for_long_and_knows_it, was_not_led, speaks_english, ahead_of_its_address}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_the_short_way_comes_to_what_the_whole_way_comes_to(app, waiting, session, database, now, change):
    call, action = call_of(session, waiting), waiting.next_action()
    with app.test_request_context("/"):
        change(session, call, waiting.agent, now)
        session.flush()
        with session.begin_nested() as tried:
            told = {"call_sid": waiting.sid, "from": waiting.number, "to": waiting.to}
            webhook = Webhook("sim", "queue", told, dict(parse_qsl(urlsplit(action).query)))
            whole = answers._first(session, webhook, door().phones, version=None, is_heard=True, now=now).body
            session.flush()
            left = row_of(session, waiting)
            tried.rollback()
        session.expire_all()

    with counted(database) as sent:
        short = waiting.post(action, Digits="").data.decode()

    assert short == whole
    assert row_of(session, waiting) == left
    assert (len(sent) == 2) == (change in QUIET)
    kept = session.scalars(select(WebhookEvent.answer_body).order_by(WebhookEvent.id.desc()).limit(1)).one()
    assert kept == whole


def row_of(session, phone):
    return dict(session.execute(select(Call.__table__).where(Call.call_sid == phone.sid)).mappings().one())


def test_a_key_is_heard_out_of_the_music(waiting, session):
    waiting.post(waiting.next_action(), Digits="9")

    assert call_of(session, waiting).state is CallState.CALLBACK


def test_a_call_nobody_knows_is_begun_and_no_music_is_played_to_it(waiting, session, city_line):
    unknown = Phone(waiting.client, waiting.client.application.settings, to=city_line, number="+84905554433")

    unknown.post("queue?calm=1&turn=9", Digits="")

    assert call_of(session, unknown).state is not CallState.QUEUED or unknown.said
    assert session.scalar(text("select count(*) from call where call_sid = :sid"), {"sid": unknown.sid}) == 1
