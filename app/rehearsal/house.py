"""What the house does by itself between two happenings of the rehearsal: levels fire, messages leave, holds end."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.orm import Session

from app.rehearsal.carrier import NEXT_MESSAGE, PostRoom
from app.seeding.demonstration import leaders
from app.seeding.demonstration.machinery import LONGEST_PAST
from app.seeding.demonstration.stage import Stage
from escalation.acknowledging.instruction_tasks import break_overdue
from escalation.firing.pursue import pursue
from escalation.firing.sweep import note_late, tick
from escalation.queries.desk_digests import post_desk_digests
from escalation.queries.digests import post_daily_lists
from escalation.queries.monthly_directory import remind_of_directory
from escalation.queries.succession import hand_over
from escalation.queries.weekly_gaps import post_weekly_gaps
from escalation.queries.weekly_readiness import post_weekly_readiness
from tickets.outbox.rota_news import tell_turns_that_begin
from tickets.schema import PlannedStep
from tickets.work.resolution import close_due, wake_due

# A scheduler looks every five seconds; here it looks every five minutes, and only where something is due by then.
HOUSE_LOOKS_EVERY = timedelta(minutes=5)
# Lists come at half past an hour: whoever is told of the fourth level between that and the hour has no room for them.
_KEEPS_HOUSE_EVERY = timedelta(minutes=30)
# What is only in the next list is read there, and not before.
_TOLD_AT_ONCE = PlannedStep.detail["in"].astext.is_(None)
# What the schedulers send people of the city besides levels; each knows its own hour, day or week.
_BY_THEMSELVES = (
    post_daily_lists, post_desk_digests, hand_over, tell_turns_that_begin, post_weekly_gaps, post_weekly_readiness,
    remind_of_directory,
)  # fmt: skip
# The database learns anew what its tables hold when there are so many times as many tickets, and a few more.
_LEARNS_AFTER, _FEW = 1.3, 20
# What is written at an hour has left by then: a list that came counts in its reader's day.
_HAS_LEFT = timedelta(minutes=2)
_STEP = select(func.min(PlannedStep.planned_at)).where(
    PlannedStep.fired_at.is_(None), PlannedStep.planned_at > bindparam("since")
)
_UNREACHED = select(func.min(PlannedStep.reach_by)).where(PlannedStep.reach_by.is_not(None))
# Asked before everything that happens: in one statement.
_NEXT_DUE = select(func.least(_STEP.scalar_subquery(), _UNREACHED.scalar_subquery(), NEXT_MESSAGE.scalar_subquery()))
_GROWING = "ticket, clock, clock_interval, planned_step, step_recipient, outbound_message, escalation_attempt, contact"


class House:
    """Brings the house from one instant to the next by the code of its schedulers; commits, so that tables stay fit."""

    def __init__(self, *, begins_at: datetime, post_room: PostRoom, progress: Callable[[int], None]) -> None:
        self._post_room, self._progress = post_room, progress
        self._begins_at = self._kept_house_at = self._at = begins_at
        self._percent = self._learnt = 0

    def __call__(self, stage: Stage, session: Session, until: datetime) -> bool:
        """Do the next thing that is due by then; false when there is none and the clock stands there.

        Never beyond: whoever answers a minute before a look must have answered when it comes.
        """
        look, hour = self._next_look(session), self._kept_house_at + _KEEPS_HOUSE_EVERY
        if look is not None and look <= min(hour, until):
            self._look(stage, session, look)
            return True
        if hour <= until:
            self._kept_house_at = hour
            self._keep_house(stage, session, hour)
            return True
        self._at = max(self._at, until)
        return False

    def _next_look(self, session: Session) -> datetime | None:
        """The first of the looks after now at which something is due: those before it would find nothing."""
        due: datetime | None = session.scalar(_NEXT_DUE, {"since": self._at - LONGEST_PAST})
        if due is None:
            return None
        past = max(due, self._at) - self._begins_at
        return self._begins_at + (past // HOUSE_LOOKS_EVERY + 1) * HOUSE_LOOKS_EVERY

    def _look(self, stage: Stage, session: Session, now: datetime) -> None:
        since, self._at = self._at, now
        while tick(session, now=now).claimed:
            pass
        leaders.notice(stage, session, _TOLD_AT_ONCE, since=since, now=now)
        while note_late(session, now=now):
            pass
        while pursue(session, now=now):
            pass
        self._post_room.deliver(session, now=now)

    def _keep_house(self, stage: Stage, session: Session, now: datetime) -> None:
        wake_due(session, now=now)
        close_due(session, now=now)
        while break_overdue(session, now=now):
            pass
        for post in _BY_THEMSELVES:
            post(session, now=now)
        leaders.read_lists(stage, session, now=now)
        self._post_room.deliver(session, now=now)
        self._post_room.deliver_to_citizens(session, now=now + _HAS_LEFT)
        session.commit()
        if stage.opened >= self._learnt * _LEARNS_AFTER + _FEW:
            # Tables that grow from nothing: the database would read them from end to end.
            self._learnt = stage.opened
            session.execute(text(f"analyze {_GROWING}"))
            session.commit()
        percent = int(100 * (now - stage.begins_at) / (stage.ends_at - stage.begins_at))
        if percent != self._percent:
            self._percent = percent
            self._progress(percent)
