"""What the house does by itself between two happenings: levels fire, holds end, windows close, messages leave."""

from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.seeding.demonstration import leaders
from app.seeding.demonstration.post_office import PostOffice
from app.seeding.demonstration.stage import Stage
from escalation.digests import post_daily_lists
from escalation.sweep import tick
from tickets.resolution import close_due, wake_due
from tickets.schema import PlannedStep

# A scheduler looks every five seconds; in the play it always finds what is due at its next look.
LOOKS_EVERY = timedelta(seconds=5)
HOUSEKEEPING_EVERY = timedelta(hours=1)
POST_EVERY = timedelta(minutes=15)


class Machinery:
    """Brings the house from one instant to the next, exactly as its schedulers and workers would have."""

    def __init__(self, post: PostOffice, *, begins_at: datetime) -> None:
        self._post = post
        self._kept_house_at = self._posted_at = self._at = begins_at

    def __call__(self, stage: Stage, session: Session, now: datetime) -> None:
        while (due := self._next_due(session, now)) is not None:
            self._fire(stage, session, max(due, self._at) + LOOKS_EVERY * stage.rng.uniform(0.1, 1))
        while self._kept_house_at + HOUSEKEEPING_EVERY <= now:
            self._kept_house_at += HOUSEKEEPING_EVERY
            self._keep_house(stage, session, self._kept_house_at)
        if self._posted_at + POST_EVERY <= now or now == stage.ends_at:
            self._posted_at = now
            self._post.send_due(session, now=now)
        self._at = max(self._at, now)

    def _next_due(self, session: Session, now: datetime) -> datetime | None:
        due: datetime | None = session.scalar(
            select(func.min(PlannedStep.planned_at)).where(PlannedStep.fired_at.is_(None))
        )
        return due if due is not None and due <= now else None

    def _fire(self, stage: Stage, session: Session, now: datetime) -> None:
        self._at = now
        if tick(session, now=now).fired:
            leaders.notice(stage, session, since=now - timedelta(seconds=1), now=now)

    def _keep_house(self, stage: Stage, session: Session, now: datetime) -> None:
        wake_due(session, now=now)
        close_due(session, now=now)
        if now.astimezone(stage.zone).time().hour == time(7).hour:
            post_daily_lists(session, now=now)
