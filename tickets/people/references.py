"""The public number of a ticket: ten digits that tell nothing about how many there are and catch a wrong key."""

import hashlib
import re
from datetime import datetime

from tickets.city import wall_clock
from tickets.keys import Keys

NUMBERS = 10_000_000
LENGTH = 10

_BITS = 12
_HALF = (1 << _BITS) - 1
_ROUNDS = 6
_SEPARATORS = re.compile(r"[\s.\-–/\u00a0]+")
# Quasigroup of order ten, weakly totally anti-symmetric: finds every wrong digit and every swap of neighbours.
# Source: H. M. Damm, "Total anti-symmetrische Quasigruppen", Marburg 2004.
_DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip


def reference_year(at: datetime) -> int:
    """The year people in the city write at this instant."""
    return wall_clock(at).year


def reference_of(number: int, *, year: int, keys: Keys) -> str:
    """The reference of the year's n-th number: a permutation of all seven-digit numbers, then the check digit."""
    if not 0 < number < NUMBERS:
        raise ValueError(f"a year has {NUMBERS - 1} references, not {number}")
    digits = f"{year % 100:02d}{_permuted(number, year, keys.reference):07d}"
    return digits + _check_digit(digits)


def is_reference(text_: str) -> bool:
    """Whether these are ten digits that belong together."""
    return len(text_) == LENGTH and text_.isascii() and text_.isdecimal() and _check_digit(text_) == "0"


def read_reference(text_: str | None) -> str | None:
    """The reference somebody wrote, spoke or keyed in groups; None when a digit is wrong."""
    digits = _SEPARATORS.sub("", text_ or "").removeprefix("#")
    return digits if is_reference(digits) else None


def grouped(reference: str) -> str:
    """As it is printed and dictated: `26 0042 1733`."""
    return f"{reference[:2]} {reference[2:6]} {reference[6:]}"


def _check_digit(digits: str) -> str:
    interim = 0
    for digit in digits:
        interim = int(_DAMM[interim][int(digit)])
    return str(interim)


def _permuted(number: int, year: int, key: bytes) -> int:
    """A keyed permutation of 0 … NUMBERS-1: a Feistel network over 24 bits, walked until the result is in range."""
    value = number
    while True:
        left, right = value >> _BITS, value & _HALF
        for turn in range(_ROUNDS):
            left, right = right, left ^ _mixed(right, turn, year, key)
        value = (left << _BITS) | right
        if value < NUMBERS:
            return value


def _mixed(half: int, turn: int, year: int, key: bytes) -> int:
    message = turn.to_bytes(1, "big") + year.to_bytes(2, "big") + half.to_bytes(2, "big")
    return int.from_bytes(hashlib.blake2b(message, key=key, digest_size=2).digest(), "big") & _HALF
