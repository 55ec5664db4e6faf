"""Jinja as pages use it: messages looked up once per language, macros imported without asking for fifty names."""

from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any

from flask import Flask
from flask.templating import Environment

from app.wording.language import language, page_gettext, page_ngettext, page_pgettext

_DRAWINGS = 2000


class PageEnvironment(Environment):
    """Flask's environment with one plain dictionary of globals."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals of a template: everybody's, unless it was given some of its own.

        Jinja compares the names at every import of a macro, thirty times a page, and is slow at it in a chained map.
        """
        return super().make_globals(d) if d else self.globals


def register_page_words(app: Flask) -> None:
    """`_()` and `ngettext()` of templates in place of those that Flask-Babel installed, and macros drawn once."""
    app.jinja_env.globals.update(
        {"_": page_gettext, "gettext": page_gettext, "ngettext": page_ngettext, "pgettext": page_pgettext}
    )
    app.jinja_env.globals.update(
        remembered=remembered,
        remembered_in_each_language=remembered_in_each_language,
    )


def remembered(macro: Callable[..., str]) -> Callable[..., str]:
    """A macro whose drawing depends on its arguments alone."""
    # Typed, because markup equals the text it is made of but is not escaped again.
    return lru_cache(_DRAWINGS, typed=True)(macro)


def remembered_in_each_language(macro: Callable[..., str]) -> Callable[..., str]:
    """A macro whose drawing depends on its arguments and on the language spoken."""

    @lru_cache(_DRAWINGS, typed=True)
    def drawn(_language: str, *given: object, **named: object) -> str:
        return macro(*given, **named)

    def draw(*given: object, **named: object) -> str:
        return drawn(language(), *given, **named)

    return draw
