"""The attempts to tell people of levels, put together from the rows that each change of state left (A3)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.schema import EscalationAttempt
from tickets.states import ARRIVED, AttemptState, OutboundChannel

_ENDED = frozenset({AttemptState.FAILED, AttemptState.SUPPRESSED, AttemptState.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Station:
    """A state that an attempt came to; a planned one's instant is from when on it may leave."""

    state: AttemptState
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class LevelAttempt:
    """One attempt to tell a person of a level, and every state it came to, in that order.

    A message is one; so is reading on a page, and an answer by a way on which no message of theirs had come.
    """

    method: OutboundChannel
    stations: tuple[Station, ...]

    @property
    def last(self) -> Station:
        """How far it came. A late report of a carrier does not undo what a person has done since."""
        by_person = (one for one in reversed(self.stations) if one.state in _BY_A_PERSON)
        return next(by_person, self.stations[-1])

    @property
    def state(self) -> AttemptState:
        return self.last.state

    @property
    def delivered_at(self) -> datetime | None:
        return next((one.at for one in self.stations if one.state is AttemptState.DELIVERED), None)


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
    return LevelAttempt(rows[0].method, tuple(Station(row.state, row.not_before or row.at, row.why) for row in rows))


_BY_A_PERSON = ARRIVED - {AttemptState.DELIVERED}
