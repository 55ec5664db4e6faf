"""Whatever order status callbacks arrive in, the state they leave behind is the same (G3)."""

from itertools import combinations, permutations

import pytest

from telephony.status_rank import (
    CALL_RANK,
    FINAL,
    MESSAGE_RANK,
    RECORDING_RANK,
    is_final_call_state,
    later_call_state,
    later_message_state,
    later_recording_state,
)

MACHINES = [
    pytest.param(CALL_RANK, later_call_state, id="call"),
    pytest.param(MESSAGE_RANK, later_message_state, id="message"),
    pytest.param(RECORDING_RANK, later_recording_state, id="recording"),
]


def arrived(later, order):
    state = None
    for reported in order:
        state = later(state, reported)
    return state


@pytest.mark.parametrize(("ranks", "later"), MACHINES)
def test_one_final_state_wins_in_every_order_of_arrival(ranks, later):
    on_the_way = [state for state, rank in ranks.items() if rank < FINAL]

    for final in (state for state, rank in ranks.items() if rank == FINAL):
        for order in permutations([*on_the_way, final]):
            assert arrived(later, order) == final


@pytest.mark.parametrize(("ranks", "later"), MACHINES)
def test_of_two_final_states_the_first_to_arrive_is_kept(ranks, later):
    finals = [state for state, rank in ranks.items() if rank == FINAL]

    for pair in combinations(finals, 2):
        for order in permutations([*pair, "in-progress" if "in-progress" in ranks else "queued"]):
            first = next(state for state in order if state in pair)
            assert arrived(later, order) == first


@pytest.mark.parametrize(("ranks", "later"), MACHINES)
def test_no_callback_ever_lowers_the_rank_and_repeats_change_nothing(ranks, later):
    for order in permutations(ranks, 3):
        reached = -1
        state = None
        for reported in (*order, *order):
            state = later(state, reported)
            assert ranks[state] >= reached
            reached = ranks[state]


def test_a_state_nobody_has_told_us_about_hides_none_we_know():
    assert later_call_state("ringing", "teleported") == "ringing"
    assert later_call_state("teleported", "ringing") == "ringing"
    assert not is_final_call_state("teleported")
    assert not is_final_call_state(None)
