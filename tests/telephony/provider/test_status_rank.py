"""Whatever order status callbacks arrive in, the state they leave behind is the same (G3)."""

from itertools import combinations, permutations

import pytest

from telephony.calls import new_call, note_leg_status, note_provider_status
from telephony.provider.status_rank import CALL_RANK, FINAL, is_final_call_state
from telephony.recordings import STATE_OF_STATUS, Announced, announce
from tests.conftest import NOW
from tickets.outbox import posting
from tickets.schema import Call, CallLeg, OutboundMessage
from tickets.states import CallState, RecordingKind, RecordingState

ON_THE_WAY = ("queued", "initiated", "ringing", "in-progress")
FINALS = tuple(state for state, rank in CALL_RANK.items() if rank == FINAL)


def after(order):
    call = Call(provider_status="", status_rank=-1)
    for status in order:
        note_provider_status(call, status)
    return call.provider_status


@pytest.mark.parametrize("final", FINALS)
def test_one_final_state_of_a_call_wins_in_every_order_of_arrival(final):
    assert {after(order) for order in permutations((*ON_THE_WAY, final))} == {final}


def test_of_two_final_states_of_a_call_the_first_to_arrive_is_kept():
    for pair in combinations(FINALS, 2):
        for order in permutations((*pair, "in-progress", "ringing")):
            assert after(order) == next(state for state in order if state in pair)


def test_repeats_and_unknown_states_change_nothing():
    for order in permutations((*ON_THE_WAY, "completed", "teleported")):
        assert after((*order, *order)) == "completed"
    assert not is_final_call_state("teleported")
    assert not is_final_call_state(None)


def test_an_agents_leg_never_goes_back_in_any_order(session):
    call = new_call(session, {"account": "sim", "call_sid": "CA1", "state": CallState.TALKING}, now=NOW)

    for number, order in enumerate(permutations(("initiated", "ringing", "in-progress", "completed"))):
        for status in order:
            note_leg_status(
                session, call_id=call.id, account="sim", leg_sid=f"L{number}", staff_id=None, status=status, now=NOW
            )

    legs = session.query(CallLeg).all()
    assert {leg.provider_status for leg in legs} == {"completed"}
    assert all(leg.ended_at == NOW for leg in legs)


def test_a_message_never_goes_back_in_any_order(session):
    for number, order in enumerate(permutations(("queued", "sending", "sent", "delivered"))):
        row = posting.post_sms(
            session, to="+84901234567", template="sms_help", params={}, locale="vi", dedup_key=f"k{number}", now=NOW
        )
        for status in order:
            posting.record_status(session, account="sim", sid=f"SM{number}", status=status, outbound_id=row, now=NOW)
        assert session.get_one(OutboundMessage, row).provider_status == "delivered"


def test_a_recording_never_goes_back_in_any_order(session):
    for final in ("completed", "absent", "failed"):
        for number, order in enumerate(permutations(("in-progress", "processing", final))):
            for status in order:
                told = Announced("sim", f"RE-{final}-{number}", status, 7, RecordingKind.CONVERSATION)
                recording = announce(session, told, call=None, now=NOW)
            assert recording.state is STATE_OF_STATUS[final]
    assert STATE_OF_STATUS["completed"] is RecordingState.COMPLETED
