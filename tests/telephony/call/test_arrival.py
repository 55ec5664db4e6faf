"""What is known of a number that calls again: its matter, its place in the queue, and how often it rings."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from telephony.call import end
from telephony.call.arrival import CUT_OFF_FOR, MANY_CALLS, SAME_MATTER_FOR
from telephony.floor import offers, presence
from tests.app.web.provider_events.voice_scene import agent_at
from tests.factories import staff
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.schema import Call, Line, PhonePreference
from tickets.states import CallState, PresenceState, Role

NUMBER, LANDLINE = "+84901234567", "+842838222333"


@pytest.fixture
def ring_at(app, session, settings):
    """A call of the same number at another time, as far as the menu."""
    line = session.scalars(select(Line).where(Line.is_city)).first().phone

    def ring(at, *presses, number=NUMBER, hang_up_at=None, words="phường Sài Gòn, rác không ai lấy"):
        with app.bound_to(session, at):
            phone = Phone(app.test_client(), settings, to=line, number=number).ring()
            for key in presses:
                phone.press(key) if key else phone.wait()
            if "1" in presses and words:
                phone.speak(words)
        if hang_up_at is not None:
            with app.bound_to(session, hang_up_at):
                phone.hang_up()
        return session.scalars(select(Call).where(Call.call_sid == phone.sid)).one()

    return ring


@pytest.fixture
def somebody_at_work(session, now):
    """Talking all the time: the floor is staffed, and whoever calls waits."""
    person = staff(session, role=Role.AGENT, at="26740")
    presence.go_available(session, person.id, now=now).state = PresenceState.ON_CALL
    session.flush()


@pytest.mark.usefixtures("somebody_at_work")
def test_who_hung_up_while_waiting_and_goes_on_gets_the_matter_and_the_place_back(ring_at, now):
    dropped = now + timedelta(seconds=40)
    first = ring_at(now, "1", hang_up_at=dropped)
    other = ring_at(now + timedelta(seconds=50), "1", number="+84905555555")

    again = ring_at(now + SAME_MATTER_FOR - timedelta(seconds=1), "1")

    assert again.ticket_id == first.ticket_id
    assert again.queued_at == first.queued_at < other.queued_at
    assert again.unit_id == first.unit_id is not None
    assert again.state is CallState.QUEUED


@pytest.mark.usefixtures("somebody_at_work")
def test_an_emergency_that_rings_again_is_one_at_the_first_key(ring_at, now):
    first = ring_at(now, "2", hang_up_at=now + timedelta(seconds=40))

    again = ring_at(now + timedelta(minutes=9), "1")

    assert again.ticket_id == first.ticket_id
    assert again.queued_at == first.queued_at
    assert again.detail["emergency"] is True


@pytest.mark.usefixtures("somebody_at_work")
@pytest.mark.parametrize(
    ("number", "keys", "is_the_same"),
    [
        (NUMBER, ("1",), True),
        (NUMBER, ("", ""), True),
        (NUMBER, ("0", "1"), False),
        (NUMBER, ("9", "1"), False),
        (LANDLINE, ("1",), True),
        (LANDLINE, ("", ""), False),
        (LANDLINE, ("5", "5", "5"), False),
    ],
)
def test_who_calls_again_says_whether_it_is_the_same_matter_and_a_shared_line_is_never_taken_for_one_person(
    ring_at, now, number, keys, is_the_same
):
    first = ring_at(now, "1", number=number, hang_up_at=now + timedelta(seconds=40))

    again = ring_at(now + timedelta(minutes=3), *keys, number=number, words="")

    assert (again.ticket_id == first.ticket_id) is is_the_same
    assert (again.queued_at == first.queued_at) is is_the_same


@pytest.mark.parametrize(
    ("after", "is_put_through"), [(timedelta(minutes=1), True), (CUT_OFF_FOR + timedelta(seconds=1), False)]
)
def test_who_is_cut_off_on_their_own_side_is_put_through_to_the_same_agent_without_waiting_but_not_for_long(
    session, ring_at, now, after, is_put_through
):
    agent, idle_for_longer = agent_at(session, now), agent_at(session, now - timedelta(hours=1))
    cut_off_at = now + timedelta(minutes=4)
    presence.go_away(session, idle_for_longer.id, reason="", now=now)
    talked = ring_at(now, "1")
    offers.accept(session, open_offer_of(session, agent.id).id, staff_id=agent.id, now=now)
    end.note_answered(session, talked, at=now)
    talked.state, talked.agent_id = CallState.TALKING, agent.id
    talked.detail = {**talked.detail, "opened_ticket": False}  # no message confirms it at its end
    presence.go_available(session, idle_for_longer.id, now=now)
    end.end_call(session, talked, None, now=cut_off_at)
    presence.end_wrap_up(session, agent.id, now=cut_off_at)
    for person in (agent, idle_for_longer):
        presence.heartbeat(session, person.id, now=cut_off_at + after)

    again = ring_at(cut_off_at + after, "1")

    assert again.ticket_id == talked.ticket_id
    answers, waits = (agent, idle_for_longer) if is_put_through else (idle_for_longer, agent)
    assert open_offer_of(session, answers.id).call_id == again.id
    assert open_offer_of(session, waits.id) is None
    assert (again.queued_at == talked.queued_at) is is_put_through


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
