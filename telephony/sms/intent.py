"""What an incoming text message asks for, read from its words alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from telephony.sms.codes import CodesIntent, read_codes
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
    """`everything`: not even answers about the person's own matters."""

    word: str
    everything: bool = False


@dataclass(frozen=True)
class StartIntent:
    word: str


@dataclass(frozen=True)
class HelpIntent:
    word: str


@dataclass(frozen=True)
class DoubtfulIntent:
    """A word that may be a name, an answer to us, or the wish to hear nothing more: alone it does nothing."""

    word: str


@dataclass(frozen=True)
class AppealIntent:
    """`XEM LAI <reference> [PIN] <why>`: an appeal against the result of a closed request."""

    reference: str
    pin: str | None
    words: str


SmsIntent = (
    TextIntent | StatusIntent | AppealIntent | StopIntent | StartIntent | HelpIntent | DoubtfulIntent | CodesIntent
)


@dataclass(frozen=True)
class SmsWords:
    """The words a country's people use; they count only when they are the whole message."""

    stop: Collection[str]
    stop_everything: Collection[str]
    doubtful: Collection[str]
    start: Collection[str]
    help: Collection[str]


# Marked spellings are listed one by one, because nothing marked is folded. "Huy" and "Dung" are names, and "dung" is
# how đúng (right) is written without marks: they are no wish of any kind.
VIETNAMESE_AND_ENGLISH = SmsWords(
    stop=frozenset(
        {
            "stop", "unsubscribe", "optout",
            "huy tin", "huy tin nhan", "huy dk", "huy dang ky", "tu choi", "tu choi tin", "ngung tin",
            "hủy tin", "huỷ tin", "hủy tin nhắn", "huỷ tin nhắn", "hủy đk", "hủy đăng ký", "huỷ đăng ký",
            "từ chối", "từ chối tin", "ngừng tin", "dừng tin", "dung tin",
        }
    ),
    stop_everything=frozenset(
        {
            "stopall", "stop all", "huy tat ca", "hủy tất cả", "huỷ tất cả", "tu choi tat ca", "từ chối tất cả",
            "ngung tat ca", "ngừng tất cả",
        }
    ),
    doubtful=frozenset(
        {"hủy", "huỷ", "dừng", "ngừng", "ngung", "cancel", "end", "quit", "revoke"}
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
# Without a number it is everyday talk: "please look at it again".
_APPEAL = re.compile(
    r"^(?:xin |de nghi )?(?:xem(?: xet)? lai|appeal)\b[\s:.,#-]*"
    r"(?:(?:phieu|phan anh|ma|so|ref|reference|no)\b[\s:.,#-]*)*(?P<reference>\d{2}[ .-]?\d{4}[ .-]?\d{4})(?!\d)"
    r"(?:[\s:.,-]*(?:(?:ma )?pin[\s:.=-]*)?(?P<pin>\d{3}[ .-]?\d{3})(?!\d))?"
)
MAX_APPEAL = 500
_MASK = "****"


def parse_sms(body: str, words: SmsWords = VIETNAMESE_AND_ENGLISH) -> SmsIntent:
    """The intent of a whole message; the caller keeps `body` itself, `without_pin`."""
    text = " ".join(unicodedata.normalize("NFC", body).split())
    alone = text.casefold().strip(" .!,;:\"'")
    if alone in words.stop or alone in words.stop_everything:
        return StopIntent(alone, everything=alone in words.stop_everything)
    if alone in words.doubtful:
        return DoubtfulIntent(alone)
    if alone in words.start:
        return StartIntent(alone)
    if alone in words.help or text == "?":
        return HelpIntent(alone)
    return _status(text) or _appeal(text) or read_codes(text) or TextIntent(body)


def _appeal(text: str) -> AppealIntent | None:
    found = _APPEAL.match(fold_to_gsm7(text).casefold())
    if not found:
        return None
    reference, pin = (_digits_of(found[part] or "") for part in ("reference", "pin"))
    # Folding may change lengths, so that what follows the numbers is looked for in the text itself.
    last = found["pin"] or found["reference"]
    words = text[text.index(last) + len(last) :].strip(" :.,-") if last in text else ""
    return AppealIntent(reference, pin or None, words[:MAX_APPEAL])


def _digits_of(text: str) -> str:
    return "".join(c for c in text if c.isdecimal())


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
    if isinstance(intent, AppealIntent) and intent.pin:
        return f"XEM LAI {intent.reference} {_MASK} {intent.words}".rstrip()
    if not isinstance(intent, StatusIntent) or not intent.pin:
        return body
    digits = [at for at, c in enumerate(body) if c.isdecimal()]
    if len(digits) != len(intent.reference) + len(intent.pin):
        # Written in signs that only folding makes digits: where the PIN stands in them cannot be told.
        return f"TT {intent.reference} {_MASK}"
    return body[: digits[len(intent.reference)]] + _MASK + body[digits[-1] + 1 :]
