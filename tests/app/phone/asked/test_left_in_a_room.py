"""A supervisor whose talk broke off before the room had anybody is not left in it, alone or behind the next one."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.clock import utc_now
from app.phone.answers import Phones
from app.phone.left_legs import end_left_legs
from telephony.call.supervising import enter_talk, note_partys_leg
from telephony.floor.rooms import TalkPart
from tests.app.phone.asked.asked_scene import LEG
from tests.factories import staff
from tickets.schema import Call
from tickets.states import Role

EAR = "CA" + "e" * 32
BRIDGE_OVER = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "60"}


@pytest.fixture
def joined(committed, talk):
    """A supervisor has just been rung into the talk; nobody is in the room yet."""
    with committed.factory() as session:
        supervisor = staff(session, role=Role.SUPERVISOR, at="26740").id
        call_id = session.scalars(select(Call.id)).one()
        part = {"part": TalkPart.LISTENS, "now": utc_now()}
        enter_talk(session, call_id, staff_id=supervisor, name="", phone="", **part)
        note_partys_leg(session, call_id, staff_id=supervisor, leg=EAR, now=utc_now())
        session.commit()
    return talk


def agents_leg_drops(phone):
    phone.post("status", CallSid=LEG, ParentCallSid=phone.sid, CallStatus="completed")
    phone.post(phone.next_action(), BRIDGE_OVER)
    phone.wait()


def caller_hangs_up(phone):
    phone.hang_up()


@pytest.mark.parametrize("breaks_off", [agents_leg_drops, caller_hangs_up])
def test_their_telephone_is_put_down_once_and_again_only_where_the_provider_did_not_hear(
    app, committed, provider, joined, breaks_off
):
    phones = Phones(app.settings, app.reference)

    def rounds():
        return end_left_legs(committed.factory, phones, now=utc_now())

    nothing = rounds()
    breaks_off(joined)
    provider.broken = True
    unheard = rounds()
    provider.broken, provider.led = False, []
    heard, again = rounds(), rounds()

    assert (nothing, unheard, heard, again) == (0, 0, 1, 0)
    assert provider.led == [(EAR, "")], "ended, not led anywhere"


@pytest.mark.parametrize("no_such_call", [404, 400])
def test_a_telephone_that_was_put_down_by_hand_is_not_asked_about_for_an_hour(
    app, committed, provider, joined, no_such_call
):
    phones = Phones(app.settings, app.reference)
    caller_hangs_up(joined)

    def rounds(refusal):
        provider.refusal, provider.led = refusal, []
        return end_left_legs(committed.factory, phones, now=utc_now()), len(provider.led)

    assert rounds(401) == (0, 1), "our account is refused: nothing is known of the leg"
    assert rounds(no_such_call) == (1, 1)
    assert rounds(no_such_call) == (0, 0)


def test_a_day_later_nobody_is_asked_about_it_any_more(app, committed, provider, joined):
    caller_hangs_up(joined)
    with committed.factory() as session:
        session.scalars(select(Call)).one().ended_at = utc_now() - timedelta(hours=2)
        session.commit()

    assert end_left_legs(committed.factory, Phones(app.settings, app.reference), now=utc_now()) == 0
    assert provider.led == []
