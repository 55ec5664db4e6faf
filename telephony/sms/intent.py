"""What an incoming text message asks for, read from its words alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field

from telephony.sms.text import fold_to_gsm7


@dataclass(frozen=True)
class TextIntent:
    """Anything that is not one of the others: somebody tells us something."""

    body: str


@dataclass(frozen=True)
class StatusIntent:
    """`TT <reference> [PIN]`: the state of a request."""

    reference: str
    pin: str | None = None


@dataclass(frozen=True)
class StopIntent:
    word: str


@dataclass(frozen=True)
class StartIntent:
    word: str


@dataclass(frozen=True)
class HelpIntent:
    word: str


@dataclass(frozen=True)
class AcknowledgeIntent:
    """A leader's reply to an escalation: `GN <code> [instruction]`.

    `may_be_words`: it begins with a word of everyday talk ("ok 48312") and is a code only if there is such a code.
    """

    code: str
    instruction: str = ""
    may_be_words: bool = field(default=False, compare=False)


SmsIntent = TextIntent | StatusIntent | StopIntent | StartIntent | HelpIntent | AcknowledgeIntent


@dataclass(frozen=True)
class SmsWords:
    """The words a country's people use; `stop`, `start`, `help` count only when they are the whole message."""

    stop: Collection[str]
    start: Collection[str]
    help: Collection[str]


# "Huy" and "Dung" are names, and "dung" is how đúng (right) is written without marks: alone they stop nothing. Marked
# spellings are listed one by one, because nothing marked is folded.
VIETNAMESE_AND_ENGLISH = SmsWords(
    stop=frozenset(
        {
            "stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke",
            "huy tin", "huy tin nhan", "huy dk", "huy dang ky", "tu choi", "tu choi tin", "ngung tin",
            "hủy tin", "huỷ tin", "hủy tin nhắn", "huỷ tin nhắn", "hủy đk", "hủy đăng ký", "huỷ đăng ký",
            "từ chối", "từ chối tin", "ngừng tin", "dừng tin", "dung tin", "hủy", "huỷ", "dừng", "ngừng", "ngung",
        }
    ),
    start=frozenset(
        {"start", "unstop", "dk", "dang ky", "nhan tin", "nhan lai", "đk", "đăng ký", "nhận tin", "nhận lại"}
    ),
    # With the words that ask for a state, where no number stands beside them.
    help=frozenset(
        {
            "help", "info", "tro giup", "huong dan", "trợ giúp", "hướng dẫn", "?", "tt", "tra cuu", "tra cứu",
            "tinh trang", "tình trạng", "status", "kq", "ket qua", "kết quả",
        }
    ),
)  # fmt: skip

_STATUS = re.compile(
    r"^(?:tt|tra cuu|tinh trang|trang thai|kiem tra|status|kq|ket qua)(?![a-z])[\s:.,#=-]*"
    r"(?:(?:phieu|ho so|phan anh|ma|so|ma so|ma phan anh|ref|reference|no)\b[\s:.,#=-]*)*(?P<rest>[\d\s.,;:/#-]*"
    r"(?:(?:ma )?pin[\s:.=-]*[\d\s.-]+)?)[.!?]*$"
)
# A code in one piece, or in pieces of up to four digits as people read numbers out; a date after it is no piece of it.
_ACKNOWLEDGE = re.compile(
    r"^(?P<word>gn|ghi nhan|ack|ok)[\s:.#-]*"
    r"(?P<code>\d{5,8}(?!\d)|\d{1,4}(?:[ .-]\d{1,4}(?![\d/h]|[.:-]\d)){0,3}(?!\d))"
)
_CODE_DIGITS = range(4, 9)
# "ok 2024 …", "ok 20/11", "ok 20 11 2024", "ok 500000 đồng": years, days and amounts that people agree to.
_NO_CODE = re.compile(
    r"(?:(?:19|20)\d\d(?!\d)|\d{1,2}[ ./-]\d{1,2}[ ./-](?:19|20)\d\d(?!\d)"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d(?!\d)"
    r"|(?:\d{1,3}(?:[ .,]\d{3})+|\d+)(?:d\b| ?(?:dong|vnd|usd|trieu)\b))"
)
MAX_INSTRUCTION = 500
_MASK = "****"


def parse_sms(body: str, words: SmsWords = VIETNAMESE_AND_ENGLISH) -> SmsIntent:
    """The intent of a whole message; the caller keeps `body` itself, `without_pin`."""
    text = " ".join(unicodedata.normalize("NFC", body).split())
    alone = text.casefold().strip(" .!,;:\"'")
    if alone in words.stop:
        return StopIntent(alone)
    if alone in words.start:
        return StartIntent(alone)
    if alone in words.help or text == "?":
        return HelpIntent(alone)
    return _status(text) or _acknowledge(text) or TextIntent(body)


def _status(text: str) -> StatusIntent | None:
    if len(text) > 80:
        return None
    folded = fold_to_gsm7(text).casefold()
    found = _STATUS.match(folded)
    if found:
        return _reference_and_pin(found["rest"])
    if re.fullmatch(r"[\d\s.-]+", folded) and not folded.startswith("0"):
        return _reference_and_pin(folded)
    return None


def _reference_and_pin(text: str) -> StatusIntent | None:
    """Ten digits, or ten and then six; how they are grouped does not matter."""
    digits = "".join(c for c in text if c.isdecimal())
    if len(digits) == 10:
        return StatusIntent(digits)
    if len(digits) == 16:
        return StatusIntent(digits[:10], digits[10:])
    return None


def without_pin(body: str, intent: SmsIntent) -> str:
    """A message as it may be kept: whoever reads it later must not be able to ask in a citizen's name."""
    if not isinstance(intent, StatusIntent) or not intent.pin:
        return body
    digits = [at for at, c in enumerate(body) if c.isdecimal()]
    if len(digits) != len(intent.reference) + len(intent.pin):
        # Written in signs that only folding makes digits: where the PIN stands in them cannot be told.
        return f"TT {intent.reference} {_MASK}"
    return body[: digits[len(intent.reference)]] + _MASK + body[digits[-1] + 1 :]


def _acknowledge(text: str) -> AcknowledgeIntent | None:
    # Folding may change lengths (… becomes three dots), so the instruction is cut from the text itself, after the code.
    found = _ACKNOWLEDGE.match(fold_to_gsm7(text).casefold())
    if not found:
        return None
    written = found["code"]
    may_be_words = found["word"] != "gn"
    if may_be_words and _NO_CODE.match(found.string, found.start("code")):
        return None
    code = "".join(c for c in written if c.isdecimal())
    if len(code) not in _CODE_DIGITS:
        return None
    instruction = text[text.index(written) + len(written) :].strip(" :.,-")
    return AcknowledgeIntent(code, instruction[:MAX_INSTRUCTION], may_be_words)
