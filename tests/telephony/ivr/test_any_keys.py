"""Whatever a telephone does, in whatever order, there is a next thing to hear."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from telephony.ivr import (
    CallFacts,
    Conversation,
    Heard,
    JoinQueue,
    OpenTicket,
    QueueFacts,
    begin,
    step,
)
from telephony.plan.verbs import Client, Dial, Gather, Hangup, Record, Redirect, Say
from tests.telephony.ivr.test_steps import CALLER, SAI_GON, SILENCE, THU_DUC, known
from tickets.states import CallState

HEARD = st.one_of(
    st.sampled_from("0123456789*#").map(lambda key: Heard(keys=key)),
    st.text("0123456789", min_size=2, max_size=12).map(lambda keys: Heard(keys=keys)),
    st.just(SILENCE),
    st.text(max_size=20).map(lambda words: Heard(speech=words)),
    st.integers(0, 60).map(lambda seconds: Heard(recording_sid="RE1", recording_seconds=seconds)),
    st.sampled_from(["completed", "answered", "no-answer", "busy", "failed"]).map(lambda s: Heard(dial_status=s)),
)


FACTS = st.builds(
    CallFacts,
    caller=st.sampled_from([None, "+84901234567", "+842838000000", "+4930901820"]),
    do_not_call=st.booleans(),
    can_hear_speech=st.booleans(),
    line_unit=st.sampled_from([None, SAI_GON]),
    last_unit=st.sampled_from([None, THU_DUC]),
    places=st.sampled_from([None, known().places, known(SAI_GON).places, known(SAI_GON, THU_DUC).places]),
    queue=st.builds(
        QueueFacts,
        position=st.integers(1, 9),
        staffed=st.booleans(),
        offer_is_open=st.booleans(),
        target=st.sampled_from([None, Client("agent_7")]),
        offers=st.integers(0, 6),
        waited_seconds=st.integers(0, 900),
    ),
    reference=st.sampled_from(["", "2600421733"]),
    agent_finished=st.booleans(),
)


@given(st.booleans(), st.lists(st.tuples(HEARD, FACTS), max_size=12))
def test_whatever_a_phone_does_there_is_always_a_next_thing_to_hear(called_lately, steps):
    outcome = begin(Conversation(CallState.GREETING), replace(CALLER, called_lately=called_lately))
    opened = False
    for heard, facts in steps:
        outcome = step(outcome.conversation, heard, facts)
        opened = opened or any(isinstance(effect, OpenTicket) for effect in outcome.effects)

        assert isinstance(outcome.plan[-1], Gather | Record | Redirect | Dial | Hangup)
        if not isinstance(outcome.plan[-1], Dial | Hangup):
            assert not any(isinstance(verb, Say) for verb in outcome.plan), "words that no key cuts short"
        joined = any(isinstance(effect, JoinQueue) for effect in outcome.effects)
        assert opened or not joined, "nobody waits in the queue without a ticket"
