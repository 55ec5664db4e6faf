"""What an incoming text message asks for, read from its words alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from itertools import product

from telephony.sms.codes import CodesIntent, read_codes
from telephony.sms.text import fold_to_gsm7
from tickets.folding import fold


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


def spelled(*phrases: str) -> frozenset[str]:
    """Phrases in every spelling: each word with its marks, without them, and with `uỷ` for `ủy`."""
    return frozenset(
        " ".join(words)
        for phrase in phrases
        for words in product(*({word, word.replace("ủy", "uỷ"), fold(word)} for word in phrase.split()))
    )


@dataclass(frozen=True)
class SmsWords:
    """The words a country's people use; they count only when they are the whole message."""

    stop: Collection[str]
    stop_everything: Collection[str]
    doubtful: Collection[str]
    start: Collection[str]
    help: Collection[str]


# "Huy" and "Dung" are names, and "dung" is how đúng (right) is written without marks: they may be answers, are no wish
# of any kind, and "đúng tất cả" is an answer too. Any other word may be written without its marks, also between others.
VIETNAMESE_AND_ENGLISH = SmsWords(
    stop=spelled(
        "stop", "stop tin", "stop tin nhắn", "stop sms", "unsubscribe", "unsub", "optout", "opt out", "opt-out",
        "hủy tin", "hủy tin nhắn", "hủy đk", "hủy đăng ký", "hủy nhận tin", "hủy nhận tin nhắn",
        "từ chối", "từ chối tin", "từ chối tin nhắn", "từ chối nhận tin", "từ chối nhận tin nhắn", "từ chối qc",
        "ngừng tin", "ngừng tin nhắn", "ngừng nhận tin", "ngừng nhận tin nhắn",
        "ngưng tin", "ngưng tin nhắn", "ngưng nhận tin", "ngưng nhận tin nhắn",
        "dừng tin", "dừng tin nhắn", "dừng nhận tin", "dừng nhận tin nhắn",
        "không nhận tin", "không nhận tin nhắn", "không nhận tin nữa", "không nhận tin nhắn nữa",
    ),
    stop_everything=spelled(
        "stopall", "stop all", "stop tất cả", "hủy tất cả", "từ chối tất cả", "ngừng tất cả", "ngưng tất cả",
        "hủy tất cả tin", "hủy tất cả tin nhắn", "từ chối tất cả tin", "từ chối tất cả tin nhắn",
    ) | {"dừng tất cả"},
    doubtful=frozenset(
        {"hủy", "huỷ", "dừng", "dừng lại", "ngừng", "ngưng", "ngung", "huy", "dung", "cancel", "end", "quit", "revoke"}
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

# Said around a wish by whoever is polite; "từ chối ạ" answers a question.
_MAY_ANSWER = spelled("từ chối", "từ chối tất cả")
_BEFORE = re.compile(
    r"^(?:xin |please |pls |vui lòng |vui long |làm ơn |lam on |tôi muốn |toi muon |cho tôi |cho toi )+"
)
_AFTER = re.compile(r"(?:,? (?:please|pls|ạ|nhé|nhe|nha|giúp|giup|giùm|gium|cảm ơn|cam on|thanks|thank you))+$")
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
    alone = _alone(text)
    if (stop := _stop(alone, words)) is not None:
        return stop
    if alone in words.doubtful:
        return DoubtfulIntent(alone)
    if alone in words.start:
        return StartIntent(alone)
    if alone in words.help or text == "?":
        return HelpIntent(alone)
    return _status(text) or _appeal(text) or read_codes(text) or TextIntent(body)


def _alone(text: str) -> str:
    """Words without what phones put around and between them: brackets, quotes, faces, signs of no width, wide letters.

    A question mark stays: who asks does not wish.
    """
    seen = unicodedata.normalize("NFKC", "".join(c for c in text if unicodedata.category(c) != "Cf"))
    outside = "".join({c for c in seen if not (c.isalnum() or c == "?" or unicodedata.combining(c))})
    return " ".join(seen.casefold().strip(outside).split()) if outside else seen.casefold()


def _stop(alone: str, words: SmsWords) -> StopIntent | None:
    """What is polite beside it counts only where the wish cannot be the answer to a question."""
    for said in (alone, _AFTER.sub("", _BEFORE.sub("", alone))):
        is_answer = said != alone and said in _MAY_ANSWER
        if not is_answer and (said in words.stop or said in words.stop_everything):
            return StopIntent(said, everything=said in words.stop_everything)
    return None


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
