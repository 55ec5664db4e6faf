"""Proof that what is kept beside the clocks is what they say, and its correction where it is not."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.people.actor import Actor
from tickets.promises import day_totals, open_breaches, standing_levels, waiting_counts
from tickets.schema import Ticket


@dataclass(frozen=True, slots=True)
class Differences:
    """Days whose totals were wrong, tickets of which another level stood than was kept, and units of which another
    number of promises is broken and open, or of tickets waits; empty when all is right."""

    days: tuple[date, ...] = ()
    ticket_ids: tuple[int, ...] = ()
    unit_ids: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.days or self.ticket_ids or self.unit_ids)


def differences(session: Session, *, now: datetime) -> Differences:
    """Everything kept against the clocks, steps and answers; nothing is changed, nobody is kept waiting."""
    days = day_totals.days_that_differ(session, now=now)
    ticket_ids = standing_levels.tickets_that_differ(session)
    unit_ids = {*open_breaches.units_that_differ(session, now=now), *waiting_counts.units_that_differ(session, now=now)}
    return Differences(tuple(days), tuple(ticket_ids), tuple(sorted(unit_ids)))


def correct(session: Session, found: Differences, *, actor: Actor, now: datetime) -> Differences:
    """Write anew what is still wrong of it while nobody can change it, and say so in the audit trail.

    A ticket that somebody holds is left as it is, and found again by the next proof.
    """
    days = day_totals.recount_if_wrong(session, found.days, now=now)
    wanted = select(Ticket.id).where(Ticket.id.in_(found.ticket_ids)).order_by(Ticket.id)
    free = wanted.with_for_update(key_share=True, skip_locked=True)
    locked = session.scalars(free).all() if found.ticket_ids else ()
    ids = tuple(sorted({*locked} & {*standing_levels.tickets_that_differ(session)})) if locked else ()
    standing_levels.refresh(session, ids)
    recounts = (open_breaches.recount, waiting_counts.recount) if found.unit_ids else ()
    units = {unit_id for recount in recounts for unit_id in recount(session, now=now)}
    return note_corrected(session, Differences(tuple(days), ids, tuple(sorted(units))), actor=actor, now=now)


def note_corrected(session: Session, corrected: Differences, *, actor: Actor, now: datetime) -> Differences:
    """Say in the audit trail what was wrong, if anything was, of whatever is kept."""
    if corrected:
        entries.record(
            session,
            actor=actor,
            action="kept_figures.corrected",
            subject_kind="kept_figures",
            subject_id=None,
            params={
                "days": [day.isoformat() for day in corrected.days],
                "tickets": len(corrected.ticket_ids),
                "units": len(corrected.unit_ids),
            },
            now=now,
        )
    return corrected
