"""The scheduler: who ticks, whether the clock is believed, and what one poisoned ticket may not do."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from app.clockwork.believed_clock import TickClock
from app.clockwork.node import make_node
from app.clockwork.one_leader import SILENCE, Leadership, is_silent
from app.clockwork.schedule import SCHEDULE, clear_away, seal_audit_trail, wake_for_waiting_messages
from app.clockwork.scheduler import run
from app.clockwork.tick_job import Ticker
from app.processes.signs_of_life import database_now
from app.storage.database import transaction
from tests.escalation.scene import full_house, ticket, ward
from tests.factories import staff
from tickets.audit import entries
from tickets.outbox.posting import post_email
from tickets.people.actor import SYSTEM
from tickets.process_beats import TICKING
from tickets.schema import AuditEntry, AuditSeal, IdempotencyKey, Outage, PlannedStep, ProcessBeat, Ticket
from tickets.states import Priority, StepKind

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
        session.add(ProcessBeat(name=TICKING, kind="scheduler", beat_at=NOON, detail={}))
        session.flush()
        assert not is_silent(session, now=NOON + timedelta(seconds=5))
        assert is_silent(session, now=NOON + timedelta(seconds=30))


def test_a_tick_that_is_still_to_come_is_silence(committed):
    with transaction(committed.factory) as session:
        session.add(ProcessBeat(name=TICKING, kind="scheduler", beat_at=NOON + timedelta(hours=2), detail={}))
        session.flush()

        assert is_silent(session, now=NOON)


@pytest.mark.parametrize("jump", [timedelta(hours=2), timedelta(hours=-2), timedelta(seconds=66)])
def test_after_a_jump_of_the_clock_nothing_fires_until_two_ticks_agree(jump):
    clock = TickClock()
    assert clock.agrees(wall=NOON, monotonic=100)
    assert clock.agrees(wall=NOON + timedelta(seconds=2), monotonic=102)

    assert not clock.agrees(wall=NOON + jump, monotonic=104)
    assert clock.agrees(wall=NOON + jump + timedelta(seconds=2), monotonic=106)


def test_a_long_pause_is_no_jump_when_both_clocks_say_so():
    clock = TickClock()
    clock.agrees(wall=NOON, monotonic=100)

    assert clock.agrees(wall=NOON + timedelta(minutes=10), monotonic=700.4)


def test_a_ticket_that_cannot_be_fired_is_put_aside_and_the_others_fire(committed):
    ids = overdue_tickets(committed, 5)
    poison = ids[2]
    ticker = ticker_on(committed)

    def refuse(_connection, _cursor, statement, parameters, _context, _many) -> None:
        rows = parameters if isinstance(parameters, list) else [parameters]
        if statement.startswith("INSERT INTO step_recipient") and any(row["step_id"] in steps for row in rows):
            raise ValueError("poison")

    with committed.factory() as session:
        steps = set(session.scalars(select(PlannedStep.id).where(PlannedStep.ticket_id == poison)))
    event.listen(committed.engine, "before_cursor_execute", refuse)
    try:
        ticker.run()
    finally:
        event.remove(committed.engine, "before_cursor_execute", refuse)

    assert fired_tickets(committed) == set(ids) - {poison}
    assert list(ticker.batches.set_aside) == [poison]
    ticker.batches.set_aside.clear()
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

    deadline = time.monotonic() + 15
    while fired_tickets(committed) != set(ids) and time.monotonic() < deadline:
        time.sleep(0.1)
    stop.set()
    thread.join(15)

    assert not thread.is_alive()
    with committed.factory() as session:
        assert session.get_one(Ticket, ids[0]).escalation_level == 1
        assert session.scalars(select(ProcessBeat.name).where(ProcessBeat.name.like("scheduler:%"))).all() == []
