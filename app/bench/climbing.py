"""Escalation: an idle tick over many open tickets, and a thousand due steps fired at once."""

import time
from datetime import timedelta

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from app.bench.measure import Figure, counted, in_turn
from app.clock import utc_now
from app.database import transaction
from escalation.sweep import tick
from tickets.schema import PlannedStep, Ticket
from tickets.states import UNFINISHED

_STEPS = 1000
IDLE_LIMIT_MS = 10.0
FIRE_LIMIT_SECONDS = 3.0


def run(engine: Engine, factory: sessionmaker[Session]) -> list[Figure]:
    now = utc_now()
    with transaction(factory) as session:
        # Whatever the demonstration left due is fired first, so that idle means idle.
        while tick(session, now=now).claimed:
            pass
        unfinished = session.scalar(select(func.count()).select_from(Ticket).where(Ticket.status.in_(UNFINISHED)))
    return [_idle(factory, unfinished or 0), *_fire(engine, factory)]


def _idle(factory: sessionmaker[Session], unfinished: int) -> Figure:
    now = utc_now() - timedelta(hours=1)

    def look() -> None:
        with transaction(factory) as session:
            tick(session, now=now)

    (times,) = in_turn([look], rounds=100)
    value = f"p50 {times.p50:.1f} ms, p95 {times.p95:.1f} ms"
    return Figure(
        f"idle tick over {unfinished:,} open tickets", value, f"< {IDLE_LIMIT_MS:.0f} ms", times.p50 < IDLE_LIMIT_MS
    )


def _fire(engine: Engine, factory: sessionmaker[Session]) -> list[Figure]:
    now = utc_now()
    with transaction(factory) as session:
        # The next step of a thousand tickets falls due now, as after an outage.
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
    fired, begun = 0, time.perf_counter()
    with counted(engine) as statements:
        while True:
            with transaction(factory) as session:
                done = tick(session, now=now)
            fired += done.fired
            if not done.claimed:
                break
    seconds = time.perf_counter() - begun
    value = f"{fired:,} of {due:,} in {seconds:.2f} s"
    kept = seconds < FIRE_LIMIT_SECONDS and fired >= min(_STEPS, due or 0)
    return [
        Figure("due steps fired", value, f"{_STEPS:,} in < {FIRE_LIMIT_SECONDS:.0f} s", kept),
        Figure("  statements a step", f"{len(statements) / max(1, fired):.2f}"),
    ]
