"""Calls over SIP through an exchange of others, with sound: what was said arrives, both ways, and where it is kept."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.clock import utc_now
from app.phone.answers import Phones
from app.phone.call_control import end_line, end_talk, tell_provider
from app.phone.consult_calls import LineBetween, connect_colleagues
from app.phone.recording_fetch import fetch_due
from app.reference import Reference
from app.storage.media_store import media_store
from telephony.call import end
from telephony.call.consultation import begin_consult, put_through
from telephony.call.facts import target_of
from telephony.call.passing_on import lock_own_talk
from telephony.calls import lock_call
from telephony.floor.consulting import note_line
from telephony.floor.floor import load_floor
from tests.exchange.conftest import ACCOUNT, AGENT_SPEAKS_WITH, SPEAKS_WITH, City
from tests.exchange.sound import RATE, from_wav, share_of
from tests.exchange.switch import BEEP_HERTZ, WORDS_HERTZ
from tests.faults.nodes import LONG, wait_until
from tickets.schema import Call, Recording
from tickets.states import CallState, RecordingKind

in_the_long_run = pytest.mark.skipif(not LONG, reason="the short form tries four stories; this one runs with --long")
COLLEAGUE_SPEAKS_WITH = 1500
BEFORE = (None, CallState.GREETING, CallState.MENU)


def state_of(city: City, number: str) -> CallState | None:
    with city.place.factory() as session:
        return session.scalars(select(Call.state).where(Call.phone == number).order_by(Call.id.desc())).first()


def decide(city: City, number: str, deed: Callable[..., None]) -> None:
    """What the agent's button does."""
    with city.place.factory() as session:
        call = session.scalars(select(Call).where(Call.phone == number).order_by(Call.id.desc())).first()
        assert call is not None
        deed(call, now=utc_now())
        session.commit()


def test_a_caller_and_an_agent_hear_each_other_on_a_second_leg(city: City) -> None:
    staff_id, desk = city.agent()
    caller = city.telephone().dial(city.line)
    assert caller.hears(WORDS_HERTZ), "the greeting"
    caller.press("0")

    assert city.takes_the_offer(staff_id)

    assert caller.hears(AGENT_SPEAKS_WITH), "the caller hears the agent"
    assert desk.hears(SPEAKS_WITH), "the agent hears the caller"
    assert wait_until(lambda: state_of(city, caller.number) is CallState.TALKING, seconds=10)
    caller.hang_up()
    assert wait_until(lambda: not desk.is_on_the_line, seconds=10)
    assert wait_until(lambda: state_of(city, caller.number) is CallState.ENDED, seconds=20)


def test_an_agent_who_ends_the_talk_takes_both_off_the_line(city: City) -> None:
    """The trunk's server names no leg of the agent: the caller's takes it along."""
    staff_id, desk = city.agent()
    caller = city.telephone().dial(city.line)
    caller.press("0")
    assert city.takes_the_offer(staff_id) and caller.hears(AGENT_SPEAKS_WITH)

    with city.place.factory() as session:
        call = session.scalars(select(Call).where(Call.phone == caller.number)).one()
        end.note_connected(session, call.id, staff_id=staff_id, now=utc_now())
        changes = end_talk(session, call, base_url=city.place.base_url, steers=False)
        end.finish_talk(session, call.id, staff_id=staff_id, now=utc_now())
        session.commit()
    tell_provider(city.place.settings, changes)

    assert wait_until(lambda: not caller.is_on_the_line and not desk.is_on_the_line, seconds=20)
    assert wait_until(lambda: state_of(city, caller.number) is CallState.ENDED, seconds=20)


@in_the_long_run
@pytest.mark.slow
def test_who_is_put_on_hold_hears_music_and_then_the_same_agent_again(city: City) -> None:
    """Nobody is led out of a talk here: hold begins when the telephone is put down."""
    staff_id, desk = city.agent()
    caller = city.telephone().dial(city.line)
    caller.press("0")
    assert city.takes_the_offer(staff_id) and caller.hears(AGENT_SPEAKS_WITH)

    decide(city, caller.number, end.hold)
    desk.hang_up()
    assert wait_until(lambda: not desk.is_on_the_line, seconds=20)
    assert caller.hears_something() and not caller.hears(AGENT_SPEAKS_WITH, seconds=0.5)
    decide(city, caller.number, end.take_back)

    assert caller.hears(AGENT_SPEAKS_WITH) and desk.hears(SPEAKS_WITH)
    assert desk.rang == 2


def test_a_colleague_is_asked_first_and_then_gets_the_caller(city: City) -> None:
    """A warm transfer: a line between the two while the caller hears music, then the caller and the colleague."""
    asks_id, asks = city.agent()
    caller = city.telephone().dial(city.line)
    caller.press("0")
    assert city.takes_the_offer(asks_id) and caller.hears(AGENT_SPEAKS_WITH)
    other_id, other = city.agent(hertz=COLLEAGUE_SPEAKS_WITH)

    call_id = ask(city, caller.number, asks_id, other_id)
    asks.hang_up()
    assert city.takes_the_offer(other_id)
    leg = line_between(city, asks_id, other_id)
    with city.place.factory() as session:
        assert note_line(lock_call(session, call_id), with_id=other_id, leg=leg)
        session.commit()
    assert asks.hears(COLLEAGUE_SPEAKS_WITH) and other.hears(AGENT_SPEAKS_WITH), "the two talk about it"
    assert not caller.hears(COLLEAGUE_SPEAKS_WITH, seconds=0.5), "while the caller hears music"

    with city.place.factory() as session:
        call = lock_own_talk(session, call_id, staff_id=asks_id)
        consult = put_through(session, call, now=utc_now())
        session.commit()
    tell_provider(city.place.settings, end_line(call, consult.leg))

    assert caller.hears(COLLEAGUE_SPEAKS_WITH) and other.hears(SPEAKS_WITH)
    assert wait_until(lambda: not asks.is_on_the_line, seconds=20)
    other.hang_up()
    assert wait_until(lambda: state_of(city, caller.number) is not CallState.TALKING, seconds=20)


def ask(city: City, number: str, asks_id: int, other_id: int) -> int:
    with city.place.factory() as session:
        call_id = session.scalars(select(Call.id).where(Call.phone == number).order_by(Call.id.desc())).first()
        assert call_id is not None
        call = lock_own_talk(session, call_id, staff_id=asks_id)
        floor = load_floor(session, now=utc_now())
        begin_consult(session, call, by_id=asks_id, to_id=other_id, floor=floor, now=utc_now())
        session.commit()
    return call_id


def line_between(city: City, asks_id: int, other_id: int) -> str:
    with city.place.factory() as session:
        line = LineBetween(ACCOUNT, target_of(session, asks_id), target_of(session, other_id), city.line)
    leg = connect_colleagues(city.place.settings, line)
    assert leg, "the provider took it"
    return leg


@in_the_long_run
@pytest.mark.slow
def test_nobody_on_the_line_is_let_go_while_the_database_is_away(city: City) -> None:
    """Two talk and hear each other all the time; who waits goes on waiting, and gets the agent afterwards."""
    staff_id, desk = city.agent()
    talks = city.telephone().dial(city.line)
    talks.press("0")
    assert city.takes_the_offer(staff_id) and talks.hears(AGENT_SPEAKS_WITH)
    waits = city.telephone().dial(city.line)
    waits.press("0")
    assert wait_until(lambda: state_of(city, waits.number) is CallState.QUEUED, seconds=20)

    city.place.kill_postgres()
    time.sleep(8)
    assert talks.hears(AGENT_SPEAKS_WITH, seconds=5) and desk.hears(SPEAKS_WITH, seconds=5)
    assert talks.is_on_the_line and waits.is_on_the_line
    city.place.revive()

    talks.hang_up()
    assert wait_until(lambda: not desk.is_on_the_line, seconds=20)
    assert wait_until(lambda: city.is_free_again(staff_id), seconds=60)
    assert city.takes_the_offer(staff_id)
    assert waits.hears(AGENT_SPEAKS_WITH)


@in_the_long_run
@pytest.mark.slow
def test_a_voicemail_at_an_agents_number_gets_no_caller(city: City) -> None:
    """Nobody is asked for a key on this trunk: an agent at a plain number is not rung, and the caller waits."""
    _staff_id, desk = city.agent(at_number=True)
    caller = city.telephone().dial(city.line)
    caller.press("0")
    assert wait_until(lambda: state_of(city, caller.number) is CallState.QUEUED, seconds=20)

    with city.sends():
        time.sleep(5)

    assert desk.rang == 0
    assert state_of(city, caller.number) is CallState.QUEUED and caller.is_on_the_line


def test_wrong_keys_lead_to_a_person_and_never_to_a_hang_up(city: City) -> None:
    caller = city.telephone().dial(city.line)
    for _ in range(3):
        assert caller.hears(WORDS_HERTZ)
        caller.press("5")
        time.sleep(1.0)

    assert wait_until(
        lambda: state_of(city, caller.number) not in (None, CallState.GREETING, CallState.MENU), seconds=20
    )
    assert caller.is_on_the_line
    caller.hang_up()
    assert wait_until(lambda: state_of(city, caller.number) in (CallState.ENDED, CallState.CALLBACK), seconds=20)


def test_what_is_said_after_the_tone_is_kept_here_as_it_was_said(city: City) -> None:
    caller = city.telephone().dial(city.line)
    assert caller.hears(WORDS_HERTZ)
    caller.press("8")
    assert caller.hears(BEEP_HERTZ), "the beep"
    time.sleep(3.0)
    caller.press("#")
    assert wait_until(lambda: not caller.is_on_the_line, seconds=30), "nobody is asked to say it again"

    place, switch = city.place, city.switch
    phones = Phones(place.settings, Reference.from_settings(place.settings))
    media = media_store(place.settings)

    def fetched() -> Recording | None:
        fetch_due(place.factory, phones.accounts, media=media, now=utc_now())
        with place.factory() as session:
            return session.scalars(select(Recording).where(Recording.provider_deleted_at.is_not(None))).first()

    assert wait_until(lambda: fetched() is not None, seconds=60)
    kept = fetched()
    assert kept is not None and kept.storage_key is not None
    assert kept.kind is RecordingKind.VOICEMAIL
    assert switch.deleted[-1:] == [kept.recording_sid]
    with media.open(kept.storage_key).stream as file:
        sound = from_wav(file.read(), seconds=10)
    assert len(sound) > 2 * RATE
    assert share_of(SPEAKS_WITH, sound[RATE // 2 : 2 * RATE]) > 0.9


@in_the_long_run
@pytest.mark.slow
def test_whoever_asked_to_be_called_back_is_rung_and_talks_to_the_agent_who_was_kept(city: City) -> None:
    caller = city.telephone(picks_up=True, presses="1").register()
    caller.dial(city.line)
    for key in "91":
        assert caller.hears(WORDS_HERTZ)
        caller.press(key)
        time.sleep(1.5)
    assert wait_until(lambda: not caller.is_on_the_line, seconds=30), "the hotline has said that it will call"
    staff_id, desk = city.agent()

    with city.sends():
        assert wait_until(lambda: caller.rang == 1, seconds=40)
        assert city.takes_the_offer(staff_id)
        assert caller.hears(AGENT_SPEAKS_WITH) and desk.hears(SPEAKS_WITH)
    caller.hang_up()
    assert wait_until(lambda: not desk.is_on_the_line, seconds=20)
