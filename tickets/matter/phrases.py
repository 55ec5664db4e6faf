"""All phrases that rules know, found in one walk over a text."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tickets.matter.text import MatterText, MatterWord, letters, words_in

# Before a word: it counts only as it is written here, with its marks ("=cháy" is never read out of "chay").
STRICT = "="
_MOST_KNOWN = 20_000
# No phrase of a rule has so many words: what begins further away does not reach.
LONGEST_PHRASE = 16


class Span(NamedTuple):
    """Where something stands in a text: the numbers of its first word and of the one after its last."""

    start: int
    end: int


@dataclass(slots=True)
class _Node:
    """Where a phrase may go on: by words as written, and by words without marks.

    `strict` are those that go on only by what is written with its marks in the file.
    """

    exact: dict[str, "_Node"] = field(default_factory=dict)
    plain: dict[str, list["_Node"]] = field(default_factory=dict)
    strict: dict[str, "_Node"] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def after(self, word: str) -> "_Node":
        is_strict = word.startswith(STRICT)
        spelled = letters(word.removeprefix(STRICT))
        ways = self.strict if is_strict else self.exact
        node = ways.get(spelled.exact)
        if node is None:
            node = ways[spelled.exact] = _Node()
            if not is_strict:
                self.plain.setdefault(spelled.plain, []).append(node)
        return node

    def step(self, word: MatterWord) -> Sequence["_Node"]:
        found: Sequence[_Node] = ()
        if word.is_open:
            found = self.plain.get(word.plain, ())
        elif (node := self.exact.get(word.exact)) is not None:
            found = (node,)
        if self.strict and (only := self.strict.get(word.exact)) is not None:
            return (*found, only)
        return found


class Phrasebook:
    """Phrases under names; several phrases may have one name, and one phrase several."""

    def __init__(self, ambiguous: Collection[str] = ()) -> None:
        """`ambiguous`: what without its marks says too little by itself ("dung" is dùng, đúng, đừng or đụng)."""
        self._root = _Node()
        self._ambiguous = ambiguous
        self._first: dict[MatterWord, Sequence[_Node]] = {}

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
        for start, word in enumerate(words):
            nodes = self._begins(word)
            end = start + 1
            while nodes:
                for node in nodes:
                    for name in node.names:
                        if name in found:
                            found[name].append(Span(start, end))
                        else:
                            found[name] = [Span(start, end)]
                if end == count:
                    break
                following = words[end]
                nodes = (
                    nodes[0].step(following)
                    if len(nodes) == 1
                    else [after for node in nodes for after in node.step(following)]
                )
                end += 1
        return found

    def _begins(self, word: MatterWord) -> Sequence[_Node]:
        """What begins with a word: most words begin nothing, and all come again in other texts."""
        nodes = self._first.get(word)
        if nodes is None:
            if len(self._first) >= _MOST_KNOWN:
                self._first.clear()
            nodes = self._first[word] = self._root.step(word)
        return nodes
