"""The lease: one leads, who lost it cannot act however late it wakes, and a leader that stands still is replaced."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from app.clockwork.node import make_node
from app.clockwork.one_leader import Leadership, LeadershipLost, factory_of_epoch
from app.clockwork.run_job import run_job
from app.clockwork.schedule import RHYTHMS, SCHEDULE, Scheduled, hold_the_lease
from app.processes.signs_of_life import database_now
from app.storage.database import transaction
from escalation.queries.digests import post_daily_lists
from tests.conftest import Committed
from tests.escalation.queries.test_digests import climbed, seven_after
from tests.factories import ticket
from tickets import leader_jobs, process_beats
from tickets.leadership import LEADERSHIP_LEASE
from tickets.schema import LeaderJob, LeaderLease, OutboundMessage, ProcessBeat, Ticket, TimelineEntry
from tickets.states import TicketStatus, TimelineKind
from tickets.work.resolution import wake_due


def scheduler(committed: Committed, name: str = "first", **more) -> Leadership:
    return Leadership(committed.engine, holder=name, **more)


def let_the_lease_end(committed: Committed, *, by: timedelta = LEADERSHIP_LEASE * 2) -> None:
    with transaction(committed.factory) as session:
        session.execute(update(LeaderLease).values(renewed_at=database_now(session) - by))


def holder(committed: Committed) -> tuple[int, str]:
    with committed.factory() as session:
        lease = session.scalars(select(LeaderLease)).one()
    return lease.epoch, lease.holder


def beats(committed: Committed) -> set[str]:
    with committed.factory() as session:
        return set(session.scalars(select(ProcessBeat.name)))


def write(session, name: str) -> None:
    process_beats.note(session, name, kind="x", now=database_now(session))


def test_one_of_two_leads_until_its_lease_has_ended(committed):
    first, second = scheduler(committed), scheduler(committed, "second")

    assert (first.hold(), second.hold()) == (True, False)
    assert (first.leads, second.leads) == (True, False)
    let_the_lease_end(committed)
    assert second.hold()
    first.hold()

    assert (first.leads, second.leads) == (False, True)
    assert holder(committed) == (2, "second")


def test_one_that_leaves_lets_another_lead_at_once(committed):
    first, second = scheduler(committed), scheduler(committed, "second")
    first.hold()

    first.give_up()

    assert second.hold()


def test_a_leader_that_slept_and_still_leads_begins_everything_that_came_due_meanwhile(committed, settings):
    hands, begun = [0.0], []
    node = make_node(settings, committed.engine)
    node.leadership = scheduler(committed, monotonic=lambda: hands[0])
    node.begin_all = lambda: begun.append(hands[0])

    for seconds in (0, 3, 63, 66):
        hands[0] = float(seconds)
        hold_the_lease(node)

    assert begun == [0.0, 63.0]
    assert holder(committed) == (1, "first")


def test_a_lease_renewed_in_the_future_blocks_nobody(committed):
    scheduler(committed).hold()
    let_the_lease_end(committed, by=timedelta(hours=-2))

    assert scheduler(committed, "second").hold()


def test_a_leader_that_could_not_renew_knows_by_itself_that_it_leads_no_more(committed):
    hands = [100.0]
    leader = scheduler(committed, monotonic=lambda: hands[0])
    leader.hold()
    assert leader.leads

    hands[0] += LEADERSHIP_LEASE.total_seconds()

    assert not leader.leads


def test_a_transaction_of_an_older_epoch_writes_nothing(committed):
    first = scheduler(committed)
    first.hold()
    old = factory_of_epoch(committed.engine, 1)
    with transaction(old) as session:
        write(session, "in time")
    let_the_lease_end(committed)
    scheduler(committed, "second").hold()

    with pytest.raises(LeadershipLost), transaction(old) as session:
        write(session, "too late")

    assert beats(committed) == {"in time"}


def test_what_an_old_leader_has_open_is_ended_and_never_committed(committed):
    scheduler(committed).hold()
    old = factory_of_epoch(committed.engine, 1)

    with pytest.raises(OperationalError), transaction(old) as session:
        write(session, "half done")
        let_the_lease_end(committed)
        assert scheduler(committed, "second").hold()
        write(session, "woken")

    assert beats(committed) == set()
    assert holder(committed) == (2, "second")


def daily_lists(session, now) -> None:
    post_daily_lists(session, now=now)


def wake_ups(session, now) -> None:
    wake_due(session, now=now)


def lists_sent(session) -> int:
    return session.scalar(select(func.count()).where(OutboundMessage.template == "daily_list"))


def tickets_opened(session) -> int:
    opened = (TimelineEntry.kind == TimelineKind.WOKEN, TimelineEntry.ticket_id.is_not(None))
    return session.scalar(select(func.count()).where(*opened))


@pytest.mark.parametrize(("do", "told"), [(daily_lists, lists_sent), (wake_ups, tickets_opened)])
def test_what_a_leader_was_at_when_another_took_over_is_done_once(committed, do, told):
    with transaction(committed.factory) as session:
        _, _, at = climbed(session)
        seven = seven_after(at)
        held = {"status": TicketStatus.PENDING_THIRD_PARTY, "wake_at": seven}
        session.execute(update(Ticket).where(Ticket.id == ticket(session).id).values(held))
    scheduler(committed).hold()
    old = factory_of_epoch(committed.engine, 1)

    with pytest.raises(OperationalError), transaction(old) as session:
        do(session, seven)
        once = told(session)
        let_the_lease_end(committed)
        assert scheduler(committed, "second").hold()
        do(session, seven)
    new = factory_of_epoch(committed.engine, 2)
    for _ in range(2):
        with transaction(new) as session:
            do(session, seven)
    with pytest.raises(LeadershipLost), transaction(old) as session:
        do(session, seven)

    with committed.factory() as session:
        assert told(session) == once > 0


def test_a_leader_renews_while_a_job_of_its_own_is_at_work(committed):
    leader = scheduler(committed)
    leader.hold()

    with transaction(factory_of_epoch(committed.engine, 1)) as session:
        write(session, "at work")
        leader.hold()

    assert leader.leads
    assert beats(committed) == {"at work"}


def test_a_leader_whose_job_hangs_does_not_renew_and_another_takes_over(committed, settings):
    hung, ended = make_node(settings, committed.engine), []
    hung.end_process = lambda: ended.append(True)
    hands = [100.0]
    hung.progress.monotonic = lambda: hands[0]
    hold_the_lease(hung)
    hung.progress.begins("sweep the phone floor")
    before = holder(committed)

    for _ in range(20):
        hands[0] += 3
        hold_the_lease(hung)
    let_the_lease_end(committed)
    other = make_node(settings, committed.engine)
    hold_the_lease(other)

    assert holder(committed)[0] == before[0] + 1
    assert other.leadership.leads
    assert ended
    hung.progress.ends("sweep the phone floor")
    hold_the_lease(hung)
    assert not hung.leadership.leads


def test_a_leader_whose_jobs_no_longer_begin_does_not_renew(committed, settings):
    node = make_node(settings, committed.engine)
    hands = [100.0]
    node.progress.monotonic = lambda: hands[0]
    expected = [job.expected for job in SCHEDULE]
    for job in SCHEDULE:
        node.progress.begins(job.name)
        node.progress.ends(job.name)

    assert node.progress.stuck(expected) is None
    stuck = []
    for _ in range(40):
        hands[0] += 3
        stuck.append(node.progress.stuck(expected))

    assert stuck[0] is None
    assert stuck[-1] is not None


def test_a_process_that_was_stopped_for_an_hour_is_not_stuck_when_it_goes_on(committed, settings):
    node = make_node(settings, committed.engine)
    hands = [100.0]
    node.progress.monotonic = lambda: hands[0]
    expected = [job.expected for job in SCHEDULE]
    node.progress.begins("seal audit trail")
    for job in SCHEDULE[:5]:
        node.progress.begins(job.name)
        node.progress.ends(job.name)
    node.progress.stuck(expected)

    hands[0] += 3600

    assert node.progress.stuck(expected) is None


def test_whoever_takes_the_lease_does_every_job_at_once_and_states_when_each_succeeded(committed, settings):
    node = make_node(settings, committed.engine)
    begun = []
    node.begin_all = lambda: begun.append(True)

    for job in SCHEDULE:
        hold_the_lease(node)
        run_job(node, job)

    with committed.factory() as session:
        now = database_now(session)
        jobs = leader_jobs.all_jobs(session)
    assert begun == [True]
    assert {job.name for job in jobs} == set(RHYTHMS)
    assert all(job.succeeded_at is not None and not leader_jobs.is_overdue(job, now=now) for job in jobs)


def test_a_job_that_fails_says_so_in_its_row_and_becomes_overdue(committed, settings):
    node = make_node(settings, committed.engine)
    hold_the_lease(node)

    def fail(_node) -> None:
        raise ValueError("a name that belongs into no row")

    run_job(node, Scheduled("send daily lists", 60, fail))

    with committed.factory() as session:
        now = database_now(session)
        job = session.get_one(LeaderJob, "send daily lists")
    assert (job.failure, job.succeeded_at) == ("ValueError", None)
    assert not leader_jobs.is_overdue(job, now=now)
    assert leader_jobs.is_overdue(job, now=now + timedelta(minutes=2))


def test_a_success_that_is_still_to_come_does_not_count(committed, settings):
    node = make_node(settings, committed.engine)
    hold_the_lease(node)

    with transaction(committed.factory) as session:
        now = database_now(session)
        leader_jobs.note_success(session, "clear away", now=now + timedelta(hours=2))
        job = session.get_one(LeaderJob, "clear away")
        assert leader_jobs.is_overdue(job, now=now)


def test_one_that_does_not_lead_does_none_of_the_leaders_jobs(committed, settings):
    leader, other = make_node(settings, committed.engine), make_node(settings, committed.engine)
    hold_the_lease(leader)
    hold_the_lease(other)
    done = []

    for node in (leader, other):
        run_job(node, Scheduled("send daily lists", 60, done.append))

    assert [node.leadership for node in done] == [leader.leadership]
