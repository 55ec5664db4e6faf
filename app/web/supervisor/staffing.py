"""How many agents the next seven days need, half hour by half hour, beside those whom the rota has on duty."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from app.web.frame.access import signed_in
from app.web.frame.current import today
from app.web.supervisor.blueprint import STEERING, blueprint, supervised_units
from telephony.floor.figures import ANSWER_WITHIN_SECONDS
from telephony.floor.forecast import (
    DAYS_AHEAD,
    FEWEST_ANSWERED,
    FEWEST_DAYS,
    HALF_HOUR,
    WEEKS_LOOKED_BACK,
    HalfHour,
    comparable_days,
    experience,
    forecast,
)
from tickets.queries.agents_on_rota import AgentTurn, agent_turns, on_duty_at
from tickets.typed_text import typed_number

# Of all calls, per cent that shall be answered within the seconds that the figures count by.
TARGETS = (80, 90, 95)


@dataclass(frozen=True, slots=True)
class StaffedStretch:
    """Half hours in a row that need the same and have the same; calls are those of its busiest half hour."""

    from_at: datetime
    to_at: datetime
    calls: float
    needed: int
    on_rota: int
    answered_within: float

    @property
    def is_short(self) -> bool:
        return self.on_rota < self.needed


@dataclass(frozen=True, slots=True)
class DayAhead:
    """`stretches` is None where too few comparable days are known."""

    day: date
    compared: int
    stretches: Sequence[StaffedStretch] | None

    @property
    def calls_most(self) -> float:
        return max((one.calls for one in self.stretches or ()), default=0.0)

    @property
    def needed_most(self) -> int:
        return max((one.needed for one in self.stretches or ()), default=0)

    @property
    def short_hours(self) -> float:
        """How long the rota has fewer than are needed."""
        return sum(
            ((one.to_at - one.from_at) / timedelta(hours=1) for one in self.stretches or () if one.is_short), 0.0
        )


@blueprint.get("/supervisor/staffing")
@signed_in(*STEERING)
def staffing() -> ResponseReturnValue:
    typed = typed_number(request.args.get("target", ""))
    target = typed if typed in TARGETS else TARGETS[1]
    units = supervised_units(g.viewer)
    past = experience(g.session, unit_ids=units, now=g.now)
    first = today()
    turns = agent_turns(g.session, unit_ids=units, from_at=g.now, to_at=g.now + timedelta(days=DAYS_AHEAD + 1))
    days = []
    for number in range(DAYS_AHEAD):
        day = first + timedelta(days=number)
        half_hours = forecast(past, day, share=target / 100)
        stretches = _stretches(half_hours, turns, now=g.now) if half_hours is not None else None
        days.append(DayAhead(day, len(comparable_days(past, day)), stretches))
    asked = request.args.get("day", "")
    return render_template(
        "supervisor/staffing.html",
        days=days,
        shown=_shown(days, asked),
        past=past,
        has_turns=bool(turns),
        target=target,
        target_tabs=[_target_tab(one, chosen=target, day=asked) for one in TARGETS],
        within=ANSWER_WITHIN_SECONDS,
        weeks=WEEKS_LOOKED_BACK,
        fewest_days=FEWEST_DAYS,
        fewest_answered=FEWEST_ANSWERED,
    )


def _shown(days: Sequence[DayAhead], asked: str) -> DayAhead:
    """The day that was asked for, else the first of which anything is known."""
    chosen = next((one for one in days if one.day.isoformat() == asked), None)
    return chosen or next((one for one in days if one.stretches is not None), days[0])


def _target_tab(target: int, *, chosen: int, day: str) -> dict[str, object]:
    address = f"/supervisor/staffing?{urlencode({'target': target, 'day': day})}"
    return {"url": address, "label": f"{target} %", "active": target == chosen}


def _stretches(half_hours: Sequence[HalfHour], turns: Sequence[AgentTurn], *, now: datetime) -> list[StaffedStretch]:
    """What has passed of today is left out."""
    found: list[StaffedStretch] = []
    for one in half_hours:
        if one.at + HALF_HOUR <= now:
            continue
        here = StaffedStretch(
            one.at, one.at + HALF_HOUR, one.calls, one.agents, on_duty_at(turns, max(one.at, now)),
            one.outlook.answered_within,
        )  # fmt: skip
        last = found[-1] if found else None
        if last is not None and (last.needed, last.on_rota) == (here.needed, here.on_rota):
            found[-1] = StaffedStretch(
                last.from_at, here.to_at, max(last.calls, here.calls), here.needed, here.on_rota,
                min(last.answered_within, here.answered_within),
            )  # fmt: skip
        else:
            found.append(here)
    return found
