"""Who works a matter that is decided: its own unit once it is live, until then the city; facts in, a decision out."""

from dataclasses import replace
from typing import Any

from tickets.people.roles import CITY_LEVEL
from tickets.routing.decision import Decision, RoutingFacts, RoutingReason, RoutingRules, route
from tickets.states import QueueKind

NOT_LIVE = "unit_not_live"


def receive(facts: RoutingFacts, rules: RoutingRules) -> Decision:
    """Where the matter belongs, and until that unit is live, who works it instead."""
    return while_not_live(route(facts, rules), rules)


def while_not_live(decision: Decision, rules: RoutingRules) -> Decision:
    """A matter of a unit that is not live goes to the city's desk; what few may read goes to who judges conduct.

    The city's own desks receive whatever happens: there is nobody to receive for them.
    """
    unit = rules.units.get(decision.unit_id)
    if unit is None or unit.id not in rules.not_live or unit.kind in CITY_LEVEL:
        return decision
    desk, kind = rules.operations_unit_id, QueueKind.TRIAGE
    if decision.is_restricted:
        desk, kind = rules.judge_of(unit.id), QueueKind.CONDUCT
    queue_id = rules.queues.get((desk, kind)) or rules.queues[(rules.operations_unit_id, QueueKind.TRIAGE)]
    return replace(
        decision,
        unit_id=desk,
        queue_id=queue_id,
        coordinating_unit_id=decision.coordinating_unit_id if decision.coordinating_unit_id != desk else None,
        reasons=(*decision.reasons, RoutingReason(NOT_LIVE, _named(rules, unit.id, desk))),
    )


def _named(rules: RoutingRules, unit_id: int, desk_id: int) -> dict[str, Any]:
    unit, desk = rules.units[unit_id], rules.units[desk_id]
    return {
        "unit_id": unit.id,
        "unit": unit.name,
        "unit_en": unit.name_en,
        "desk_id": desk.id,
        "desk": desk.name,
        "desk_en": desk.name_en,
    }
