"""The lines of a list that somebody is sent: few of them, the most harm first, and nothing owed left out (R12, R16).

Where more waits than a list has lines, the last one gathers the rest: how many at which unit, each by its reference.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from escalation.firing.items_met import MOST_ITEMS
from tickets.outbox.judged_lists import INHERITED_STEPS, OTHERS, STEPS
from tickets.schema import Category, Clock, PlannedStep, Staff, Ticket, Unit

# The gathering line is one of them.
MOST_LINES = MOST_ITEMS


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """One level waiting for a person's answer."""

    person: Staff
    step: PlannedStep
    ticket: Ticket
    unit: Unit
    clock: Clock
    category: Category | None
    # Where the ticket was when the promise broke: they are late, and not whoever has been given it since (R23).
    owing: Unit | None
    # Nobody had told them: they stand this morning where whoever was told stood.
    is_inherited: bool = False

    def came_since(self, at: datetime) -> bool:
        return self.step.fired_at is not None and self.step.fired_at >= at


def params_of(lines: Sequence[WaitingLine], *, met: Collection[int] = (), room: int = MOST_LINES) -> dict[str, Any]:
    """What the list of these lines, all of one person and in their order, says.

    `room`: so many lines may be about levels that the person has not `met` with today, the gathering one included.
    """
    shown = _shown(lines, met, room)
    return {
        "count": len(lines),
        "inherited": sum(line.is_inherited for line in lines),
        "items": [item_of(line) for line in shown],
        OTHERS: _by_unit(lines[len(shown) :]),
        STEPS: [line.step.id for line in lines],
        INHERITED_STEPS: [line.step.id for line in lines if line.is_inherited],
    }


def _shown(lines: Sequence[WaitingLine], met: Collection[int], room: int) -> Sequence[WaitingLine]:
    """Those with a line of their own: all, or the first ones before the line that gathers the rest."""
    is_new = [line.step.id not in met for line in lines]
    if len(lines) <= MOST_LINES and sum(is_new) <= room:
        return lines
    shown: list[WaitingLine] = []
    left = room - 1
    for line, new in zip(lines[: MOST_LINES - 1], is_new, strict=False):
        if new and left <= 0:
            break
        left -= new
        shown.append(line)
    return shown


def _by_unit(lines: Sequence[WaitingLine]) -> list[dict[str, Any]]:
    """Of each unit that is late, what of its matters has no line; the unit with the most first."""
    found: dict[int, list[WaitingLine]] = {}
    for line in lines:
        found.setdefault((line.owing or line.unit).id, []).append(line)
    return [
        {
            "unit": _names(late[0].owing or late[0].unit),
            "matters": [{"step_id": line.step.id, "reference": line.ticket.reference} for line in late],
        }
        for late in sorted(found.values(), key=len, reverse=True)
    ]


def item_of(line: WaitingLine) -> dict[str, object]:
    """What is late, and why it is this person's: when it was reported to them, or that they stand there now."""
    told_at = line.step.fired_at if not line.is_inherited else None
    return {
        "step_id": line.step.id,
        "reference": line.ticket.reference,
        "unit": _names(line.owing or line.unit),
        "now_at": _names(line.unit) if line.owing is not None and line.owing.id != line.unit.id else None,
        # Without a word of the citizen's: mail is read on other people's screens.
        "matter": _names(line.category) if line.category is not None and not line.ticket.is_restricted else None,
        "is_restricted": line.ticket.is_restricted,
        "level": line.step.rank,
        "clock": line.clock.kind.value,
        "due_at": line.step.due_at.isoformat(),
        "told_at": told_at.isoformat() if told_at else None,
    }


def _names(named: Unit | Category) -> dict[str, str]:
    return {"vi": named.name, "en": named.name_en}
