"""How names sound: what people hear, and then write, of a syllable whose marks and finals they do not hear."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

# Heard as one in the south, or by some, and written one for the other; the marks are gone already, and y is i.
_BEGINNINGS = (
    (re.compile(r"^ngh"), "ng"),
    (re.compile(r"^gh"), "g"),
    (re.compile(r"^(?:gi(?=[aeiou])|g(?=i)|r|v|z)"), "d"),
    (re.compile(r"^f"), "ph"),
    (re.compile(r"^tr"), "ch"),
    (re.compile(r"^s"), "x"),
    (re.compile(r"^(?:qu|hu(?=[aei])|ho(?=[ae])|hw)"), "w"),
    (re.compile(r"^(?:c|q)(?!h)"), "k"),
)
_ENDINGS = (
    (re.compile(r"(?:ng|nh|n)$"), "n"),
    (re.compile(r"(?<=.)(?:ch|t|c|k)$"), "t"),
)
# What fewer people mix up: l and n, r and g, p and b, iê and i, o and u; and oa typed as ao. `w` is what "ho" and "qu"
# before a vowel sound like, `d` what r does.
_LOOSE = (
    (re.compile(r"^l"), "n"),
    (re.compile(r"^g(?=[aeou])"), "d"),
    (re.compile(r"^p(?!h)"), "b"),
    (re.compile(r"^hao"), "wa"),
    (re.compile(r"ao"), "oa"),
    (re.compile(r"ie"), "i"),
    (re.compile(r"o"), "u"),
)

SoundKey = tuple[str, ...]


@lru_cache(maxsize=8192)
def sound(fold: str) -> str:
    """A folded syllable as it sounds."""
    heard = fold
    for pattern, written in (*_BEGINNINGS, *_ENDINGS):
        heard = pattern.sub(written, heard)
    return heard


@lru_cache(maxsize=8192)
def loose_sound(fold: str) -> str:
    heard = sound(fold)
    for pattern, written in _LOOSE:
        heard = pattern.sub(written, heard)
    return heard


def by_sound(names: Iterable[tuple[str, ...]]) -> tuple[Mapping[SoundKey, tuple[SoundKey, ...]], ...]:
    """Names of two words and more by their sound: first as most people mix sounds up, then as some do."""
    tiers: list[dict[SoundKey, list[SoundKey]]] = [{}, {}]
    for name in sorted(names):
        if len(name) > 1 and not any(word.isdigit() for word in name):
            for tier, heard_as in zip(tiers, (sound, loose_sound), strict=True):
                tier.setdefault(tuple(heard_as(word) for word in name), []).append(name)
    return tuple({heard: tuple(found) for heard, found in tier.items()} for tier in tiers)
