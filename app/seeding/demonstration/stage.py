"""Where the play happens: the clock that only goes forward, and what is due on it."""

import heapq
import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.seeding.demonstration.cast import Cast
from telephony.desk import Desk
from tickets.errors import InDispute, OwingUnitAlone

Happening = Callable[["Stage", Session, datetime], None]


@dataclass
class Stage:
    """Everything the scenes share. Happenings after `ends_at` never take place: that is the present state of things."""

    desk: Desk
    cast: Cast
    zone: ZoneInfo
    rng: Random
    begins_at: datetime
    ends_at: datetime
    opened: int = 0
    # What moves a ticket once a leader has spoken; its story puts it here.
    when_instructed: dict[int, Callable[[datetime], None]] = field(default_factory=dict)
    # The level whose word it takes: some are moved by their ward's chair, some only by the city's leadership.
    moves_at: dict[int, int] = field(default_factory=dict)
    # From this level on, what has reached people about a ticket is still before them.
    unanswered_from: dict[int, int] = field(default_factory=dict)
    # Levels (planned steps) that somebody is going to answer.
    answering: set[int] = field(default_factory=set)
    _due: list[tuple[datetime, int, Happening]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def at(self, when: datetime, happening: Happening) -> None:
        """Let something happen; what would lie after the present does not."""
        if when < self.ends_at:
            heapq.heappush(self._due, (when, next(self._numbers), happening))

    def run(self, session: Session, *, between: Callable[["Stage", Session, datetime], bool]) -> None:
        """Everything in its order. `between` does the next thing the house does by itself until an instant, if any.

        It is asked again after each, because it may have put something earlier on the clock: a leader's answer.
        """
        while True:
            when = self._due[0][0] if self._due else self.ends_at
            if between(self, session, when):
                continue
            if not self._due:
                return
            when, _, happening = heapq.heappop(self._due)
            # A unit that tries what the rules no longer allow it is refused, and the play goes on without.
            with suppress(OwingUnitAlone, InDispute), session.begin_nested():
                happening(self, session, when)

    def instructed(self, ticket_id: int, level: int, now: datetime) -> None:
        """A leader has answered for this ticket: whoever left it lying moves, if the level is high enough."""
        if level < self.moves_at.get(ticket_id, 0):
            return
        move = self.when_instructed.pop(ticket_id, None)
        if move is not None:
            move(now)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share
