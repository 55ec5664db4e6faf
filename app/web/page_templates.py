"""Jinja as pages use it: messages looked up once per language, macros imported without asking for fifty names."""

from collections.abc import MutableMapping
from typing import Any

from flask import Flask
from flask.templating import Environment

from app.language import page_gettext, page_ngettext


class PageEnvironment(Environment):
    """Flask's environment with one plain dictionary of globals."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals of a template: everybody's, unless it was given some of its own.

        Jinja compares the names at every import of a macro, thirty times a page, and is slow at it in a chained map.
        """
        return super().make_globals(d) if d else self.globals


def register_page_words(app: Flask) -> None:
    """`_()` and `ngettext()` of templates, in place of those that Flask-Babel installed."""
    app.jinja_env.globals.update({"_": page_gettext, "gettext": page_gettext, "ngettext": page_ngettext})
