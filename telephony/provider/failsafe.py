"""The document a caller gets when everything else has failed, and the check that every provider can play it.

Its bytes depend on configuration alone: the web process answers with them when the database is slow or gone, the proxy
when the web process is gone, and a second host when the proxy is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit
from xml.etree import ElementTree

from twilio.twiml.voice_response import VoiceResponse

from telephony.plan.prompts import Prompt
from telephony.provider.account import Capability
from telephony.provider.spoken_document import LANGUAGE_TAGS, Speak, say_words

LOCALES = ("vi", "en")
RECORD_SECONDS = 180
DUTY_RING_SECONDS = 20
# Relative on purpose: wherever the document is served from, its second half lies beside it.
THANKS = "failsafe-thanks"


def failsafe_document(
    speak: Speak, *, capabilities: Collection[Capability], duty_phone: str | None = None, thanks_url: str = THANKS
) -> str:
    """Says in both languages that something is broken, optionally rings the duty desk, and records a message."""
    response = VoiceResponse()
    if duty_phone:
        # The desk first: a person is better than a tape. Its silence falls through to the words below.
        response.dial(duty_phone, timeout=DUTY_RING_SECONDS)
    _say(response, Prompt.FAILURE, speak, capabilities)
    response.record(action=thanks_url, method="POST", max_length=RECORD_SECONDS, finish_on_key="#", play_beep=True)
    response.hangup()
    return str(response)


def failsafe_thanks_document(speak: Speak, *, capabilities: Collection[Capability]) -> str:
    """What follows the recording; a Record without an action of its own would start the first document again."""
    response = VoiceResponse()
    _say(response, Prompt.FAILURE_THANKS, speak, capabilities)
    response.hangup()
    return str(response)


def _say(response: VoiceResponse, prompt: Prompt, speak: Speak, capabilities: Collection[Capability]) -> None:
    for locale in LOCALES:
        say_words(response, speak(prompt, {}, locale), locale=locale, capabilities=capabilities)


COMMON: Mapping[str, frozenset[str]] = {
    "Response": frozenset(),
    "Say": frozenset({"voice", "language"}),
    "Record": frozenset({"action", "method", "maxLength", "finishOnKey", "playBeep"}),
    "Dial": frozenset({"timeout"}),
    "Hangup": frozenset(),
}
MOST_BYTES = 64 * 1024


def failsafe_faults(document: str, capabilities: Collection[Capability]) -> list[str]:
    """Everything that could keep a provider with these capabilities from playing the document; empty is good."""
    try:
        root = ElementTree.fromstring(document)  # noqa: S314 - our own document, never a stranger's
    except ElementTree.ParseError as error:
        return [f"not well-formed: {error}"]
    faults = [] if root.tag == "Response" else [f"root is {root.tag}"]
    for element in root.iter():
        faults += _element_faults(element, capabilities)
    faults += _whole_faults(root)
    if len(document.encode()) > MOST_BYTES:
        faults.append("too large")
    return faults


def _element_faults(element: ElementTree.Element, capabilities: Collection[Capability]) -> list[str]:
    if element.tag not in COMMON:
        return [f"{element.tag} is not a verb of the fail-safe document"]
    faults = [f"{element.tag} has {name}" for name in element.attrib if name not in COMMON[element.tag]]
    if element.tag == "Say" and not (element.text or "").strip():
        faults.append("Say without words")
    if "voice" in element.attrib and Capability.GOOGLE_VOICES not in capabilities:
        faults.append("a voice this provider does not have")
    return faults


def _whole_faults(root: ElementTree.Element) -> list[str]:
    faults = []
    said = {element.get("language") for element in root.iter("Say")}
    faults += [f"says nothing in {tag}" for tag in (LANGUAGE_TAGS[x] for x in LOCALES) if tag not in said]
    children = [child.tag for child in root]
    if children[-1:] != ["Hangup"]:
        faults.append("does not end")
    if "Dial" in children and "Say" in children and children.index("Dial") > children.index("Say"):
        faults.append("rings the desk after the announcement")
    for record in root.iter("Record"):
        action = record.get("action", "")
        if not action or (urlsplit(action).scheme not in ("", "https", "http")):
            faults.append("a recording leads nowhere")
    return faults
