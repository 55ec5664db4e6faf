"""Callers whom their provider fetches for nobody, as on a trunk of a city: they come by soon where somebody waits."""

from dataclasses import replace

import pytest

from app.phone.answers import CHIME
from app.settings import ROOT
from app.simulator.telephone import wav_seconds
from telephony.ivr import CallFacts, Conversation, Heard, QueueFacts, step
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Chime, Client, Dial, Music, Say
from tickets.states import CallState

CALLER = CallFacts(caller="+84901234567", reference="2600421733")
SILENCE = Heard()
UNFETCHED = replace(CALLER, is_fetched=False)
KNOWS_ALL = Conversation(CallState.QUEUED, told=("reference", "choices", "long"), said_at=0)


@pytest.mark.parametrize(
    ("conversation", "facts"),
    [
        # Just arrived, and how they stand was never said: it rings.
        (Conversation(CallState.QUEUED), replace(UNFETCHED, queue=QueueFacts(offer_is_open=True))),
        (KNOWS_ALL, replace(UNFETCHED, queue=QueueFacts(offer_is_open=True, waited_seconds=300))),
        # Who is free next is found by others, in the middle of what they hear.
        (KNOWS_ALL, replace(UNFETCHED, queue=QueueFacts(position=3, waited_seconds=30))),
        # Taken back, or put through to a colleague.
        (Conversation(CallState.TALKING, asking="hold"), replace(UNFETCHED, is_on_hold=True)),
    ],
    ids=["rings at once", "rings", "is near the front", "on hold"],
)
def test_where_nobody_fetches_callers_what_an_agent_presses_reaches_them_within_two_seconds(conversation, facts):
    [heard] = step(conversation, SILENCE, facts).plan

    assert heard.spoken == (Chime(),), "no words, and no dead line"
    chime = (ROOT / "app" / "static" / "sounds" / CHIME).read_bytes()
    assert wav_seconds(chime) + heard.timeout_seconds <= 2
    dial = step(
        Conversation(CallState.OFFERED), SILENCE, replace(UNFETCHED, queue=QueueFacts(target=Client("agent_7")))
    )
    assert isinstance(dial.plan[0], Dial), "and not another word before"


def test_who_cannot_be_answered_before_their_next_turn_hears_music_wherever_they_come_from():
    facts = replace(UNFETCHED, queue=QueueFacts(position=4, waited_seconds=30))

    assert step(KNOWS_ALL, SILENCE, facts).plan[0].spoken == (Music(),)


def test_who_is_passed_on_is_told_so_also_where_nobody_fetches_them():
    facts = replace(UNFETCHED, queue=QueueFacts(offer_is_open=True))

    outcome = step(Conversation(CallState.QUEUED, asking="passed_on"), SILENCE, facts)

    assert [one.prompt for one in outcome.plan[0].spoken if isinstance(one, Say)] == [Prompt.PASSING_ON]
