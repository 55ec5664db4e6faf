"""What becomes of each due step of a ticket (R11, R15, R16): which one notifies, which are covered, which are void."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from escalation.firing.due import DueStep, DueTicket
from tickets.states import ClockStatus, StepKind


@dataclass(frozen=True, slots=True)
class Verdict:
    """The due steps of one ticket, divided; every step is in exactly one place.

    `notifying` is the highest level reached that can be told to somebody, on whatever clock; `vacant` are those above
    it, which nobody would hear; `warnings` are the highest of each clock that no level covers.
    """

    notifying: DueStep | None
    vacant: tuple[DueStep, ...]
    superseded: tuple[DueStep, ...]
    void: tuple[DueStep, ...]
    warnings: tuple[DueStep, ...]


def judge(ticket: DueTicket, can_be_told: Callable[[DueStep], bool]) -> Verdict:
    """Divide the due steps; `can_be_told` says of a level whether anybody would hear of it (A3)."""
    void = tuple(step for step in ticket.steps if not stands(step))
    standing = [step for step in ticket.steps if step not in void]
    levels = sorted((step for step in standing if step.is_level), key=_weight, reverse=True)
    notifying = next((step for step in levels if can_be_told(step)), levels[0] if levels else None)
    above = levels[: levels.index(notifying)] if notifying is not None else []
    escalated_clocks = {step.clock_id for step in levels}
    highest = _highest_warnings(step for step in standing if step.kind is StepKind.WARNING)
    warnings = tuple(step for step in highest if step.clock_id not in escalated_clocks)
    told = (notifying, *above, *warnings)
    superseded = tuple(step for step in standing if step not in told)
    return Verdict(notifying, tuple(above), superseded, void, warnings)


def stands(step: DueStep) -> bool:
    """R15: the clock runs, and its due date is the one the step was planned for."""
    return step.clock_status is ClockStatus.RUNNING and step.clock_due_at == step.planned_for_due_at


def _weight(step: DueStep) -> tuple[int, float, int]:
    """The highest level; of two clocks at the same level the one overdue for longer."""
    return step.rank, -step.planned_for_due_at.timestamp(), -step.id


def _highest_warnings(warnings: Iterable[DueStep]) -> list[DueStep]:
    highest: dict[int, DueStep] = {}
    for step in warnings:
        known = highest.get(step.clock_id)
        if known is None or step.rank > known.rank:
            highest[step.clock_id] = step
    return list(highest.values())
