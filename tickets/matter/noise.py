"""Whether a text tells of nothing that anybody could work on: no words, a greeting, a test, an advertisement."""

import re
from collections.abc import Mapping, Sequence

from tickets.matter.courtesy import Courtesy
from tickets.matter.leaning import lean
from tickets.matter.reading import MOST_TOLD_WORDS, NOTHING_READ, Certainty, Indication, Sign, signs, words_of
from tickets.matter.rulebook import MarkedText, MatterRulebook
from tickets.matter.text import is_syllable

_ENOUGH = 3
# How the rules call what friends write each other and what shops offer, both of which a report may hold too ("đi nhậu
# về thấy cột điện ngã"), and what tells that it is one.
_PRIVATE, _OFFER, _MATTER = "private", "offer", "matter"
# Several weak words make a talk of friends; beyond so many words, or beside a sign that tells a kind alone, none do.
_ENOUGH_OF_FRIENDS, _MOST_WORDS, _MOST_WORDS_FAR, _TELLS_ALONE = 4, 24, 40, 4
# A hand over the keyboard: neighbouring keys, or no vowel at all; and laughter, which is left out.
_ROWS, _RUN, _FEW_WORDS = ("qwertyuiop", "asdfghjkl", "zxcvbnm"), 4, 6
_BEGINNINGS = tuple(row[:3] for row in _ROWS)
_LAUGHTER = re.compile(r"(?:h[aiếe]+){2,}|(?:la){2,}|k{2,}|z{2,}|h{2,}|a{3,}|j{2,}|l+o+l+|:+\)+|(\d)\1{2,}|[^\w\s]{2,}")
# An answer to nothing that was asked; three digits may be a number of help.
_FEW_DIGITS = re.compile(r"\d{1,2}[\s.!?]*")
# A whole reference has ten digits, with its PIN sixteen.
_WHOLE = (10, 16)
_ASKS_STATE = r"tt|kq|(?:tc|phi[eế]u)(?=[\s:.,#=-]*\d)|tra c[uứ]u|k[eế]t qu[aả]|t[iì]nh tr[aạ]ng|status|result"
_OF_A_REQUEST = (
    r"phi[eế]u|h[oồ] s[oơ]|c[uủ]a|t[oô]i|em|e|ch[aá]u|con|b[aà]|[oô]ng|m[iì]nh|s[oố]|m[aã]|v[oớ]i|gi[uù]m|nh[eé]|nha"
    r"|[aạ]|of|my|ticket|ref|reference|pin"
)
_STATUS = re.compile(
    rf"(?:xin |cho |nh[oờ] )?(?:h[oỏ]i |xem )?(?:{_ASKS_STATE})\b[\s:.,#=-]*(?:(?:{_OF_A_REQUEST})\b[\s:.,#=-]*)*"
    r"(?P<digits>[\d\s.-]*)(?:pin)?[\s.!?]*",
    re.IGNORECASE,
)
# Whoever tries us out in few words.
_TEST_ALONE = re.compile(r"(?:테스트|テスト|测试|測試)(?:です|입니다|一下)?[\s.!?。]*")
# What whoever writes down a call puts between brackets.
_IN_BRACKETS = re.compile(r"\s*[(\[].{4,}[)\]][\s.…]*", re.DOTALL)
_SILENCE = re.compile(
    r"im lặng|im lang|không (?:có )?(?:ai|tiếng người|tiếng) nói|không lời|tiếng (?:ồn|xe|nhạc|gió|ti ?vi)"
    r"|cúp máy|máy cúp|silence|no speech|noise|inaudible|nobody speaks",
    re.IGNORECASE,
)
# Tried on texts that were kept out of learning: of 2,600 that tell of something two stand above the second, and of
# 7,100 eleven above the third, which outweighs words that tell a kind: "sim tứ quý giá 3 triệu".
_LEANS, _LEANS_ALONE, _LEANS_FAR = -1.0, 0.2, 1.5
_SHOWN = 60
# Polite words that alone are none.
_CRIES = ("help", "help me", "sos")
EMPTY, GREETING, ADVERT, BROKEN_STATUS, MASHED, SILENCE, NOTICE = (
    "empty", "greeting", "advert", "broken_status", "mashed", "silence", "notice",
)  # fmt: skip


def read_noise(said: str, found: MarkedText, rules: MatterRulebook, courtesy: Courtesy) -> Indication:
    """`kinds` says of which kind; whether there is danger or an accusation in it, others tell."""
    told = said.strip()
    if not found.text.words or _FEW_DIGITS.fullmatch(told) is not None:
        return _of(EMPTY, told[:_SHOWN])
    if (broken := _STATUS.fullmatch(told)) is not None and _digits(broken["digits"]) not in _WHOLE:
        return _of(BROKEN_STATUS, told)
    if _TEST_ALONE.fullmatch(told) is not None:
        return _of(NOTICE, told)
    if _IN_BRACKETS.fullmatch(told) and (heard := _SILENCE.search(told)) is not None:
        return _of(SILENCE, heard.group())
    return _by_words(told, found, rules, courtesy)


def _by_words(told: str, found: MarkedText, rules: MatterRulebook, courtesy: Courtesy) -> Indication:
    if courtesy.is_advert:
        return _of(ADVERT, *_adverts(found))
    if told_by := _notice(found, rules):
        return Indication(Certainty.YES, (NOTICE,), words_of(told_by, found))
    if courtesy.is_all and not courtesy.gives_thanks and told.lower().strip(" .!") not in _CRIES:
        return _of(GREETING, told[:_SHOWN])
    return _of(MASHED, told[:_SHOWN]) if _is_mashed(told) else NOTHING_READ


def _notice(found: MarkedText, rules: MatterRulebook) -> Sequence[Sign]:
    """What machines, shops and friends send; of the latter two nothing where something to work on stands with it."""
    by_kind = _by_kind(found, rules)
    notices = [sign for kind, those in by_kind.items() if kind not in (_MATTER, _PRIVATE, _OFFER) for sign in those]
    if _weight(notices) >= _ENOUGH or _MATTER in by_kind:
        return notices if _weight(notices) >= _ENOUGH else ()
    offers, friends = by_kind.get(_OFFER, ()), by_kind.get(_PRIVATE, ())
    if _weight(offers) >= _ENOUGH:
        return offers
    is_talk = _weight(friends) >= _ENOUGH_OF_FRIENDS and len(found.text.words) <= _MOST_WORDS
    return friends if is_talk and not _tells_beside(friends, found, rules) else ()


def read_talk(found: MarkedText, rules: MatterRulebook) -> Indication:
    """What friends write each other by its single words, in a short text in which nothing tells a kind of matter.

    A phrase of such talk must stand in it, or they lean far: what nobody ever wrote to a city leans anywhere.
    """
    if len(found.text.words) > _MOST_WORDS_FAR or _names_a_reference(found):
        return NOTHING_READ
    leaning = lean(found, rules.leanings.get("is_noise", {}))
    is_far = leaning.score > _LEANS_FAR
    if leaning.score <= _LEANS or (not is_far and len(found.text.words) > _MOST_WORDS):
        return NOTHING_READ
    by_kind = _by_kind(found, rules)
    is_likely = is_far or bool(by_kind) or (leaning.score > _LEANS_ALONE and not found.text.is_english)
    is_talk = is_likely and _MATTER not in by_kind and (is_far or not _tells_beside((), found, rules))
    return _of(NOTICE, *leaning.because) if is_talk else NOTHING_READ


def _names_a_reference(found: MarkedText) -> bool:
    """Whether so many digits stand in it: somebody means a ticket."""
    return sum(len(word.plain) for word in found.text.words if word.plain.isdecimal()) in _WHOLE


def _by_kind(found: MarkedText, rules: MatterRulebook) -> Mapping[str, Sequence[Sign]]:
    by_kind: dict[str, list[Sign]] = {}
    for sign in signs(rules.noise, found):
        by_kind.setdefault(sign.pattern.says, []).append(sign)
    return by_kind


def _weight(those: Sequence[Sign]) -> int:
    return sum({sign.pattern: sign.pattern.weight for sign in those}.values())


def _tells_beside(friends: Sequence[Sign], found: MarkedText, rules: MatterRulebook) -> bool:
    """Whether words outside the talk tell a kind of matter alone: "nhậu" in "đi nhậu không" does not."""
    talk = {at for sign in friends for span in sign.spans for at in range(span.start, span.end)}
    alone = (sign for sign in signs(rules.categories, found) if sign.pattern.weight >= _TELLS_ALONE)
    return any(not talk.issuperset(range(span.start, span.end)) for sign in alone for span in sign.spans)


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
    if len(words) > _FEW_WORDS:
        return all(_LAUGHTER.fullmatch(word) for word in words)
    # Digits alone may answer a question of ours.
    is_said = any(not word.isdecimal() for word in words)
    return is_said and all(_LAUGHTER.fullmatch(word) or _is_run(word) for word in words)


def _is_run(word: str) -> bool:
    if not (word.isascii() and word.isalpha()) or is_syllable(word):
        return False
    if word in _BEGINNINGS:
        return True
    runs = (word[at : at + _RUN] for at in range(len(word) - _RUN + 1))
    no_vowel = len(word) >= _RUN and not set("aeiouy") & set(word)
    one_row = len(word) >= _RUN and any(set(word) <= set(row) for row in _ROWS[1:])
    return no_vowel or one_row or any(run in row or run[::-1] in row for run in runs for row in _ROWS)
