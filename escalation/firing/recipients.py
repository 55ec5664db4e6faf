"""Who was told of a level, with which code, and who has read it: the rows of `step_recipient`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tickets.schema import StepRecipient
from tickets.schema.rows import insert_many


def add_recipients(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    insert_many(session, StepRecipient, rows)


def known_codes(session: Session, step_ids: Sequence[int]) -> dict[tuple[int, int], str]:
    """By level and person, the codes of whoever has been told of these."""
    if not step_ids:
        return {}
    rows = session.execute(
        select(StepRecipient.step_id, StepRecipient.staff_id, StepRecipient.reply_code).where(
            StepRecipient.step_id.in_(step_ids)
        )
    )
    return {(step_id, staff_id): code for step_id, staff_id, code in rows}


def mark_read(session: Session, staff_id: int, *, step_ids: list[int], now: datetime) -> None:
    """The person has these levels before their eyes."""
    if step_ids:
        session.execute(
            update(StepRecipient)
            .where(
                StepRecipient.staff_id == staff_id,
                StepRecipient.step_id.in_(step_ids),
                StepRecipient.read_at.is_(None),
            )
            .values(read_at=now)
        )
