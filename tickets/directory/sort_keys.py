"""The key lists are sorted by: folded, so that every database sorts Vietnamese names alike, numbers by their value."""

import re

from tickets.folding import fold

_NUMBER = re.compile(r"[0-9]+")


def sort_key(name: str) -> str:
    """Folded, with numbers padded so that Phường 2 stands before Phường 10.

    >>> sort_key("Phường 2")
    'phuong 0002'
    """
    return _NUMBER.sub(lambda number: number.group().zfill(4), fold(name))
