"""Logs as one JSON line each, without personal data: phones are masked, texts never logged."""

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog

from tickets.people.references import is_reference

# What looks like a phone and tells when, which or what something is. Each is a whole: with one more digit it is none.
_KEPT = (
    # An instant, a day, a time of day.
    r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)"
    r"(?:[T ][0-2]\d:[0-5]\d(?::[0-6]\d(?:[.,]\d+)?)?(?:Z|[+-][0-2]\d:?[0-5]\d)?)?",
    r"[0-2]\d:[0-5]\d:[0-6]\d(?:[.,]\d+)?(?:Z|[+-][0-2]\d:?[0-5]\d)?",
    # An identifier: of ours, of a provider, of a request; the name of an event in the spool.
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    r"[A-Z]{2}[0-9a-f]{32}",
    r"(?=[0-9]*[a-f])[0-9a-f]{24,64}",
    r"\d{13}\.\d{6}-[0-9a-f]{8}(?=\.json)",
)
# The next digit of a phone, with what people write between two of them; a day that follows it is no part of it.
_A_DAY = r"(?:19|20)\d\d-[01]\d-[0-3]\d(?!\d)"
_NEXT = rf"(?:\d|[ .()-]{{1,2}}(?!{_A_DAY})\d)"
_PHONE = (
    rf"(?:\+|\b00)[ .-]?\(?\d{_NEXT}{{6,14}}",
    rf"\(?\d{_NEXT}{{8,14}}",
    rf"(?:\d{{4}}[ .-](?!{_A_DAY})\d{_NEXT}{{3,7}}|\d{{3}}[ .-](?!{_A_DAY})\d{_NEXT}{{4,7}})",
)
_NUMBERS = re.compile(rf"(?<![0-9A-Za-z])(?P<kept>{'|'.join(_KEPT)})(?![0-9A-Za-z])|(?:{'|'.join(_PHONE)})")
_FIRST_YEAR, _LAST_YEAR = 26, 49
# No phone is shorter, and no word of the database that quotes a row.
_SHORTEST = 8
# PostgreSQL quotes rows and values of people in its messages; the message without them says enough.
_QUOTED = re.compile(
    r"^(?P<what>DETAIL|CONTEXT):.*?(?=\n\[SQL|\n\nThe above exception|\n\nDuring handling|\Z)", re.DOTALL | re.MULTILINE
)
_BAD_VALUE = re.compile(r'(invalid (?:input|byte)[^:\n]*: )".*?"$', re.DOTALL | re.MULTILINE)
_done = False


def mask_people(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cover all but the last three digits of anything that could be a phone, and what the database quotes of rows."""
    for key, value in event.items():
        if key not in ("timestamp", "request_id"):
            event[key] = _masked(value)
    return event


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        if len(value) < _SHORTEST:
            return value
        without_rows = _BAD_VALUE.sub(r'\1"…"', _QUOTED.sub(r"\g<what>: …", value))
        return _NUMBERS.sub(_covered, without_rows)
    if isinstance(value, Mapping):
        return {key: _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner) for inner in value]
    return value


def _covered(found: "re.Match[str]") -> str:
    number = found.group()
    return number if found["kept"] or _is_of_a_ticket(number) else "…" + number[-3:]


def _is_of_a_ticket(number: str) -> bool:
    """A reference as written or dictated: its check digit fits and it begins with a year, not with 0, 84 or +."""
    digits = number.replace(" ", "")
    return is_reference(digits) and _FIRST_YEAR <= int(digits[:2]) <= _LAST_YEAR


def set_up_logging() -> None:
    """Configure structlog and the standard library once per process; libraries' lines go through the same shape."""
    global _done  # noqa: PLW0603  (process-wide by nature: logging itself is)
    if _done:
        return
    _done = True
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_people,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    logging.getLogger("twilio").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)


@contextmanager
def logged_to(lines: TextIO | None) -> Iterator[None]:
    """Meanwhile lines go there and nowhere else, or are not written at all; for commands whose answer is a table."""
    set_up_logging()
    root = logging.getLogger()
    before, written = root.handlers[:], next((one for one in root.handlers if one.formatter is not None), None)
    elsewhere = logging.NullHandler() if lines is None else logging.StreamHandler(lines)
    elsewhere.setFormatter(written.formatter if written is not None else None)
    root.handlers[:] = [elsewhere]
    try:
        yield
    finally:
        root.handlers[:] = before
