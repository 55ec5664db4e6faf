"""What every template may call: words for codes, times as people say them, grouped numbers, static addresses."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask import Flask

from app import spoken_time, words
from app.web.assets import asset


def register_presentation(app: Flask) -> None:
    """Make the words, times and shapes known to Jinja. Called once by the factory."""
    globals_ = app.jinja_env.globals
    for name in [
        "status_word", "priority_word", "clock_word", "clock_state_word", "channel_word", "disposition_word",
        "role_word", "presence_word", "unit_kind_word", "level_word", "step_result_word", "outbound_word",
        "call_state_word", "sign_of",
    ]:  # fmt: skip
        globals_[name] = getattr(words, name)
    globals_.update(
        asset=asset,
        due_phrase=spoken_time.due_phrase,
        due_state=spoken_time.due_state,
        ago_phrase=spoken_time.ago_phrase,
        moment_phrase=spoken_time.moment_phrase,
        ticking_phrases=spoken_time.ticking_phrases,
    )
    app.jinja_env.filters.update(
        duration=spoken_time.duration_phrase,
        stopwatch=spoken_time.stopwatch_phrase,
        day=spoken_time.day_phrase,
        exact=spoken_time.exact_phrase,
        iso=iso,
        reference=grouped_reference,
        phone=readable_phone,
        initials=initials,
    )


def iso(at: datetime) -> str:
    """The machine-readable instant of a <time> element, always in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def grouped_reference(reference: str) -> str:
    """A reference in groups as it is read aloud and printed: `2600421733` → `26 0042 1733`."""
    digits = reference.strip()
    if not digits.isdigit() or len(digits) < 7:
        return digits
    head = len(digits) % 4 or 4
    return " ".join([digits[:head], *re.findall("....", digits[head:])])


def readable_phone(phone: str | None) -> str:
    """A phone number as people here write it: `+84901234567` → `090 123 4567`; others keep their country code."""
    if not phone:
        return ""
    if phone.startswith("+84") and phone[1:].isdigit():
        local = "0" + phone[3:]
        return f"{local[:3]} {local[3:-4]} {local[-4:]}" if len(local) >= 10 else local
    return phone


def initials(name: str) -> str:
    """The letters of an avatar: first and last word of the name, "Nguyễn Thị Lan" → "NL"."""
    parts = name.split()
    if not parts:
        return "?"
    return (parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else "")).upper()
