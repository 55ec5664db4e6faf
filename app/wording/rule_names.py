"""The names of chains and promises that come with every installation, in the reader's language; a city's own stay."""

from collections.abc import Iterable, Mapping

from flask_babel import LazyString, lazy_gettext

from tickets.promises.plan import TRIAL

# By the names in `tickets/reference_data/policies.yaml`, by which files and programs know them; a test compares both.
# Whoever calls a rule otherwise reads their own name of it.
SHIPPED_RULES: Mapping[str, LazyString] = {
    "to-head-of-unit": lazy_gettext("Up to the head of the unit"),
    "to-city-office": lazy_gettext("Up to the City Office"),
    "to-city-leadership": lazy_gettext("Up to the city’s leadership"),
    "to-arbiter": lazy_gettext("Up to whoever decides who is responsible"),
    "Mặc định": lazy_gettext("Default promises"),
    "Tiếng ồn ban đêm": lazy_gettext("Noise at night"),
    "Kiến nghị quy định": lazy_gettext("Proposals about rules"),
    TRIAL: lazy_gettext("Hourly trial"),
}


def rule_name(name: str) -> str:
    """A chain or a promise as people read it."""
    return str(SHIPPED_RULES.get(name, name))


def rule_names(names: Iterable[str]) -> str:
    """Several of them in one sentence."""
    return ", ".join(rule_name(one) for one in names)
