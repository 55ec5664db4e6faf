"""All phrases that rules know, found in one walk over a text."""

from collections.abc import Collection, Iterable, Mapping, Sequence
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


class FoundPhrases(NamedTuple):
    """The phrases of a text by their names.

    `also`: those that are an everyday phrase, word for word, and part of no longer one.
    """

    hits: dict[str, list[Span]]
    also: dict[str, list[Span]]


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

    __slots__ = ("_nodes", "_over", "is_over", "names", "ways")

    def __init__(self, nodes: Sequence[_Node], over: str) -> None:
        self._nodes = nodes
        self._over = over
        # By the key of the next word; None until somebody comes here.
        self.ways: dict[str, _State] | None = None
        names = dict.fromkeys(name for node in nodes for name in node.names)
        self.is_over = over in names
        self.names = tuple(name for name in names if name != over)

    def open(self) -> "dict[str, _State]":
        self.ways = {key: _State(nodes, self._over) for key, nodes in self._following().items()}
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

    def __init__(self, ambiguous: Collection[str] = (), over: str = "") -> None:
        """`ambiguous`: what without its marks says too little by itself ("dung" is dùng, đúng, đừng or đụng).

        Inside phrases of the name `over` no others are found, unless they say more.
        """
        self._root = _Node()
        self._ambiguous = ambiguous
        self._over = over
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

    def find(self, text: MatterText) -> FoundPhrases:
        """Every phrase of a text by its name, in the order of their beginnings."""
        told, over = self._walk([word.key for word in text.words])
        covers = longest_at(over) if over else {}
        hits: dict[str, list[Span]] = {}
        also: dict[str, list[Span]] = {}
        for span, names in told:
            of = hits
            if covers and (span[0] in covers or span[1] - 1 in covers) and is_part_of_longer(span, covers):
                if span != covers.get(span[0]):
                    continue
                of = also
            for name in names:
                if name in of:
                    of[name].append(span)
                else:
                    of[name] = [span]
        return FoundPhrases(hits, also)

    def _walk(self, keys: Sequence[str]) -> tuple[list[tuple[Span, tuple[str, ...]]], list[Span]]:
        """Where phrases stand, with the names of each; and those inside which no others are found."""
        told: list[tuple[Span, tuple[str, ...]]] = []
        over: list[Span] = []
        if self._begin is None:
            self._begin = _State((self._root,), self._over)
        begin, count = self._begin.ways or self._begin.open(), len(keys)
        # A text has hundreds: made without the detour by the names of their parts.
        make = tuple.__new__
        for start, key in enumerate(keys):
            state, end = begin.get(key), start + 1
            while state is not None:
                if state.names:
                    told.append((make(Span, (start, end)), state.names))
                if state.is_over:
                    over.append(make(Span, (start, end)))
                if end == count:
                    break
                ways = state.ways
                state = (state.open() if ways is None else ways).get(keys[end])
                end += 1
        return told, over


def longest_at(spans: Iterable[Span]) -> dict[int, Span]:
    """The longest of them at each word."""
    longest: dict[int, Span] = {}
    for span in spans:
        for at in range(span.start, span.end):
            known = longest.get(at)
            if known is None or span.end - span.start > known.end - known.start:
                longest[at] = span
    return longest


def is_part_of_longer(span: Span, longest: Mapping[int, Span]) -> bool:
    """Whether part of it belongs to one that says more than it does."""
    over = [longest[at] for at in range(span.start, span.end) if at in longest]
    return any(not (span.start <= cover.start and cover.end <= span.end and span != cover) for cover in over)
