"""Stretches in which no scheduler ticked: noticed at the first tick after, kept, shown, and perhaps credited (R16)."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets import process_beats
from tickets.audit import entries
from tickets.people.actor import SYSTEM
from tickets.schema import Outage

# Ticks come every few seconds; a minute without one is no longer a slow one.
GAP = timedelta(seconds=60)


def note_tick(session: Session, *, now: datetime) -> Outage | None:
    """Write that somebody ticks now; the outage this ends, if it was one."""
    last = process_beats.note_tick(session, now=now)
    if last is None or now - last <= GAP:
        return None
    outage = Outage(from_at=last, to_at=now)
    session.add(outage)
    session.flush()
    entries.record(
        session,
        actor=SYSTEM,
        action="escalation.gap",
        subject_kind="outage",
        subject_id=outage.id,
        params={"from_at": last.isoformat(), "to_at": now.isoformat()},
        now=now,
    )
    return outage


def recent_gaps(session: Session, *, since: datetime) -> list[Outage]:
    """The outages that ended after an instant, newest first."""
    return list(session.scalars(select(Outage).where(Outage.to_at >= since).order_by(Outage.to_at.desc())))


def gap_by_id(session: Session, outage_id: int) -> Outage | None:
    return session.get(Outage, outage_id)
