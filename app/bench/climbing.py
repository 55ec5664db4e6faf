"""Escalation: an idle tick over many open tickets, and ten thousand due steps fired at once."""

import time
from datetime import timedelta

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from app.bench.measure import Figure, MeasuredNothing, counted, in_turn, processor_of
from app.bench.stage import settle
from app.clock import utc_now
from app.seeding.volume import multiply
from app.settings import Settings
from app.storage.database import make_engine, session_factory, transaction
from app.storage.play_progress import TellProgress
from app.storage.secret_keys import keys_of
from escalation.firing.sweep import tick
from tickets.schema import PlannedStep, Ticket
from tickets.states import UNFINISHED

_STEPS = 10_000
IDLE_LIMIT_MS = 10.0
# Of the process and of its connection, one after the other: a thousand a second. On a machine with other work the
# seconds on the wall say nothing.
FIRE_LIMIT_MS = 1.0
MOST_STATEMENTS = 0.5


def run(settings: Settings, *, open_tickets: int, say: TellProgress) -> list[Figure]:
    """The steps are fired among the tickets there are; for the idle tick there are then `open_tickets` unfinished."""
    # One connection, whose processor time is that of all that is fired.
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        factory = session_factory(engine)
        _drain(factory)
        fired = _fire(engine, factory)
        _open_more(settings, factory, wanted=open_tickets, say=say)
        _drain(factory)
        return [*fired, _idle(factory, wanted=open_tickets)]
    finally:
        engine.dispose()


def _drain(factory: sessionmaker[Session]) -> None:
    """Whatever the demonstration left due is fired first, so that idle means idle."""
    while True:
        with transaction(factory) as session:
            if not tick(session, now=utc_now()).claimed:
                return


def _unfinished(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Ticket).where(Ticket.status.in_(UNFINISHED))) or 0


def _open_more(settings: Settings, factory: sessionmaker[Session], *, wanted: int, say: TellProgress) -> None:
    """Copy unfinished tickets until there are `wanted` of them."""
    with factory() as session:
        missing = max(0, wanted - _unfinished(session))
        every = session.scalar(select(func.count()).select_from(Ticket)) or 0
    owner = make_engine(settings.owner_database_url, statement_timeout_ms=0)
    try:
        with transaction(session_factory(owner)) as session:
            keys = keys_of(session, settings)
            multiply(session, wanted=every + missing, keys=keys, progress=say, now=utc_now(), only_unfinished=True)
    finally:
        owner.dispose()
    settle(settings)


def _idle(factory: sessionmaker[Session], *, wanted: int) -> Figure:
    with factory() as session:
        unfinished = _unfinished(session)
        planned = session.scalar(select(func.count()).where(PlannedStep.fired_at.is_(None))) or 0
    if unfinished < wanted or not planned:
        raise MeasuredNothing(f"{unfinished} unfinished tickets and {planned} planned steps, not those of {wanted}")
    now = utc_now() - timedelta(hours=1)

    def look() -> None:
        with transaction(factory) as session:
            if tick(session, now=now).claimed:
                raise MeasuredNothing("a tick that was to find nothing due found something")

    (times,) = in_turn([look], rounds=100)
    value = f"p50 {times.p50:.1f} ms, p95 {times.p95:.1f} ms"
    return Figure(
        f"idle tick over {unfinished:,} open tickets", value, f"< {IDLE_LIMIT_MS:.0f} ms", times.p50 < IDLE_LIMIT_MS
    )


def _fire(engine: Engine, factory: sessionmaker[Session]) -> list[Figure]:
    now = utc_now()
    with transaction(factory) as session:
        # The next step of so many tickets falls due now, as after an outage.
        session.execute(
            text(
                """
                update planned_step set planned_at = :now
                where id in (
                    select min(s.id) from planned_step s join clock c on c.id = s.clock_id
                    where s.fired_at is null and s.kind = 'level' and c.status = 'running' and s.due_at = c.due_at
                    group by s.ticket_id order by 1 limit :steps
                )
                """
            ),
            {"now": now - timedelta(seconds=1), "steps": _STEPS},
        )
        due = session.scalar(select(func.count()).where(PlannedStep.fired_at.is_(None), PlannedStep.planned_at <= now))
    if not due or due < _STEPS:
        raise MeasuredNothing(f"{due} steps are due, not {_STEPS}: there are too few tickets with running clocks")
    with factory() as session:
        backend = session.scalar(select(func.pg_backend_pid())) or 0
    fired, begun, before = 0, time.perf_counter(), (time.process_time(), processor_of(backend))
    with counted(engine) as statements:
        while True:
            with transaction(factory) as session:
                done = tick(session, now=now)
            fired += done.fired
            if not done.claimed:
                break
    seconds = time.perf_counter() - begun
    ours, its = time.process_time() - before[0], processor_of(backend) - before[1]
    each, sent = 1000 * (ours + its) / max(1, fired), len(statements) / max(1, fired)
    value = f"{fired:,} of {due:,} in {seconds:.2f} s; {each:.2f} ms of processor each"
    note = f"ours {1000 * ours / max(1, fired):.2f}, the database's {1000 * its / max(1, fired):.2f}"
    limit = f"< {FIRE_LIMIT_MS:.0f} ms of processor"
    return [
        Figure("due steps fired", value, limit, each < FIRE_LIMIT_MS and fired >= _STEPS, note),
        Figure("  statements a step", f"{sent:.2f}", f"≤ {MOST_STATEMENTS}", sent <= MOST_STATEMENTS),
    ]
