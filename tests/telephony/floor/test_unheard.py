"""Whose leg is gone leaves every list and count within two turns of the hold loop, whoever is asked or not."""

from datetime import timedelta

import pytest

from telephony.calls import new_call
from telephony.floor.agent_bar import agent_bar
from telephony.floor.board import calls_waiting
from telephony.floor.live_calls import live_calls
from telephony.floor.waiting import UNHEARD_FOR, waiting_at, waiting_count
from tests.factories import staff, unit
from tests.telephony.floor.test_offer_races import NOW
from tickets.people.roles import load_viewer
from tickets.states import CallState, Role

A_MOMENT = timedelta(seconds=1)


def joins(session, number, *, heard_at, state=CallState.QUEUED):
    row = {
        "account": "sim", "call_sid": f"CA-{number}", "state": state, "queued_at": NOW - timedelta(minutes=4),
        "unit_id": unit(session).id, "phone": f"+8490000000{number}", "detail": {"seen_at": heard_at.isoformat()},
    }  # fmt: skip
    new_call(session, row, now=NOW - timedelta(minutes=4))


def counted(session, *, now):
    """By whoever shows or counts who waits: the agent's bar, the shift, calls now, a disaster's cap, the sweep."""
    person = staff(session, role=Role.SUPERVISOR)
    viewer, of = load_viewer(session, person.id, now=now), [unit(session).id]
    return {
        "bar": agent_bar(session, viewer, unit_ids=tuple(of), covers_city=False, now=now).waiting,
        "city's bar": agent_bar(session, viewer, unit_ids=(), covers_city=True, now=now).waiting,
        "shift": len(calls_waiting(session, of, staffed=frozenset(), covers_city=True, now=now)),
        "calls now": len(live_calls(session, viewer, of, now=now)),
        "cap": waiting_at(session, of, now=now),
        "sweep": waiting_count(session, now=now),
    }


@pytest.mark.parametrize("state", [CallState.QUEUED, CallState.OFFERED])
def test_who_is_gone_is_shown_as_waiting_nowhere_and_who_is_heard_everywhere(session, state):
    joins(session, 1, heard_at=NOW - UNHEARD_FOR - A_MOMENT, state=state)
    joins(session, 2, heard_at=NOW - UNHEARD_FOR + A_MOMENT, state=state)
    session.flush()

    assert set(counted(session, now=NOW).values()) == {1}, counted(session, now=NOW)
    assert set(counted(session, now=NOW + 2 * A_MOMENT).values()) == {0}, "the other was heard no more either"
