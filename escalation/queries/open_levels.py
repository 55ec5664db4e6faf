"""Which open levels may have got another holder: all of them when somebody comes or goes, else what was touched."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from tickets.audit.touched import settled_mark, something_else_was_touched, touched_tickets
from tickets.city import wall_clock
from tickets.schema import StandingReport

LEVELS_PER_ROUND = 2_000
# Whatever the trail and the plans did not tell is found by then.
_WHOLE_EVERY = timedelta(hours=1)
# What is done all day long and moves nobody from a post, a turn, a unit or a level.
_MOVES_NOBODY = (
    "audit.", "call.", "callback.", "canary.", "contact.", "escalation.gap", "guidance.", "incident.", "kept_figures.",
    "matter.", "message.", "night.", "offer.", "outage.", "problem.", "promise.", "recording.", "rota_feed.",
    "staff.code_given", "staff.invited", "staff.link_handed_over", "staff.locked", "staff.signed_in", "telephone.",
)  # fmt: skip
# When next somebody's turn, leave, post, role or responsibility begins or ends by itself.
_NEXT_CHANGE = text("""
    select min(at) from (
        select min(starts_at) as at from shift where starts_at > :now
        union all select min(ends_at) from shift where ends_at > :now
        union all select min(starts_at) from absence where starts_at > :now
        union all select min(ends_at) from absence where ends_at > :now
        union all select min(valid_from) from post_holding where valid_from > :now
        union all select min(valid_to) from post_holding where valid_to > :now
        union all select min(valid_from) from role_assignment where valid_from > :now
        union all select min(valid_to) from role_assignment where valid_to > :now
    ) as planned
""")


@dataclass(frozen=True, slots=True)
class OwedLevel:
    """An open level, whose ticket it is about, and of which promise."""

    step_id: int
    ticket_id: int
    clock_id: int


class OpenLevels:
    """What the rounds of one process know: up to where all levels have been looked at, and what was seen before that.

    While all are looked at nothing is forgotten: what is touched meanwhile lies behind the mark, and comes after. It
    moves on before the round is committed: a round is given a copy, which counts once it is.
    """

    def __init__(self) -> None:
        # The level up to which a look at all of them has come; None: it is through.
        self._after: int | None = None
        self._mark: int | None = None
        self._until: datetime | None = None
        self._whole_at: datetime | None = None
        self._held: set[int] = set()

    @property
    def is_through(self) -> bool:
        return self._after is None

    def copy(self) -> "OpenLevels":
        other = copy(self)
        other._held = set(self._held)
        return other

    def come_back_to(self, ticket_ids: set[int]) -> None:
        """Somebody held these; they are among what the next round looks at."""
        self._held |= ticket_ids

    def next(self, session: Session, *, now: datetime) -> dict[int, OwedLevel]:
        if self._after is not None:
            return self._further(session)
        mark = settled_mark(session)
        touched = None if self._somebody_moved(session, now) else touched_tickets(session, after=self._mark or 0)
        self._mark = mark
        if touched is not None:
            return self._of_tickets(session, touched)
        self._after, self._whole_at, self._until = 0, now, _next_change(session, now)
        return self._further(session)

    def _somebody_moved(self, session: Session, now: datetime) -> bool:
        if self._mark is None or self._until is None or self._whole_at is None:
            return True
        if now >= self._until or not timedelta(0) <= now - self._whole_at < _WHOLE_EVERY:
            return True
        return something_else_was_touched(session, after=self._mark, but=_MOVES_NOBODY)

    def _further(self, session: Session) -> dict[int, OwedLevel]:
        found = _open(session, StandingReport.step_id > (self._after or 0), limit=LEVELS_PER_ROUND)
        self._after = max(found) if len(found) == LEVELS_PER_ROUND else None
        return found | self._of_tickets(session, set())

    def _of_tickets(self, session: Session, ticket_ids: set[int]) -> dict[int, OwedLevel]:
        asked, self._held = ticket_ids | self._held, set()
        return _open(session, StandingReport.ticket_id.in_(asked)) if asked else {}


def some_in_turn(session: Session, *, seconds: int, now: datetime) -> dict[int, OwedLevel]:
    """Some of all open levels, so that each is looked at in turn whichever process does the round."""
    count = session.scalar(select(func.count(StandingReport.step_id.distinct()))) or 0
    rounds = max(1, -(-count // LEVELS_PER_ROUND))
    number = int(now.timestamp()) // seconds % rounds
    return _open(session, limit=LEVELS_PER_ROUND, offset=number * LEVELS_PER_ROUND)


def _open(
    session: Session, *which: ColumnElement[bool], limit: int | None = None, offset: int | None = None
) -> dict[int, OwedLevel]:
    steps = select(StandingReport.step_id, StandingReport.ticket_id, StandingReport.clock_id).distinct().where(*which)
    rows = session.execute(steps.order_by(StandingReport.step_id).limit(limit).offset(offset))
    return {row.step_id: OwedLevel(*row) for row in rows}


def _next_change(session: Session, now: datetime) -> datetime:
    """At the latest at midnight: units go live, fields are given and units end by days."""
    midnight = (wall_clock(now) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    planned: datetime | None = session.scalar(_NEXT_CHANGE, {"now": now})
    return min(midnight, planned) if planned is not None else midnight
