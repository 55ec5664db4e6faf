"""Plays the demonstration from its first day to the present, in the order things happen."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.phone.accounts import simulated_account
from app.seeding.demonstration.arrivals import schedule
from app.seeding.demonstration.cast import assemble
from app.seeding.demonstration.machinery import Machinery
from app.seeding.demonstration.post_office import PostOffice
from app.seeding.demonstration.scenes import set_scenes
from app.seeding.demonstration.stage import Stage
from app.settings import Settings
from app.wording.messages import message_app
from telephony.desk import Desk
from tickets.directory.loading import load_places
from tickets.keys import keys_from
from tickets.routing.rules import load_rules
from tickets.schema import Ticket

Progress = Callable[[str], None]

DAYS = 30
TICKETS = 280
# The same play every time: what is seen in one demonstration can be looked up in another.
SEED = 20250701


def _silently(_words: str) -> None:
    """For callers that wait without telling anybody."""


def play(
    settings: Settings, session: Session, *, tickets: int = TICKETS, progress: Progress = _silently, now: datetime
) -> int | None:
    """How many tickets were opened; None, and nothing done, when there are tickets already.

    All of it is one transaction: a start that is interrupted leaves nothing half played.
    """
    if session.scalar(select(exists().where(Ticket.id.is_not(None)))):
        return None
    rng = Random(SEED)  # noqa: S311  (no secret is made of it)
    desk, cast = _desk(settings, session, now=now), assemble(session, rng, now=now)
    stage = Stage(desk, cast, settings.zone, rng, begins_at=now - timedelta(days=DAYS), ends_at=now)
    schedule(stage, tickets)
    set_scenes(stage)
    progress("Playing the demonstration's last 30 days (about half a minute) …")
    stage.run(session, between=Machinery(begins_at=stage.begins_at, progress=progress))
    post = PostOffice(desk.account.name, settings.base_url, message_app(settings))
    post.send_all(session, now=now)
    return stage.opened


def _desk(settings: Settings, session: Session, *, now: datetime) -> Desk:
    return Desk(
        account=simulated_account(settings),
        places=load_places(session),
        rules=load_rules(session, on=now.astimezone(settings.zone).date()),
        keys=keys_from(settings.secret_key),
    )
