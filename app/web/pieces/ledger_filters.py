"""What an address asks of the ledger: unit, level, promise, result, answered or not, reference, period."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from flask import request

from app.web.frame.current import settings
from escalation.queries.ledger import LedgerFilter
from tickets.people.references import read_reference
from tickets.promises.plan import HIGHEST_LEVEL
from tickets.states import ClockKind, StepResult
from tickets.typed_text import typed_number

FIELDS = ("unit", "level", "clock", "result", "answered", "reference", "from", "to")


def asked() -> dict[str, str]:
    """The filter fields of the address, as they were typed."""
    return {name: request.args.get(name, "").strip()[:40] for name in FIELDS}


def ledger_filter(given: Mapping[str, str], *, staff_id: int | None = None) -> LedgerFilter:
    """The filter these fields mean; what cannot be understood is left out rather than refused."""
    return LedgerFilter(
        unit_id=number(given["unit"]),
        level=number(given["level"], most=HIGHEST_LEVEL),
        clock=ClockKind(given["clock"]) if given["clock"] in set(ClockKind) else None,
        result=StepResult(given["result"]) if given["result"] in set(StepResult) else None,
        answered={"yes": True, "no": False}.get(given["answered"]),
        staff_id=staff_id,
        # A reference that is none finds nothing: showing everything instead would mislead.
        reference=(read_reference(given["reference"]) or given["reference"]) if given["reference"] else None,
        fired_from=midnight(given["from"]),
        fired_to=midnight(given["to"], days=1),
    )


def number(text: str, *, most: int = 2**62) -> int | None:
    found = typed_number(text)
    return found if found is not None and found <= most else None


def midnight(text: str, *, days: int = 0) -> datetime | None:
    """The beginning, in the city, of a day typed into a date field, or of a later one."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if not date(2000, 1, 1) <= day <= date(2200, 1, 1):
        return None
    return datetime.combine(day + timedelta(days=days), time(), settings().zone).astimezone(UTC)


def address(path: str, given: Mapping[str, str | None]) -> str:
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{path}?{query}" if query else path
