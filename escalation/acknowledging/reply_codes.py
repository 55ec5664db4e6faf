"""Whose codes count from a phone, and which level each of them names."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from escalation.acknowledging.links import VALID_FOR
from tickets.schema import ContactMethod, Staff, StepRecipient
from tickets.states import OutboundChannel


@dataclass(frozen=True, slots=True)
class NamedLevel:
    """The level that a code stands for, and the person it was sent to."""

    step_id: int
    staff_id: int


def people_with(session: Session, phone: str) -> Sequence[Staff]:
    """Whoever has been told of a level and has this phone: their account's, or one they have proved to be theirs."""
    told = select(StepRecipient.id).where(StepRecipient.staff_id == Staff.id).exists()
    proved = (
        select(ContactMethod.id)
        .where(
            ContactMethod.staff_id == Staff.id,
            ContactMethod.address == phone,
            ContactMethod.kind != OutboundChannel.EMAIL,
            ContactMethod.verified_at.is_not(None),
        )
        .exists()
    )
    mine = select(Staff).where(or_(Staff.phone == phone, proved), Staff.disabled_at.is_(None), told)
    return session.scalars(mine.order_by(Staff.id)).all()


def levels_named(
    session: Session, codes: Collection[str], *, staff_ids: Collection[int], now: datetime
) -> dict[str, NamedLevel]:
    """By code, the level it was sent for to one of these people within the last week; a wrong code is not in it."""
    rows = session.execute(
        select(StepRecipient.reply_code, StepRecipient.step_id, StepRecipient.staff_id)
        .where(
            StepRecipient.staff_id.in_(staff_ids),
            StepRecipient.reply_code.in_(codes),
            StepRecipient.told_at > now - VALID_FOR,
        )
        .order_by(StepRecipient.id)
    )
    # The newest level has the code, where chance gave it twice.
    return {code: NamedLevel(step_id, staff_id) for code, step_id, staff_id in rows}
