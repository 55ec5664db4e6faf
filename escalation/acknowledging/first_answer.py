"""The first answer to a level: one row, which nobody changes (R20)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import Acknowledgement, PlannedStep


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """Who said what, by which way, until when the next level waits, and the level it was passed up to, if it was."""

    staff_id: int
    via: str
    instruction: str
    new_due_at: datetime | None
    holds_until: datetime
    passed_to_level: int | None = None


def write_first_answer(session: Session, step: PlannedStep, answer: FirstAnswer, *, now: datetime) -> bool:
    """False when somebody had answered for the level; nothing is written then."""
    written = session.scalar(
        insert(Acknowledgement)
        .values(
            step_id=step.id,
            ticket_id=step.ticket_id,
            staff_id=answer.staff_id,
            at=now,
            via=answer.via,
            instruction=answer.instruction,
            new_due_at=answer.new_due_at,
            holds_until=answer.holds_until,
            passed_to_level=answer.passed_to_level,
        )
        .on_conflict_do_nothing(index_elements=["step_id"])
        .returning(Acknowledgement.step_id)
    )
    return written is not None
