"""From an agent's answer to the talk, on a trunk whose callers nobody fetches; and an answer that was refused."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from app.clock import utc_now
from app.phone.answers import Phones
from app.reference import Reference
from telephony.sweep import sweep
from tests.exchange.conftest import AGENT_SPEAKS_WITH, SPEAKS_WITH, City
from tests.exchange.telephone import Telephone
from tests.faults.nodes import LONG, wait_until
from tests.telephony.floor.ringing import open_offer_of
from tickets.schema import Call, Presence
from tickets.states import CallState, PresenceState

# Two until the caller comes by, and what a machine takes that has other things to do.
MOST_SECONDS = 4.0
# So much of a tone must have been heard to be taken for it.
HEARD_AFTER_SECONDS = 0.5


@pytest.fixture
def whole_sounds(city: City) -> Iterator[City]:
    before, city.switch.most_played_seconds = city.switch.most_played_seconds, 60.0
    yield city
    city.switch.most_played_seconds = before


def seconds_until_they_talk(city: City, staff_id: int, caller: Telephone) -> float:
    assert city.takes_the_offer(staff_id)
    began = time.monotonic()
    assert caller.hears(AGENT_SPEAKS_WITH)
    return time.monotonic() - began - HEARD_AFTER_SECONDS


def in_state(city: City, caller: Telephone, state: CallState) -> bool:
    with city.place.factory() as session:
        return session.scalars(select(Call.state).where(Call.phone == caller.number)).first() is state


def becomes(city: City, staff_id: int, state: PresenceState) -> None:
    with city.place.factory() as session:
        session.execute(update(Presence).where(Presence.staff_id == staff_id).values(state=state, idle_since=utc_now()))
        session.commit()


def test_who_is_rung_for_while_they_wait_talks_within_seconds_of_the_answer(whole_sounds: City) -> None:
    """In the middle of what they hear: music would have kept the two apart for twenty seconds."""
    city = whole_sounds
    staff_id, desk = city.agent()
    becomes(city, staff_id, PresenceState.ON_CALL)
    caller = city.telephone().dial(city.line)
    caller.press("0")
    assert wait_until(lambda: in_state(city, caller, CallState.QUEUED), seconds=20)
    time.sleep(6 if LONG else 3)
    becomes(city, staff_id, PresenceState.AVAILABLE)
    phones = Phones(city.place.settings, Reference.from_settings(city.place.settings))
    with city.place.factory() as session:
        sweep(session, lambda account: phones.desk(session, account, now=utc_now()), now=utc_now())
        session.commit()

    taken = seconds_until_they_talk(city, staff_id, caller)

    assert desk.hears(SPEAKS_WITH)
    print(f"from the answer to the talk: {taken:.1f} s")
    assert taken < MOST_SECONDS


@pytest.mark.skipif(not LONG, reason="the short form rings in the middle of the wait alone")
@pytest.mark.slow
def test_who_is_rung_for_at_once_talks_within_seconds_of_the_answer(whole_sounds: City) -> None:
    staff_id, desk = whole_sounds.agent()
    caller = whole_sounds.telephone().dial(whole_sounds.line)
    caller.press("0")

    taken = seconds_until_they_talk(whole_sounds, staff_id, caller)

    assert desk.hears(SPEAKS_WITH)
    print(f"from the answer to the talk: {taken:.1f} s")
    assert taken < MOST_SECONDS


@pytest.mark.skipif(not LONG, reason="the database is stopped for seconds")
@pytest.mark.slow
def test_an_answer_refused_while_the_database_is_stopped_is_pressed_again_and_the_two_talk(city: City) -> None:
    staff_id, desk = city.agent()
    caller = city.telephone().dial(city.line)
    caller.press("0")

    def rings() -> bool:
        with city.place.factory() as session:
            return open_offer_of(session, staff_id) is not None

    assert wait_until(rings, seconds=60)
    city.place.kill_postgres()
    with pytest.raises(OperationalError):
        city.takes_the_offer(staff_id)
    time.sleep(6)
    assert caller.is_on_the_line and caller.hears_something(), "who waits holds the line"
    city.place.revive()

    assert city.takes_the_offer(staff_id)
    assert caller.hears(AGENT_SPEAKS_WITH) and desk.hears(SPEAKS_WITH)
    assert in_state(city, caller, CallState.TALKING)
