"""Which colleagues were asked to answer for levels, and what became of it: read, given back, or nothing yet."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, case, cast, func, literal, select
from sqlalchemy.orm import Session, aliased

from escalation.acknowledging.delegate import TEMPLATE
from escalation.acknowledging.given_back import note_of_giving_back
from escalation.acknowledging.told_in_writing import key_of
from tickets.schema import Delegation, OutboundMessage, Staff, StepRecipient, TimelineEntry
from tickets.states import OutboundChannel


@dataclass(frozen=True, slots=True)
class AskedColleague:
    """One colleague who was asked about one level, once.

    `answer_by`: until when they have time; `in_vain_at`: when whoever asked was told that it had passed.
    """

    by: str
    to_id: int
    to: str
    reason: str
    at: datetime
    answer_by: datetime | None
    in_vain_at: datetime | None
    read_at: datetime | None
    declined_at: datetime | None
    why_declined: str | None


def asked_about(session: Session, step_ids: Collection[int]) -> Mapping[int, Sequence[AskedColleague]]:
    """By level, in the order in which they were asked."""
    found = defaultdict[int, list[AskedColleague]](list)
    if not step_ids:
        return found
    asker, colleague = aliased(Staff), aliased(Staff)
    # Whoever is asked once more had read of the level long before.
    notice = OutboundMessage.dedup_key == func.replace(
        literal(key_of(TEMPLATE, "?", OutboundChannel.SCREEN)), "?", cast(Delegation.id, Text)
    )
    read_since = case((StepRecipient.read_at >= Delegation.at, StepRecipient.read_at))
    told = (StepRecipient.step_id == Delegation.step_id) & (StepRecipient.staff_id == Delegation.to_id)
    rows = session.execute(
        select(
            Delegation.step_id,
            asker.name,
            colleague.id,
            colleague.name,
            Delegation.reason,
            Delegation.at,
            Delegation.due_at,
            Delegation.broken_at,
            func.coalesce(read_since, OutboundMessage.read_at),
            Delegation.declined_at,
            TimelineEntry.body,
        )
        .join(asker, asker.id == Delegation.from_id)
        .join(colleague, colleague.id == Delegation.to_id)
        .outerjoin(StepRecipient, told)
        .outerjoin(OutboundMessage, notice)
        .outerjoin(TimelineEntry, note_of_giving_back())
        .where(Delegation.step_id.in_(step_ids))
        .order_by(Delegation.id)
    )
    for row in rows:
        found[row[0]].append(AskedColleague(*row[1:]))
    return found
