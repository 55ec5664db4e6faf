"""A reference as people read and dictate it."""

import re


def grouped_reference(reference: str) -> str:
    """A reference in groups as it is read aloud and printed: `2600421733` → `26 0042 1733`."""
    digits = reference.strip()
    if not digits.isdigit() or len(digits) < 7:
        return digits
    head = len(digits) % 4 or 4
    return " ".join([digits[:head], *re.findall("....", digits[head:])])
