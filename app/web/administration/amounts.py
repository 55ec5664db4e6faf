"""Lengths of time as they are typed: a number and its unit."""

from decimal import Decimal, InvalidOperation

from flask_babel import gettext as _

_MINUTES, _HOURS, _SECONDS = "minutes", "hours", "seconds"
UNIT_SECONDS = {_MINUTES: 60, _HOURS: 3600, _SECONDS: 1}


def unit_options() -> list[tuple[str, str]]:
    return [(_MINUTES, _("minutes")), (_HOURS, _("hours")), (_SECONDS, _("seconds"))]


def typed_seconds(amount: str, unit: str) -> int | str:
    """Whole seconds; what is no number comes back as it was typed, for the judge of rules to refuse."""
    try:
        number = Decimal(amount.strip().replace(",", "."))
        seconds = number * UNIT_SECONDS.get(unit, 60)
        return int(seconds) if number.is_finite() and abs(seconds) < Decimal(10) ** 12 else amount
    except InvalidOperation:
        return amount


def as_typed_time(seconds: int) -> tuple[str, str]:
    """In the largest unit that leaves a whole number."""
    for unit in (_HOURS, _MINUTES):
        if seconds and seconds % UNIT_SECONDS[unit] == 0:
            return str(seconds // UNIT_SECONDS[unit]), unit
    return (str(seconds), _SECONDS) if seconds else ("0", _MINUTES)
