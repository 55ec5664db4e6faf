"""Messages in the language of whoever reads, each looked up once per language: a page says hundreds of them."""

from __future__ import annotations

from functools import lru_cache

import flask_babel
from flask import g
from markupsafe import Markup

# More than all messages of all languages; the numbers of plural forms make the rest.
_REMEMBERED = 20_000


def language() -> str:
    """The code of the language spoken now: `vi` or `en`; English outside of a request.

    A page asks four hundred times, and Flask-Babel looks at the request six times for each.
    """
    try:
        # Where it keeps what it has found out, and where it was told otherwise for a while.
        locale = g._flask_babel.babel_locale
    except (AttributeError, RuntimeError):
        locale = flask_babel.get_locale()
    return locale.language if locale is not None else "en"


def gettext(message: str, /, **values: object) -> str:
    """The message in the language spoken now. Flask-Babel asks its context six times for each one; this asks once."""
    words = _found(language(), message)
    return words % values if values else words


def ngettext(singular: str, plural: str, number: int, /, **values: object) -> str:
    """The form for `number`, which the words may name as `num`."""
    return _found_for(language(), singular, plural, number) % {"num": number, **values}


def page_gettext(message: str, /, **values: object) -> Markup:
    """`_()` of templates: our own words are markup, what is put into them is escaped; `%%` is always a percent sign."""
    if values:
        return _found_markup(language(), message) % values
    return _found_plain_markup(language(), message)


def page_pgettext(context: str, message: str, /, **values: object) -> Markup:
    """`pgettext()` of templates: a word with two meanings, told apart by where it is said (a call, a form, …)."""
    return _found_in(language(), context, message) % values


def page_ngettext(singular: str, plural: str, number: int, /, **values: object) -> Markup:
    words = Markup(_found_for(language(), singular, plural, number))  # noqa: S704  (the catalogue is ours)
    return words % {"num": number, **values}


@lru_cache(_REMEMBERED)
def _found(_language: str, message: str) -> str:
    return flask_babel.gettext(message)


@lru_cache(_REMEMBERED)
def _found_for(_language: str, singular: str, plural: str, number: int) -> str:
    return str(flask_babel.get_translations().ungettext(singular, plural, number))


@lru_cache(_REMEMBERED)
def _found_markup(_language: str, message: str) -> Markup:
    return Markup(flask_babel.gettext(message))  # noqa: S704  (the catalogue is ours)


@lru_cache(_REMEMBERED)
def _found_in(_language: str, context: str, message: str) -> Markup:
    return Markup(flask_babel.pgettext(context, message))  # noqa: S704  (the catalogue is ours)


@lru_cache(_REMEMBERED)
def _found_plain_markup(spoken: str, message: str) -> Markup:
    return _found_markup(spoken, message) % {}
