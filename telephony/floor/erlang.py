"""How long callers wait for so many agents: Erlang's formulas, of numbers alone.

Rates are calls per second, lengths are seconds, shares lie between 0 and 1; the load is in erlangs: calls per second
times the seconds that one takes. Sources: A. K. Erlang, 1917 (B, C); C. Palm, 1946 (A: callers hang up).
"""

import math
from dataclasses import dataclass

# Further states are so rare that no figure of ours would show them.
_NEGLIGIBLE = 1e-12
# Simpson's rule over the time within which a call should be answered; an even number.
_PARTS = 40
_MOST_AGENTS = 2_000


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls that come, how long one takes with wrap-up, and how long a caller waits on average before hanging up.

    `patience_seconds` is None where nobody hangs up (Erlang C).
    """

    calls_a_second: float
    handling_seconds: float
    patience_seconds: float | None = None

    @property
    def load(self) -> float:
        return self.calls_a_second * self.handling_seconds


@dataclass(frozen=True, slots=True)
class Outlook:
    """What callers meet: of all who call, the share that waits, hangs up, and is answered within the time asked for."""

    waits: float
    abandons: float
    wait_seconds: float
    occupancy: float
    answered_within: float


def blocking(load: float, agents: int) -> float:
    """Erlang B: the share of calls that finds all agents busy, where nobody waits."""
    found = 1.0
    for number in range(1, agents + 1):
        found = load * found / (number + load * found)
    return found


def outlook(traffic: Traffic, agents: int, *, within_seconds: float) -> Outlook:
    """By Erlang C where nobody hangs up, else by Erlang A. Without patience more agents than erlangs are needed."""
    if traffic.patience_seconds is None:
        return _of_the_patient(traffic, agents, within_seconds)
    return _of_those_who_hang_up(traffic, agents, traffic.patience_seconds, within_seconds)


def agents_needed(traffic: Traffic, *, within_seconds: float, share: float) -> int:
    """The fewest agents with whom this share of all calls is answered in time; searched above the load, at least one.

    Raises ValueError where not even the most we count would do.
    """
    for agents in range(math.floor(traffic.load) + 1, _MOST_AGENTS):
        if outlook(traffic, agents, within_seconds=within_seconds).answered_within >= share:
            return agents
    raise ValueError(traffic)


def _of_the_patient(traffic: Traffic, agents: int, within: float) -> Outlook:
    load, spare = traffic.load, agents - traffic.load
    if spare <= 0:
        return Outlook(1.0, 0.0, math.inf, 1.0, 0.0)
    blocked = blocking(load, agents)
    waits = agents * blocked / (agents - load * (1 - blocked))
    late = waits * math.exp(-spare * within / traffic.handling_seconds)
    return Outlook(waits, 0.0, waits * traffic.handling_seconds / spare, load / agents, 1 - late)


def _of_those_who_hang_up(traffic: Traffic, agents: int, patience: float, within: float) -> Outlook:
    """The chain of Palm: with k callers inside one leaves at the rate min(k, n)·μ + max(k − n, 0)·θ."""
    if traffic.calls_a_second <= 0:
        return Outlook(0.0, 0.0, 0.0, 0.0, 1.0)
    serving, leaving = 1 / traffic.handling_seconds, 1 / patience
    # Of each state its weight, beside that of all agents busy and nobody waiting.
    below = _weight_below(traffic.load, agents)
    above, waiting = _weight_above(traffic.calls_a_second, agents * serving, leaving)
    full = 1 / (below + above)
    waits = full * above
    abandons = leaving * full * waiting / traffic.calls_a_second
    in_time = _served_after_waiting(traffic.calls_a_second, agents * serving, leaving, within) * full
    return Outlook(
        waits=waits,
        abandons=abandons,
        wait_seconds=abandons * patience,
        occupancy=traffic.load * (1 - abandons) / agents,
        answered_within=1 - waits + in_time,
    )


def _weight_below(load: float, agents: int) -> float:
    total, weight = 0.0, 1.0
    for inside in range(agents, 0, -1):
        weight *= inside / load
        total += weight
        # Weights fall for good once fewer are inside than the load.
        if inside < load and weight < _NEGLIGIBLE * total:
            break
    return total


def _weight_above(rate: float, serving: float, leaving: float) -> tuple[float, float]:
    """Of all states in which who comes waits, and the number of waiting callers weighed by them."""
    total, waiting, weight, queued = 1.0, 0.0, 1.0, 0
    while weight > _NEGLIGIBLE * total or rate > serving + queued * leaving:
        queued += 1
        weight *= rate / (serving + queued * leaving)
        total += weight
        waiting += queued * weight
    return total, waiting


def _served_after_waiting(rate: float, serving: float, leaving: float, within: float) -> float:
    """Who waits, and is still there when an agent is free, which is so within the time asked for.

    In all states together an agent is free after v seconds at the density n·μ·exp(−n·μ·v + λ/θ·(1 − exp(−θ·v))), beside
    the weight of all agents busy; exp(−θ·v) of the callers are still there.
    """

    def at(seconds: float) -> float:
        gone = -math.expm1(-leaving * seconds)
        return serving * math.exp(-(serving + leaving) * seconds + rate / leaving * gone)

    step = within / _PARTS
    inner = sum((4 if part % 2 else 2) * at(part * step) for part in range(1, _PARTS))
    return (at(0) + inner + at(within)) * step / 3
