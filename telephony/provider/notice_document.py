"""A call that the hotline makes to say something: the words twice, and keys that answer them."""

from collections.abc import Collection

from telephony.provider.account import Capability
from telephony.provider.document import Document
from telephony.provider.spoken_document import VOICE_RETRIES, say_words

TIMES_SAID = 2
SECONDS_TO_PRESS = 6


def notice_document(text: str, *, locale: str, action: str, capabilities: Collection[Capability]) -> str:
    """Says `text`, which names the keys, and sends the key that is pressed to `action`; silence ends the call.

    A voicemail that picks up presses nothing, and so answers for nobody.
    """
    response = Document(capabilities)
    if Capability.URL_OVERRIDES in capabilities:
        action += VOICE_RETRIES
    for _ in range(TIMES_SAID):
        gather = response.gather(input="dtmf", num_digits=1, timeout=SECONDS_TO_PRESS, action=action, method="POST")
        say_words(gather, text, locale=locale, capabilities=capabilities)
    response.hangup()
    return str(response)


def last_words(text: str, *, locale: str, capabilities: Collection[Capability]) -> str:
    """Says `text` and ends the call."""
    response = Document(capabilities)
    say_words(response, text, locale=locale, capabilities=capabilities)
    response.hangup()
    return str(response)
