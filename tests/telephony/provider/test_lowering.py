"""Every verb of a plan at every kind of account: what is written holds only their words, and the caller is served."""

from xml.etree import ElementTree

import pytest

from app.wording.spoken_words import speak
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import (
    Client,
    Dial,
    Gather,
    Hangup,
    Music,
    Number,
    Pause,
    Play,
    Record,
    Redirect,
    Room,
    Say,
    Silence,
    Sip,
)
from telephony.provider.account import ProviderKind
from telephony.provider.account_kinds import ACCOUNT_KINDS, CAPABILITIES
from telephony.provider.lowering import lowered, told_by
from telephony.provider.spoken_document import spoken_document

# What each one's own documentation or source has words for: (verbs and nouns, nested in a Gather, of a number).
_ALL = {"Response", "Say", "Play", "Gather", "Record", "Dial", "Number", "Sip", "Redirect", "Hangup"}
_TWILIO = _ALL | {"Pause", "Client", "Identity", "Parameter", "Conference"}
LANGUAGES = {
    ProviderKind.TWILIO: (_TWILIO, {"Say", "Play", "Pause"}, True),
    ProviderKind.SIM: (_TWILIO, {"Say", "Play", "Pause"}, True),
    ProviderKind.SIGNALWIRE: (_ALL | {"Pause", "Conference"}, {"Say", "Play", "Pause"}, True),
    ProviderKind.SOMLENG: (_ALL, {"Say", "Play"}, False),
    ProviderKind.OWN_TRUNK: (_ALL, {"Say", "Play"}, False),
}
POOR = (ProviderKind.SOMLENG, ProviderKind.OWN_TRUNK)
WORDS = Say(Prompt.GOODBYE)
AT = "https://hotline.example.test"
VERBS = (
    WORDS,
    Play(f"{AT}/words.mp3"),
    Pause(3),
    Silence(3),
    Music(),
    Gather("place", (WORDS, Pause(2), Music()), speech=True, hints=("Bến Nghé",)),
    Gather("queue", (WORDS,), num_digits=1, goes_on=True),
    Record("voicemail"),
    Dial("dial", Number("+84900000001", whisper_step="whisper"), {"offer": 5}, record=True),
    Dial("dial", Sip("sip:7@pbx.example", whisper_step="whisper"), {"offer": 5}, record=True),
    Dial("dial", Client("agent_7"), {"offer": 5}, record=True),
    Dial("dial", Client("agent_7", instead=Sip("sip:7@pbx.example")), {"offer": 5}),
    Dial("dial", Client("agent_7", instead=Number("+84900000001")), {"offer": 5}),
    Dial("dial", Room("call-5"), {"offer": 5}, record=True),
    Redirect("queue"),
    Hangup(),
)


class Addresses:
    def step(self, name, params):
        query = "&".join(f"{key}={value}" for key, value in params.items())
        return f"{AT}/webhooks/line/{name}" + (f"?{query}" if query else "")

    def music(self):
        return f"{AT}/music.wav"

    def silence(self):
        return f"{AT}/second.wav"

    def recordings_of(self, prompt, params, locale):
        return ()


def document(kind, *plan):
    can = CAPABILITIES[kind]
    return ElementTree.fromstring(spoken_document(plan, speak, urls=Addresses(), locale="vi", capabilities=can))


def test_every_kind_that_carries_calls_is_tried():
    assert set(LANGUAGES) == {kind for kind, can in CAPABILITIES.items() if "voice" in can}
    assert all(one.capabilities <= one.possible for one in ACCOUNT_KINDS.values())


@pytest.mark.parametrize("kind", LANGUAGES)
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: f"{type(verb).__name__}")
def test_no_account_gets_a_word_that_it_does_not_know(kind, verb):
    words, nested, whispers = LANGUAGES[kind]
    answer = document(kind, verb)

    assert {element.tag for element in answer.iter()} <= words
    for gather in answer.iter("Gather"):
        assert {element.tag for element in gather} <= nested
        assert gather.get("input") == "dtmf" or kind not in POOR
    for phone in (*answer.iter("Number"), *answer.iter("Sip")):
        assert whispers or phone.get("url") is None
    assert list(answer), "and something is done for the caller"


@pytest.mark.parametrize("kind", LANGUAGES)
def test_a_pause_lasts_as_long_everywhere(kind):
    paused, asked = document(kind, Pause(3))[0], document(kind, Gather("menu", (Pause(2),)))[0][0]

    if kind in POOR:
        assert [(one.tag, one.get("loop"), one.text) for one in (paused, asked)] == [
            ("Play", "3", f"{AT}/second.wav"),
            ("Play", "2", f"{AT}/second.wav"),
        ]
    else:
        assert [(one.tag, one.get("length")) for one in (paused, asked)] == [("Pause", "3"), ("Pause", "2")]


@pytest.mark.parametrize("kind", LANGUAGES)
def test_a_question_can_be_answered_by_keys_everywhere(kind):
    gather = document(kind, Gather("place", (WORDS,), speech=True, hints=("Bến Nghé",))).find("Gather")

    assert gather.get("input").startswith("dtmf")
    assert gather.get("action").startswith(f"{AT}/webhooks/line/place")
    assert (gather.get("hints") is None) == (kind in POOR), "nobody who hears no words is told which to expect"


@pytest.mark.parametrize("kind", LANGUAGES)
@pytest.mark.parametrize(
    ("target", "tag", "rung"),
    [
        (Number("+84900000001"), "Number", "+84900000001"),
        (Sip("sip:7@pbx.example"), "Sip", "sip:7@pbx.example"),
        (Client("agent_7", instead=Sip("sip:7@pbx.example")), "Sip", "sip:7@pbx.example"),
        (Client("agent_7", instead=Number("+84900000001")), "Number", "+84900000001"),
    ],
)
def test_an_agent_is_rung_by_every_account_where_they_can_be(kind, target, tag, rung):
    dial = document(kind, Dial("dial", target, {"offer": 5}, record=True)).find("Dial")

    rings_browser = isinstance(target, Client) and kind in (ProviderKind.TWILIO, ProviderKind.SIM)
    found = dial.find("Client/Identity") if rings_browser else dial.find(tag)
    assert found.text == ("agent_7" if rings_browser else rung)
    assert (dial.get("record") is None) == (kind in POOR)


@pytest.mark.parametrize("kind", LANGUAGES)
def test_a_number_is_rung_by_whoever_can_ask_it_for_a_key_and_by_nobody_else(kind):
    answer = document(kind, Dial("dial", Number("+84900000001", whisper_step="whisper"), {"offer": 5}))

    if kind in POOR:
        assert answer[0].tag == "Redirect" and "unreached=1" in answer[0].text, "no voicemail takes the caller"
    else:
        assert answer.find("Dial/Number").get("url").startswith(f"{AT}/webhooks/line/whisper")


@pytest.mark.parametrize("kind", [kind for kind in LANGUAGES if kind not in (ProviderKind.TWILIO, ProviderKind.SIM)])
def test_where_nobody_can_be_rung_the_caller_goes_on_at_once_as_if_nobody_had_answered(kind):
    answer = document(kind, WORDS, Dial("dial", Client("agent_7"), {"offer": 5}))

    assert [element.tag for element in answer] == ["Say", "Redirect"]
    assert answer[1].text.startswith(f"{AT}/webhooks/line/dial?offer=5&unreached=1")
    query = {"turn": "4", "offer": "5", "unreached": "1"}
    assert told_by({"call_sid": "c"}, query) == {"call_sid": "c", "dial_status": "failed"}
    assert told_by({"call_sid": "c"}, {"turn": "4"}) == {"call_sid": "c"}


@pytest.mark.parametrize("kind", LANGUAGES)
def test_what_is_lowered_stays_as_it_is_when_it_is_lowered_again(kind):
    once = lowered(VERBS, CAPABILITIES[kind])

    assert lowered(once, CAPABILITIES[kind]) == once
