"""Instants that programs send: ISO 8601 with an offset, nothing guessed."""

from datetime import UTC, datetime

from flask_babel import gettext as _

from app.web.field_errors import FieldErrors


def read_instant(field: str, text: str | None) -> datetime | None:
    """`text` as an aware UTC instant, None when empty; FieldErrors when it is none or names no offset."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError("offset")
        at = at.astimezone(UTC)
        # Calendars need room on both sides.
        if not 2000 <= at.year <= 2200:
            raise ValueError("year")
    except (ValueError, OverflowError):
        message = _("This must be an instant with its offset, such as 2026-11-23T09:00:00+07:00.")
        raise FieldErrors([{"field": field, "code": "instant", "message": message}]) from None
    return at
