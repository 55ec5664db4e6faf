"""What the house does by itself between two happenings: levels fire, holds end, windows close."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.seeding.demonstration import leaders
from app.seeding.demonstration.stage import Stage
from escalation.firing.sweep import tick
from escalation.queries.digests import post_daily_lists
from tickets.schema import PlannedStep
from tickets.work.resolution import close_due, wake_due

# A scheduler looks every five seconds; in the play it always finds what is due at its next look.
LOOKS_EVERY = timedelta(seconds=5)
HOUSEKEEPING_EVERY = timedelta(hours=1)
DAILY_LISTS_AT = 7
# A step that was planned into the past is due at once; further back than this none can lie unfired.
LONGEST_PAST = timedelta(days=2)
# A database that has just been filled knows nothing of its tables yet and would read them from end to end.
LEARN_AT = (0.05, 0.2, 0.5)


class Machinery:
    """Brings the house from one instant to the next, exactly as its schedulers and workers would have."""

    def __init__(self, *, begins_at: datetime, progress: Callable[[int], None]) -> None:
        self._progress = progress
        self._kept_house_at = self._at = begins_at
        self._to_learn = list(LEARN_AT)

    def __call__(self, stage: Stage, session: Session, until: datetime) -> bool:
        """Do the next thing that is due by then; false when there is none and the clock stands there."""
        due, hour = self._next_due(session, until), self._kept_house_at + HOUSEKEEPING_EVERY
        if due is not None and due <= hour:
            self._fire(stage, session, max(due, self._at) + LOOKS_EVERY * stage.rng.uniform(0.1, 1))
            return True
        if hour <= until:
            self._kept_house_at = hour
            self._keep_house(stage, session, hour)
            return True
        self._at = max(self._at, until)
        return False

    def _next_due(self, session: Session, now: datetime) -> datetime | None:
        due: datetime | None = session.scalar(
            select(func.min(PlannedStep.planned_at)).where(
                PlannedStep.fired_at.is_(None), PlannedStep.planned_at > self._at - LONGEST_PAST
            )
        )
        return due if due is not None and due <= now else None

    def _fire(self, stage: Stage, session: Session, now: datetime) -> None:
        self._at = now
        if tick(session, now=now).fired:
            leaders.notice(stage, session, since=now - timedelta(seconds=1), now=now)

    def _keep_house(self, stage: Stage, session: Session, now: datetime) -> None:
        wake_due(session, now=now)
        close_due(session, now=now)
        if now.astimezone(stage.zone).hour == DAILY_LISTS_AT:
            post_daily_lists(session, now=now)
        if self._to_learn and now >= stage.begins_at + (stage.ends_at - stage.begins_at) * self._to_learn[0]:
            self._to_learn.pop(0)
            session.execute(
                text("analyze ticket, clock, clock_interval, planned_step, step_recipient, outbound_message")
            )
        self._progress(int(100 * (now - stage.begins_at) / (stage.ends_at - stage.begins_at)))
