"""The same callers at an ideal counter: who comes first is served first, by whoever is free, and nothing goes wrong.

It is given a telephone's own delays: a free agent is found at the next sweep, and it rings before anybody is heard.
What the product does worse is its own doing: both have the very same callers, so that chance favours neither.
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import pstdev

from app.rehearsal.call_script import CallScript, comes_at

# The counter is watched again and again with other callers: so often, and not for more callers than these in all.
_TIMES, _MOST_CALLERS, _LEAST_TIMES = 200, 400_000, 20
# And once for so many, which is the long run: a day begins with nobody on the line, and is better for it.
_LONG_RUN = 150_000


@dataclass(frozen=True, slots=True)
class Comes:
    """When somebody joins the line, how long they would wait, and keep an agent, all in seconds."""

    at: float
    patience: float
    takes: float


@dataclass(frozen=True, slots=True)
class Counter:
    """`rings_seconds` pass from the offer until both hear each other; free agents are looked for every so often."""

    agents: int
    within_seconds: float
    rings_seconds: float = 0.0
    swept_every: float = 0.0


@dataclass(frozen=True, slots=True)
class Waited:
    """What callers met; shares of all who came."""

    calls: int
    answered_within: float
    abandoned: float
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Chance:
    """What other callers of the same script met at the counter: how far apart (one deviation), and in the long run."""

    times: int
    apart_answered: float
    apart_abandoned: float
    in_the_long_run: Waited


def served_in_turn(comers: Sequence[Comes], counter: Counter) -> Waited:
    free_at = [0.0] * counter.agents
    waits: list[float] = []
    in_time = gone = 0
    for one in sorted(comers, key=lambda comer: comer.at):
        begins = max(_seen_at(one.at, free_at[0], counter), free_at[0])
        wait = begins - one.at + counter.rings_seconds
        if wait > one.patience:
            gone += 1
            waits.append(one.patience)
            if begins < one.at + one.patience:
                # It rang at an agent, who could take nobody else meanwhile.
                heapq.heapreplace(free_at, one.at + one.patience)
            continue
        heapq.heapreplace(free_at, begins + counter.rings_seconds + one.takes)
        waits.append(wait)
        in_time += wait <= counter.within_seconds
    count = max(len(waits), 1)
    return Waited(len(waits), in_time / count, gone / count, sum(waits) / count)


def _seen_at(at: float, free_at: float, counter: Counter) -> float:
    """An agent who becomes free looks at the line at once; one who is free already is found at the next sweep."""
    if not counter.swept_every or free_at > at:
        return at
    return math.ceil(at / counter.swept_every) * counter.swept_every


def served_by_chance(script: CallScript, counter: Counter, *, joining: float) -> Chance:
    """The same script with other callers, many times: what is left of a difference is not chance."""
    times = max(min(_TIMES, int(_MOST_CALLERS / max(script.calls, 1))), _LEAST_TIMES)
    met = [served_in_turn(_others(script, seed, joining), counter) for seed in range(times)]
    longer = replace(script, minutes=script.minutes * max(_LONG_RUN / max(script.calls, 1), 1))
    return Chance(
        times,
        pstdev(one.answered_within for one in met),
        pstdev(one.abandoned for one in met),
        served_in_turn(_others(longer, times, joining), counter),
    )


def _others(script: CallScript, seed: int, joining: float) -> list[Comes]:
    chance = Random(f"{script.seed} {seed}")  # noqa: S311  (no secret is made of it)
    kind = script.agents[0]
    return [
        Comes(
            at,
            chance.expovariate(1 / script.patience_seconds),
            chance.expovariate(1.0) * kind.talk_seconds + chance.expovariate(1.0) * kind.wrap_up_seconds,
        )
        for at in comes_at(script, chance)
        if chance.random() < joining
    ]
