"""The clocks a new ticket starts with, as rows: computed before the ticket is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tickets.promises import recompute
from tickets.promises.clocks import columns, next_due, planned_rows, started
from tickets.promises.loading import LoadedRow, PromiseRulebook
from tickets.promises.recompute import ClockState
from tickets.states import ClockKind, ClockStatus, Priority

# `next` waits for a citizen's second contact, `update` for the first answer.
AT_OPENING = (ClockKind.ACCEPT, ClockKind.FIRST, ClockKind.RESOLVE)
AFTER_AN_ANSWER = (*AT_OPENING, ClockKind.UPDATE)
# An appeal is not solved a second time: it is decided.
AT_APPEAL = (ClockKind.ACCEPT, ClockKind.FIRST, ClockKind.APPEAL)


@dataclass(frozen=True)
class OpeningClock:
    """A clock's state as intake tells it to whoever opened the ticket."""

    kind: ClockKind
    status: ClockStatus
    due_at: datetime | None
    stopped_at: datetime | None


@dataclass(frozen=True)
class Opening:
    clocks: list[dict[str, Any]]
    intervals: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    next_due_at: datetime | None
    next_due_kind: str | None
    told: tuple[OpeningClock, ...]


def promised_to(chosen: Mapping[ClockKind, LoadedRow], *, is_appeal: bool) -> dict[ClockKind, LoadedRow]:
    """Of the promises of such a matter those that a ticket of this sort has: to be solved, or to be decided (R24)."""
    without = ClockKind.RESOLVE if is_appeal else ClockKind.APPEAL
    return {kind: row for kind, row in chosen.items() if kind is not without}


def kinds_at_opening(*, answered: bool, is_appeal: bool = False) -> tuple[ClockKind, ...]:
    if is_appeal:
        return AT_APPEAL
    return AFTER_AN_ANSWER if answered else AT_OPENING


def opening(
    rulebook: PromiseRulebook,
    chosen: Mapping[ClockKind, LoadedRow],
    *,
    ticket_id: int,
    clock_ids: Sequence[int],
    priority: Priority,
    arrived_at: datetime,
    answered: bool,
    now: datetime,
) -> Opening:
    """Clocks, intervals and planned steps of a new ticket.

    They run since the contact arrived, not since a worker saw it (R5). `answered`: it was opened during a live call,
    which meets `first` (R3).
    """
    clocks: list[dict[str, Any]] = []
    intervals: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    told: list[OpeningClock] = []
    running: list[tuple[datetime | None, ClockKind]] = []
    wanted = [
        kind for kind in kinds_at_opening(answered=answered, is_appeal=ClockKind.APPEAL in chosen) if kind in chosen
    ]
    for kind, clock_id in zip(wanted, clock_ids, strict=False):
        row = chosen[kind]
        calendar = rulebook.calendars[row.calendar_version_id]
        state = started(row, calendar, cycle=1, started_at=now if kind is ClockKind.UPDATE else arrived_at)
        if kind is ClockKind.FIRST and answered:
            state = recompute.stop(state, calendar, now=now)
        clocks.append({"id": clock_id, "ticket_id": ticket_id, **columns(state, row)})
        intervals.extend({"clock_id": clock_id, "from_at": p.from_at, "to_at": p.to_at} for p in state.intervals)
        steps.extend(
            planned_rows(state, row, rulebook, ticket_id=ticket_id, clock_id=clock_id, priority=priority, now=now)
        )
        told.append(_told(state))
        if state.status is ClockStatus.RUNNING:
            running.append((state.due_at, kind))
    due_at, due_kind = next_due(running)
    return Opening(clocks, intervals, steps, due_at, due_kind, tuple(told))


def _told(state: ClockState) -> OpeningClock:
    return OpeningClock(state.kind, state.status, state.due_at, state.stopped_at)
