"""Which colleagues were asked to answer for levels, and what became of it: read, given back, or nothing yet."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from escalation.acknowledging.given_back import given_back_at
from tickets.schema import Delegation, Staff, StepRecipient, TimelineEntry


@dataclass(frozen=True, slots=True)
class AskedColleague:
    """One colleague who was asked about one level."""

    by: str
    to_id: int
    to: str
    reason: str
    at: datetime
    read_at: datetime | None
    declined_at: datetime | None
    why_declined: str | None


def asked_about(session: Session, step_ids: Collection[int]) -> Mapping[int, Sequence[AskedColleague]]:
    """By level, in the order in which they were asked."""
    found = defaultdict[int, list[AskedColleague]](list)
    if not step_ids:
        return found
    asker, colleague = aliased(Staff), aliased(Staff)
    told = (StepRecipient.step_id == Delegation.step_id) & (StepRecipient.staff_id == Delegation.to_id)
    rows = session.execute(
        select(
            Delegation.step_id,
            asker.name,
            colleague.id,
            colleague.name,
            Delegation.reason,
            Delegation.at,
            StepRecipient.read_at,
            TimelineEntry.at,
            TimelineEntry.body,
        )
        .join(asker, asker.id == Delegation.from_id)
        .join(colleague, colleague.id == Delegation.to_id)
        .outerjoin(StepRecipient, told)
        .outerjoin(TimelineEntry, given_back_at())
        .where(Delegation.step_id.in_(step_ids))
        .order_by(Delegation.id, TimelineEntry.id)
    )
    for row in rows:
        found[row[0]].append(AskedColleague(*row[1:]))
    return found
