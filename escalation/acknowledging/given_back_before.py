"""What a colleague gave back to a process of the release before, which wrote that down as a note alone."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from escalation.acknowledging.given_back import any_note_of_giving_back
from escalation.firing.pursue import search_again
from tickets.each_alone import PutAside, each_alone
from tickets.promises.recompute import UNENDED
from tickets.schema import Clock, Delegation, PlannedStep, Ticket, TimelineEntry

COMPLETED_AT_ONCE = 50


def complete_given_back(
    session: Session, *, now: datetime, batch: int = COMPLETED_AT_ONCE, put_aside: PutAside | None = None
) -> int:
    """End these askings as giving back ends them since, or the colleague could neither be asked again nor be let off.

    How many. Told by what such processes leave empty: an asking of ours has a time of its own. What somebody else
    holds, and what is over, is left.
    """
    noted_at = (
        select(func.min(TimelineEntry.at))
        .where(any_note_of_giving_back(), TimelineEntry.at >= Delegation.at)
        .correlate(Delegation)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Delegation, noted_at)
        .join(PlannedStep, PlannedStep.id == Delegation.step_id)
        .join(Ticket, Ticket.id == PlannedStep.ticket_id)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .where(
            Delegation.due_at.is_(None),
            Delegation.declined_at.is_(None),
            Clock.status.in_(UNENDED),
            noted_at.is_not(None),
        )
        .order_by(Delegation.id)
        .limit(batch)
        .with_for_update(of=(Ticket, Delegation), key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    ended = each_alone(
        session, rows, lambda one: _end(session, *one, now=now), named=lambda one: one[0].id, put_aside=put_aside
    )
    return len(ended)


def _end(session: Session, asked: Delegation, given_back_at: datetime, *, now: datetime) -> None:
    asked.declined_at = given_back_at
    session.flush()
    search_again(session, asked.step_id, now=now)
