"""What is known of a number that calls again: its matter, its place in the queue, and how often it rings."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from telephony.call.arrival import MANY_CALLS, PLACE_KEPT_FOR, SAME_MATTER_FOR
from tests.factories import staff
from tests.telephony.phone import Phone
from tickets.schema import Call, Line, PhonePreference
from tickets.states import CallState, Role

NUMBER = "+84901234567"


@pytest.fixture
def ring_at(app, session, settings):
    """A call of the same number at another time, as far as the menu."""
    line = session.scalars(select(Line).where(Line.is_city)).first().phone

    def ring(at, *presses, number=NUMBER, hang_up_at=None):
        with app.bound_to(session, at):
            phone = Phone(app.test_client(), settings, to=line, number=number).ring()
            for key in presses:
                phone.press(key)
            if "1" in presses:
                phone.speak("phường Sài Gòn, rác không ai lấy")
        if hang_up_at is not None:
            with app.bound_to(session, hang_up_at):
                phone.hang_up()
        return session.scalars(select(Call).where(Call.call_sid == phone.sid)).one()

    return ring


@pytest.fixture
def somebody_at_work(session, now):
    """Talking all the time: the floor is staffed, and whoever calls waits."""
    from telephony.floor import presence  # noqa: PLC0415 - beside the fixture that needs it
    from tickets.states import PresenceState  # noqa: PLC0415

    person = staff(session, role=Role.AGENT, at="26740")
    presence.go_available(session, person.id, now=now).state = PresenceState.ON_CALL
    session.flush()


@pytest.mark.usefixtures("somebody_at_work")
def test_who_was_cut_off_while_waiting_gets_the_place_back_within_two_minutes(ring_at, now):
    dropped = now + timedelta(seconds=40)
    first = ring_at(now, "1", hang_up_at=dropped)
    other = ring_at(now + timedelta(seconds=50), "1", number="+84905555555")

    again = ring_at(dropped + PLACE_KEPT_FOR, "1")

    assert again.ticket_id == first.ticket_id
    assert again.queued_at == first.queued_at < other.queued_at
    assert again.state is CallState.QUEUED


@pytest.mark.usefixtures("somebody_at_work")
def test_who_comes_back_later_goes_on_with_the_matter_but_waits_behind_those_who_stayed(ring_at, now):
    dropped = now + timedelta(seconds=40)
    first = ring_at(now, "1", hang_up_at=dropped)
    other = ring_at(now + timedelta(seconds=50), "1", number="+84905555555")

    again = ring_at(dropped + PLACE_KEPT_FOR + timedelta(seconds=1), "1")

    assert again.ticket_id == first.ticket_id
    assert again.queued_at > other.queued_at


@pytest.mark.usefixtures("somebody_at_work")
def test_after_a_quarter_of_an_hour_it_is_a_matter_of_its_own(ring_at, now):
    first = ring_at(now, "1", hang_up_at=now + timedelta(seconds=40))

    again = ring_at(now + SAME_MATTER_FOR + timedelta(seconds=1), "1")

    assert again.ticket_id != first.ticket_id


def test_more_than_ten_calls_in_an_hour_flag_the_number_and_are_answered_all_the_same(session, ring_at, now):
    for number in range(MANY_CALLS):
        at = now + timedelta(minutes=number)
        ring_at(at, hang_up_at=at + timedelta(seconds=20))
    tenth = session.get(PhonePreference, NUMBER)

    eleventh = ring_at(now + timedelta(minutes=MANY_CALLS))

    assert tenth is None or tenth.flagged_at is None
    session.expire_all()
    assert session.get(PhonePreference, NUMBER).flagged_at == now + timedelta(minutes=MANY_CALLS)
    assert eleventh.state is CallState.MENU


def test_the_same_calls_spread_over_a_day_flag_nobody(session, ring_at, now):
    for number in range(MANY_CALLS + 2):
        at = now + timedelta(minutes=7 * number)
        ring_at(at, hang_up_at=at + timedelta(seconds=20))

    preference = session.get(PhonePreference, NUMBER)
    assert preference is None or preference.flagged_at is None
