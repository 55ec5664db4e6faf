"""The bench's callers: what they take an answer for, so that whoever is let go is counted as let go."""

import pytest

from app.bench.callers import ANSWERED, FAILED, HELD, LET_GO, RESTED, next_address, what_it_is

QUEUE = "http://127.0.0.1/webhooks/sim/queue?calm=1&amp;turn=7#rc=2"
AGAIN = "http://127.0.0.1/webhooks/sim/queue?calm=1&amp;turn=7&amp;again=1#rc=2"


@pytest.mark.parametrize(
    ("status", "document", "word"),
    [
        (200, f'<Gather input="dtmf" action="{QUEUE}"><Play>m</Play></Gather>', ANSWERED),
        (200, f'<Gather input="dtmf" action="{AGAIN}"><Play>m</Play></Gather>', RESTED),
        (200, f'<Say>Xin giữ máy</Say><Pause length="2"/><Redirect method="POST">{AGAIN}</Redirect>', HELD),
        (200, '<Say>…</Say><Record action="/webhooks/sim/failsafe-thanks"/>', LET_GO),
        (200, '<Record action="http://127.0.0.1/webhooks/sim/voicemail?turn=3"/>', LET_GO),
        (200, "<Hangup/>", LET_GO),
        (503, "", FAILED),
        (0, "", FAILED),
    ],
)
def test_an_answer_is_what_becomes_of_the_caller(status: int, document: str, word: str) -> None:
    assert what_it_is(status, document, next_address(document)) == word


def test_the_next_turn_is_asked_for_as_a_provider_does() -> None:
    assert next_address(f'<Gather action="{QUEUE}"/>') == "http://127.0.0.1/webhooks/sim/queue?calm=1&turn=7"
