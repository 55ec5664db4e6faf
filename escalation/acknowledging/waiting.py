"""What waits for a person's answer now; the desk, the menu and a reply without a code read the same lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from escalation.acknowledging.right import rights_to_answer
from tickets.people.roles import load_viewer
from tickets.schema import Clock, StandingReport, StepRecipient, Ticket
from tickets.schema.ticket import IS_UNFINISHED
from tickets.states import ClockKind, ClockStatus

# What stands is kept; the clock is the truth.
STANDS = (
    Clock.status == ClockStatus.RUNNING,
    Ticket.escalation_level > 0,
    text(f"ticket.{IS_UNFINISHED}"),
    Ticket.is_canary.is_(False),
)


@dataclass(frozen=True, slots=True)
class WaitingLevel:
    """A level that waits for this person, with the code that names it."""

    step_id: int
    staff_id: int
    code: str
    reference: str
    level: int
    told_at: datetime
    clock: ClockKind


def waiting_for(session: Session, staff_id: int, *, now: datetime) -> Sequence[WaitingLevel]:
    """In the order of the desk, emergencies first; without what is no longer this person's."""
    viewer = load_viewer(session, staff_id, now=now)
    if viewer is None:
        return ()
    rows = session.execute(
        select(
            StandingReport.step_id,
            StandingReport.staff_id,
            StepRecipient.reply_code,
            Ticket.reference,
            StandingReport.level,
            StepRecipient.told_at,
            Clock.kind,
        )
        .join(Ticket, Ticket.id == StandingReport.ticket_id)
        .join(Clock, Clock.id == StandingReport.clock_id)
        .join(
            StepRecipient,
            (StepRecipient.step_id == StandingReport.step_id) & (StepRecipient.staff_id == StandingReport.staff_id),
        )
        .where(StandingReport.staff_id == staff_id, StandingReport.is_answered.is_(False), *STANDS)
        .order_by(
            StandingReport.harm.desc(),
            StandingReport.due_on,
            StandingReport.people.desc(),
            StandingReport.due_at,
            StandingReport.step_id,
        )
    ).all()
    mine = rights_to_answer(session, [row.step_id for row in rows], viewer=viewer, now=now)
    return [WaitingLevel(*row) for row in rows if row.step_id in mine]
