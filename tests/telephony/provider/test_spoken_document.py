"""A plan becomes a document each provider understands, whatever it cannot do."""

from xml.etree import ElementTree

import pytest

from app.wording.spoken_words import speak
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Client, Dial, Gather, Hangup, Number, Play, Record, Redirect, Say
from telephony.provider.account import Capability, ProviderKind
from telephony.provider.account_kinds import CAPABILITIES
from telephony.provider.spoken_document import spoken_document

EVERYTHING = CAPABILITIES[ProviderKind.TWILIO]
LITTLE = CAPABILITIES[ProviderKind.SOMLENG]


class Addresses:
    def __init__(self, recorded=()):
        self.recorded = recorded

    def step(self, name, params):
        query = "&".join(f"{key}={value}" for key, value in params.items())
        return f"https://hotline.example.test/webhooks/sim/{name}" + (f"?{query}" if query else "")

    def recordings_of(self, prompt, params, locale):
        known = (prompt, locale) in self.recorded and not params
        return [f"https://hotline.example.test/{locale}/{prompt}.wav"] if known else ()


def document(*plan, capabilities=EVERYTHING, locale="vi", recorded=()):
    return ElementTree.fromstring(
        spoken_document(plan, speak, urls=Addresses(recorded), locale=locale, capabilities=capabilities)
    )


def test_a_prompt_is_said_in_the_language_of_the_call_with_a_voice_that_has_it():
    say = document(Say(Prompt.GOODBYE)).find("Say")

    assert say.get("language") == "vi-VN"
    assert say.get("voice").startswith("Google.vi-VN-")
    assert say.text == "Cảm ơn ông bà đã gọi. Xin chào."


def test_a_prompt_may_be_said_in_another_language_than_the_call():
    say = document(Say(Prompt.MENU_LANGUAGE, locale="en")).find("Say")

    assert (say.get("language"), say.text) == ("en-US", "For English, press star.")


def test_fixed_words_are_played_where_a_recording_exists_and_varying_ones_are_said():
    recorded = {(Prompt.GOODBYE, "vi"), (Prompt.REFERENCE_TWICE, "vi")}

    played = document(Say(Prompt.GOODBYE), Say(Prompt.REFERENCE_TWICE, {"reference": "2600421733"}), recorded=recorded)

    assert [element.tag for element in played] == ["Play", "Say"]
    assert "2 6, 0 0 4 2, 1 7 3 3" in played[1].text


def test_a_question_takes_keys_speech_and_silence_to_the_same_step():
    answer = document(Gather("place", (Say(Prompt.WHERE),), speech=True, hints=("Bến Nghé", "Sài Gòn")))

    gather = answer.find("Gather")
    assert gather.get("input") == "dtmf speech"
    assert gather.get("actionOnEmptyResult") == "true"
    assert gather.get("hints") == "Bến Nghé,Sài Gòn"
    assert gather.get("action") == answer.find("Redirect").text


def test_one_key_is_never_swallowed_as_the_finishing_key():
    assert document(Gather("menu", num_digits=1)).find("Gather").get("finishOnKey") is None
    assert document(Gather("follow", num_digits=10)).find("Gather").get("finishOnKey") == "#"


@pytest.mark.parametrize("kind", CAPABILITIES)
def test_only_who_reads_retries_in_an_address_gets_them(kind):
    can = CAPABILITIES[kind]

    answer = document(Gather("place", (Say(Prompt.WHERE),)), capabilities=can)

    assert ("#" in answer.find("Gather").get("action")) == (Capability.URL_OVERRIDES in can)


def test_retries_are_asked_for_in_the_fragment_of_each_address():
    answer = document(Record("voicemail"), Redirect("queue", {"turn": 3}))

    record = answer.find("Record")
    assert record.get("action").endswith("#rc=2&rp=ct,rt,5xx&ct=2000&rt=4000&tt=12000")
    assert record.get("recordingStatusCallback").endswith("/recording#rc=3&rp=all")
    assert "/queue?turn=3#rc=2" in answer.findall("Redirect")[-1].text


def test_a_mobile_must_press_a_key_before_a_caller_is_put_through():
    number = document(Dial("dial", Number("+84900000001", whisper_step="whisper"), {"offer": 5})).find("Dial/Number")

    assert number.text == "+84900000001"
    assert "/whisper?offer=5" in number.get("url")


def test_a_softphone_is_told_which_offer_it_rings_for():
    client = document(Dial("dial", Client("agent_7"), {"offer": 5})).find("Dial/Client")

    assert client.findtext("Identity") == "agent_7"
    assert client.find("Parameter").attrib == {"name": "offer", "value": "5"}


def test_words_of_strangers_cannot_break_out_of_the_document():
    answer = document(
        Say(Prompt.PLACE_CONFIRM, {"unit": '</Say><Dial>1900</Dial> & "x"'}), Hangup(), Play("https://a/b?c&d")
    )

    assert [element.tag for element in answer] == ["Say", "Hangup", "Play"]
