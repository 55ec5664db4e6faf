"""Who calls and whom they dialled, in every form in which a carrier may write it, a city's own SIP trunk among them.

Hidden numbers are told from shown ones here too: those must never share a citizen record.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

from tickets.people.phones import parse_phone

# Carriers hand a hidden number over as a word, or as that word spelled on a keypad behind a plus sign, where it looks
# like an Italian, Chinese or other foreign number.
WITHHELD_WORDS = frozenset(
    {
        "anonymous",
        "unknown",
        "restricted",
        "unavailable",
        "blocked",
        "private",
        "withheld",
        "none",
        "null",
        "coverage",
        "private number",
        "private caller",
        "unknown number",
        "unknown caller",
        "no caller id",
        "no number",
        "number withheld",
        "id withheld",
        "caller id blocked",
        "not available",
        "số riêng",
        "số ẩn",
        "ẩn số",
    }
)
SPELLED = frozenset(
    {
        "266696687",  # ANONYMOUS
        "7378742833",  # RESTRICTED
        "2562533",  # BLOCKED
        "8656696",  # UNKNOWN
        "86282452253",  # UNAVAILABLE
        "7748483",  # PRIVATE
        "94844353",  # WITHHELD
    }
)
MAX_ADDRESS = 256
# The host of whoever asked for privacy (RFC 3323), whatever stands before it.
_NOWHERE = "@anonymous.invalid"
# What follows the last two may also be a number of that service's own, which nobody can dial.
_SCHEME = re.compile(
    r"(?:(?:sips?|tel|whatsapp|callto|sms|rcs):|(?:viber|zalo):(?=(?:\+|0|84)\d{8,12}$))", re.IGNORECASE
)
# A service that knows people by names of its own, and what it calls this person.
_SERVICE = re.compile(r"(?!(?:sips?|tel|callto|sms|rcs|client|urn):)([a-z][a-z0-9+.-]{1,20}):(\S.*)", re.IGNORECASE)
# A display name; what stands in it, brackets too, is no address.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
# What an exchange dials to hide or to show its own number, left standing before the number that it shows.
_SHOWS = re.compile(r"^[*#]31[*#]?#?(?=\+?\d{8})")
# RFC 3966: what stands before a local number so that the world can dial it.
_CONTEXT = re.compile(r";phone-context=(\+[\d.()-]+)", re.IGNORECASE)
# What is dialled once somebody answers: "028 3829 1055 ext 12", "…,,12", "…x12", "… máy lẻ 12".
_DIALLED_AFTER = r"ext(?:ension)?\.?|x|[,;pw]+|#|(?:máy|may|số|so)? ?(?:lẻ|le|nhánh|nhanh)|nội bộ|noi bo"
_EXTENSION = re.compile(rf"(?<=\d)[\s(;-]*(?:{_DIALLED_AFTER})[\s:=.]*\d*#?\)?$", re.IGNORECASE)
# The trunk prefix that some exchanges leave standing behind the country code.
_TRUNK_PREFIX = re.compile(r"^(\+|00)?(84)0(?=[1-9]\d{7,9}$)")


def dialled(raw: str | None) -> str:
    """The number in an address, or else the name in it: `sip:0901234567@gw;user=phone` → `0901234567`.

    Takes RFC 3261 and 3966 addresses with display names, parameters and escapes, lists of them as in
    `P-Asserted-Identity`, WhatsApp's, and bare numbers with extensions. Empty where nothing is said.
    """
    text = _plain(unquote((raw or "").strip()[:MAX_ADDRESS]))
    inner = re.findall(r"<([^<>]*)>", _QUOTED.sub("", text))
    if not inner:
        return _of_address(text.strip("\"' "))
    said = [_of_address(address) for address in inner]
    # Of several the first that is a number: a name beside it calls nobody back.
    return next((one for one in said if parse_phone(one)), said[0])


def _of_address(text: str) -> str:
    scheme = _SCHEME.match(text)
    if not scheme:
        return _number(text.partition("@")[0])
    user = text[scheme.end() :].partition("@")[0]
    context = _CONTEXT.search(text)
    # A password may follow the user, and parameters both the user and, without a host, the number.
    number = _number(user.partition(";")[0].partition(":")[0].partition("?")[0])
    if context and number[:1] not in ("+", "0"):
        # A national short code is dialled as it is, wherever it is from.
        whole = _digits(context[1]) + number
        return whole if parse_phone(whole) else number
    return number


def chat_service(raw: str | None) -> str | None:
    """By which service somebody writes who has no number there: `zalo:2512…` → `zalo`, `messenger:100…` → `messenger`.

    None for numbers, hidden ones, and what businesses call themselves in place of a number: no name of a sender has a
    colon in it.
    """
    found = _SERVICE.fullmatch(_plain(unquote((raw or "").strip()[:MAX_ADDRESS])))
    if found is None or is_withheld(raw) or parse_phone(dialled(raw)):
        return None
    return found[1].lower()


def is_withheld(raw: str | None) -> bool:
    """Whether what the provider sent as the caller's number names nobody."""
    said = dialled(raw).lower()
    if said in WITHHELD_WORDS or ((service := _SERVICE.fullmatch(said)) and service[2] in WITHHELD_WORDS):
        return True
    if _NOWHERE in (raw or "").lower() and parse_phone(said) is None:
        return True
    digits = said.lstrip("+")
    return not digits or not digits.strip("0") or digits in SPELLED


def line_number(raw: str) -> str:
    """Whom somebody dialled, as published lines are written: E.164 or a short code; what is neither stays as it is."""
    parsed = parse_phone(dialled(raw))
    return parsed.number if parsed else raw


def _plain(text: str) -> str:
    """Without signs of no width, which phone books and chats put around numbers; wide digits as digits."""
    return unicodedata.normalize("NFKC", "".join(c for c in text if unicodedata.category(c) != "Cf"))


def _digits(number: str) -> str:
    return "".join(c for c in number if c.isdecimal() or c == "+")


def _number(text: str) -> str:
    text = _SHOWS.sub("", text.strip()).replace("[0]", "")
    return _TRUNK_PREFIX.sub(r"+\2", _EXTENSION.sub("", text.strip()))
