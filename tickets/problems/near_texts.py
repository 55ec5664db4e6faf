"""Texts that are nearly the same: groups by shared runs of three words, without comparing each with each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import blake2b

from tickets.folding import folded_words

# Shorter texts are alike by chance.
_LEAST_WORDS = 8
_RUN = 3
# Of the runs that two texts have, so many are in both.
_LEAST_SHARED = 0.5
# Each text is known by these many smallest hashes of its runs: near texts share some of them.
_SKETCH = 12
# A run in more texts than this is a formula of letters, not their matter.
_MOST_IN_ONE_RUN = 400


def near_groups(texts: Sequence[str], *, least: int) -> list[list[int]]:
    """The places in `texts` of those that belong together; only groups of at least `least`."""
    runs = [_runs(text) for text in texts]
    parent = list(range(len(texts)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for one, other in _candidates(runs):
        if root(one) != root(other) and _shared(runs[one], runs[other]) >= _LEAST_SHARED:
            parent[root(one)] = root(other)
    groups: dict[int, list[int]] = defaultdict(list)
    for place in range(len(texts)):
        groups[root(place)].append(place)
    return [group for group in groups.values() if len(group) >= least]


def _candidates(runs: Sequence[frozenset[int]]) -> Iterator[tuple[int, int]]:
    """Pairs that share one of their smallest hashes, each with the last that had it: a chain joins a group."""
    having: dict[int, list[int]] = defaultdict(list)
    for place, own in enumerate(runs):
        for run in sorted(own)[:_SKETCH]:
            before = having[run]
            if len(before) < _MOST_IN_ONE_RUN:
                yield from ((other, place) for other in before[-3:])
                before.append(place)


def _shared(one: frozenset[int], other: frozenset[int]) -> float:
    """By the shorter of both: whoever adds a sentence of their own has still copied the rest."""
    return len(one & other) / max(1, min(len(one), len(other)))


def _runs(text: str) -> frozenset[int]:
    words = folded_words(text[:4_000])
    if len(words) < _LEAST_WORDS:
        return frozenset()
    return frozenset(_hash(" ".join(words[at : at + _RUN])) for at in range(len(words) - _RUN + 1))


def _hash(run: str) -> int:
    return int.from_bytes(blake2b(run.encode(), digest_size=8).digest())
