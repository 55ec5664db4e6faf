"""The document a caller gets when everything else has failed; every provider can play it.

Its bytes depend on configuration alone: the web process answers with them when the database is slow or gone, the proxy
when the web process is gone, and a second host when the proxy is gone.
"""

from __future__ import annotations

from collections.abc import Collection

from telephony.plan.prompts import Prompt
from telephony.provider.account import Capability
from telephony.provider.document import Document
from telephony.provider.spoken_document import Speak, say_words
from tickets.states import LOCALES

RECORD_SECONDS = 180
DUTY_RING_SECONDS = 20
# Relative on purpose: wherever the document is served from, its second half lies beside it.
THANKS = "failsafe-thanks"


def failsafe_document(
    speak: Speak,
    *,
    capabilities: Collection[Capability],
    voice: str = "",
    duty_phone: str | None = None,
    thanks_url: str = THANKS,
) -> str:
    """Says in both languages that something is broken, optionally rings the duty desk, and records a message."""
    response = Document(capabilities)
    if duty_phone:
        # The desk first: a person is better than a tape. Its silence falls through to the words below.
        response.dial(duty_phone, timeout=DUTY_RING_SECONDS)
    _say(response, Prompt.FAILURE, speak, capabilities, voice)
    response.record(action=thanks_url, method="POST", max_length=RECORD_SECONDS, finish_on_key="#", play_beep=True)
    response.hangup()
    return str(response)


def failsafe_thanks_document(speak: Speak, *, capabilities: Collection[Capability], voice: str = "") -> str:
    """What follows the recording; a Record without an action of its own would start the first document again."""
    response = Document(capabilities)
    _say(response, Prompt.FAILURE_THANKS, speak, capabilities, voice)
    response.hangup()
    return str(response)


def _say(response: Document, prompt: Prompt, speak: Speak, capabilities: Collection[Capability], voice: str) -> None:
    for locale in LOCALES:
        say_words(response, speak(prompt, {}, locale), locale=locale, capabilities=capabilities, voice=voice)
