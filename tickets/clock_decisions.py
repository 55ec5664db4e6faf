"""An administrator's word that the database's clock is right: it ends a hold that the clocks cannot end."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.errors import InvalidInput
from tickets.people.actor import Actor
from tickets.schema import ClockDecision

LONGEST_CLOCK_REASON = 500
# A word about what the clock shows now is no word about what it shows later.
_HOLDS_FOR = timedelta(minutes=5)


def believe_the_database(session: Session, *, reason: str, actor: Actor, now: datetime) -> ClockDecision:
    """From this time on schedulers go on by the database's clock. `now` is what that clock shows.

    Raises InvalidInput without a reason.
    """
    why = " ".join(reason.split())
    if not why:
        raise InvalidInput("reason", "missing")
    if len(why) > LONGEST_CLOCK_REASON:
        raise InvalidInput("reason", "too_long", limit=LONGEST_CLOCK_REASON)
    decision = ClockDecision(database_at=now, staff_id=actor.staff_id, reason=why)
    session.add(decision)
    session.flush()
    entries.record(
        session,
        actor=actor,
        action="clock.decided",
        subject_kind="clock_decision",
        subject_id=decision.id,
        params={"reason": why, "database_at": now.isoformat()},
        now=now,
    )
    return decision


def newest(session: Session, *, now: datetime) -> ClockDecision | None:
    """The last decision, if it is about the time that the database's clock shows now."""
    decision = session.scalars(select(ClockDecision).order_by(ClockDecision.id.desc()).limit(1)).one_or_none()
    if decision is None or not decision.database_at <= now <= decision.database_at + _HOLDS_FOR:
        return None
    return decision


def recent(session: Session, *, limit: int) -> Sequence[ClockDecision]:
    """Newest first."""
    return session.scalars(select(ClockDecision).order_by(ClockDecision.id.desc()).limit(limit)).all()
