"""A text as rules read it: its words in order, shorthand and raw Telex written out, letters split by dots joined."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from tickets.directory.places.fold import spelling
from tickets.directory.places.telex import untelex

# Longer than any body a door accepts; a text beyond it is read up to here.
MAX_READ = 20_000
# A sentence's end keeps words apart as if some more stood between them.
_SENTENCE_GAP = 4
# Han, kana and hangul are written without blanks: each sign is a word of its own.
_SIGNS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
# "d.a.o", and what is written within a word that begins before ("a'b.c.d") aside.
_SPLIT = re.compile(r"(?<![^\W_])(?<![^\W_]')(?:[^\W\d_][.\-*_·]){2,}[^\W\d_](?![^\W_])")
_SIGN = re.compile(rf"[{_SIGNS}]")
# Neither letters set apart ("d.a.o") nor a script without blanks: nearly every text, and found in half the time.
_SET_APART = re.compile(rf"[.\-*_·]([^\W\d_])\1*[.\-*_·]|[{_SIGNS}]")
_LETTERS, _PLAIN_WORD = re.compile(r"[^\W_]+"), re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_END = re.compile(r"[.!?;…\n。！？]+")
_RULE_PIECE = re.compile(rf"[{_SIGNS}]|[^{_SIGNS}]+")
# "500k", "2tr", "1tr5", "3 củ" without the blank.
_MONEY = re.compile(r"(\d+)(k|tr|củ|xị|chai)\d*")
_SPLITTER = re.compile(r"[.\-*_·]")
# Signs nobody sees, put between letters by accident or to hide a word.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
# Letters of other scripts that look like ours, put in their place by accident or to hide a word.
_FOREIGN_LETTERS = re.compile("[\u0370-\u04ff]")
_LOOK_ALIKES = str.maketrans("аеорсухіјѕһԁгткмнвαορυνικτ", "aeopcyxijshdrtkmhbaopuvikt")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
# In southern speech hỏi and ngã are one tone, and are written one for the other.
_SAME_TONE = str.maketrans({"\u0303": "\u0309"})
# From this share of marked words on, a word without marks was meant without them ("ăn chay").
_WELL_MARKED = 0.45
# English has words that would be Telex ("is", "for"), though never so many.
_TELEX = 0.4


def _words_of(said: str) -> frozenset[str]:
    return frozenset(said.split())


# Two of these, and it is English, however many of its other words would be Telex ("the hole is still there").
_ENGLISH = _words_of(
    "the is are was were it this that there here no not and or of to in on at for with you your my our they we has have"
    " been more still now again after"
)


# Words that hold English together and say nothing of what it is about: those that are English alone, and those that
# could be Vietnamese without its marks ("in", "to", "the" for thẻ).
_ENGLISH_ALONE = _words_of(
    "this that these those my we our you your his she her it its they them their who whom whose which what"
    " when where why how there here of for from with without into onto out off down over under about around"
    " through and but if than as because while until since is are was were been being does did done has have"
    " had having will would shall should could might must not nor any some all every each both other another"
    " ones same such only own just very too also again ever yet please"
    " there's it's he's she's that's i'm i've don't can't cannot didn't doesn't isn't won't wasn't they're we're you're"
)
_OF_BOTH = _words_of("a an the i me us he him in on at to by up or so am be do can may no one")
_FUNCTION_WORDS = _ENGLISH_ALONE | _OF_BOTH
# So many of them, and some that are English alone or so many words that are no Vietnamese syllables: it is English.
_ENGLISH_SHARE, _LEAST_ENGLISH, _NO_SYLLABLES = 0.25, 2, 0.3
_WHOLE_WORD = 4
# The tones alone: the marks of "ô" and "ư" make other vowels.
_NO_TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))
_VOWELS = re.compile("[aăâeêioôơuưy]+")
_NUCLEI = _words_of(
    "a ă â e ê i o ô ơ u ư y ai ao au ay âu ây eo êu ia iê iu oa oă oe oi ôi ơi oo ua uâ uê ui uô uơ ưa ưi ươ ưu uy yê"
    " iêu oai oao oay oeo uây uôi ươi ươu uyê uya uyu yêu ye ie uo uoi uou uu ieu yeu uye uôu ưu ưo"
)
_SYLLABLE = re.compile(r"(?:ngh|ng|nh|gh|gi|ph|th|tr|kh|ch|qu|[bcdđghklmnprstvx])?[aeiouy]{1,3}(?:ng|nh|ch|[cmnpt])?")


class MatterWord(NamedTuple):
    """One word of a text: `exact` with marks, `plain` without.

    `key`: by what rules find it; of a word written without marks in a text that has few any word of its letters.
    """

    said: str
    exact: str
    plain: str
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class MatterText:
    """`at` is the place of each word, counted in words, and more at a sentence's end.

    `is_telex`: typed with the input method off ("ddaauf").
    """

    words: tuple[MatterWord, ...]
    at: tuple[int, ...]
    is_english: bool = False
    is_telex: bool = False

    def said(self, start: int, end: int) -> str:
        return " ".join(word.said for word in self.words[start:end])


class _Known(NamedTuple):
    """What is known of a piece: the word it stands for in a text with marks and in one without.

    `is_marked`: None for a number, and for what is no word.
    """

    strict: MatterWord
    loose: MatterWord
    is_marked: bool | None


class Letters(NamedTuple):
    """A word's letters as they are compared."""

    exact: str
    plain: str
    is_marked: bool


@lru_cache(maxsize=16_384)
def letters(word: str) -> Letters:
    """As the places compare them (i is y, hoà is hòa), and hỏi as ngã."""
    spelled = spelling(word)
    return Letters(spelled.exact.translate(_SAME_TONE), spelled.fold, spelled.is_marked)


def read_text(said: str, shorthand: Mapping[str, tuple[str, ...]]) -> MatterText:
    """The words of a text; `shorthand` says what short forms stand for ("ck" is "chồng")."""
    seen = _UNSEEN.sub("", said[:MAX_READ])
    lowered = unicodedata.normalize("NFC", seen).lower().replace("’", "'")
    if _FOREIGN_LETTERS.search(lowered) is not None:
        lowered = lowered.translate(_LOOK_ALIKES)
    pieces, places = _pieces(lowered)
    often = Counter(pieces)
    telex = _telex(often)
    short = _short_in(often, shorthand)
    known = {piece: _known(telex.get(piece, piece)) for piece in often}
    is_english = _is_english(often)
    is_loose = not is_english and _share_of_marked(often, short, known) < _WELL_MARKED
    stands_for = {piece: one.loose if is_loose else one.strict for piece, one in known.items()}
    if short:
        words, places = _written_out(pieces, places, stands_for, short, is_loose)
    else:
        words = tuple([stands_for[piece] for piece in pieces])
    was_telex = any(key != letters(made).plain for key, made in telex.items())
    return MatterText(words, tuple(places), is_english, was_telex)


def _written_out(
    pieces: Sequence[str],
    places: Sequence[int],
    stands_for: Mapping[str, MatterWord],
    short: Mapping[str, tuple[str, ...]],
    is_loose: bool,
) -> tuple[tuple[MatterWord, ...], list[int]]:
    """All words and their places, where some pieces stand for several."""
    means = {piece: [_word(word, is_loose) for word in known] for piece, known in short.items()}
    words: list[MatterWord] = []
    out: list[int] = []
    further = begin = 0
    for at in [at for at, piece in enumerate(pieces) if piece in means]:
        words += [stands_for[piece] for piece in pieces[begin:at]]
        out += [place + further for place in places[begin:at]]
        known = means[pieces[at]]
        words += known
        out += range(places[at] + further, places[at] + further + len(known))
        further += len(known) - 1
        begin = at + 1
    words += [stands_for[piece] for piece in pieces[begin:]]
    return tuple(words), out + [place + further for place in places[begin:]]


def _short_in(often: Counter[str], shorthand: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """What the short forms of a text stand for."""
    short = {piece: shorthand[piece] for piece in often.keys() & shorthand.keys()}
    for piece in [piece for piece in often if piece[0].isdecimal() and piece not in short]:
        if (sum_of_money := _MONEY.fullmatch(piece)) is not None:
            short[piece] = (sum_of_money[1], "ngàn" if sum_of_money[2] == "k" else "triệu")
    return short


def _word(written: str, is_loose: bool) -> MatterWord:
    known = _known(written)
    return known.loose if is_loose else known.strict


@lru_cache(maxsize=16_384)
def _known(written: str) -> _Known:
    found = letters(written)
    strict = MatterWord(written, found.exact, found.plain, found.exact)
    loose = strict if found.is_marked else strict._replace(key=open_key(found.plain))
    is_word = bool(found.plain) and not found.plain.isdecimal()
    return _Known(strict, loose, found.is_marked if is_word else None)


def open_key(plain: str) -> str:
    """The key of a word that may stand for any word of its letters."""
    return f"~{plain}"


def _share_of_marked(often: Counter[str], short: Mapping[str, object], known: Mapping[str, _Known]) -> float:
    """Of the words that stand for themselves, numbers aside."""
    marked = bare = 0
    for piece, times in often.items():
        if piece not in short and (is_marked := known[piece].is_marked) is not None:
            if is_marked:
                marked += times
            else:
                bare += times
    return marked / (marked + bare) if marked + bare else 1.0


def words_in(phrase: str) -> list[str]:
    """A phrase of a rule in the words that a text would have."""
    return [piece.group() for chunk in phrase.split() for piece in _RULE_PIECE.finditer(chunk)]


def _pieces(lowered: str) -> tuple[list[str], list[int]]:
    """All words, and the place of each; stretched ones as they are meant."""
    if _SET_APART.search(lowered) is not None:
        lowered = _SPLIT.sub(_joined, _STRETCHED.sub(r"\1", lowered))
        lowered = _SIGN.sub(r" \g<0> ", lowered)
    word = _PLAIN_WORD if "'" in lowered else _LETTERS
    pieces: list[str] = []
    places: list[int] = []
    at = 0
    for sentence in _END.split(lowered):
        those = word.findall(sentence)
        pieces += those
        places += range(at, at + len(those))
        at += len(those) + _SENTENCE_GAP
    meant = {piece: whole for piece in set(pieces) if (whole := _unstretched(piece)) is not piece}
    return [meant.get(piece, piece) for piece in pieces] if meant else pieces, places


@lru_cache(maxsize=16_384)
def _unstretched(piece: str) -> str:
    return _STRETCHED.sub(r"\1", piece)


def _joined(split: re.Match[str]) -> str:
    return f" {_SPLITTER.sub('', split.group())} "


def _telex(often: Counter[str]) -> dict[str, str]:
    """What the keys of a text typed with the input method off would have made; nothing for any other text."""
    plain = [word for word in often if word.isascii() and word.isalpha()]
    is_english = len(_ENGLISH.intersection(plain)) > 1
    if is_english or "'" in "".join(often):
        return {}
    count = sum([often[word] for word in plain])
    if count < often.total() * (1 - _WELL_MARKED):
        # The input method was on: "gas" between words with marks is no "gá".
        return {}
    if plain == ["test"]:
        # What everybody writes who tries us out.
        return {}
    made = {word: syllable for word in plain if (syllable := untelex(word)) is not None and _has_nucleus(syllable)}
    foreign = sum([often[word] for word in plain if word not in made and _is_foreign(word)])
    is_telex = sum([often[word] for word in made]) >= _TELEX * count and foreign < _NO_SYLLABLES * count
    return made if is_telex else {}


@lru_cache(maxsize=8_192)
def _has_nucleus(syllable: str) -> bool:
    """Whether its vowels stand together in Vietnamese: "worse" would be "ưoé", which nobody means.

    Whoever typed "dd" meant Telex, however the rest is mistyped.
    """
    if syllable.startswith("đ"):
        return True
    apart = unicodedata.normalize("NFD", syllable).translate(_NO_TONES)
    vowels = _VOWELS.search(unicodedata.normalize("NFC", apart).removeprefix("gi").removeprefix("qu"))
    return vowels is None or vowels.group() in _NUCLEI


def _is_foreign(word: str) -> bool:
    """Long enough to be no short form, and neither a syllable nor the keys of one."""
    return len(word) >= _WHOLE_WORD and not is_syllable(word)


def is_function_word(word: str) -> bool:
    """Whether it says nothing by itself, in English."""
    return word in _FUNCTION_WORDS


@lru_cache(maxsize=8_192)
def is_syllable(word: str) -> bool:
    """Whether its letters could be one Vietnamese syllable without marks."""
    return _SYLLABLE.fullmatch(word) is not None


def _is_english(often: Counter[str]) -> bool:
    """None of its words stands for a Vietnamese one without marks: "lot" is no "lọt"."""
    count = often.total()
    if not count or sum([often[word] for word in _FUNCTION_WORDS & often.keys()]) / count < _ENGLISH_SHARE:
        return False
    own = _ENGLISH_ALONE & often.keys()
    foreign = sum(n for word, n in often.items() if word.isascii() and word.isalpha() and not is_syllable(word))
    return len(own) >= _LEAST_ENGLISH or foreign / count >= _NO_SYLLABLES
