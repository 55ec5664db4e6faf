"""Words for the fields that kinds of matter belong to and members of the city's leadership answer for."""

from collections.abc import Mapping

from flask_babel import LazyString, lazy_pgettext

FIELD_WORDS: Mapping[str, LazyString] = {
    "administration": lazy_pgettext("field", "Administration"),
    "construction": lazy_pgettext("field", "Construction"),
    "culture": lazy_pgettext("field", "Culture"),
    "digital": lazy_pgettext("field", "Digital transformation"),
    "drainage": lazy_pgettext("field", "Drainage"),
    "education": lazy_pgettext("field", "Education"),
    "environment": lazy_pgettext("field", "Environment"),
    "finance": lazy_pgettext("field", "Finance"),
    "food_safety": lazy_pgettext("field", "Food safety"),
    "health": lazy_pgettext("field", "Health"),
    "home_affairs": lazy_pgettext("field", "Home affairs"),
    "inspection": lazy_pgettext("field", "Inspection"),
    "justice": lazy_pgettext("field", "Justice"),
    "land": lazy_pgettext("field", "Land"),
    "planning": lazy_pgettext("field", "Planning"),
    "security": lazy_pgettext("field", "Security"),
    "social": lazy_pgettext("field", "Social affairs"),
    "trade": lazy_pgettext("field", "Trade"),
    "transport": lazy_pgettext("field", "Transport"),
    "urban_infrastructure": lazy_pgettext("field", "Urban infrastructure"),
    "urban_order": lazy_pgettext("field", "Public order in streets"),
}


def field_word(code: str) -> str:
    return str(FIELD_WORDS.get(code, code))
