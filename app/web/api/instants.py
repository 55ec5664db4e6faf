"""Instants that programs send: ISO 8601 with an offset, nothing guessed."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

# Calendars need room on both sides; what lies beyond is as good as never.
EARLIEST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _read(given: Any) -> Any:
    if given is None:
        return None
    try:
        if not isinstance(given, str) or "T" not in given.upper():
            raise ValueError("shape")
        at = datetime.fromisoformat(given.upper())
        if at.tzinfo is None:
            raise ValueError("offset")
    except ValueError:
        raise PydanticCustomError("instant", "an instant with its offset") from None
    try:
        return min(max(at.astimezone(UTC), EARLIEST_INSTANT), LATEST)
    except OverflowError:
        return EARLIEST_INSTANT if at.year < EARLIEST_INSTANT.year else LATEST


# An aware instant in UTC, kept between the years 2000 and 2200.
Instant = Annotated[datetime, BeforeValidator(_read), WithJsonSchema({"type": "string", "format": "date-time"})]


def iso(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z, as every instant of the API."""
    if at is None:
        return None
    return at.isoformat().replace("+00:00", "Z")
