"""A script of many callers: when they come, how patient they are, what they press, who answers, and what goes wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any

import yaml

MOST_CALLS, MOST_AGENTS, LONGEST_MINUTES = 20_000, 200, 24 * 60
_SHARES = ("late", "repeated", "lost", "rest_fails", "share", "withheld", "english")

_LENGTHS = ("minutes", "patience_seconds", "talk_seconds")


class ScriptRefused(Exception):
    """What is wrong with it, in words."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """From this minute on so many calls an hour, by chance (Poisson)."""

    from_minute: float = 0.0
    calls_an_hour: float = 120.0


@dataclass(frozen=True, slots=True)
class PressedKeys:
    """What a share of the callers presses, one after the other; `-` hangs up instead."""

    press: str = "0"
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Agents:
    """So many of one kind. Lengths are means, drawn by chance (exponential) but for the seconds until they answer.

    `pauses`: pairs of the minute at which one of them goes away and for how many minutes, one after the other.
    """

    number: int = 10
    talk_seconds: float = 180.0
    wrap_up_seconds: float = 0.0
    answers_after_seconds: float = 1.0
    pauses: Sequence[Sequence[float]] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Shares of the carrier's callbacks that come late, twice or never, and of our requests to it that fail."""

    late: float = 0.0
    late_seconds: float = 20.0
    repeated: float = 0.0
    lost: float = 0.0
    rest_fails: float = 0.0
    rest_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CallScript:
    """Callers with a withheld number are called back by nobody; the others would be, by agents who are counted here."""

    minutes: float = 60.0
    seed: int = 1
    patience_seconds: float = 120.0
    withheld: float = 1.0
    english: float = 0.0
    arrivals: Sequence[Arrivals] = (Arrivals(),)
    keys: Sequence[PressedKeys] = (PressedKeys(),)
    agents: Sequence[Agents] = (Agents(),)
    trouble: Trouble = field(default_factory=Trouble)

    @property
    def is_steady(self) -> bool:
        """As Erlang's formula has it: nothing changes, all agents are alike and stay, and nothing goes wrong."""
        return len(self.arrivals) == 1 and self.has_a_counter

    @property
    def has_a_counter(self) -> bool:
        """Whether an ideal counter can be set beside it."""
        return len(self.agents) == 1 and not self.agents[0].pauses and self.trouble == Trouble()

    @property
    def calls(self) -> float:
        """How many are to be expected."""
        ends = [*(one.from_minute for one in self.arrivals[1:]), self.minutes]
        return sum(
            one.calls_an_hour * max(end - one.from_minute, 0) / 60 for one, end in zip(self.arrivals, ends, strict=True)
        )


def comes_at(script: CallScript, chance: Random) -> Iterator[float]:
    """The seconds at which somebody calls: by chance (Poisson), as many as each part of the script says."""
    ends = [*(one.from_minute for one in script.arrivals[1:]), script.minutes]
    for part, until in zip(script.arrivals, ends, strict=True):
        at = part.from_minute * 60
        while part.calls_an_hour and (at := at + chance.expovariate(part.calls_an_hour / 3600)) < until * 60:
            yield at


def read_script(text: str) -> CallScript:
    """A script in YAML; raises ScriptRefused with what is wrong."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as wrong:
        raise ScriptRefused(f"This is not YAML: {wrong}") from None
    if document is None:
        document = {}
    script: CallScript = _made(CallScript, document, "the script")
    if not 0 < script.calls <= MOST_CALLS:
        raise ScriptRefused(f"{script.calls:.0f} calls are to be expected: between 1 and {MOST_CALLS} can be played.")
    if not 1 <= sum(one.number for one in script.agents) <= MOST_AGENTS:
        raise ScriptRefused(f"Between 1 and {MOST_AGENTS} agents can be at work.")
    if script.minutes > LONGEST_MINUTES:
        raise ScriptRefused(f"At most {LONGEST_MINUTES} minutes.")
    if abs(sum(one.share for one in script.keys) - 1) > 1e-6:
        raise ScriptRefused("The shares of `keys` must come to 1.")
    if script.arrivals[0].from_minute != 0 or list(script.arrivals) != sorted(
        script.arrivals, key=lambda one: one.from_minute
    ):
        raise ScriptRefused("`arrivals` begin with from_minute: 0 and stand in their order.")
    return script


_PARTS: Mapping[str, Any] = {"arrivals": Arrivals, "keys": PressedKeys, "agents": Agents}


def _made(kind: Any, document: object, where: str) -> Any:
    if not isinstance(document, dict):
        raise ScriptRefused(f"{where}: names with values are expected, not {document!r}.")
    known = {one.name for one in fields(kind)}
    if unknown := sorted(str(name) for name in document if name not in known):
        raise ScriptRefused(f"{where} knows no {', '.join(unknown)}; it knows {', '.join(sorted(known))}.")
    return kind(**{name: _value(name, value, where) for name, value in document.items()})


def _value(name: str, value: object, where: str) -> Any:
    if name == "trouble":
        return _made(Trouble, value, "trouble")
    if name in _PARTS:
        if not isinstance(value, list) or not value:
            raise ScriptRefused(f"{name}: a list is expected.")
        return tuple(_made(_PARTS[name], one, name) for one in value)
    if name == "press":
        return str(value)
    if name == "pauses":
        return _pauses(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        raise ScriptRefused(f"{where}: {name} is a number of at least 0, not {value!r}.")
    if name in _LENGTHS and value == 0:
        raise ScriptRefused(f"{where}: {name} is more than 0.")
    if name in _SHARES and value > 1:
        raise ScriptRefused(f"{where}: {name} is a share between 0 and 1, not {value!r}.")
    return int(value) if name in ("number", "seed") else value


def _pauses(value: object) -> Sequence[Sequence[float]]:
    if not isinstance(value, list) or not all(
        isinstance(one, list) and len(one) == 2 and all(isinstance(part, int | float) for part in one) for one in value
    ):
        raise ScriptRefused("pauses: pairs are expected, [at which minute, for how many minutes].")
    return value
