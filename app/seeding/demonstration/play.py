"""Plays the demonstration from its first day to the present, in the order things happen."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import Session

from app.phone.accounts import simulated_account
from app.seeding.demonstration.arrivals import schedule
from app.seeding.demonstration.cast import assemble
from app.seeding.demonstration.guidance import give_guidance, notice_problems
from app.seeding.demonstration.machinery import Machinery
from app.seeding.demonstration.post_office import PostOffice
from app.seeding.demonstration.scenes import CERTAIN_KEY, set_scenes
from app.seeding.demonstration.stage import Stage
from app.settings import Settings
from app.storage.play_progress import ONE_AT_A_TIME
from app.storage.secret_keys import keys_of
from app.wording.messages import message_app
from escalation.firing.sweep import tick
from telephony.desk import Desk
from tickets.directory.loading import load_places
from tickets.outbox import text_parts
from tickets.promises import day_totals
from tickets.routing.rules import load_rules
from tickets.schema import Base, Contact, OutboundMessage

PLAYED_DAYS = 30
TICKETS = 280
# The same play every time: what is seen in one demonstration can be looked up in another.
PLAY_SEED = 20250701
# Where one row an agent is all there may be, whoever writes it.
_FLOOR = ("presence", "offer")


def _silently(_percent: int) -> None:
    """For callers that wait without telling anybody."""


def is_played(session: Session) -> bool:
    """By a matter that every play has; tickets that somebody opened beside it say nothing."""
    return bool(session.scalar(select(exists().where(Contact.source_key == CERTAIN_KEY))))


def play(
    settings: Settings,
    session: Session,
    *,
    tickets: int = TICKETS,
    progress: Callable[[int], None] = _silently,
    now: datetime,
    clock: Callable[[], datetime] | None = None,
) -> int | None:
    """How many tickets were opened; None, and nothing done, when the demonstration is there already.

    `progress` receives per cent. All of it is one transaction: a start that is interrupted leaves nothing half played,
    and whoever works beside it sees nothing of it before it is whole. It keeps nobody from what was there before, but
    for whoever changes rules in its last moments. `clock` is read once more at the end: what fell
    due while it was played is not left for the scheduler to find late.
    """
    session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    if is_played(session):
        return None
    _on_a_floor_of_its_own(session)
    day_totals.forget_at_the_end(session)
    last_message = _last_message(session)
    rng = Random(PLAY_SEED)  # noqa: S311  (no secret is made of it)
    desk, cast = _desk(settings, session, now=now), assemble(session, rng, now=now)
    stage = Stage(desk, cast, settings.zone, rng, begins_at=now - timedelta(days=PLAYED_DAYS), ends_at=now)
    schedule(stage, tickets)
    set_scenes(stage)
    stage.run(session, between=Machinery(begins_at=stage.begins_at, progress=progress))
    notice_problems(session, now=now)
    post = PostOffice(desk.account.name, settings.base_url, message_app(settings))
    post.send_all(session, after_id=last_message, now=now)
    _onto_the_real_floor(session)
    if clock is not None:
        tick(session, now=clock())
    # Last of all: whoever changes rules waits from here on until it is committed, and for nothing before.
    last_message = _last_message(session)
    give_guidance(session, now=now)
    post.send_all(session, after_id=last_message, now=now)
    # Counted beside it, days had nothing of the play.
    day_totals.forget_all(session)
    text_parts.forget_all(session)
    return stage.opened


def _last_message(session: Session) -> int:
    return session.scalar(select(func.max(OutboundMessage.id))) or 0


def _on_a_floor_of_its_own(session: Session) -> None:
    """Agents of the play must not be given the calls of somebody who tries the telephone meanwhile, nor keep people who
    have just signed in from theirs: until the end of the transaction these tables are the play's own.
    """
    for table in _FLOOR:
        session.execute(text(f"create temp table {table} (like public.{table} including all) on commit drop"))


def _onto_the_real_floor(session: Session) -> None:
    for table in _FLOOR:
        columns = ", ".join(f'"{c.name}"' for c in Base.metadata.tables[table].columns if c.name != "id")
        session.execute(
            text(f"insert into public.{table} ({columns}) select {columns} from {table} on conflict do nothing")  # noqa: S608  (our tables)
        )


def _desk(settings: Settings, session: Session, *, now: datetime) -> Desk:
    return Desk(
        account=simulated_account(settings),
        places=load_places(session),
        rules=load_rules(session, on=now.astimezone(settings.zone).date()),
        keys=keys_of(session, settings),
    )
