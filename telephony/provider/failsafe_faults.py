"""What could keep a provider from playing the fail-safe document."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit
from xml.etree import ElementTree

from telephony.provider.account import Capability
from telephony.provider.spoken_document import LANGUAGE_TAGS
from tickets.states import LOCALES

_COMMON: Mapping[str, frozenset[str]] = {
    "Response": frozenset(),
    "Say": frozenset({"voice", "language"}),
    "Record": frozenset({"action", "method", "maxLength", "finishOnKey", "playBeep"}),
    "Dial": frozenset({"timeout"}),
    "Hangup": frozenset(),
}
_MOST_BYTES = 64 * 1024


def failsafe_faults(document: str, capabilities: Collection[Capability]) -> list[str]:
    """Everything that could keep a provider with these capabilities from playing the document; empty is good."""
    try:
        root = ElementTree.fromstring(document)  # noqa: S314  (our own document, read before it is given out)
    except ElementTree.ParseError as error:
        return [f"not well-formed: {error}"]
    faults = [] if root.tag == "Response" else [f"root is {root.tag}"]
    for element in root.iter():
        faults += _element_faults(element, capabilities)
    faults += _whole_faults(root)
    if len(document.encode()) > _MOST_BYTES:
        faults.append("too large")
    return faults


def _element_faults(element: ElementTree.Element, capabilities: Collection[Capability]) -> list[str]:
    if element.tag not in _COMMON:
        return [f"{element.tag} is not a verb of the fail-safe document"]
    faults = [f"{element.tag} has {name}" for name in element.attrib if name not in _COMMON[element.tag]]
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
