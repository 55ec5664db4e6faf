"""Numbers as the reader's language writes them: 12.480 and 85,0% in Vietnamese, 12,480 and 85.0% in English."""

from babel.numbers import format_decimal, format_percent

from app.wording.language import language

_PATTERNS = ("#,##0%", "#,##0.0%")


def number_phrase(number: float) -> str:
    """A count with its thousands apart."""
    return str(format_decimal(number, locale=language()))


def percent_phrase(share: float, decimals: int = 0) -> str:
    """A share (1 is the whole) in per cent, with no decimal or one."""
    return str(format_percent(share, format=_PATTERNS[decimals], locale=language()))
