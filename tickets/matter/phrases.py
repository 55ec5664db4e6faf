"""All phrases that rules know, found in one walk over a text."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from tickets.matter.text import MatterText, letters, open_key, words_in

# Before a word: it counts only as it is written here, with its marks ("=cháy" is never read out of "chay").
STRICT = "="
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


class _State:
    """All nodes that the words so far lead to, and what each next word would lead to: made when first come to."""

    __slots__ = ("_nodes", "names", "ways")

    def __init__(self, nodes: Sequence[_Node]) -> None:
        self._nodes = nodes
        # By the key of the next word; None until somebody comes here.
        self.ways: dict[str, _State] | None = None
        self.names = tuple(dict.fromkeys(name for node in nodes for name in node.names))

    def open(self) -> "dict[str, _State]":
        self.ways = {key: _State(nodes) for key, nodes in self._following().items()}
        return self.ways

    def _following(self) -> dict[str, list[_Node]]:
        following: dict[str, list[_Node]] = {}
        for node in self._nodes:
            for word, after in chain(node.exact.items(), node.strict.items()):
                following.setdefault(word, []).append(after)
            for word, those in node.plain.items():
                following.setdefault(open_key(word), []).extend(those)
            for word, after in node.strict.items():
                following.setdefault(open_key(word), []).append(after)
        return following


class Phrasebook:
    """Phrases under names; several phrases may have one name, and one phrase several."""

    def __init__(self, ambiguous: Collection[str] = ()) -> None:
        """`ambiguous`: what without its marks says too little by itself ("dung" is dùng, đúng, đừng or đụng)."""
        self._root = _Node()
        self._ambiguous = ambiguous
        self._begin: _State | None = None

    def add(self, name: str, phrases: Iterable[str]) -> None:
        self._begin = None
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
        keys = [word.key for word in text.words]
        if self._begin is None:
            self._begin = _State((self._root,))
        begin, count = self._begin.ways or self._begin.open(), len(keys)
        for start, key in enumerate(keys):
            state, end = begin.get(key), start + 1
            while state is not None:
                if state.names:
                    span = Span(start, end)
                    for name in state.names:
                        if name in found:
                            found[name].append(span)
                        else:
                            found[name] = [span]
                if end == count:
                    break
                ways = state.ways
                state = (state.open() if ways is None else ways).get(keys[end])
                end += 1
        return found
