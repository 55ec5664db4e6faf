"""Short forms that people write and no rule knows yet, with what other reports of the kind write out: proposals."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tickets.matter.text import is_function_word, is_syllable, letters, words_in

# A form in so many texts of one kind, and its words in so many others of it, are worth a look.
LEAST_TEXTS, _LEAST_WRITTEN_OUT = 4, 3
_SHORTEST, _LONGEST, MOST_PROPOSED = 2, 4, 20
_MOST_CHARACTERS = 2_000
_VOWEL = re.compile("[aeiouy]")


@dataclass(frozen=True, slots=True)
class ShortForm:
    """`texts`: in how many corrected texts of a kind it stands."""

    form: str
    means: str
    texts: int


def propose(by_kind: Mapping[str, Iterable[str]], known: Mapping[str, object]) -> list[ShortForm]:
    """The most written first; `known` are the forms that stand for something already."""
    found: dict[str, ShortForm] = {}
    for texts in by_kind.values():
        words = [_words(text) for text in dict.fromkeys(texts)]
        forms = Counter(word for each in words for word in set(each) if _is_form(word) and word not in known)
        written = _written_out(words)
        for form, count in forms.items():
            means = _meant(form, written)
            if count >= LEAST_TEXTS and means and count > (found[form].texts if form in found else 0):
                found[form] = ShortForm(form, means, count)
    return sorted(found.values(), key=lambda one: (-one.texts, one.form))[:MOST_PROPOSED]


def _words(text: str) -> list[str]:
    return [word.strip(".,;:!?()\"'") for word in words_in(text[:_MOST_CHARACTERS].lower())]


def _is_form(word: str) -> bool:
    """A few plain letters that are no syllable and no English."""
    is_plain = word.isascii() and word.isalpha() and _SHORTEST <= len(word) <= _LONGEST
    return is_plain and not is_syllable(word) and not is_function_word(word)


def _written_out(words: Sequence[Sequence[str]]) -> Mapping[str, Counter[str]]:
    """By the form it could have: single marked words without their vowels, and two by their first letters."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for each in words:
        marked = [(word, letters(word)) for word in each]
        pairs = {(a[0], b[0], a[1].plain[:1] + b[1].plain[:1]) for a, b in pairwise(marked) if _may_pair(a[0], b[0])}
        for left, right, form in pairs:
            found[form][f"{left} {right}"] += 1
        for word, spelled in {one for one in marked if one[1].is_marked}:
            found[_VOWEL.sub("", spelled.plain)][word] += 1
    return found


def _may_pair(left: str, right: str) -> bool:
    return len(left) > 1 and len(right) > 1 and (letters(left).is_marked or letters(right).is_marked)


def _meant(form: str, written: Mapping[str, Counter[str]]) -> str:
    """What stands for it more often than anything else does; '' where two are as likely, or nothing is."""
    likely = written.get(form, Counter()).most_common(2)
    if not likely or likely[0][1] < _LEAST_WRITTEN_OUT or (len(likely) > 1 and likely[0][1] == likely[1][1]):
        return ""
    return likely[0][0]
