"""Telling a caller who hides the number from one who shows it: hidden ones must never share a citizen record."""

from __future__ import annotations

# Carriers hand a hidden number over as a word, or as that word spelled on a keypad behind a plus sign, where it looks
# like an Italian, Chinese or other foreign number.
WITHHELD_WORDS = frozenset(
    {"anonymous", "unknown", "restricted", "unavailable", "blocked", "private", "withheld", "none", "null"}
)
SPELLED = frozenset(
    {
        "266696687",  # ANONYMOUS
        "7378742833",  # RESTRICTED
        "2562533",  # BLOCKED
        "8656696",  # UNKNOWN
        "86282452253",  # UNAVAILABLE
        "7748483",  # PRIVATE
        "94844353",  # WITHHELD
    }
)


def is_withheld(raw: str | None) -> bool:
    """Whether what the provider sent as the caller's number names nobody."""
    said = (raw or "").strip().lower()
    if said.startswith(("sip:", "sips:", "tel:")):
        said = said.split(":", 1)[1].split("@", 1)[0]
    if said in WITHHELD_WORDS:
        return True
    digits = said.lstrip("+")
    return not digits or not digits.strip("0") or digits in SPELLED
