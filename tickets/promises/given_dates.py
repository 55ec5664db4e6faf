"""A due date that somebody gives by hand (R7, A1); the caller has locked the ticket."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tickets.people.actor import SYSTEM, Actor
from tickets.promises import recompute
from tickets.promises.clock_moves import tell_due
from tickets.promises.clocks import keep_next_due, open_book, store
from tickets.schema import Ticket
from tickets.states import ClockKind


@dataclass(frozen=True, slots=True)
class NewDate:
    """A due date that somebody gives. A later one needs somebody above who is not the one asking (R7, A1).

    `is_from_above`: whoever gives it stands above the unit that owes the promise, and asks nobody.
    """

    due_at: datetime
    reason: str
    kind: ClockKind = ClockKind.RESOLVE
    approved_by_id: int | None = None
    is_from_above: bool = False

    def approver(self, actor: Actor) -> int | None:
        """Nobody approves their own."""
        if self.is_from_above:
            return actor.staff_id
        return self.approved_by_id if self.approved_by_id != actor.staff_id else None


def set_manual_due(session: Session, ticket: Ticket, date: NewDate, *, actor: Actor = SYSTEM, now: datetime) -> bool:
    """Override a due date with a reason; False when that clock does not run.

    Raises LaterDueNeedsApproval when it is later than the present one and nobody entitled approved it (R7),
    PromiseBroken when it is broken: its date moves no more (A1).
    """
    book = open_book(session, ticket)
    held = next(iter(book.live(date.kind)), None)
    if held is None or held.state.due_at is None:
        return False
    due_before = held.state.due_at
    state = recompute.set_manual_due(
        held.state, held.calendar, due_at=date.due_at, approved_by_supervisor_id=date.approver(actor), now=now
    )
    held.clock.manual_due_reason = date.reason or "-"
    store(session, book, held, state, cause="manual", staff_id=actor.staff_id, now=now)
    tell_due(session, held, due_before, cause="manual", actor=actor, now=now, reason=date.reason)
    keep_next_due(book)
    return True
