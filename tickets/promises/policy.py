"""Policies: which promise holds for a ticket; the most specific policy that has a row for the clock decides (R2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tickets.file_errors import RowError
from tickets.promises.arithmetic import PAUSE_CAP_FACTOR
from tickets.promises.plan import WARNING_SHARES, EscalationChain
from tickets.states import Channel, ClockKind, Level, Priority


@dataclass(frozen=True)
class Match:
    """Which tickets a policy is for; None is everybody. A category stands for its children too."""

    category: str | None = None
    level: Level | None = None
    unit: str | None = None
    channel: Channel | None = None


@dataclass(frozen=True)
class PolicyTarget:
    """The promise for one priority and clock: a target in open seconds of a calendar, warnings, and who is told."""

    priority: Priority
    clock: ClockKind
    target_seconds: int
    calendar_key: str
    warn: tuple[int, ...] = WARNING_SHARES
    chain: str | None = None
    pauses_for_third_party: bool = False
    pause_cap_factor: float = PAUSE_CAP_FACTOR


@dataclass(frozen=True)
class SlaPolicy:
    name: str
    match: Match
    rows: tuple[PolicyTarget, ...]
    legal_basis: str = ""


@dataclass(frozen=True)
class Retired:
    """A policy that a file takes out of force, and why ('': not said)."""

    name: str
    reason: str = ""


@dataclass(frozen=True)
class PolicySet:
    """Policies and chains of one file, and what it retires. With errors, nothing of it may be used."""

    policies: tuple[SlaPolicy, ...] = ()
    chains: tuple[EscalationChain, ...] = ()
    retired: tuple[Retired, ...] = ()
    errors: tuple[RowError, ...] = ()


@dataclass(frozen=True)
class TicketFacts:
    """What a policy is chosen by. `categories` runs from the ticket's own category up to its parent."""

    categories: tuple[str, ...]
    level: Level
    unit: str
    channel: Channel
    priority: Priority


@dataclass(frozen=True)
class ChosenTarget:
    policy: SlaPolicy
    row: PolicyTarget


def choose(policies: Sequence[SlaPolicy], facts: TicketFacts) -> dict[ClockKind, ChosenTarget]:
    """The row that holds for each clock of a ticket.

    A policy silent about a clock leaves it to the next less specific one, so a rule for night noise need not repeat
    everything else. Between equals the later in `policies` wins: hand them over oldest first.
    """
    chosen: dict[ClockKind, ChosenTarget] = {}
    for policy in in_force(policies, facts):
        for row in policy.rows:
            if row.priority is facts.priority:
                chosen[row.clock] = ChosenTarget(policy, row)
    return chosen


def in_force(policies: Iterable[SlaPolicy], facts: TicketFacts) -> list[SlaPolicy]:
    """The policies that match, the least specific first; equals keep their order."""
    return sorted((p for p in policies if matches(p.match, facts)), key=lambda p: specificity(p.match, facts))


def matches(match: Match, facts: TicketFacts) -> bool:
    return (
        (match.category is None or match.category in facts.categories)
        and (match.level is None or match.level is facts.level)
        and (match.unit is None or match.unit == facts.unit)
        and (match.channel is None or match.channel is facts.channel)
    )


def specificity(match: Match, facts: TicketFacts) -> tuple[int, bool, bool, bool]:
    """Category before unit before channel before level; a category itself before its parent."""
    nearness = 0 if match.category is None else len(facts.categories) - facts.categories.index(match.category)
    return nearness, match.unit is not None, match.channel is not None, match.level is not None
