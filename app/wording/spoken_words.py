"""The words of spoken prompts: one YAML file per language under templates/voice, read once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from string import Formatter
from typing import Any

import yaml
from babel.dates import format_datetime

from app.settings import ROOT
from telephony.plan.prompts import Prompt

VOICE_TEMPLATES = ROOT / "templates" / "voice"
FALLBACK_LOCALE = "en"
_INSTANTS = {"vi": "H 'giờ' m 'ngày' d 'tháng' M", "en": "HH:mm 'on' d MMMM"}


def speak(prompt: Prompt, params: Mapping[str, str | int], locale: str) -> str:
    """The sentence for a prompt. A language without the prompt falls back to English, which a test keeps complete."""
    texts = prompt_texts()
    template = texts.get(locale, {}).get(prompt.value) or texts[FALLBACK_LOCALE][prompt.value]
    return _SpokenFormatter(locale).vformat(template, (), params)


@cache
def prompt_texts() -> Mapping[str, Mapping[str, str]]:
    """Locale → prompt code → template, for every language that has a file."""
    return {
        path.stem: {code: " ".join(text.split()) for code, text in yaml.safe_load(path.read_text("utf-8")).items()}
        for path in sorted(VOICE_TEMPLATES.glob("*.yaml"))
    }


def in_digit_groups(number: str) -> str:
    """Digits one by one with a breath between groups: 2600421733 → "2 6, 0 0 4 2, 1 7 3 3".

    Said as one number, a synthetic voice reads "two thousand six hundred million …", which nobody can write down.
    """
    digits = [c for c in number if c.isdecimal()]
    first = 2 if len(digits) == 10 and digits[0] != "0" else (len(digits) % 3 or 3) if len(digits) != 10 else 4
    size = 4 if len(digits) == 10 and digits[0] != "0" else 3
    groups = [digits[:first]] + [digits[i : i + size] for i in range(first, len(digits), size)]
    return ", ".join(" ".join(group) for group in groups if group)


def as_instant(iso: str, locale: str) -> str:
    """Day and time of a local instant, without the year: "17 giờ 30 ngày 3 tháng 12", "17:30 on 3 December"."""
    at = datetime.fromisoformat(iso)
    pattern = _INSTANTS.get(locale, _INSTANTS[FALLBACK_LOCALE])
    if locale == "vi" and at.minute == 0:
        pattern = "H 'giờ' 'ngày' d 'tháng' M"
    return str(format_datetime(at, pattern, locale=locale if locale in _INSTANTS else FALLBACK_LOCALE))


class _SpokenFormatter(Formatter):
    def __init__(self, locale: str) -> None:
        self.locale = locale

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "digits":
            return in_digit_groups(str(value))
        if format_spec == "instant":
            return as_instant(str(value), self.locale)
        return str(super().format_field(value, format_spec))
