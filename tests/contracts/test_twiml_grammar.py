"""Every document that any test makes is read by the provider's grammar (tests/conftest.py); here: that it can fail."""

import re
from pathlib import Path

import pytest
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from telephony.provider.account import Capability, ProviderKind
from telephony.provider.account_kinds import CAPABILITIES
from telephony.provider.document import Document
from tests.contracts.twiml_grammar import VALUES, _grammar, faults

ROOT = Path(__file__).resolve().parents[2]
ALL = CAPABILITIES[ProviderKind.TWILIO]
LITTLE = CAPABILITIES[ProviderKind.OWN_TRUNK]
NOTHING_MORE = LITTLE - {Capability.SIP}
A, B = "https://hotline.example.test/webhooks/line/menu?turn=1", "https://hotline.example.test/static/hold.wav"


def of(*inner):
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{"".join(inner)}</Response>'


@pytest.mark.parametrize(
    "inner",
    [
        "",
        f'<Gather action="{A}" method="POST" timeout="10" numDigits="1"><Say language="vi-VN">a</Say></Gather>',
        f'<Gather input="dtmf" timeout="5"><Play>{B}</Play></Gather><Redirect method="POST">{A}</Redirect>',
        f'<Record action="{A}" maxLength="180" finishOnKey="#" playBeep="true"/><Hangup/>',
        '<Dial timeout="20" callerId="+842873000000"><Number>+84901234567</Number></Dial>',
        "<Message>a</Message>",
    ],
)
def test_what_every_account_executes_is_found_without_fault(inner):
    assert faults(of(inner), LITTLE) == faults(of(inner), ALL) == []


@pytest.mark.parametrize(
    ("inner", "fault"),
    [
        ("<Gather><Hangup/></Gather>", "Hangup may not stand in Gather"),
        ("<Gather><Redirect>https://a.test/</Redirect></Gather>", "Redirect may not stand in Gather"),
        ("<Dial><Say>a</Say></Dial>", "Say may not stand in Dial"),
        ("<Say><Play>https://a.test/</Play></Say>", "Play may not stand in Say"),
        ("<say>a</say>", "say may not stand in Response"),
        ("<Number>+84901234567</Number>", "Number may not stand in Response"),
        ("xin chào", "bare text in Response"),
        ("<Gather>xin chào<Say>a</Say></Gather>", "bare text in Gather"),
        ("<Gather numdigits='1'/>", "Gather has no attribute numdigits"),
        ('<Dial statusCallback="https://a.test/">1234</Dial>', "Dial has no attribute statusCallback"),
        ("<Gather timeout='0'/>", "Gather timeout may not be '0'"),
        ("<Gather timeout='2.5'/>", "Gather timeout may not be '2.5'"),
        ("<Gather numDigits='None'/>", "Gather numDigits may not be 'None'"),
        ("<Gather finishOnKey='##'/>", "Gather finishOnKey may not be '##'"),
        ("<Gather input='voice'/>", "Gather input may not be 'voice'"),
        ("<Gather actionOnEmptyResult='True'/>", "Gather actionOnEmptyResult may not be 'True'"),
        (f'<Gather input="speech" hints="{"a" * 101}"/>', "Gather hints may not be"),
        (f'<Gather input="speech" hints="{",".join(["a"] * 501)}"/>', "Gather hints may not be"),
        ('<Gather action="menu turn"/>', "Gather action may not be 'menu turn'"),
        ('<Gather action="mailto:a@b.test"/>', "Gather action may not be"),
        (f"<Redirect>{A}{'x' * 4000}</Redirect>", "Redirect may not hold"),
        ("<Record maxLength='20000'/>", "Record maxLength may not be '20000'"),
        ("<Dial timeout='700'>1234</Dial>", "Dial timeout may not be '700'"),
        ("<Dial timeLimit='0'>1234</Dial>", "Dial timeLimit may not be '0'"),
        ("<Dial/>", "Dial rings nobody"),
        ("<Dial>1234<Number>+84901234567</Number></Dial>", "Dial has a number and something else"),
        (f"<Dial>{'<Number>+84901234567</Number>' * 11}</Dial>", "Dial rings more than ten at once"),
        ("<Dial><Number>the desk</Number></Dial>", "Number may not hold 'the desk'"),
        ("<Dial callerId='anonymous'>1234</Dial>", "Dial callerId may not be 'anonymous'"),
        ("<Dial><Client/></Dial>", "Client is nobody"),
        ("<Dial><Client><Identity>agent 7</Identity></Client></Dial>", "Identity may not hold 'agent 7'"),
        ("<Say language='vi-VN'> </Say>", "Say is empty"),
        (f"<Say>{'a' * 4097}</Say>", "Say may not hold"),
        ("<Say language='vi'>a</Say>", "Say language may not be 'vi'"),
        ("<Say voice='Robot'>a</Say>", "Say voice may not be 'Robot'"),
        ("<Play/>", "Play may not hold"),
        ("<Message> </Message>", "Message may not hold"),
        (f"<Message>{'a' * 1601}</Message>", "Message may not hold"),
        ("<Message>a</Message><Say>a</Say>", "Say may not stand in Response"),
        ("<Redirect/>", "Redirect is empty"),
        ("<Echo/>", "nobody has said which account has Echo"),
        ("<Gather profanityFilter='true'/>", "nobody has said what Gather profanityFilter may be"),
    ],
)
def test_what_the_provider_would_refuse_is_a_fault_even_where_the_account_can_everything(inner, fault):
    assert any(one.startswith(fault) for one in faults(of(inner), ALL)), faults(of(inner), ALL)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ("", "something stands before it"),
        (" " + of(), "something stands before it"),
        ("<Response>", "not well-formed"),
        ("<Reply/>", "its root is Reply"),
        (of(f"<Say>{'a' * 70_000}</Say>"), "larger than 64 KB"),
    ],
)
def test_what_is_no_document_is_a_fault(document, fault):
    assert faults(document, ALL)[0].startswith(fault)


@pytest.mark.parametrize(
    "inner",
    [
        '<Pause length="2"/>',
        "<Gather><Pause/></Gather>",
        "<Enqueue>q</Enqueue>",
        "<Dial><Conference>room</Conference></Dial>",
        "<Dial><Client><Identity>agent_7</Identity></Client></Dial>",
        f'<Dial><Number url="{A}">+84901234567</Number></Dial>',
        '<Dial record="record-from-answer-dual">1234</Dial>',
        '<Gather input="dtmf speech"/>',
        '<Gather hints="a"/>',
        '<Say voice="Google.vi-VN-Wavenet-A">a</Say>',
        f"<Redirect>{A}#rc=2</Redirect>",
    ],
)
def test_what_only_some_accounts_can_is_a_fault_in_a_document_for_the_others(inner):
    # `of` some: Enqueue and Client with bare words are judged by the grammar alone.
    assert not [one for one in faults(of(inner), ALL) if "account" in one]
    assert [one for one in faults(of(inner), NOTHING_MORE) if "this account" in one]


def test_the_grammar_is_the_official_one():
    assert {"Say", "Gather", "Dial", "Record", "Redirect", "Enqueue", "Refer"} <= set(_grammar(VoiceResponse))
    assert set(_grammar(Gather)) == {"Say", "Play", "Pause"}
    assert {"Number", "Client", "Conference", "Queue", "Sip"} <= set(_grammar(Dial))
    assert "timeLimit" in _grammar(VoiceResponse)["Dial"][1] and "number" not in _grammar(VoiceResponse)["Dial"][1]


def test_every_attribute_whose_values_are_known_is_one_of_the_grammar():
    known = {**_grammar(VoiceResponse), **_grammar(Dial), **_grammar(_grammar(Dial)["Client"][0])}

    assert [pair for pair in VALUES if pair[1] not in known[pair[0]][1]] == []


def test_a_bad_document_of_any_test_is_found_where_it_becomes_text(every_document):
    bad = Document({Capability.VOICE})
    bad.gather(num_digits=0).pause()

    str(bad)

    found = every_document.taken()
    assert len(found) == 1
    assert "Gather numDigits may not be '0'" in found[0] and "this account has no Pause" in found[0]


def test_no_document_is_written_past_the_one_place():
    # The bench's bare door answers nobody's provider: it is what a turn is measured against.
    bare = ROOT / "app" / "bench" / "bare_door.py"
    sources = [path for folder in ("app", "telephony") for path in (ROOT / folder).rglob("*.py") if path != bare]
    written = re.compile(r"VoiceResponse\(|<Response>")

    at = [str(path.relative_to(ROOT)) for path in sources if written.search(path.read_text("utf-8"))]

    assert at == []
