"""The attempts to tell people of levels, put together from the rows that each change of state left (A3)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.schema import EscalationAttempt
from tickets.states import ARRIVED, AttemptState, OutboundChannel

_ENDED = frozenset({AttemptState.FAILED, AttemptState.SUPPRESSED, AttemptState.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class LevelAttempt:
    """One attempt to tell a person of a level, and when it came to each of its states.

    A message is one; so is reading on a page, and an answer by a way on which no message of theirs had come.
    """

    method: OutboundChannel
    state: AttemptState
    why: str
    planned_for: datetime | None
    reached: Mapping[AttemptState, datetime]

    @property
    def at(self) -> datetime:
        """When it came to its state; of a planned one, from when on it may leave."""
        since = self.reached[self.state]
        return (self.planned_for or since) if self.state is AttemptState.PLANNED else since


def attempts_of(session: Session, step_ids: Collection[int]) -> dict[tuple[int, int], list[LevelAttempt]]:
    """By level and person, in the order in which they were planned; in one statement."""
    rows = session.scalars(
        select(EscalationAttempt).where(EscalationAttempt.step_id.in_(step_ids)).order_by(EscalationAttempt.id)
    )
    by_person = defaultdict[tuple[int, int], list[EscalationAttempt]](list)
    for row in rows:
        by_person[(row.step_id, row.staff_id)].append(row)
    return {person: _put_together(told) for person, told in by_person.items()}


def _put_together(rows: Sequence[EscalationAttempt]) -> list[LevelAttempt]:
    """The rows of one message are one attempt; what was read or answered belongs to the message that came that way."""
    gathered: list[list[EscalationAttempt]] = []
    by_message: dict[int, list[EscalationAttempt]] = {}
    for row in rows:
        if row.outbound_id is None:
            its_message = _message_by(row, gathered)
            if its_message is not None:
                its_message.append(row)
            else:
                gathered.append([row])
        elif row.outbound_id in by_message:
            by_message[row.outbound_id].append(row)
        else:
            by_message[row.outbound_id] = [row]
            gathered.append(by_message[row.outbound_id])
    return [_attempt(one) for one in gathered]


def _message_by(row: EscalationAttempt, attempts: Sequence[list[EscalationAttempt]]) -> list[EscalationAttempt] | None:
    return next((one for one in attempts if one[0].method is row.method and one[-1].state not in _ENDED), None)


def _attempt(rows: Sequence[EscalationAttempt]) -> LevelAttempt:
    """A late report of a carrier does not undo what a person has done since."""
    last = next((row for row in reversed(rows) if row.state in _BY_A_PERSON), rows[-1])
    planned = [row.not_before for row in rows if row.not_before is not None]
    return LevelAttempt(
        method=rows[0].method,
        state=last.state,
        why=last.why,
        planned_for=planned[-1] if planned else None,
        reached={row.state: row.at for row in rows},
    )


_BY_A_PERSON = ARRIVED - {AttemptState.DELIVERED}
