"""Rehearses a script of callers on an installation of its own, of which nothing is left."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.rehearsal.call_centre import CallCentre, Worker
from app.rehearsal.call_figures import CallsRehearsed, figures_of_calls
from app.rehearsal.call_script import CallScript
from app.seeding import example_lines, reference
from app.seeding.throwaway import throwaway_installation
from app.storage.database import make_engine, session_factory
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from telephony.floor import presence
from tickets.city import day_of
from tickets.directory.lines import city_line
from tickets.directory.staff import NewPerson, add_people, give_roles
from tickets.schema import Unit
from tickets.states import Role, UnitKind

_PREFIX = "hotline-calls-"
_LONGEST_STATEMENT_MS = 60_000
# The line and its rules are in force before the first caller comes.
_SINCE = timedelta(days=30)


def rehearse_calls(script: CallScript, *, begins_at: datetime, progress: Callable[[int], None]) -> CallsRehearsed:
    """The same script comes to the same figures."""
    with throwaway_installation(_PREFIX) as settings:
        engine = make_engine(settings.database_url, pool_size=2, statement_timeout_ms=_LONGEST_STATEMENT_MS)
        try:
            app = create_app(settings, engine=engine)
            with session_factory(engine)() as session:
                reference.load(session, now=begins_at - _SINCE)
                example_lines.give(session, now=begins_at - _SINCE)
                session.commit()
                session.execute(text("set synchronous_commit = off"))
                centre = call_centre(app, session, script, begins_at=begins_at)
                session.commit()
                centre.run(progress)
                return figures_of_calls(centre)
        finally:
            engine.dispose()


def call_centre(app: HotlineApp, session: Session, script: CallScript, *, begins_at: datetime) -> CallCentre:
    """Its agents sit at the city's desk, which takes every call."""
    line = city_line(session, on=day_of(begins_at))
    if line is None:
        raise LookupError("there is no city line")
    workers = _seated(session, script, begins_at=begins_at)
    return CallCentre(app, session, script, line.phone, begins_at, workers)


def _seated(session: Session, script: CallScript, *, begins_at: datetime) -> list[Worker]:
    desk = session.scalars(
        select(Unit.id).where(Unit.kind == UnitKind.OFFICE, Unit.valid_to.is_(None)).order_by(Unit.id).limit(1)
    ).one()
    kinds = [kind for kind in script.agents for _ in range(kind.number)]
    people = [
        NewPerson(
            email=f"agent{number}@rehearsal.example", name=f"Agent {number}", title="", phone=None,
            languages=("vi", "en"), is_demo=True,
        )
        for number in range(len(kinds))
    ]  # fmt: skip
    ids = add_people(session, people, now=begins_at - _SINCE)
    give_roles(session, [(one, Role.AGENT, desk) for one in ids], now=begins_at - _SINCE)
    for staff_id in ids:
        presence.go_available(session, staff_id, now=begins_at)
    session.flush()
    return [Worker(staff_id, kind) for staff_id, kind in zip(ids, kinds, strict=True)]
