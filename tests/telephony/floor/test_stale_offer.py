"""What still rings at somebody whom their presence calls free costs no other caller anything."""

from datetime import timedelta

from sqlalchemy import insert

from telephony.calls import new_call
from telephony.floor import offers, presence
from tests.factories import staff, unit
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.floor.test_offer_races import NOW
from tickets.schema import Offer
from tickets.states import CallState, Role


def test_the_caller_rings_at_somebody_else_and_at_them_once_that_is_over(session):
    stale, free = (staff(session, role=Role.AGENT, at="26740").id for _ in range(2))
    for agent, idle in ((stale, timedelta(hours=1)), (free, timedelta(0))):
        presence.go_available(session, agent, now=NOW).idle_since = NOW - idle
    row = {"account": "sim", "state": CallState.QUEUED, "queued_at": NOW, "unit_id": unit(session).id}
    before, first, second = (new_call(session, {**row, "call_sid": f"CA-{number}"}, now=NOW) for number in range(3))
    before.state = CallState.ENDED
    session.execute(
        insert(Offer), {"call_id": before.id, "staff_id": stale, "offered_at": NOW, "expires_at": NOW + offers.RING}
    )
    session.flush()

    offers.offer_waiting_calls(session, now=NOW)
    assert open_offer_of(session, free).call_id == first.id, "and no error for the caller"
    later = NOW + offers.RING
    presence.heartbeat(session, stale, now=later)
    offers.expire_offers(session, now=later)
    offers.offer_waiting_calls(session, now=later)

    assert open_offer_of(session, stale).call_id in (first.id, second.id)
