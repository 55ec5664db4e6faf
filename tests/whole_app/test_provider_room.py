"""Only `telephony/provider/` knows a provider: nobody else says its names, its codes or its headers.

Beside it stand those who play the provider: the built-in carrier with its telephones, and the bench that measures us
from its side.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THE_ROOM = ("telephony/provider/", "app/simulator/", "app/bench/phone.py", "app/bench/callers.py",
            "app/bench/bare_door.py", "app/migrations/")  # fmt: skip
THE_CARRIER_ITSELF = ("app/web/provider_events/simulated_carrier.py",)
ITS_LOGGER = {"app/log_setup.py": r'getLogger\("twilio"\)'}
ITS_WORDS = re.compile(
    r"(?i:twilio|twiml|signalwire|somleng)"
    r"|\b(?:Parent|Dial|)CallSid\b|\b(?:Call|Dial|DialCall|Message|Sms|Recording)(?:Status|Duration)\b"
    r"|\b(?:Message|Sms|Recording|Account|Conference)Sid\b|\bSpeechResult\b|\bOptOutType\b|\bDialBridged\b"
    r"|\bErrorCode\b|\bErrorUrl\b|\bForwardedFrom\b|[\"']Digits[\"']|\b(?:21610|20429|14107|3000[0-9]|30022)\b",
)
SOURCES = [
    path
    for folder in ("app", "tickets", "telephony", "escalation")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not str(path.relative_to(ROOT)).startswith((*THE_ROOM, *THE_CARRIER_ITSELF))
]


def said_of_a_provider(text: str, *, allowed: str = "") -> list[str]:
    lines = [re.sub(allowed, "", line) if allowed else line for line in text.splitlines()]
    return [line.strip() for line in lines if ITS_WORDS.search(line)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_outside_the_room_says_a_providers_words(path):
    where = str(path.relative_to(ROOT))

    assert said_of_a_provider(path.read_text("utf-8"), allowed=ITS_LOGGER.get(where, "")) == []


@pytest.mark.parametrize(
    "line",
    ['form["CallSid"]', "from twilio.rest import Client", 'headers["X-Twilio-Signature"]', "if code == 21610:",
     'form.get("Digits")', "def twiml(plan)"],
)  # fmt: skip
def test_the_check_sees_what_it_is_for(line):
    assert said_of_a_provider(line)


@pytest.mark.parametrize("line", ['form["call_sid"]', "call.call_sid", 'form.get("keys")', "status = 'completed'"])
def test_our_own_words_are_ours(line):
    assert not said_of_a_provider(line)
