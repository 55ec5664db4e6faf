"""A callback keeps its place: in one line with the callers, dialled when its turn comes, connected to whom was kept."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.wording.spoken_words import in_digit_groups
from telephony.floor import calling_back, presence
from telephony.floor.floor import load_floor
from tests.app.web.provider_events.calling_back_scene import CITIZEN, City
from tests.app.web.provider_events.voice_scene import agent_at
from tests.factories import open_ticket
from tests.telephony.floor.ringing import open_offer_of
from tickets.errors import NotAllowed
from tickets.people import citizens
from tickets.people.phones import national_digits
from tickets.schema import CallbackRequest, Citizen, CitizenPhone, Ticket, TimelineEntry
from tickets.states import (
    CallbackReason,
    CallbackState,
    CallState,
    OutboundState,
    PresenceState,
    TimelineKind,
)

OTHER, THIRD = "+84902222222", "+84903333333"
CITY_DESK = "TTDH"


@pytest.fixture
def city(app, session, settings, city_line, now, client):
    return City(app, session, settings, city_line, now)


def available(city, **more):
    agent = agent_at(city.session, city.now, **{"at": CITY_DESK, **more})
    city.sweep()
    return agent


def test_whoever_asks_hears_the_number_that_the_place_is_kept_and_from_which_number_we_call(city):
    phone = city.asks()

    assert in_digit_groups(national_digits(CITIZEN)) in phone.said
    assert "Thứ tự được giữ nguyên" in phone.said
    assert f"gọi từ số {in_digit_groups(national_digits(city.line))}" in phone.said


def test_a_second_wish_of_a_number_keeps_the_first_place_and_says_so(city):
    city.asks()
    first = city.request().order_at
    city.later(minutes=20)

    phone = city.asks()

    assert "Thứ tự cũ được giữ nguyên" in phone.said
    [request] = city.session.scalars(select(CallbackRequest)).all()
    assert (request.order_at, request.reason) == (first, CallbackReason.REQUESTED)


def test_when_the_turn_comes_an_agent_is_kept_the_number_is_dialled_and_key_one_talks_to_that_agent(city):
    city.asks()
    city.later(minutes=3)
    agent = available(city)

    [row] = city.dialled()
    kept = city.presence(agent)
    assert (kept.state, kept.callback_id) == (PresenceState.CALLING_BACK, city.request().id)
    assert (row.state, row.is_urgent) == (OutboundState.WAITING, True)

    city.later(seconds=12)
    person = city.rings()
    person.status("ringing")
    person.answers_with("1")

    offer = open_offer_of(city.session, agent.id)
    call = city.call_of(person)
    assert offer.call_id == call.id
    assert (call.direction, call.state, call.phone) == ("outbound", CallState.OFFERED, CITIZEN)
    assert call.ticket_id == city.request().ticket_id
    assert (city.request().state, city.request().outcome) == (CallbackState.DONE, "reached")

    city.accept(agent)
    person.wait()
    assert person.document.find("Dial/Client/Identity").text == f"agent_{agent.id}"
    person.post("status", CallSid="CA-leg", ParentCallSid=person.sid, CallStatus="in-progress")
    city.later(minutes=2)
    person.hangs_up(seconds="120")

    assert city.call_of(person).state is CallState.ENDED
    assert city.presence(agent).state is PresenceState.WRAP_UP
    assert city.session.get(Ticket, call.ticket_id).first_answered_at is not None


def test_a_callback_stands_in_one_line_with_the_callers_in_the_order_in_which_they_came(city):
    early = city.phone(OTHER).ring().press("1").speak("phường Sài Gòn")
    busy = agent_at(city.session, city.now, at=CITY_DESK)
    city.sweep()
    assert open_offer_of(city.session, busy.id).call_id == city.call_of(early).id
    city.later(seconds=5)
    city.asks()
    city.later(seconds=5)
    late = city.phone(THIRD).ring().press("1").speak("phường Sài Gòn")
    assert "thứ 3" in late.said or "thứ 2" in late.said

    agent = available(city)

    assert city.presence(agent).callback_id == city.request().id
    assert city.call_of(late).state is CallState.QUEUED
    second = available(city)
    assert open_offer_of(city.session, second.id).call_id == city.call_of(late).id


def test_a_caller_hears_of_callbacks_before_them_as_of_anybody_in_line(city):
    agent_at(city.session, city.now, at=CITY_DESK)
    first = city.phone(OTHER).ring().press("1").speak("phường Sài Gòn")
    city.later(seconds=5)
    city.asks()
    city.later(seconds=5)

    late = city.phone(THIRD).ring().press("1").speak("phường Sài Gòn")

    assert city.call_of(first).state is CallState.OFFERED
    assert "thứ 3" in late.said


def test_who_only_hung_up_is_dialled_when_nobody_waits_on_the_line(city):
    city.phone(OTHER).ring().hang_up()
    city.later(seconds=5)
    waits = city.phone(THIRD).ring().press("1").speak("phường Sài Gòn")

    agent = available(city)
    assert open_offer_of(city.session, agent.id).call_id == city.call_of(waits).id
    second = available(city)

    assert city.presence(second).callback_id == city.request(OTHER).id


def test_an_emergency_rings_before_every_callback(city):
    city.asks()
    city.later(minutes=5)
    danger = city.phone(OTHER).ring().press("2")

    agent = available(city)

    assert open_offer_of(city.session, agent.id).call_id == city.call_of(danger).id


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ({"CallStatus": "no-answer"}, "no_answer"),
        ({"CallStatus": "busy"}, "busy"),
        ({"CallStatus": "completed", "AnsweredBy": "machine_start", "CallDuration": "28"}, "machine"),
        ({"CallStatus": "completed", "AnsweredBy": "human", "CallDuration": "2"}, "hung_up"),
        ({"CallStatus": "completed", "AnsweredBy": "human", "CallDuration": "25"}, "no_key"),
    ],
)
def test_three_attempts_after_five_and_fifteen_minutes_then_one_text_and_the_agent_is_free_each_time(city, end, told):
    city.asks()
    agent = available(city)

    for number, pause in ((1, 5), (2, 15)):
        city.later(seconds=31)
        city.rings().status(**end)
        assert city.presence(agent).state is PresenceState.AVAILABLE, "at once"
        assert (city.request().state, city.request().attempts) == (CallbackState.OPEN, number)
        city.later(minutes=pause - 1)
        city.sweep()
        assert len(city.dialled()) == number, "not before its time"
        city.later(minutes=1)
        city.sweep()
        assert len(city.dialled()) == number + 1
    city.rings().status(**end)
    city.later(hours=2)
    city.sweep()

    assert (city.request().state, city.request().outcome) == (CallbackState.DONE, "not_reached")
    assert len(city.dialled()) == 3
    [text] = city.texts()
    ticket = city.session.get(Ticket, city.request().ticket_id)
    assert (text.params["reference"], text.params["line"]) == (ticket.reference, city.line)
    tried = city.session.scalars(
        select(TimelineEntry.params).where(
            TimelineEntry.ticket_id == ticket.id, TimelineEntry.kind == TimelineKind.CALL
        )
    )
    assert [p["outcome"] for p in tried if p.get("what") == "callback_attempt"] == [told] * 3


def test_a_carrier_that_tells_nothing_keeps_an_agent_for_little_more_than_a_minute(city):
    city.asks()
    agent = available(city)
    row = city.dialled()[-1]
    row.state = OutboundState.SENT

    city.later(seconds=60)
    city.sweep()
    assert city.presence(agent).state is PresenceState.CALLING_BACK
    city.later(seconds=20)
    city.sweep()

    assert city.presence(agent).state is PresenceState.AVAILABLE
    assert city.request().attempts == 1


def test_a_call_that_was_never_handed_over_counts_as_no_attempt(city):
    city.asks()
    agent = available(city)

    city.later(seconds=80)
    city.sweep()

    assert city.presence(agent).state is PresenceState.AVAILABLE
    assert (city.request().state, city.request().attempts) == (CallbackState.OPEN, 0)


def test_key_one_that_comes_after_the_agent_was_freed_still_brings_the_person_to_an_agent(city):
    city.asks()
    agent = available(city)
    row = city.dialled()[-1]
    row.state = OutboundState.SENT
    city.later(seconds=80)
    city.sweep()
    person = city.rings()

    person.answers_with("1")

    assert open_offer_of(city.session, agent.id).call_id == city.call_of(person).id
    assert city.request().state is CallbackState.DONE


def test_the_person_hears_what_the_call_is_about_and_may_say_that_nothing_is_needed(city):
    city.asks()
    agent = available(city)
    person = city.rings()

    person.answers_with("2")

    assert "không gọi lại nữa" in person.said
    assert (city.request().state, city.request().outcome) == (CallbackState.DONE, "not_needed")
    assert city.presence(agent).state is PresenceState.AVAILABLE
    person.hangs_up()
    city.later(hours=1)
    city.sweep()
    assert len(city.dialled()) == 1


def test_a_key_that_means_nothing_is_asked_about_once_and_then_the_agent_is_free(city):
    city.asks()
    agent = available(city)
    person = city.rings()

    person.answers_with("7")
    assert person.document.find("Gather") is not None
    assert city.presence(agent).state is PresenceState.CALLING_BACK
    person.post(person.next_action(), Digits="7")

    assert person.document.find("Hangup") is not None
    assert city.presence(agent).state is PresenceState.AVAILABLE
    assert city.request().attempts == 1


def test_a_repeated_key_gets_the_same_words_and_makes_one_call(city):
    city.asks()
    agent = available(city)
    person = city.rings()

    first = person.post(f"called-back?m={person.row.id}", Digits="1").data
    again = person.post(f"called-back?m={person.row.id}", Digits="1").data
    person.post(f"called-back?m={person.row.id}", Digits="1", msg="Gather End")

    assert first == again
    assert city.call_of(person).state is CallState.OFFERED
    assert open_offer_of(city.session, agent.id) is not None


def test_a_key_that_is_told_after_the_hang_up_rings_at_nobody(city):
    city.asks()
    agent = available(city)
    person = city.rings()
    person.hangs_up(seconds="8")

    person.answers_with("1")

    assert open_offer_of(city.session, agent.id) is None
    assert city.request().state is CallbackState.OPEN


def test_the_person_hangs_up_at_the_greeting_and_is_tried_again(city):
    city.asks()
    agent = available(city)

    city.rings().hangs_up(seconds="2")

    assert city.presence(agent).state is PresenceState.AVAILABLE
    assert city.request().not_before == city.now + timedelta(minutes=5)


def test_whose_agent_has_vanished_while_it_rang_is_answered_by_another(city):
    city.asks()
    agent = available(city)
    city.silent.add(agent.id)
    city.later(seconds=50)
    other = agent_at(city.session, city.now, at=CITY_DESK)
    person = city.rings()

    person.answers_with("1")

    assert open_offer_of(city.session, agent.id) is None
    assert open_offer_of(city.session, other.id).call_id == city.call_of(person).id
    city.sweep()
    assert city.presence(agent).state is PresenceState.AWAY


def test_with_no_agent_left_the_person_waits_in_front_of_everybody(city):
    city.asks()
    city.silent.add(available(city).id)
    city.later(seconds=50)
    waits = city.phone(OTHER).ring().press("1").speak("phường Sài Gòn")
    person = city.rings()

    person.answers_with("1")

    assert city.call_of(person).queued_at < city.call_of(waits).arrived_at
    agent = available(city)
    assert open_offer_of(city.session, agent.id).call_id == city.call_of(person).id


def test_nobody_is_dialled_who_is_on_the_line_with_us_and_whoever_got_through_is_called_no_more(city):
    city.asks()
    city.later(minutes=20)
    again = city.phone().ring()
    agent = available(city)
    assert city.dialled() == []

    again.press("1")
    again.speak("phường Sài Gòn")
    city.accept(agent)
    again.wait()
    again.post("status", CallSid="CA-leg", ParentCallSid=again.sid, CallStatus="in-progress")

    assert (city.request().state, city.request().outcome) == (CallbackState.CLOSED, "called_again")


def test_who_calls_in_while_being_dialled_costs_no_attempt_and_frees_the_agent(city):
    city.asks()
    agent = available(city)
    person = city.rings()
    city.phone().ring()

    person.status("busy")

    assert city.presence(agent).state is PresenceState.AVAILABLE
    assert (city.request().state, city.request().attempts) == (CallbackState.OPEN, 0)
    city.sweep()
    assert len(city.dialled()) == 1


def test_who_got_through_while_being_dialled_frees_the_agent_who_was_kept(city):
    city.asks()
    kept = available(city)
    again = city.phone().ring()
    again.press("1")
    again.speak("phường Sài Gòn")
    other = available(city)
    city.accept(other)
    again.wait()
    again.post("status", CallSid="CA-leg", ParentCallSid=again.sid, CallStatus="in-progress")

    city.later(seconds=3)
    city.sweep()

    assert city.request().outcome == "called_again"
    assert city.presence(kept).state is PresenceState.AVAILABLE
    city.rings().status("busy")
    assert (city.request().outcome, city.request().attempts) == ("called_again", 0)


def test_nobody_is_called_who_asked_us_not_to(city):
    city.asks()
    citizen = city.session.get(Citizen, city.request().citizen_id)
    citizen.do_not_call = True
    city.session.flush()

    available(city)

    assert city.dialled() == []


def test_with_nobody_on_duty_it_waits_until_somebody_is(city):
    city.phone().ring().press("1").speak("phường Sài Gòn").press("9").press("1").hang_up()
    assert city.request().reason is CallbackReason.NOBODY_ON_DUTY
    for _ in range(3):
        city.later(minutes=30)
        city.sweep()
    assert city.dialled() == []

    available(city)

    assert len(city.dialled()) == 1


def test_nobody_is_woken_up_at_night_for_what_they_asked_in_the_evening(city):
    city.later(hours=9)  # six in the evening
    city.asks()
    city.later(hours=6)  # midnight

    agent = available(city)
    assert city.dialled() == []
    city.later(hours=6)
    presence.go_available(city.session, agent.id, now=city.now)
    city.sweep()

    assert len(city.dialled()) == 1


def test_whoever_asks_at_night_is_called_at_night_while_awake(city):
    city.later(hours=17)  # two in the morning
    city.asks()

    city.later(minutes=10)
    available(city)

    assert len(city.dialled()) == 1


def test_at_an_agreed_time_and_not_before(city):
    city.asks()
    request = city.request()
    request.not_before = city.now + timedelta(hours=3)
    city.session.flush()
    agent = available(city)
    assert city.dialled() == []

    city.later(hours=3)
    presence.go_available(city.session, agent.id, now=city.now)
    city.sweep()

    assert len(city.dialled()) == 1


def test_an_agent_who_would_rather_not_is_replaced_and_asked_again_only_when_nobody_else_took_it(city):
    city.asks()
    agent = available(city)

    calling_back.not_now(
        city.session, city.request().id, staff_id=agent.id, others=load_floor(city.session, now=city.now), now=city.now
    )
    assert city.presence(agent).state is PresenceState.AVAILABLE
    assert city.request().state is CallbackState.OPEN
    city.sweep()
    assert city.presence(agent).state is PresenceState.AVAILABLE, "not asked again at once"
    other = available(city)

    assert city.presence(other).callback_id == city.request().id
    city.rings().status("no-answer")
    assert city.presence(other).state is PresenceState.AVAILABLE


def test_while_the_telephone_rings_another_agent_is_kept_instead(city):
    city.asks()
    agent = available(city)
    city.dialled()[-1].state = OutboundState.SENT
    other = agent_at(city.session, city.now, at=CITY_DESK)

    calling_back.not_now(
        city.session, city.request().id, staff_id=agent.id, others=load_floor(city.session, now=city.now), now=city.now
    )
    person = city.rings()
    person.answers_with("1")

    assert open_offer_of(city.session, other.id).call_id == city.call_of(person).id
    assert city.presence(agent).state is PresenceState.AVAILABLE


def test_whoever_calls_by_hand_is_busy_and_free_again_when_it_is_finished(city):
    city.asks()
    agent = agent_at(city.session, city.now, at=CITY_DESK)

    calling_back.claim(city.session, city.request().id, staff_id=agent.id, now=city.now)
    waits = city.phone(OTHER).ring().press("1").speak("phường Sài Gòn")
    city.sweep()
    assert city.presence(agent).state is PresenceState.CALLING_BACK
    assert (city.call_of(waits).state, city.dialled()) == (CallState.QUEUED, [])
    with pytest.raises(NotAllowed):
        presence.go_available(city.session, agent.id, now=city.now)

    calling_back.finish(city.session, city.request().id, staff_id=agent.id, outcome="reached", now=city.now)
    city.sweep()

    assert open_offer_of(city.session, agent.id).call_id == city.call_of(waits).id


def test_whom_the_agent_did_not_reach_by_hand_is_tried_again(city):
    city.asks()
    agent = agent_at(city.session, city.now, at=CITY_DESK)
    calling_back.claim(city.session, city.request().id, staff_id=agent.id, now=city.now)

    calling_back.finish(city.session, city.request().id, staff_id=agent.id, outcome="not_reached", now=city.now)

    assert (city.request().state, city.request().attempts) == (CallbackState.OPEN, 1)
    assert city.presence(agent).state is PresenceState.AVAILABLE
    city.later(minutes=5)
    city.sweep()
    assert len(city.dialled()) == 1


def test_nobody_calls_by_hand_during_a_call(city):
    agent = available(city)
    city.phone(OTHER).ring().press("1").speak("phường Sài Gòn")
    city.accept(agent)
    city.asks()

    with pytest.raises(NotAllowed):
        calling_back.claim(city.session, city.request().id, staff_id=agent.id, now=city.now)


def test_a_claim_that_was_given_up_waits_again_and_is_dialled(city):
    city.asks()
    agent = agent_at(city.session, city.now, at=CITY_DESK)
    calling_back.claim(city.session, city.request().id, staff_id=agent.id, now=city.now)

    city.later(minutes=31)
    city.sweep()
    city.sweep()

    assert city.presence(agent).callback_id == city.request().id
    assert city.request().state is CallbackState.DIALLING


def test_whoever_heard_the_outage_announcement_is_called_back_as_it_says(city):
    phone = city.phone()
    phone.post("failsafe-thanks", RecordingSid="RE-outage", RecordingDuration="9")
    phone.hang_up()
    city.later(minutes=10)

    agent = available(city)

    assert city.request().reason is CallbackReason.DROPPED
    assert city.presence(agent).callback_id == city.request().id
    assert [row.params["reference"] for row in city.dialled()] == [
        city.session.get(Ticket, city.request().ticket_id).reference
    ]


def test_nobody_can_have_somebody_called_who_asked_us_not_to(city):
    """Unsafe at home: a number that somebody else keys in is refused in the words of any other, and never dialled."""
    open_ticket(city.session, phone=OTHER, now=city.now)
    unsafe = citizens.find(city.session, phone=OTHER)
    city.session.get(Citizen, unsafe.id).do_not_call = True
    city.session.flush()

    phone = city.phone("anonymous").ring().press("9").press("0902222222")

    assert "không gọi được" in phone.said
    assert city.session.scalars(select(CallbackRequest).where(CallbackRequest.phone == OTHER)).all() == []


def test_whose_number_is_shared_with_somebody_who_must_not_be_called_is_called_when_they_ask_themselves(city):
    city.asks()
    shared = Citizen(do_not_call=True, created_at=city.now)
    city.session.add(shared)
    city.session.flush()
    city.session.add(CitizenPhone(citizen_id=shared.id, phone=CITIZEN, created_at=city.now))
    city.session.flush()

    available(city)

    assert len(city.dialled()) == 1
