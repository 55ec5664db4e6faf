"""The scheduler: who ticks, whether the clock is believed, and what one poisoned ticket may not do."""

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError

from app.clockwork import scheduler
from app.clockwork.node import make_node
from app.clockwork.one_leader import SILENCE, Leadership, is_silent
from app.clockwork.run_job import run_job
from app.clockwork.schedule import (
    SCHEDULE,
    clear_away,
    give_sign_of_life,
    hold_the_lease,
    seal_audit_trail,
    wake_for_waiting_messages,
)
from app.clockwork.scheduler import run
from app.clockwork.tick_job import Ticker
from app.processes.signs_of_life import database_now
from app.storage.believed_clock import ClockHeld
from app.storage.database import transaction
from tests.escalation.scene import full_house, ticket, ward
from tests.factories import staff
from tests.faults.clocks import database_clock
from tests.faults.nodes import wait_until
from tickets import leader_jobs
from tickets.audit import entries
from tickets.clock_decisions import believe_the_database
from tickets.outbox.posting import post_email
from tickets.people.actor import SYSTEM
from tickets.process_beats import TICKING
from tickets.schema import (
    AuditEntry,
    AuditSeal,
    IdempotencyKey,
    LeaderJob,
    LeaderLease,
    Outage,
    PlannedStep,
    ProcessBeat,
    Ticket,
)
from tickets.states import Priority, StepKind
from tickets.told_clocks import told_clocks

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def overdue_tickets(committed, count: int) -> list[int]:
    with transaction(committed.factory) as session:
        now = database_now(session)
        unit = ward(session)
        full_house(session, unit, now=now)
        return [
            ticket(session, unit, arrived_at=now - timedelta(hours=25, minutes=n), priority=Priority.URGENT).id
            for n in range(count)
        ]


def fired_tickets(committed) -> set[int]:
    with committed.factory() as session:
        statement = select(PlannedStep.ticket_id).where(
            PlannedStep.fired_at.is_not(None), PlannedStep.kind == StepKind.LEVEL
        )
        return set(session.scalars(statement))


def ticker_on(committed, woken: list[int] | None = None) -> Ticker:
    calls = woken if woken is not None else []
    leadership = Leadership(committed.engine, holder="one")
    leadership.hold()
    return Ticker(committed.factory, leadership, lambda: calls.append(1))


# What a lock that somebody holds makes of a statement, at once.
_LOCKED = """
    create function held() returns trigger language plpgsql as $$ begin
        raise exception 'canceling statement due to lock timeout' using errcode = '55P03'; end $$;
    create trigger held before delete on webhook_event execute function held()
"""


def test_an_hourly_job_that_met_a_lock_is_done_soon_after_and_not_an_hour_later(committed, settings, monkeypatch):
    monkeypatch.setattr(scheduler, "AGAIN_SECONDS", 1.0)
    node = settings.model_copy(update={"database_url": committed.url, "redis_url": committed.redis_url})
    stop = threading.Event()
    with psycopg.connect(committed.superuser_url.replace("+psycopg", ""), autocommit=True) as superuser:
        superuser.execute(_LOCKED)
        process = threading.Thread(target=run, args=(node, stop), daemon=True)
        process.start()
        try:
            failed = wait_until(lambda: _job(committed, "forget old webhooks").failure == "locked")
            superuser.execute("drop trigger held on webhook_event")
            done = wait_until(lambda: _job(committed, "forget old webhooks").succeeded_at is not None, seconds=20)
        finally:
            stop.set()
            process.join(20)

    assert failed and done
    assert _job(committed, "forget old webhooks").failure == ""


def _job(committed, name: str) -> LeaderJob:
    with committed.factory() as session:
        return session.get(LeaderJob, name) or LeaderJob(name=name, failure="", succeeded_at=None)


def test_a_tick_fires_everything_due_and_wakes_the_worker(committed):
    ids, woken = overdue_tickets(committed, 3), []
    ticker = ticker_on(committed, woken)

    fired = ticker.run()

    assert fired == 3 * 4  # one level and three warnings each
    assert fired_tickets(committed) == set(ids)
    assert woken
    ticker.leadership.give_up()


def test_only_one_of_two_schedulers_ticks_until_the_leader_falls_silent(committed):
    first, second = ticker_on(committed), ticker_on(committed)
    first.run()
    ids = overdue_tickets(committed, 1)

    assert second.run() == 0
    assert fired_tickets(committed) == set()
    with transaction(committed.factory) as session:
        session.get_one(ProcessBeat, TICKING).beat_at -= SILENCE * 2
    second.run()

    assert fired_tickets(committed) == set(ids)
    first.leadership.give_up()


def test_nobody_ticking_is_silence(committed):
    with transaction(committed.factory) as session:
        assert is_silent(session, now=NOON)
        _led_and_ticked(session, led_at=NOON, ticked_at=NOON)

        assert not is_silent(session, now=NOON + timedelta(seconds=5))
        assert is_silent(session, now=NOON + timedelta(seconds=30))


def test_a_tick_that_is_still_to_come_is_silence(committed):
    with transaction(committed.factory) as session:
        _led_and_ticked(session, led_at=NOON, ticked_at=NOON + timedelta(hours=2))

        assert is_silent(session, now=NOON)


def test_while_nobody_leads_a_noted_tick_keeps_nobody_from_ticking(committed):
    with transaction(committed.factory) as session:
        _led_and_ticked(session, led_at=NOON - SILENCE * 2, ticked_at=NOON)

        assert is_silent(session, now=NOON)


def test_whoever_stands_in_is_killed_after_noting_its_tick_and_the_next_fires_at_once(committed, monkeypatch):
    leader, killed, third = ticker_on(committed), ticker_on(committed), ticker_on(committed)
    leader.run()
    ids = overdue_tickets(committed, 1)
    with transaction(committed.factory) as session:
        long_ago = database_now(session) - SILENCE * 2
        session.get_one(ProcessBeat, TICKING).beat_at = long_ago
        session.scalars(select(LeaderLease)).one().renewed_at = long_ago
    monkeypatch.setattr(killed, "_fire_all", lambda: 0)

    killed.run()
    third.run()

    assert fired_tickets(committed) == set(ids)


def _led_and_ticked(session, *, led_at: datetime, ticked_at: datetime) -> None:
    session.add(LeaderLease(name="schedulers", epoch=1, holder="one", taken_at=led_at, renewed_at=led_at))
    session.add(ProcessBeat(name=TICKING, kind="scheduler", beat_at=ticked_at, detail={}))
    session.flush()


def test_after_a_jump_of_the_databases_clock_nothing_fires_and_at_once_again_when_it_is_right(committed):
    ahead = database_clock(committed)
    ticker = ticker_on(committed)
    ticker.run()
    ids = overdue_tickets(committed, 1)

    ahead.set_ahead(7200)
    wrong = ticker.run()
    ahead.set_ahead(0)
    right = ticker.run()

    assert (wrong, right) == (0, 4)
    assert fired_tickets(committed) == set(ids)


def test_a_jump_in_the_middle_of_a_tick_ends_it(committed):
    ahead = database_clock(committed)
    ticker = ticker_on(committed)
    ids = overdue_tickets(committed, 1)
    ticker.run()
    overdue_tickets(committed, 1)

    with transaction(committed.factory) as session:
        assert ticker.clock.now(session)
    ahead.set_ahead(-7200)
    with pytest.raises(ClockHeld):
        ticker.firing.next()

    assert fired_tickets(committed) == set(ids)


def test_a_last_tick_in_the_future_is_mended_when_an_administrator_says_which_clock_is_right(committed):
    with transaction(committed.factory) as session:
        now = database_now(session)
        session.add(ProcessBeat(name=TICKING, kind="scheduler", beat_at=now + timedelta(hours=2), detail={}))
    ids = overdue_tickets(committed, 1)
    ticker = ticker_on(committed)
    assert ticker.run() == 0

    with transaction(committed.factory) as session:
        believe_the_database(session, reason="So does my watch", actor=SYSTEM, now=database_now(session))
    ticker.run()

    assert fired_tickets(committed) == set(ids)
    with committed.factory() as session:
        assert session.get_one(ProcessBeat, TICKING).beat_at - now < timedelta(minutes=5)
        assert session.scalars(select(Outage)).all() == []


def test_what_is_judged_by_time_waits_for_the_clock_and_what_is_not_goes_on(committed, settings):
    ahead = database_clock(committed)
    node = make_node(settings, committed.engine)
    hold_the_lease(node)
    node.ticker.run()
    ahead.set_ahead(7200)
    by_name = {job.name: job for job in SCHEDULE}

    for name in ("clear away", "wake for waiting messages"):
        run_job(node, by_name[name])
    give_sign_of_life(node)

    with committed.factory() as session:
        jobs = {job.name: job for job in leader_jobs.all_jobs(session)}
        [told] = told_clocks(session, now=database_now(session))
    assert (jobs["clear away"].succeeded_at, jobs["clear away"].failure) == (None, "clock_held")
    assert jobs["wake for waiting messages"].succeeded_at is not None
    assert told.clock.holds
    assert told.clock.node_ahead_seconds == pytest.approx(-7200, abs=5)


def test_a_ticket_that_cannot_be_fired_is_put_aside_and_the_others_fire(committed):
    ids = overdue_tickets(committed, 5)
    poison = ids[2]
    ticker = ticker_on(committed)

    def refuse(_connection, _cursor, statement, parameters, _context, _many) -> None:
        told = json.loads(parameters["rows"]) if statement.startswith('insert into "step_recipient"') else []
        if steps.intersection(row["step_id"] for row in told):
            raise ValueError("poison")

    with committed.factory() as session:
        steps = set(session.scalars(select(PlannedStep.id).where(PlannedStep.ticket_id == poison)))
    event.listen(committed.engine, "before_cursor_execute", refuse)
    try:
        ticker.run()
    finally:
        event.remove(committed.engine, "before_cursor_execute", refuse)

    assert fired_tickets(committed) == set(ids) - {poison}
    assert list(ticker.firing.set_aside) == [poison]
    ticker.firing.set_aside.clear()
    ticker.run()
    assert fired_tickets(committed) == set(ids)
    ticker.leadership.give_up()


def test_a_gap_between_ticks_is_kept_as_an_outage(committed):
    ticker = ticker_on(committed)
    ticker.run()
    with transaction(committed.factory) as session:
        session.get_one(ProcessBeat, TICKING).beat_at -= timedelta(minutes=10)

    ticker.run()

    with committed.factory() as session:
        [outage] = session.scalars(select(Outage)).all()
    assert outage.to_at - outage.from_at > timedelta(minutes=9)
    ticker.leadership.give_up()


def test_the_audit_trail_is_sealed_up_to_the_last_settled_entry(committed, settings):
    node = make_node(settings, committed.engine)
    with transaction(committed.factory) as session:
        now = database_now(session)
        for at in (now - timedelta(seconds=30), now):
            entries.record(session, actor=SYSTEM, action="x", subject_kind="y", subject_id=1, now=at)

    seal_audit_trail(node)

    with committed.factory() as session:
        assert entries.verify(session).broken_entry_id is None
        unsealed = select(AuditEntry.at).outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
        left = session.scalars(unsealed.where(AuditSeal.entry_id.is_(None))).all()
    assert left == [now]


def test_what_is_refused_to_one_posting_keeps_no_other_from_its_turn_and_is_told(committed, settings):
    node = make_node(settings, committed.engine)
    woken: list[int] = []
    node.wake = lambda: woken.append(1)

    def refused(session, *, now, put_aside=None):
        session.add(IdempotencyKey(scope="s", key="refused", fingerprint="f", created_at=now))
        session.flush()
        session.execute(text("select 1 / 0"))
        return 1

    def kept(session, *, now, put_aside=None):
        session.add(IdempotencyKey(scope="s", key="kept", fingerprint="f", created_at=now))
        return 1

    with pytest.raises(DBAPIError):
        node.post(refused, kept)

    with committed.factory() as session:
        assert session.scalars(select(IdempotencyKey.key)).all() == ["kept"]
    assert woken == [1]


def test_messages_that_wait_although_they_are_due_wake_the_worker(committed, settings):
    node = make_node(settings, committed.engine)
    woken: list[int] = []
    node.wake = lambda: woken.append(1)
    wake_for_waiting_messages(node)
    assert woken == []

    with transaction(committed.factory) as session:
        post_email(
            session, to="a@b.vn", template="ticket_opened", params={}, locale="vi", dedup_key="k",
            now=database_now(session) - timedelta(minutes=1),
        )  # fmt: skip
    wake_for_waiting_messages(node)

    assert woken == [1]


def test_what_has_served_its_time_is_cleared_away_and_the_last_tick_is_not(committed, settings):
    node = make_node(settings, committed.engine)
    with transaction(committed.factory) as session:
        now = database_now(session)
        staff(session)
        for key, age in (("old", timedelta(days=3)), ("new", timedelta(hours=1))):
            session.add(IdempotencyKey(scope="s", key=key, fingerprint="f", created_at=now - age))
        for name in (TICKING, "worker:gone:1"):
            session.add(ProcessBeat(name=name, kind="x", beat_at=now - timedelta(days=1), detail={}))

    clear_away(node)

    with committed.factory() as session:
        assert session.scalars(select(IdempotencyKey.key)).all() == ["new"]
        assert session.scalars(select(ProcessBeat.name)).all() == [TICKING]


def test_every_job_of_the_table_runs_without_complaint(committed, settings):
    node = make_node(settings, committed.engine)

    for job in SCHEDULE:
        # As it goes on every three seconds while the others work: they take longer than the lease on a busy machine.
        hold_the_lease(node)
        job.act(node)
        job.act(node.as_leader(node.leadership.epoch or 0))

    with committed.factory() as session:
        assert session.get(ProcessBeat, TICKING) is not None
    node.leadership.give_up()


def test_the_running_scheduler_fires_what_is_due_and_leaves_when_told(committed, settings):
    ids, stop = overdue_tickets(committed, 1), threading.Event()
    chosen = settings.model_copy(update={"database_url": committed.url})
    thread = threading.Thread(target=run, args=(chosen, stop))
    thread.start()

    deadline = time.monotonic() + 60
    while fired_tickets(committed) != set(ids) and time.monotonic() < deadline:
        time.sleep(0.1)
    stop.set()
    thread.join(60)

    assert not thread.is_alive()
    with committed.factory() as session:
        assert session.get_one(Ticket, ids[0]).escalation_level == 1
        assert session.scalars(select(ProcessBeat.name).where(ProcessBeat.name.like("scheduler:%"))).all() == []


@pytest.mark.parametrize("jump", [7200, -7200])
def test_when_the_databases_clock_is_right_again_no_job_is_called_overdue(committed, settings, jump):
    node, clock = make_node(settings, committed.engine), database_clock(committed)
    clock.set_ahead(0)
    node.ticker.run()
    clock.set_ahead(jump)
    hold_the_lease(node)
    for job in SCHEDULE[-3:]:
        run_job(node, replace(job, act=lambda _node: None))
    clock.set_ahead(0)

    with committed.factory() as session:
        now = database_now(session)
        overdue = [job.name for job in leader_jobs.all_jobs(session) if leader_jobs.is_overdue(job, now=now)]
        latest = session.scalar(select(func.max(LeaderJob.succeeded_at)))
    assert overdue == []
    assert latest is not None and abs(now - latest) < timedelta(minutes=1)
