"""The name of a voice is judged when it is typed, and not by the first caller."""

import pytest

from telephony.provider.account import ProviderKind
from telephony.provider.voices import USUAL, voice_fault

TWILIO, TRUNK, WIRE = ProviderKind.TWILIO, ProviderKind.OWN_TRUNK, ProviderKind.SIGNALWIRE


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (TWILIO, ""),
        (TWILIO, USUAL),
        (TWILIO, "Google.vi-VN-Standard-D"),
        (TWILIO, "Google.vi-VN-Neural2-D"),
        (TWILIO, "Google.vi-VN-Chirp3-HD-Aoede"),
        (WIRE, "gcloud.vi-VN-Wavenet-B"),
        (TRUNK, "lan-sai-gon"),
        (TRUNK, "Piper.vi_VN-vais1000-medium"),
    ],
)
def test_a_voice_that_reads_the_language_may_be_used(kind, name):
    assert voice_fault(kind, name) == ""


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        (TWILIO, "Google.vi-VN-Wavenet-E", "unknown_voice"),
        (TWILIO, "Google.vi-VN-Neural2-B", "unknown_voice"),
        (TWILIO, "Google.vi-VN-wavenet-a", "unknown_voice"),
        (TWILIO, "vi-VN-Wavenet-A", "unknown_voice"),
        (TWILIO, "Google.en-US-Wavenet-A", "voice_of_another_language"),
        (TWILIO, "Polly.Joanna", "voice_of_another_language"),
        (TWILIO, "alice", "voice_of_another_language"),
        (WIRE, "gcloud.en-US-Wavenet-B", "voice_of_another_language"),
        (TRUNK, "Polly.Mia-Neural", "voice_of_another_language"),
        (TRUNK, "giọng miền Nam", "not_a_voice"),
        (TRUNK, 'a"/><Hangup/>', "not_a_voice"),
    ],
)
def test_any_other_is_refused_with_what_is_wrong_with_it(kind, name, code):
    assert voice_fault(kind, name) == code
