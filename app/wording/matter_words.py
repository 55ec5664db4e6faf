"""How texts are read, in words: the lists of words, and what a reading says of a text."""

from collections.abc import Mapping, Sequence

from flask_babel import LazyString, lazy_gettext

LIST_WORDS: Mapping[str, LazyString] = {
    "danger": lazy_gettext("Danger now: patterns"),
    "danger_words": lazy_gettext("Danger: classes of words"),
    "officials": lazy_gettext("Accusations of officials: patterns"),
    "official_words": lazy_gettext("Accusations: classes of words"),
    "not_solved": lazy_gettext("Not solved: patterns"),
    "solved_words": lazy_gettext("Not solved: classes of words"),
    "noise": lazy_gettext("Nothing to work on: patterns"),
    "courtesy": lazy_gettext("Thanks, nods, advertisements"),
    "praise": lazy_gettext("Praise: patterns"),
    "categories": lazy_gettext("Kinds of matter: patterns"),
    "everyday": lazy_gettext("Everyday phrases in another sense"),
    "shorthand": lazy_gettext("Abbreviations and short forms"),
    "ambiguous": lazy_gettext("Words that need their marks"),
}
_READ_AS: Mapping[str, LazyString] = {
    "danger_yes": lazy_gettext("danger now"),
    "danger_doubtful": lazy_gettext("perhaps danger"),
    "about_official": lazy_gettext("about an official"),
    "not_solved": lazy_gettext("not solved"),
    "noise": lazy_gettext("nothing to work on"),
    "praise": lazy_gettext("praise"),
}
_ORDINARY = lazy_gettext("an ordinary matter")
_CATEGORY = "category_"


def list_word(code: str) -> str:
    return str(LIST_WORDS[code])


def read_as(told: Sequence[str], categories: Mapping[str, str]) -> str:
    """What a reading says; `categories` are the city's names of its kinds of matter, by code."""
    words = [
        categories.get(code.removeprefix(_CATEGORY), code) if code.startswith(_CATEGORY) else str(_READ_AS[code])
        for code in told
    ]
    return ", ".join(words) if words else str(_ORDINARY)
