"""In a disaster only so many wait at the same time: further callers are asked for a message, and danger has room."""

import pytest

from tests.app.web.provider_events.voice_scene import BULLETIN, agent_at, call_of
from tests.factories import unit
from tests.telephony.phone import Phone
from tickets.states import CallState

MANY = "rất nhiều người gọi"


@pytest.fixture
def caller(client, settings, city_line):
    return lambda number: Phone(client, settings, to=city_line, number=f"+8490200000{number}").ring()


def waits(session, phone):
    return call_of(session, phone).state in (CallState.QUEUED, CallState.OFFERED)


def test_the_cap_offers_a_message_at_once_and_nobody_is_hung_up_on(session, now, set_incident, caller):
    set_incident(units=(), is_disaster=True, most_waiting=1)
    agent_at(session, now)
    first = caller(1).press("0")
    assert waits(session, first)

    second = caller(2).press("0")
    assert MANY in second.said
    second.wait()
    assert call_of(session, second).state is CallState.VOICEMAIL

    third = caller(3).press("2")
    assert waits(session, third), "danger has room"


def test_the_cap_of_a_ward_counts_who_calls_about_it_whoever_answers_for_the_matter(session, now, set_incident, caller):
    ward = unit(session, "26740").id
    set_incident(units=("26740",), is_disaster=True, most_waiting=1)
    agent_at(session, now, at="TTDH")

    def about_the_power_cut(phone):
        phone.press("1").speak("phường Sài Gòn, nhà tôi mất điện")
        assert BULLETIN in phone.said
        return phone.wait()

    first = about_the_power_cut(caller(1))
    assert waits(session, first) and call_of(session, first).unit_id != ward, "power is a department's"
    elsewhere = caller(2).press("1").speak("phường Thủ Đức, nhà tôi mất điện")
    second = about_the_power_cut(caller(3))

    assert waits(session, elsewhere), "another ward has no disaster"
    assert MANY in second.said
    first.hang_up()
    assert MANY not in about_the_power_cut(caller(4)).said, "one may wait again"
