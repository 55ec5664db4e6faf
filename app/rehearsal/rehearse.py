"""Rehearses days of the city with its rules: a database of its own, invented people, and the house's own code."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.phone.accounts import simulated_account
from app.rehearsal.carrier import REHEARSAL, PostRoom
from app.rehearsal.figures import Rehearsed, figures_of
from app.rehearsal.house import House
from app.rehearsal.matters import bring_matters
from app.rehearsal.staffing import staff_every_unit
from app.seeding import example_lines, people, reference
from app.seeding.demonstration.cast import assemble
from app.seeding.demonstration.post_office import PostOffice
from app.seeding.demonstration.stage import Stage
from app.seeding.imports import bring_in
from app.seeding.throwaway import throwaway_installation
from app.settings import Settings
from app.storage.database import make_engine, session_factory
from app.storage.secret_keys import keys_of
from app.wording.messages import message_app
from telephony.desk import Desk
from tickets.directory.loading import load_places
from tickets.people.actor import SYSTEM
from tickets.routing.rules import load_rules

_PREFIX = "hotline-rehearsal-"
_STATEMENT_MS = 600_000
# People are in office, and the rules in force, before the first matter comes.
_BEFORE = timedelta(days=60)


def rehearse(
    *, days: int, tickets_a_day: int, seed: int, on: date, policies: str | None, progress: Callable[[int], None]
) -> Rehearsed:
    """So many days from `on`, with the shipped rules or those of `policies` (the text of a file for `import policies`).

    The same seed, day and rules come to the same figures. Raises FileRefused for rules that are none.
    """
    with throwaway_installation(_PREFIX) as settings:
        engine = make_engine(settings.migrations_url, pool_size=1, statement_timeout_ms=_STATEMENT_MS)
        try:
            with session_factory(engine)() as session:
                # It is gone afterwards: nothing waits for a disk.
                session.execute(text("set synchronous_commit = off"))
                stage = _set_up(settings, session, days=days, seed=seed, on=on, policies=policies)
                bring_matters(stage, session, tickets_a_day=tickets_a_day)
                stage.run(session, between=_house(settings, stage, progress))
                session.commit()
                return figures_of(
                    session, seed=seed, tickets_a_day=tickets_a_day, begins_at=stage.begins_at, days=days,
                    zone=settings.zone, now=stage.ends_at,
                )  # fmt: skip
        finally:
            engine.dispose()


def _set_up(settings: Settings, session: Session, *, days: int, seed: int, on: date, policies: str | None) -> Stage:
    begins_at = datetime.combine(on, time(), settings.zone)
    ends_at = begins_at + timedelta(days=days)
    reference.load(session, now=begins_at - _BEFORE)
    example_lines.give(session, now=begins_at - _BEFORE)
    if policies is not None:
        bring_in(session, "policies", policies, actor=SYSTEM, now=begins_at - _BEFORE)
    # The demonstration's rota reaches a month back from the instant it is given.
    people.load(session, now=ends_at, zone=settings.zone)
    staff_every_unit(session, since=begins_at - _BEFORE)
    session.commit()
    session.execute(text("analyze"))
    session.commit()
    rng = Random(seed)  # noqa: S311  (no secret is made of it)
    desk = Desk(
        account=simulated_account(settings),
        places=load_places(session),
        rules=load_rules(session, on=on),
        keys=keys_of(session, settings),
    )
    cast = assemble(session, rng, now=begins_at)
    return Stage(desk, cast, settings.zone, rng, begins_at=begins_at, ends_at=ends_at)


def _house(settings: Settings, stage: Stage, progress: Callable[[int], None]) -> House:
    to_citizens = PostOffice(REHEARSAL, settings.base_url, message_app(settings))
    post_room = PostRoom(REHEARSAL, to_citizens)
    return House(begins_at=stage.begins_at, post_room=post_room, progress=progress)
