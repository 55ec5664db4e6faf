"""What becomes of each due step of a ticket (R11, R15, R16): which one notifies, which are covered, which are void."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from escalation.firing.due import AlreadyTold, DueStep, DueTicket
from tickets.states import ClockStatus, StepKind


@dataclass(frozen=True, slots=True)
class Verdict:
    """The due steps of one ticket, divided; every step is in exactly one place.

    `notifying` is the highest level reached, on whatever clock; `warnings` are the highest of each clock that no level
    covers.
    """

    notifying: DueStep | None
    superseded: tuple[DueStep, ...]
    void: tuple[DueStep, ...]
    warnings: tuple[DueStep, ...]

    @property
    def reached_level(self) -> int:
        return self.notifying.rank if self.notifying else 0


def judge(ticket: DueTicket, told: Mapping[int, AlreadyTold]) -> Verdict:
    """Divide the due steps; `told` says per clock what has happened before."""
    void = tuple(step for step in ticket.steps if not _stands(step, told.get(step.clock_id, AlreadyTold())))
    standing = [step for step in ticket.steps if step not in void]
    levels = [step for step in standing if step.is_level]
    notifying = max(levels, key=_weight, default=None)
    escalated_clocks = {step.clock_id for step in levels}
    highest = _highest_warnings(step for step in standing if step.kind is StepKind.WARNING)
    warnings = tuple(step for step in highest if step.clock_id not in escalated_clocks)
    superseded = tuple(step for step in standing if step is not notifying and step not in warnings)
    return Verdict(notifying, superseded, void, warnings)


def _stands(step: DueStep, told: AlreadyTold) -> bool:
    """R15: the clock runs, its due date is the one the step was planned for, and nobody has made the step needless.

    A level that is planned so long after the level before it is for what that one has not acknowledged (R12, L5).
    """
    if step.clock_status is not ClockStatus.RUNNING or step.clock_due_at != step.planned_for_due_at:
        return False
    waits_for_silence = step.step is not None and step.step.after_level_seconds is not None
    return not (waits_for_silence and step.rank - 1 in told.acknowledged_ranks)


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
