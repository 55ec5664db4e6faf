"""The process clock, read once per request or job; everything below takes `now` as an argument."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)
