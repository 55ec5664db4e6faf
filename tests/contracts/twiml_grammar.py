"""Whether a provider would execute a document of ours, by what others wrote.

Which element may stand where, and with which attributes, is read off the classes of the official `twilio` package,
which are generated from the provider's own schema. What the values may be follows its public documentation. What an
account cannot do follows Somleng's parser and SignalWire's documentation: an element there that they do not know ends
the whole document, and with it the call.
"""

import inspect
import re
from collections.abc import Callable, Collection, Iterator
from functools import cache
from urllib.parse import urlsplit
from xml.etree import ElementTree

from twilio.twiml import TwiML
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

from telephony.provider.account import Capability

MOST_BYTES = 64 * 1024
MOST_SPOKEN = 4096
MOST_IN_AN_ADDRESS = 4000
MOST_IN_A_TEXT = 1600
MOST_HINTS, MOST_OF_A_HINT = 500, 100
MOST_RUNG_AT_ONCE = 10
# Of all parameters that a softphone is told together.
MOST_PARAMETERS = 800
ITS_OWN_TEXT = {
    "Message",
    "Say",
    "Play",
    "Redirect",
    "Dial",
    "Number",
    "Client",
    "Sip",
    "Conference",
    "Identity",
    "Queue",
}
NEEDED_TO = {
    "Pause": Capability.PAUSE, "Enqueue": Capability.ENQUEUE, "Leave": Capability.ENQUEUE, "Queue": Capability.ENQUEUE,
    "Conference": Capability.CONFERENCE, "Client": Capability.CLIENT, "Sip": Capability.SIP,
}  # fmt: skip
WHATEVER_IT_CAN = {"Response", "Say", "Play", "Gather", "Record", "Dial", "Number", "Redirect", "Hangup", "Reject"}
PARTS_OF_OTHERS = {"Identity", "Parameter"}


def faults(document: str, capabilities: Collection[Capability]) -> list[str]:
    """Everything for which an account with these capabilities would not do what the document says; empty is good."""
    if len(document.encode()) > MOST_BYTES:
        return ["larger than 64 KB"]
    if not document.startswith("<"):
        return ["something stands before it"]
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        return [f"not well-formed: {error}"]
    if root.tag != "Response":
        return [f"its root is {root.tag}"]
    if root.find("Message") is not None:
        return [*_placed(root, MessagingResponse), *_texted(root)]
    return [*_placed(root, VoiceResponse), *_valued(root), *_beyond(root, frozenset(capabilities))]


def _texted(root: ElementTree.Element) -> list[str]:
    """Texts that go back the way one came."""
    return [
        "Message may not hold so little or so much"
        for message in root.iter("Message")
        if not 1 <= len("".join(message.itertext()).strip()) <= MOST_IN_A_TEXT
    ]


# What may stand where ------------------------------------------------------------------------------------------------


@cache
def _grammar(of: type[TwiML]) -> dict[str, tuple[type[TwiML], frozenset[str]]]:
    """Tag → class and attributes of all that may stand in `of`."""
    return {tag: (kind, names) for tag, kind, names in _nestable(of)}


def _nestable(of: type[TwiML]) -> Iterator[tuple[str, type[TwiML], frozenset[str]]]:
    for name, method in inspect.getmembers(of, inspect.isfunction):
        if name.startswith("_") or hasattr(TwiML, name):
            continue
        wanted = [one for one in inspect.signature(method).parameters if one not in ("self", "kwargs")]
        # As its own writer would: whatever is given as a value becomes text, everything else an attribute.
        child = method(_bare(of), **dict.fromkeys(wanted, "x"))
        yield child.name, type(child), frozenset(child.attrs)


def _bare(of: type[TwiML]) -> TwiML:
    needed = [
        name
        for name, one in inspect.signature(of.__init__).parameters.items()
        if name != "self" and one.kind is one.POSITIONAL_OR_KEYWORD and one.default is one.empty
    ]
    return of(**dict.fromkeys(needed, "x"))


def _placed(element: ElementTree.Element, kind: type[TwiML]) -> Iterator[str]:
    if element.tag not in ITS_OWN_TEXT and element.tag != "Parameter" and (element.text or "").strip():
        yield f"bare text in {element.tag}"
    may = _grammar(kind)
    for child in element:
        if (child.tail or "").strip():
            yield f"bare text in {element.tag}"
        if child.tag not in may:
            yield f"{child.tag} may not stand in {element.tag}"
            continue
        its_kind, names = may[child.tag]
        yield from (f"{child.tag} has no attribute {name}" for name in child.attrib if name not in names)
        yield from _placed(child, its_kind)


# What values may be --------------------------------------------------------------------------------------------------


def _whole(least: int, most: int) -> Callable[[str], bool]:
    return lambda value: value.isascii() and value.isdecimal() and least <= int(value) <= most


def _one_of(*values: str) -> Callable[[str], bool]:
    return lambda value: value in values


def _some_of(*values: str) -> Callable[[str], bool]:
    return lambda value: bool(value.split()) and set(value.split()) <= set(values)


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value) is not None


def _address(value: str) -> bool:
    parts = urlsplit(value)
    is_whole = parts.scheme in ("http", "https") and bool(parts.hostname)
    is_beside = not parts.scheme and not parts.netloc and bool(parts.path)
    return (is_whole or is_beside) and len(value) <= MOST_IN_AN_ADDRESS and re.search(r"\s", value) is None


def _hints(value: str) -> bool:
    hints = value.split(",")
    return len(hints) <= MOST_HINTS and all(0 < len(hint.strip()) <= MOST_OF_A_HINT for hint in hints)


_YES_OR_NO = _one_of("true", "false")
_PHONE = _like(r"\+?\d{3,15}")
_LANGUAGE = _like(r"[a-z]{2,3}(-[A-Z][a-z]{3})?-[A-Z]{2}")
_METHOD = _one_of("GET", "POST")
_LEG_EVENTS = _some_of("initiated", "ringing", "answered", "completed")
_RECORDING_EVENTS = _some_of("in-progress", "completed", "absent")

# An attribute that is not named here is one that no document of ours has had yet: whoever first writes it adds it.
VALUES: dict[tuple[str, str], Callable[[str], bool]] = {
    ("Say", "voice"): _like(r"(man|woman|alice|(Google|Polly|Basic)\.[A-Za-z0-9.-]+)"),
    ("Say", "language"): _LANGUAGE,
    ("Say", "loop"): _whole(0, 1000),
    ("Play", "loop"): _whole(0, 1000),
    ("Play", "digits"): _like(r"[0-9*#wW]+"),
    ("Pause", "length"): _whole(1, 600),
    ("Gather", "input"): _one_of("dtmf", "speech", "dtmf speech"),
    ("Gather", "action"): _address,
    ("Gather", "method"): _METHOD,
    ("Gather", "timeout"): _whole(1, 600),
    ("Gather", "numDigits"): _whole(1, 1000),
    ("Gather", "finishOnKey"): _like(r"[0-9*#]?"),
    ("Gather", "actionOnEmptyResult"): _YES_OR_NO,
    ("Gather", "bargeIn"): _YES_OR_NO,
    ("Gather", "language"): _LANGUAGE,
    ("Gather", "hints"): _hints,
    ("Gather", "speechTimeout"): _like(r"auto|[1-9]\d{0,2}"),
    ("Record", "action"): _address,
    ("Record", "method"): _METHOD,
    ("Record", "maxLength"): _whole(1, 14400),
    ("Record", "timeout"): _whole(1, 600),
    ("Record", "finishOnKey"): _like(r"[0-9*#]*"),
    ("Record", "playBeep"): _YES_OR_NO,
    ("Record", "trim"): _one_of("trim-silence", "do-not-trim"),
    ("Record", "recordingStatusCallback"): _address,
    ("Record", "recordingStatusCallbackMethod"): _METHOD,
    ("Record", "recordingStatusCallbackEvent"): _RECORDING_EVENTS,
    ("Dial", "action"): _address,
    ("Dial", "method"): _METHOD,
    ("Dial", "timeout"): _whole(5, 600),
    ("Dial", "timeLimit"): _whole(1, 14400),
    ("Dial", "hangupOnStar"): _YES_OR_NO,
    ("Dial", "callerId"): _like(r"\+?\d{3,15}|client:[A-Za-z0-9_]{1,121}"),
    ("Dial", "answerOnBridge"): _YES_OR_NO,
    ("Dial", "record"): _one_of(
        "do-not-record", "record-from-answer", "record-from-ringing", "record-from-answer-dual",
        "record-from-ringing-dual", "true", "false",
    ),
    ("Dial", "trim"): _one_of("trim-silence", "do-not-trim"),
    ("Dial", "recordingStatusCallback"): _address,
    ("Dial", "recordingStatusCallbackMethod"): _METHOD,
    ("Dial", "recordingStatusCallbackEvent"): _RECORDING_EVENTS,
    ("Conference", "muted"): _YES_OR_NO,
    ("Conference", "beep"): _one_of("true", "false", "onEnter", "onExit"),
    ("Conference", "startConferenceOnEnter"): _YES_OR_NO,
    ("Conference", "endConferenceOnExit"): _YES_OR_NO,
    ("Conference", "waitUrl"): lambda value: not value or _address(value),
    ("Conference", "waitMethod"): _METHOD,
    ("Conference", "maxParticipants"): _whole(2, 250),
    ("Conference", "record"): _one_of("do-not-record", "record-from-start"),
    ("Conference", "recordingStatusCallback"): _address,
    ("Conference", "recordingStatusCallbackMethod"): _METHOD,
    ("Conference", "recordingStatusCallbackEvent"): _RECORDING_EVENTS,
    ("Conference", "coach"): _like(r"CA[0-9a-f]{32}|[0-9a-f-]{36}"),
    ("Conference", "participantLabel"): _like(r"[^\s].{0,127}"),
    ("Conference", "statusCallbackEvent"): _some_of(
        "start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"
    ),
    ("Parameter", "name"): _like(r"[A-Za-z_][A-Za-z0-9_]*"),
    ("Parameter", "value"): _like(r".{0,500}"),
    ("Redirect", "method"): _METHOD,
}  # fmt: skip
for _noun in ("Number", "Client", "Sip", "Conference"):
    VALUES[_noun, "statusCallback"] = _address
    if _noun != "Conference":
        VALUES[_noun, "url"], VALUES[_noun, "method"] = _address, _METHOD
    VALUES[_noun, "statusCallbackMethod"] = _METHOD
    VALUES.setdefault((_noun, "statusCallbackEvent"), _LEG_EVENTS)

TEXTS: dict[str, Callable[[str], bool]] = {
    "Say": lambda text: 0 < len(text.strip()) <= MOST_SPOKEN,
    "Redirect": _address,
    "Number": _PHONE,
    "Identity": _like(r"[A-Za-z0-9_]{1,121}"),
    "Sip": _like(r"sips?:[^\s@]+@[^\s@]+"),
    "Conference": _like(r"[^\s].{0,127}"),
}


def _valued(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        for name, value in element.attrib.items():
            may_be = VALUES.get((element.tag, name))
            if may_be is None:
                yield f"nobody has said what {element.tag} {name} may be"
            elif not may_be(value):
                yield f"{element.tag} {name} may not be {value!r}"
        yield from _own_rules(element)


def _own_rules(element: ElementTree.Element) -> Iterator[str]:
    text = (element.text or "").strip()
    if element.tag in TEXTS and not len(element) and not TEXTS[element.tag](text):
        yield f"{element.tag} may not hold {text[:40]!r}" if text else f"{element.tag} is empty"
    if element.tag == "Play" and "digits" not in element.attrib and not _address(text):
        yield f"Play may not hold {text[:40]!r}"
    if element.tag == "Dial":
        yield from _dial_rules(element, text)
    if element.tag == "Client":
        told = sum(len(one.get("name", "")) + len(one.get("value", "")) for one in element.iter("Parameter"))
        if not text and element.find("Identity") is None:
            yield "Client is nobody"
        if told > MOST_PARAMETERS:
            yield "Client is told more than 800 characters"


def _dial_rules(element: ElementTree.Element, text: str) -> Iterator[str]:
    if not text and not len(element):
        yield "Dial rings nobody"
    if text and len(element):
        yield "Dial has a number and something else"
    if text and not _PHONE(text):
        yield f"Dial may not hold {text!r}"
    if len(element) > MOST_RUNG_AT_ONCE:
        yield "Dial rings more than ten at once"
    if len({child.tag for child in element} & {"Conference", "Queue"}) and len(element) > 1:
        yield "Dial has a room and something else"


# What this account cannot do -----------------------------------------------------------------------------------------


def _beyond(root: ElementTree.Element, can: frozenset[Capability]) -> Iterator[str]:
    for element in root.iter():
        needed = NEEDED_TO.get(element.tag)
        if needed is not None and needed not in can:
            yield f"this account has no {element.tag}"
        elif needed is None and element.tag not in WHATEVER_IT_CAN | PARTS_OF_OTHERS:
            yield f"nobody has said which account has {element.tag}"
        yield from (f"{words}, which this account cannot" for lacks, words in _asks(element) if lacks not in can)


def _asks(element: ElementTree.Element) -> Iterator[tuple[Capability, str]]:
    has = element.attrib
    if (element.tag == "Gather" and {"language", "hints", "speechTimeout"} & set(has)) or "speech" in has.get(
        "input", ""
    ):
        yield Capability.SPEECH, "Gather listens for speech"
    if element.tag == "Dial" and has.get("record", "do-not-record") not in ("do-not-record", "false"):
        yield Capability.RECORDING_DUAL, "Dial records both sides"
    if element.tag in ("Number", "Sip") and "url" in has:
        yield Capability.WHISPER, "whoever picks up hears a document first"
    if element.tag == "Say" and has.get("voice", "").startswith("Google."):
        yield Capability.GOOGLE_VOICES, "Say has a voice of Google's"
    for address in (*has.values(), element.text or ""):
        if address.startswith(("http://", "https://")) and "#" in address:
            yield Capability.URL_OVERRIDES, "an address says how it is tried again"
