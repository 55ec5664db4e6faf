"""What a tick does by batches of tickets: levels fire, broken promises are noted, who was not reached is followed.

All three are asked in one way: for a batch, without tickets that stand in its way, or of one ticket alone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from escalation.firing.due import claim_tickets
from escalation.firing.pursue import pursue, unreached_tickets
from escalation.firing.sweep import TICKETS_PER_SWEEP, TickOutcome, not_noted_tickets, note_late, tick


class _Do(Protocol):
    def __call__(
        self, session: Session, *, now: datetime, leave_out: Collection[int], only: Collection[int] | None
    ) -> TickOutcome: ...


class _Waiting(Protocol):
    def __call__(self, session: Session, *, now: datetime, leave_out: Collection[int]) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True)
class TickWork:
    """`do` does a batch in the transaction it is given; `waiting` names the tickets of the next one."""

    name: str
    do: _Do
    waiting: _Waiting


def _due(session: Session, *, now: datetime, leave_out: Collection[int]) -> Sequence[int]:
    return claim_tickets(session, now=now, batch=TICKETS_PER_SWEEP, leave_out=leave_out)


def _note(session: Session, *, now: datetime, leave_out: Collection[int], only: Collection[int] | None) -> TickOutcome:
    return TickOutcome(claimed=note_late(session, now=now, leave_out=leave_out, only=only))


def _pursue(
    session: Session, *, now: datetime, leave_out: Collection[int], only: Collection[int] | None
) -> TickOutcome:
    looked_at = pursue(session, now=now, leave_out=leave_out, only=only)
    return TickOutcome(claimed=looked_at, notified=looked_at)


FIRE_LEVELS = TickWork("fire levels", tick, _due)
NOTE_LATE_PROMISES = TickWork("note late promises", _note, not_noted_tickets)
PURSUE_LEVELS = TickWork("pursue levels", _pursue, unreached_tickets)
