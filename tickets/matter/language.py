"""In which language somebody writes, so that they are answered in it or an interpreter is found."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache

from tickets.matter.text import MatterText, is_syllable


class WrittenIn(StrEnum):
    """Codes of ISO 639-1; Vietnamese also by how it is typed."""

    VIETNAMESE = "vi"
    WITHOUT_MARKS = "vi-no-marks"
    TEENCODE = "teencode"
    TELEX = "telex"
    MIXED = "mixed"
    ENGLISH = "en"
    CHINESE = "zh"
    JAPANESE = "ja"
    KOREAN = "ko"


# Spoken in the south and the centre, and no fashion of writing: "tui hổng biết".
_SPOKEN = frozenset({"tui", "hổng", "hông", "giựt", "rứa", "chừ", "giừ", "gium", "dùm", "uýnh", "oánh", "ui", "bữa"})
# Foreign once, and a word like any other by now.
_LOANS = frozenset(
    {
        *(
            "alo",
            "app",
            "bar",
            "bass",
            "bus",
            "camera",
            "cafe",
            "clip",
            "email",
            "facebook",
            "form",
            "gara",
            "gas",
            "grab",
        ),
        *(
            "grab",
            "inbox",
            "karaoke",
            "mail",
            "metro",
            "net",
            "online",
            "photo",
            "sale",
            "shipper",
            "shop",
            "test",
            "taxi",
        ),
        *("tiktok", "video", "vneid", "website", "wifi", "youtube", "zalo"),
    }
)
_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_SIGNS = re.compile(r"[\u1100-\u11ff\u3040-\u9fff\uac00-\ud7a3]")
_LATIN = re.compile(r"[^\W\d_]", re.UNICODE)
_WORDS = re.compile(r"[^\W\d_]+")
_MARKED_SHARE = 0.25
# From this share of English words among Vietnamese ones on, it is a mixture.
_FOREIGN_SHARE, _LEAST_FOREIGN = 0.08, 2
_SHORT_SHARE = 0.07
_MOSTLY = 0.5
# As many letters as tell it.
_ENOUGH = 4_000
_KANA_SHARE, _SIGNS_SHARE = 0.1, 0.2


def read_language(said: str, text: MatterText, shorthand: Mapping[str, tuple[str, ...]]) -> WrittenIn:
    """Signs tell Korean, Japanese and Chinese; words tell the rest. Without any word it is Vietnamese."""
    said = said[:_ENOUGH]
    if (signs := _by_signs(said)) is not None:
        return signs
    if text.is_english:
        return WrittenIn.ENGLISH
    return WrittenIn.TELEX if text.is_telex else _by_words(_WORDS.findall(said.lower()), shorthand)


def _by_words(written: Sequence[str], shorthand: Mapping[str, tuple[str, ...]]) -> WrittenIn:
    if len(written) < _LEAST_FOREIGN:
        # "alo", "TT 26 0042": nothing tells.
        return WrittenIn.VIETNAMESE
    short = foreign = marked = 0
    for word, times in Counter(written).items():
        if not word.isascii():
            marked += times
        if word not in shorthand:
            foreign += times if _is_foreign(word) else 0
        elif word not in _SPOKEN:
            short += times
    if short >= _LEAST_FOREIGN and short / len(written) >= _SHORT_SHARE:
        return WrittenIn.TEENCODE
    if marked and foreign >= _LEAST_FOREIGN and foreign / len(written) >= _FOREIGN_SHARE:
        return WrittenIn.MIXED
    return WrittenIn.VIETNAMESE if marked / len(written) >= _MARKED_SHARE else _unmarked(foreign, len(written))


@lru_cache(maxsize=8_192)
def _is_foreign(word: str) -> bool:
    return word.isascii() and len(word) > _LEAST_FOREIGN and word not in _LOANS and not is_syllable(word)


def _unmarked(foreign: int, words: int) -> WrittenIn:
    return WrittenIn.ENGLISH if foreign / words > _MOSTLY else WrittenIn.WITHOUT_MARKS


def _by_signs(said: str) -> WrittenIn | None:
    if _SIGNS.search(said) is None:
        return None
    letters = len(_LATIN.findall(said)) or 1
    if len(_HANGUL.findall(said)) / letters > _SIGNS_SHARE:
        return WrittenIn.KOREAN
    kana, han = len(_KANA.findall(said)), len(_HAN.findall(said))
    if kana / letters > _KANA_SHARE:
        return WrittenIn.JAPANESE
    return WrittenIn.CHINESE if han / letters > _SIGNS_SHARE else None
