"""Who decides an appeal: the next body above the one whose result it is about (R24); pure."""

from dataclasses import dataclass, replace
from typing import Any

from tickets.routing.decision import Decision, RoutingReason, RoutingRules
from tickets.routing.rule_rows import WARD_KINDS
from tickets.states import Level, Priority, QueueKind, UnitKind

# Bodies of a ward or at its side: what they decide is a matter of the field's department.
_BELOW_A_DEPARTMENT = WARD_KINDS | {UnitKind.ONE_STOP_CENTRE}


@dataclass(frozen=True, slots=True)
class ReviewingBody:
    """The body, its queue, and what is said of why it stands there."""

    unit_id: int
    queue_id: int
    is_restricted: bool
    about_unit_id: int | None
    reason: RoutingReason


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What decides who reviews a result: whose it is, and what it is about."""

    unit_id: int
    category_id: int | None
    procedure_id: int | None
    is_restricted: bool = False
    about_unit_id: int | None = None


def reviewing_body(result: Reviewed, rules: RoutingRules) -> ReviewingBody:
    """A ward's substance: the field's department. Of a department, of conduct, and without a field: the City Office.

    Above the Office there is nobody in the system: there it is another person who decides.
    """
    params = _named(result.unit_id, rules)
    if result.is_restricted:
        judge = rules.judge_of(result.about_unit_id)
        queue_id = rules.queues.get((judge, QueueKind.CONDUCT)) or rules.queues[(judge, QueueKind.TRIAGE)]
        return ReviewingBody(judge, queue_id, True, result.about_unit_id, RoutingReason("appeal", params))
    for unit_id in (_department(result, rules), rules.office_unit_id, rules.operations_unit_id):
        work = rules.queues.get((unit_id or 0, QueueKind.WORK))
        if unit_id is not None and work is not None:
            return ReviewingBody(unit_id, work, False, None, RoutingReason("appeal", params))
    triage = rules.queues[(rules.operations_unit_id, QueueKind.TRIAGE)]
    return ReviewingBody(rules.operations_unit_id, triage, False, None, RoutingReason("appeal", params))


def reviewed_at(body: ReviewingBody, routed: Decision) -> Decision:
    """The same matter, decided there; how urgent the first was says nothing about an appeal."""
    return replace(
        routed,
        unit_id=body.unit_id,
        queue_id=body.queue_id,
        level=Level.CITY,
        priority=Priority.NORMAL,
        coordinating_unit_id=None,
        is_restricted=body.is_restricted,
        about_unit_id=body.about_unit_id,
        needs_question=False,
        reasons=(body.reason,),
    )


def _department(result: Reviewed, rules: RoutingRules) -> int | None:
    unit = rules.units.get(result.unit_id)
    if unit is None or unit.kind not in _BELOW_A_DEPARTMENT:
        return None
    category = rules.categories.get(result.category_id or 0)
    procedure = rules.procedures.get(result.procedure_id or 0)
    found = (procedure.department_id if procedure else None) or (category.department_id if category else None)
    return found if found in rules.units else None


def _named(unit_id: int, rules: RoutingRules) -> dict[str, Any]:
    unit = rules.units.get(unit_id)
    if unit is None:
        return {"unit_id": unit_id, "unit": "", "unit_en": ""}
    return {"unit_id": unit.id, "unit": unit.name, "unit_en": unit.name_en}
