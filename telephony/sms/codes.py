"""A leader's reply codes in a text message: which, and what is said beside them; pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from telephony.sms.text import fold_to_gsm7


@dataclass(frozen=True)
class CodesIntent:
    """A leader's reply to levels: `GN <code> [<code> …] [instruction]`, `TC <code>` to pass them up, or a code alone.

    Without a code it means the one that waits. `may_be_words`: it could be everyday talk ("ok 48312", "482913 hộ dân
    …"), and is a reply only if there is such a code. `says_no_more`: words of replies and codes are all of it.
    """

    codes: tuple[str, ...] = ()
    instruction: str = ""
    passes_up: bool = False
    may_be_words: bool = field(default=False, compare=False)
    says_no_more: bool = field(default=False, compare=False)


# A code in one piece, or in pieces of up to four digits as people read numbers out; a date after it is no piece of it.
_FIRST = re.compile(
    r"^(?:(?P<word>gn|ghi nhan|ack|ok|tc|trinh cap tren)[\s:.#-]*)?"
    r"(?P<code>\d{5,8}(?!\d)|\d{1,4}(?:[ .-]\d{1,4}(?![\d/h]|[.:-]\d)){0,3}(?!\d))"
)
# Another code after one, with or without the word before it; amounts and days are none.
_FURTHER = re.compile(r"(?:[\s,;+&]|va\b|and\b|gn\b|ack\b|tc\b)+(?P<code>\d{6,8})(?![\d.,/-]*\d)")
# Without any code: GN with or without an instruction, the others as the whole message.
_NO_NUMBER = re.compile(r"^(?:(?P<gn>gn)(?:[\s:.,-]+.*|$)|(?:ghi nhan|ack|(?P<up>tc|trinh cap tren))[\s.!]*$)")
_PASS_UP = frozenset({"tc", "trinh cap tren"})
# "ok" people say to us as well, and a number alone may be anything.
_ONLY_REPLIES = _PASS_UP | {"gn", "ghi nhan", "ack"}
_CODE_DIGITS = range(4, 9)
# The codes that are given out now have as many digits; alone or after "ok", fewer are more likely something else.
_SHORTEST = 6
# "ok 2024 …", "ok 20/11", "ok 20 11 2024", "ok 500000 đồng": years, days and amounts that people agree to.
_NO_CODE = re.compile(
    r"(?:(?:19|20)\d\d(?!\d)|\d{1,2}[ ./-]\d{1,2}[ ./-](?:19|20)\d\d(?!\d)"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d(?!\d)"
    r"|(?:\d{1,3}(?:[ .,]\d{3})+|\d+)(?:d\b| ?(?:dong|vnd|usd|trieu)\b))"
)
MOST_CODES = 10
MAX_INSTRUCTION = 500


def read_codes(text: str) -> CodesIntent | None:
    """The reply in a message whose white space is single blanks; None where it speaks of no code."""
    text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    folded = fold_to_gsm7(text).casefold()
    found = _FIRST.match(folded)
    return (_by_code(text, folded, found) if found else None) or _without_code(text, folded)


def _without_code(text: str, folded: str) -> CodesIntent | None:
    found = _NO_NUMBER.match(folded)
    if not found:
        return None
    words = text[len("gn") :].strip(" :.,;-") if found["gn"] else ""
    return CodesIntent((), words[:MAX_INSTRUCTION], passes_up=bool(found["up"]), says_no_more=not words)


def _by_code(text: str, folded: str, found: re.Match[str]) -> CodesIntent | None:
    word, written = found["word"], found["code"]
    further = _further(folded, found.end())
    rest = _after(text, [written, *further])
    code = "".join(c for c in written if c.isdecimal())
    if rest is None or len(code) not in _CODE_DIGITS or not _is_meant(word, code, folded, found.start("code"), rest):
        return None
    may_be_words = (word != "gn" and len(code) < _SHORTEST) or (word is None and bool(rest))
    says_no_more = not rest and word in _ONLY_REPLIES
    return CodesIntent((code, *further), rest[:MAX_INSTRUCTION], word in _PASS_UP, may_be_words, says_no_more)


def _further(folded: str, at: int) -> list[str]:
    """The codes that follow the first, as they are written."""
    codes: list[str] = []
    while len(codes) < MOST_CODES - 1 and (found := _FURTHER.match(folded, at)):
        if _NO_CODE.match(folded, found.start("code")):
            break
        codes.append(found["code"])
        at = found.end()
    return codes


def _after(text: str, written: list[str]) -> str | None:
    """What stands behind all of these; None where signs that only look like digits stand for one of them.

    Folding may change lengths (… becomes three dots), so it is cut from the text itself.
    """
    end = 0
    for one in written:
        start = text.find(one, end)
        if start < 0:
            return None
        end = start + len(one)
    return text[end:].strip(" :.,;-")


def _is_meant(word: str | None, code: str, folded: str, at: int, rest: str) -> bool:
    """Whether a number is one of ours: after GN always, alone by its length, amid everyday talk by what it counts."""
    if word == "gn":
        return True
    if word is None and (len(code) < _SHORTEST or not rest):
        return len(code) >= _SHORTEST
    return not _NO_CODE.match(folded, at)
