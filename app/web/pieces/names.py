"""Names in the reader's language for what the rules hold in memory: units, queues, categories, procedures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from markupsafe import Markup

from app.web.frame.current import rules
from app.web.frame.drawn_options import drawn, drawn_groups, drawn_names
from app.wording.locale import chosen_locale
from tickets.errors import InvalidInput
from tickets.folding import fold
from tickets.people.roles import CITY_LEVEL
from tickets.routing.decision import RoutingRules
from tickets.routing.rule_rows import UnitRule
from tickets.states import QueueKind

T = TypeVar("T")
Options = list[tuple[str, str]]
GroupedOptions = list[tuple[str, Options]]


@dataclass(frozen=True, slots=True)
class QueueName:
    queue_id: int
    unit_id: int
    name: str


def in_locale(name: str, name_en: str | None) -> str:
    return (name_en or name) if chosen_locale() == "en" else name


def unit_name(unit: UnitRule) -> str:
    return in_locale(unit.name, unit.name_en)


def receiving_queues() -> list[QueueName]:
    """Where a ticket may be sent: every unit's work and the city's triage, by the unit's name."""
    return _kept("queues", _receiving_queues)


def _receiving_queues() -> list[QueueName]:
    routing = rules().routing
    found = [
        QueueName(queue_id, unit_id, unit_name(routing.units[unit_id]))
        for (unit_id, kind), queue_id in routing.queues.items()
        if kind is not QueueKind.CONDUCT and unit_id in routing.units and _receives(routing, unit_id)
    ]
    return sorted(found, key=lambda queue: fold(queue.name))


def _receives(routing: RoutingRules, unit_id: int) -> bool:
    """The city's desk works for a body that is not live; its own desks receive whatever happens."""
    return unit_id not in routing.not_live or routing.units[unit_id].kind in CITY_LEVEL


def queue_named(said: str) -> int:
    """The queue of the unit somebody typed, with or without marks; raises InvalidInput when it is none or several."""
    wanted = fold(said).strip()
    if not wanted:
        raise InvalidInput("queue", "required")
    routing = rules().routing
    queues = receiving_queues()

    def names(queue: QueueName) -> tuple[str, str]:
        unit = routing.units[queue.unit_id]
        return unit.name, unit.name_en

    for fitting in (
        [q for q in queues if said.strip() in names(q)],
        [q for q in queues if wanted in map(fold, names(q))],
        [q for q in queues if any(wanted in fold(name) for name in names(q))],
    ):
        if len({q.unit_id for q in fitting}) == 1:
            return fitting[0].queue_id
        if fitting:
            raise InvalidInput("queue", "several_queues", names=", ".join(q.name for q in fitting[:5]))
    raise InvalidInput("queue", "no_such_queue")


def category_options(*, with_conduct: bool = False) -> GroupedOptions:
    """(group, [(code, name)]) of the kinds of matter, both levels in the reader's language."""
    return _kept(f"categories:{with_conduct}", lambda: _category_options(with_conduct))


def _category_options(with_conduct: bool) -> GroupedOptions:
    known = rules().routing.categories
    codes = rules().promises.category_codes
    by_code = {category.code: category for category in known.values()}
    groups: dict[str, Options] = {}
    for category in known.values():
        own_and_parent = codes.get(category.id, ())
        parent = by_code.get(own_and_parent[1]) if len(own_and_parent) > 1 else None
        if parent is None or (category.conduct and not with_conduct):
            continue
        name = in_locale(parent.name, parent.name_en)
        groups.setdefault(name, []).append((category.code, in_locale(category.name, category.name_en)))
    return list(groups.items())


def drawn_queue_names() -> Markup:
    return _kept("drawn queues", lambda: drawn_names(queue.name for queue in receiving_queues()))


def drawn_categories(*, with_conduct: bool = False) -> Markup:
    return _kept(f"drawn categories:{with_conduct}", lambda: drawn_groups(category_options(with_conduct=with_conduct)))


def drawn_procedures() -> Markup:
    return _kept("drawn procedures", lambda: drawn(procedure_options()))


def procedure_options() -> Options:
    """(code, name) of the procedures that have a national code, by name."""
    return _kept("procedures", _procedure_options)


def _procedure_options() -> Options:
    named = [(p.code, p.name) for p in rules().routing.procedures.values() if p.code]
    return sorted(named, key=lambda pair: fold(pair[1]))


# Sorting three hundred names by their folded letters costs more than the rest of a page; rules seldom change.
_lists: dict[tuple[str, str], tuple[object, Any]] = {}


def _kept(name: str, make: Callable[[], T]) -> T:
    """The list as it was made from these very rules, in the reader's language."""
    key, made_from = (name, chosen_locale()), rules().routing
    known = _lists.get(key)
    # Rules are read anew every few seconds and are nearly always the same.
    if known is None or not (known[0] is made_from or known[0] == made_from):
        known = (made_from, make())
    _lists[key] = (made_from, known[1])
    made: T = known[1]
    return made
