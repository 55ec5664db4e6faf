"""Logs as one JSON line each, without personal data: phones are masked, texts never logged."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_PHONE = re.compile(r"\+?\d[\d .-]{7,14}\d")
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
        without_rows = _BAD_VALUE.sub(r'\1"…"', _QUOTED.sub(r"\g<what>: …", value))
        return _PHONE.sub(lambda found: "…" + found.group()[-3:], without_rows)
    if isinstance(value, Mapping):
        return {key: _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner) for inner in value]
    return value


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
