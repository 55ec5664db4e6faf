"""Whether a text tells of nothing that anybody could work on: no words, a greeting, a test, an advertisement."""

import re
from collections.abc import Sequence

from tickets.matter.courtesy import Courtesy
from tickets.matter.reading import MOST_TOLD_WORDS, NOTHING_READ, Certainty, Indication, signs, words_of
from tickets.matter.rulebook import MarkedText, MatterRulebook
from tickets.matter.text import is_syllable

_ENOUGH = 3
# A hand over the keyboard: neighbouring keys, or no vowel at all; and laughter, which is left out.
_ROWS, _RUN, _FEW_WORDS = ("qwertyuiop", "asdfghjkl", "zxcvbnm"), 4, 6
_LAUGHTER = re.compile(r"(?:h[aiếe]+){2,}|k{2,}|z{2,}|h{2,}|a{3,}|j{2,}|l+o+l+|:+\)+")
# A whole reference has ten digits, with its PIN sixteen.
_WHOLE = (10, 16)
_ASKS_STATE = r"tt|kq|tc(?=[\s:.,#=-]*\d)|tra c[uứ]u|k[eế]t qu[aả]|t[iì]nh tr[aạ]ng|status|result"
_OF_A_REQUEST = r"phi[eế]u|h[oồ] s[oơ]|c[uủ]a|t[oô]i|em|m[iì]nh|s[oố]|m[aã]|of|my|ticket|ref|reference|pin"
_STATUS = re.compile(
    rf"(?:xin |cho |nh[oờ] )?(?:h[oỏ]i |xem )?(?:{_ASKS_STATE})\b[\s:.,#=-]*(?:(?:{_OF_A_REQUEST})\b[\s:.,#=-]*)*"
    r"(?P<digits>[\d\s.-]*)(?:pin)?[\s.!?]*",
    re.IGNORECASE,
)
# What whoever writes down a call puts between brackets.
_IN_BRACKETS = re.compile(r"\s*[(\[].{4,}[)\]][\s.…]*", re.DOTALL)
_SILENCE = re.compile(
    r"im lặng|im lang|không ai nói|tiếng ồn|tiếng xe|cúp máy|máy cúp|silence|no speech|noise|inaudible", re.IGNORECASE
)
_SHOWN = 60
# Polite words that alone are none.
_CRIES = ("help", "help me", "sos")
EMPTY, GREETING, ADVERT, BROKEN_STATUS, MASHED, SILENCE, NOTICE = (
    "empty", "greeting", "advert", "broken_status", "mashed", "silence", "notice",
)  # fmt: skip


def read_noise(said: str, found: MarkedText, rules: MatterRulebook, courtesy: Courtesy) -> Indication:
    """`kinds` says of which kind; whether there is danger or an accusation in it, others tell."""
    told = said.strip()
    if not found.text.words:
        return _of(EMPTY, told[:_SHOWN])
    if (broken := _STATUS.fullmatch(told)) is not None and _digits(broken["digits"]) not in _WHOLE:
        return _of(BROKEN_STATUS, told)
    if _IN_BRACKETS.fullmatch(told) and (heard := _SILENCE.search(told)) is not None:
        return _of(SILENCE, heard.group())
    return _by_words(told, found, rules, courtesy)


def _by_words(told: str, found: MarkedText, rules: MatterRulebook, courtesy: Courtesy) -> Indication:
    if courtesy.is_advert:
        return _of(ADVERT, *_adverts(found))
    kept = signs(rules.noise, found)
    if sum({sign.pattern: sign.pattern.weight for sign in kept}.values()) >= _ENOUGH:
        return Indication(Certainty.YES, (NOTICE,), words_of(kept, found))
    if courtesy.is_all and not courtesy.gives_thanks and told.lower().strip(" .!") not in _CRIES:
        return _of(GREETING, told[:_SHOWN])
    return _of(MASHED, told[:_SHOWN]) if _is_mashed(told) else NOTHING_READ


def _of(kind: str, *words: str) -> Indication:
    return Indication(Certainty.YES, (kind,), tuple(word for word in words if word) or ("—",))


def _digits(text: str | None) -> int:
    return sum(c.isdecimal() for c in text or "")


def _adverts(found: MarkedText) -> Sequence[str]:
    spans = found.hits.get("@advert", ())
    return tuple(dict.fromkeys(found.text.said(span.start, span.end) for span in spans))[:MOST_TOLD_WORDS]


def _is_mashed(said: str) -> bool:
    """A few words, none of which anybody means."""
    words = said.lower().split()
    left = [word for word in words if not _LAUGHTER.fullmatch(word)]
    if not left or len(words) > _FEW_WORDS:
        return bool(words) and not left
    return all(_is_run(word) for word in left)


def _is_run(word: str) -> bool:
    if not (word.isascii() and word.isalpha()) or is_syllable(word):
        return False
    runs = (word[at : at + _RUN] for at in range(len(word) - _RUN + 1))
    no_vowel = len(word) >= _RUN and not set("aeiouy") & set(word)
    return no_vowel or any(run in row or run[::-1] in row for run in runs for row in _ROWS)
