"""Who hears today of what somebody did about a level: they themselves, or whoever stands there since (A4)."""

from datetime import datetime

from sqlalchemy.orm import Session

from escalation.acknowledging.right import right_to_answer, stands_there_now
from tickets.errors import NotAllowed
from tickets.schema import Staff


def whoever_stands_today(session: Session, step_id: int, *, staff_id: int, now: datetime) -> Staff | None:
    """The level is a responsibility's: whoever moved on hears no more of it."""
    try:
        right_to_answer(session, step_id, staff_id=staff_id, now=now)
    except NotAllowed:
        heir = stands_there_now(session, [step_id], now=now).get(step_id)
        return session.get(Staff, heir.person.staff_id) if heir is not None else None
    return session.get(Staff, staff_id)
