"""Two events of a call that is in no row yet, at once: the second finds what the first has written."""

import threading
import time

from app.clock import utc_now
from telephony.calls import new_call
from tests.app.web.provider_events.waiting.waiting_scene import call_of, door_of
from tests.telephony.phone import Phone
from tickets.states import CallState


def test_the_later_of_two_events_is_no_fault_of_ours(phone, committed, app, own_settings):
    caller = Phone(phone.client, own_settings, to=phone.to, number="+84907654321")
    over = {"CallStatus": "completed", "CallDuration": "9"}
    with committed.factory() as session:
        new_call(session, {"account": "sim", "call_sid": caller.sid, "phone": caller.number}, now=utc_now())
        session.flush()
        later = threading.Thread(target=caller.post, args=("status", over))
        later.start()
        time.sleep(0.3)
        session.commit()
    later.join()

    assert caller.response.status_code == 204
    assert call_of(committed, caller).state is CallState.ENDED
    assert door_of(app).spool.depth() == 0, "nothing is left to be done later"
