"""Whether a text is no more than thanks, a nod or an advertisement: nothing that somebody must work on."""

from collections.abc import Sequence
from dataclasses import dataclass

from tickets.matter.rulebook import MarkedText
from tickets.matter.text import MatterWord

_THANKS, _WORD, _ADVERT = "@thanks", "@word", "@advert"
# Two of the words of advertisements are chance, three are one.
_ADVERT_FROM = 3


@dataclass(frozen=True, slots=True)
class Courtesy:
    """`is_all`: every word is one of politeness; `gives_thanks`: some are, and it may say more; `is_advert`."""

    is_all: bool
    gives_thanks: bool
    is_advert: bool


def _is_a_number(words: Sequence[MatterWord]) -> bool:
    """Counting aloud is polite beside a greeting; a number alone may be the answer to a question of ours."""
    return bool(words) and all(word.plain.isdecimal() for word in words)


def read_courtesy(found: MarkedText) -> Courtesy:
    polite = [span for name in (_THANKS, _WORD) for span in found.hits.get(name, ())]
    covered = {at for span in polite for at in range(span.start, span.end)}
    adverts = {span.start for span in found.hits.get(_ADVERT, ())}
    return Courtesy(
        is_all=len(covered) == len(found.text.words) and not _is_a_number(found.text.words),
        gives_thanks=bool(found.hits.get(_THANKS)),
        is_advert=len(adverts) >= _ADVERT_FROM,
    )
