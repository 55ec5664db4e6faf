"""Weights of words for many kinds at once: a number for each word, in whose digits each kind has a lane of its own."""

from array import array
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from itertools import compress

# A text has at most a few thousand words, each of a few hundred hundredths: no lane ever reaches into the next one.
_WIDTH = 32
_MASK = (1 << _WIDTH) - 1
_TYPE = "I"


@dataclass(frozen=True, eq=False)
class KindWords:
    """How much each word leans to each kind, in whole numbers above nothing. Adding two words adds all their kinds:
    a letter has some two thousand weights, and only their sums are asked for.
    """

    kinds: tuple[str, ...]
    words: Mapping[str, int]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, int]]) -> "KindWords":
        """Of (kind, word, weight); raises ValueError for a weight that no lane holds."""
        lanes: dict[str, int] = {}
        words: dict[str, int] = {}
        for kind, word, weight in rows:
            if not 0 < weight < _MASK >> 16:
                raise ValueError(f"{word} weighs {weight} for {kind}")
            lane = lanes.setdefault(kind, len(lanes))
            words[word] = words.get(word, 0) + (weight << lane * _WIDTH)
        return cls(tuple(lanes), words)

    def known(self, names: Set[str]) -> Set[str]:
        return self.words.keys() & names

    def sums(self, names: Set[str]) -> Mapping[str, int]:
        """What these words weigh together for each kind to which any of them leans."""
        total = sum([self.words[name] for name in self.known(names)])
        lanes = array(_TYPE, total.to_bytes(len(self.kinds) * _WIDTH // 8, "little"))
        return dict(zip(compress(self.kinds, lanes), filter(None, lanes), strict=True))

    def of_kind(self, kind: str, names: Set[str]) -> dict[str, int]:
        """Those of these words that lean to one kind, and how much each does."""
        shift = self.kinds.index(kind) * _WIDTH if kind in self.kinds else len(self.kinds) * _WIDTH
        return {name: weight for name in self.known(names) if (weight := self.words[name] >> shift & _MASK)}
