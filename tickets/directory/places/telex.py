"""Reads Telex keystrokes that reached us raw because the writer's input method was off: "phuwowngf" is "phường"."""

import unicodedata
from functools import lru_cache

_TONE_OF = {"f": "\u0300", "s": "\u0301", "x": "\u0303", "r": "\u0309", "j": "\u0323"}
_INITIALS = frozenset("bcdghklmnpqrstvx") | {
    *("", "ch", "dd", "gh", "gi", "kh", "ng", "ngh", "nh", "ph", "qu", "th", "tr"),
}
_FINALS = frozenset(["", "c", "ch", "m", "n", "ng", "nh", "p", "t"])
_VOWELS = frozenset("aeiouy")
_LONGEST = 12


@lru_cache(maxsize=8192)
def untelex(word: str) -> str | None:
    """The syllable that these keys would have made, or None if they are not Telex for a Vietnamese syllable.

    Safe on text without marks: no Vietnamese syllable ends in s, f, r, x or j, none holds w, dd or a doubled vowel.
    """
    keys = word.lower()
    if not 2 <= len(keys) <= _LONGEST or not (keys.isascii() and keys.isalpha()):
        return None
    start = next((i for i, letter in enumerate(keys) if letter in _VOWELS or letter == "w"), None)
    if start is None or keys[:start] not in _INITIALS:
        return None
    written = _Syllable(keys[:start])
    for letter in keys[start:]:
        written.press(letter)
    if not written.was_marked or written.final not in _FINALS or not written.vowels:
        return None
    return unicodedata.normalize("NFC", written.text())


class _Syllable:
    """The syllable under the keys pressed so far."""

    def __init__(self, initial: str) -> None:
        self.initial = "đ" if initial == "dd" else initial
        self.was_marked = initial == "dd"
        self.vowels: list[str] = []
        self.final = ""
        self.tone = ""

    def press(self, letter: str) -> None:
        if letter in _TONE_OF:
            self.tone, self.was_marked = _TONE_OF[letter], True
        elif letter == "w":
            self._horn()
        elif letter == "d" and self.initial == "d":
            self.initial, self.was_marked = "đ", True
        elif letter in "aeo" and letter in self.vowels:
            self.vowels[self.vowels.index(letter)] += "\u0302"
            self.was_marked = True
        elif letter in _VOWELS and not self.final:
            self.vowels.append(letter)
        else:
            self.final += letter

    def _horn(self) -> None:
        self.was_marked = True
        if not self.vowels:
            self.vowels.append("u\u031b")
        elif self.vowels[-1] == "a" and "u" not in self.vowels:
            self.vowels[-1] = "a\u0306"
        else:
            self.vowels = [vowel + "\u031b" if vowel in ("u", "o") else vowel for vowel in self.vowels]

    def text(self) -> str:
        return self.initial + "".join(self.vowels) + self.tone + self.final
