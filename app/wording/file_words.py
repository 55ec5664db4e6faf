"""What files are called and explained with: `templates/files/<language>.yaml`, all languages understood at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from app.settings import ROOT
from tickets.sheets.columns import FileWords, plain

FILE_WORDS = ROOT / "templates" / "files"


@dataclass(frozen=True, slots=True)
class ColumnWords:
    label: str
    note: str
    also: tuple[str, ...] = ()


@cache
def words_in(locale: str) -> Mapping[str, Any]:
    """Everything of one language."""
    found: Mapping[str, Any] = yaml.safe_load((FILE_WORDS / f"{locale}.yaml").read_text(encoding="utf-8"))
    return found


def languages_of_files() -> list[str]:
    return sorted(path.stem for path in FILE_WORDS.glob("*.yaml"))


def title_of(kind: str, locale: str) -> str:
    return str(words_in(locale)["kinds"][kind]["title"])


def column_words(kind: str, column: str, locale: str) -> ColumnWords:
    """Of the kind itself, else as every kind calls it."""
    of_language = words_in(locale)
    own = of_language["kinds"][kind].get("columns", {}).get(column)
    told = {**of_language["columns"].get(column, {}), **(own or {})}
    return ColumnWords(str(told["label"]), str(told["note"]), tuple(told.get("also", ())))


def choice_labels(words: str, locale: str) -> Mapping[str, str]:
    """By code, what a list offers."""
    return {str(code): str(names[0]) for code, names in words_in(locale)["choices"][words].items()}


@cache
def file_words(kind: str, columns: tuple[str, ...]) -> FileWords:
    """What a file of this kind may call its columns and choices, in whichever language."""
    headers: dict[str, str] = {}
    choices: dict[str, dict[str, str]] = {}
    for locale in languages_of_files():
        for column in columns:
            told = column_words(kind, column, locale)
            for name in (told.label, *told.also):
                headers.setdefault(plain(name), column)
        for words, codes in words_in(locale)["choices"].items():
            known = choices.setdefault(words, {})
            for code, names in codes.items():
                for name in (code, *names):
                    known.setdefault(plain(str(name)), str(code))
                known.setdefault(str(code).lower(), str(code))
    return FileWords(headers, choices)
