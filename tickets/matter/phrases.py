"""All phrases that rules know, found in one walk over a text."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from tickets.matter.text import MatterText, MatterWord, letters, words_in

# Before a word: it counts only as it is written here, with its marks ("=cháy" is never read out of "chay").
STRICT = "="


@dataclass(frozen=True, slots=True)
class Span:
    """Where something stands in a text: the numbers of its first word and of the one after its last."""

    start: int
    end: int


MatterKey = tuple[str, str, bool]


@dataclass(slots=True)
class _Node:
    """Where a phrase may go on: by words as written, and by words without marks."""

    exact: dict[str, "_Node"] = field(default_factory=dict)
    plain: dict[str, list["_Node"]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def after(self, word: str) -> "_Node":
        bare = word.removeprefix(STRICT)
        spelled = letters(bare)
        key = spelled.exact if not word.startswith(STRICT) else STRICT + spelled.exact
        if (known := self.exact.get(key)) is not None:
            return known
        node = _Node()
        self.exact[key] = node
        if not word.startswith(STRICT):
            self.plain.setdefault(spelled.plain, []).append(node)
        return node

    def step(self, word: MatterWord) -> list["_Node"]:
        strict = self.exact.get(STRICT + word.exact)
        if word.is_open:
            found = self.plain.get(word.plain)
            if found is None:
                return [] if strict is None else [strict]
            return found if strict is None else [*found, strict]
        node = self.exact.get(word.exact)
        if node is None:
            return [] if strict is None else [strict]
        return [node] if strict is None else [node, strict]


class Phrasebook:
    """Phrases under names; several phrases may have one name, and one phrase several."""

    def __init__(self, ambiguous: Collection[str] = ()) -> None:
        """`ambiguous`: what without its marks says too little by itself ("dung" is dùng, đúng, đừng or đụng)."""
        self._root = _Node()
        self._ambiguous = ambiguous

    def add(self, name: str, phrases: Iterable[str]) -> None:
        for phrase in phrases:
            node = self._root
            words = words_in(phrase)
            for word in words:
                alone = len(words) == 1 and not word.startswith(STRICT) and letters(word).plain in self._ambiguous
                node = node.after(STRICT + word if alone else word)
            if name not in node.names:
                node.names.append(name)

    def find(self, text: MatterText) -> dict[str, list[Span]]:
        """Every phrase of a text by its name, in the order of their beginnings."""
        found: dict[str, list[Span]] = {}
        words, count = text.words, len(text.words)
        # Most words begin no phrase, and many come again.
        beginning: dict[MatterKey, list[_Node]] = {}
        for start, word in enumerate(words):
            key = (word.exact, word.plain, word.is_open)
            nodes = beginning.get(key)
            if nodes is None:
                nodes = beginning[key] = self._root.step(word)
            end = start + 1
            while nodes:
                for node in nodes:
                    for name in node.names:
                        found.setdefault(name, []).append(Span(start, end))
                if end == count:
                    break
                nodes = (
                    nodes[0].step(words[end])
                    if len(nodes) == 1
                    else [after for node in nodes for after in node.step(words[end])]
                )
                end += 1
        return found
