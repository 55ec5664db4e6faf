"""How a text travels as SMS: its alphabet, its segments, and its spelling without diacritics."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

# 3GPP TS 23.038, default alphabet and its extension table (each of those costs two septets).
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")

# What an editor or a phone turns plain signs into; each of these alone would make the whole text UCS-2.
PLAIN = str.maketrans(
    {
        "đ": "d", "Đ": "D", "₫": "d", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'",
        "–": "-", "—": "-", "‑": "-", "−": "-", "…": "...", "•": "-", "·": "-", "\u00a0": " ", "\u202f": " ",
        "\u200b": "", "\ufeff": "", "\t": " ", "×": "x",
    }
)  # fmt: skip


@dataclass(frozen=True)
class SmsSize:
    """`units` are septets (GSM-7) or UTF-16 code units (UCS-2); `free` is what still fits into the last segment."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int
    free: int


def is_gsm7(text: str) -> bool:
    return all(c in GSM_BASIC or c in GSM_EXTENDED for c in text)


def sms_size(text: str) -> SmsSize:
    """What a text costs: 160 septets or 70 code units alone, 153 or 67 in each part of several.

    A pair (an escaped sign, a surrogate pair) is never cut in two, so a part may end one unit early.
    """
    gsm = is_gsm7(text)
    widths = [(2 if c in GSM_EXTENDED else 1) if gsm else (2 if ord(c) > 0xFFFF else 1) for c in text]
    single, several = (160, 153) if gsm else (70, 67)
    units = sum(widths)
    if units <= single:
        return SmsSize("GSM-7" if gsm else "UCS-2", units, 1 if text else 0, single - units)
    segments, used = 1, 0
    for width in widths:
        if used + width > several:
            segments, used = segments + 1, 0
        used += width
    return SmsSize("GSM-7" if gsm else "UCS-2", units, segments, several - used)


def fold_to_gsm7(text: str) -> str:
    """The text in the GSM-7 alphabet: Vietnamese without diacritics, typographic signs made plain, the rest as '?'.

    All marks go, also those of à or é which GSM-7 has: half-marked Vietnamese is harder to read than unmarked.
    """
    plain = unicodedata.normalize("NFKD", text.translate(PLAIN))
    unmarked = "".join(c for c in plain if not unicodedata.combining(c)).translate(PLAIN)
    return "".join(c if c in GSM_BASIC or c in GSM_EXTENDED else "?" for c in unmarked)
