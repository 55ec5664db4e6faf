"""Options of long lists, drawn once for all pages that offer them: a ticket's page has four hundred of them."""

from collections.abc import Iterable

from markupsafe import Markup

_OPTION = Markup('<option value="{}">{}</option>')
_GROUP = Markup('<optgroup label="{}">{}</optgroup>')
_VALUE = Markup('<option value="{}">')
_CHOSEN = Markup('<option value="{}" selected>')
_NAME = Markup('<option value="{}"></option>')


def drawn(options: Iterable[tuple[str, str]]) -> Markup:
    """(code, word) each."""
    return Markup("\n").join(_OPTION.format(code, word) for code, word in options)


def drawn_groups(groups: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> Markup:
    return Markup("\n").join(_GROUP.format(group, drawn(options)) for group, options in groups)


def drawn_names(names: Iterable[str]) -> Markup:
    """What a field proposes while somebody types."""
    return Markup("\n").join(_NAME.format(name) for name in names)


def with_chosen(options: Markup, value: str) -> Markup:
    """The same options with one of them chosen, where it is among them."""
    return options.replace(_VALUE.format(value), _CHOSEN.format(value), 1)
