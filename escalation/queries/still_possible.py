"""What the reader of a report can still do about its level when the report leaves: it may have waited all night."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.levels_above import passes_up_to
from tickets.schema import Acknowledgement, Staff


def still_possible(session: Session, step_id: int, *, staff_id: int | None, now: datetime) -> dict[str, Any]:
    """For the words of the report: who has answered meanwhile, so that acknowledging is over, and what comes above.

    `answered_by` is None where nobody has; `next_level` where nothing is left to pass it up to.
    """
    by = session.execute(
        select(Staff.id, Staff.name)
        .join(Acknowledgement, Acknowledgement.staff_id == Staff.id)
        .where(Acknowledgement.step_id == step_id)
    ).one_or_none()
    return {
        "answered_by": by.name if by is not None and by.id != staff_id else None,
        "next_level": passes_up_to(session, [step_id], staff_id=staff_id, now=now).get(step_id),
    }
