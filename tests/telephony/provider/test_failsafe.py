"""When all else fails the caller still hears words and can leave some."""

from xml.etree import ElementTree

import pytest

from app.wording.spoken_words import speak
from telephony.provider.account import ProviderKind
from telephony.provider.account_kinds import CAPABILITIES
from telephony.provider.failsafe import failsafe_document, failsafe_thanks_document
from telephony.provider.failsafe_faults import failsafe_faults


@pytest.mark.parametrize("kind", CAPABILITIES)
@pytest.mark.parametrize("desk", [None, "+842838000001"])
def test_every_provider_can_play_it(kind, desk):
    can = CAPABILITIES[kind]

    first = failsafe_document(speak, capabilities=can, duty_phone=desk)
    second = failsafe_thanks_document(speak, capabilities=can)

    assert failsafe_faults(first, can) == []
    assert failsafe_faults(second, can) == []


def test_it_names_the_emergency_numbers_in_both_languages_and_records():
    root = ElementTree.fromstring(failsafe_document(speak, capabilities=()))

    said = [say.text for say in root.iter("Say")]
    assert len(said) == 2
    assert all(number in words for words in said for number in ("113", "114", "115"))
    assert [child.tag for child in root] == ["Say", "Say", "Record", "Hangup"]


def test_the_duty_desk_rings_before_the_announcement():
    root = ElementTree.fromstring(failsafe_document(speak, capabilities=(), duty_phone="+842838000001"))

    assert [child.tag for child in root] == ["Dial", "Say", "Say", "Record", "Hangup"]


def test_its_bytes_are_always_the_same():
    can = CAPABILITIES[ProviderKind.TWILIO]

    assert failsafe_document(speak, capabilities=can) == failsafe_document(speak, capabilities=can)


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ("<Response>", "not well-formed"),
        ("<Answer><Hangup/></Answer>", "root is Answer"),
        ('<Response><Say language="vi-VN">a</Say><Hangup/></Response>', "says nothing in en-US"),
        ("<Response><Play>https://x/y.mp3</Play><Hangup/></Response>", "Play is not a verb"),
        ('<Response><Say language="vi-VN" voice="Google.vi-VN-Wavenet-A">a</Say></Response>', "a voice this provider"),
        ('<Response><Say language="vi-VN" loop="0">a</Say></Response>', "Say has loop"),
        ('<Response><Say language="vi-VN"> </Say></Response>', "Say without words"),
        ('<Response><Say language="vi-VN">a</Say></Response>', "does not end"),
        ('<Response><Say language="vi-VN">a</Say><Dial>1</Dial><Hangup/></Response>', "rings the desk after"),
        ("<Response><Record/><Hangup/></Response>", "a recording leads nowhere"),
        (f'<Response><Say language="vi-VN">{"a" * 70_000}</Say></Response>', "too large"),
    ],
)
def test_the_lint_names_what_would_keep_it_from_being_played(broken, fault):
    assert any(fault in found for found in failsafe_faults(broken, frozenset()))
