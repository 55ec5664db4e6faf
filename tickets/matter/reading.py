"""What came of asking a text one question: how certain, of what kinds, and because of which words."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from tickets.matter.patterns import Pattern, Patterns
from tickets.matter.phrases import Span
from tickets.matter.rulebook import MarkedText

MOST_TOLD_WORDS = 4
# The kind of what no pattern told, but how far the single words of a text lean.
LEANING = "leaning"


class Certainty(StrEnum):
    YES = "yes"
    DOUBTFUL = "doubtful"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Indication:
    """`kinds` as the rules name them ("fire"), the strongest first; `because` the words of the text that told.

    `begins_at` is how many words stand before the first of them.
    """

    certainty: Certainty
    kinds: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    begins_at: int = 0

    @property
    def told(self) -> dict[str, str]:
        """The words that told it and the rule they met, as a reason keeps them."""
        return {"words": ", ".join(self.because), "rule": self.kinds[0] if self.kinds else ""}


NOTHING_READ = Indication(Certainty.NO)


@dataclass(frozen=True, slots=True)
class Sign:
    """A pattern that holds in a text, and where."""

    pattern: Pattern
    spans: tuple[Span, ...]

    @property
    def start(self) -> int:
        return min(span.start for span in self.spans)

    @property
    def last_word(self) -> int:
        """Where the last part of it begins."""
        return max(span.start for span in self.spans)

    def said(self, found: MarkedText) -> str:
        if len(self.spans) == 1:
            return found.text.said(self.spans[0].start, self.spans[0].end)
        in_order = sorted(set(self.spans), key=lambda span: span.start)
        return " … ".join(found.text.said(span.start, span.end) for span in in_order)


def signs(patterns: Patterns, found: MarkedText) -> list[Sign]:
    """Every pattern that holds, with each of its places."""
    return [Sign(pattern, spans) for pattern, spans in patterns.found(found.hits, found.text)]


def words_of(kept: Sequence[Sign], found: MarkedText) -> tuple[str, ...]:
    """What is shown as the reason: the words of the strongest signs, longer ones in place of what they hold."""
    said = dict.fromkeys(sign.said(found) for sign in sorted(kept, key=lambda s: -s.pattern.weight))
    shown = (words for words in said if not any(words != other and words in other for other in said))
    return tuple(islice(shown, MOST_TOLD_WORDS))
