"""The supervisors' board, the leader's list and the ledger: what is shown, and to whom."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.recipients import mark_read
from escalation.firing.sweep import tick
from escalation.queries.board import BoardFilter, counts, place_of, running_chains
from escalation.queries.desk import load_desk, waiting_up_to
from escalation.queries.ledger import EXPORT_HEADINGS, LedgerFilter, as_codes, export, fired_lately, history
from escalation.queries.staircase import staircase
from tests.escalation.scene import (
    clock,
    full_house,
    level_at,
    messages,
    step,
    ticket,
    unit_by_code,
    ward,
    with_role,
)
from tickets.outbox.claims import claim_batch
from tickets.outbox.posting import record_status
from tickets.outbox.results import record_sent
from tickets.people.actor import SYSTEM
from tickets.people.roles import load_viewer
from tickets.promises import ledger, standing_levels
from tickets.schema import PlannedStep, Queue, StandingLevel, StandingReport, StepRecipient, TicketAccess
from tickets.states import (
    AttemptState,
    ClockStatus,
    OutboundChannel,
    OutboundState,
    Priority,
    QueueKind,
    Role,
    StepResult,
)
from tickets.work.assignment import change_priority, transfer
from tickets.work.resolution import give_way

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def supervisor(session, unit):
    who = with_role(session, Role.SUPERVISOR, unit, now=MONDAY)
    return load_viewer(session, who.id, now=MONDAY)


def climbing(session, level=2):
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    at = level_at(session, matter, level)
    tick(session, now=at)
    return unit, people, matter, at


def test_a_running_chain_shows_its_level_the_next_one_and_who_was_told(session):
    unit, people, matter, _ = climbing(session)

    [chain] = running_chains(session, supervisor(session, unit))

    assert (chain.raised.reference, chain.raised.level) == (matter.reference, 2)
    assert (chain.next_level, chain.next_at) == (3, level_at(session, matter, 3))
    assert [(p.name, p.capacity) for p in chain.raised.told] == [(people[2].name, "holder")]
    assert chain.raised.told[0].post == "Chủ tịch Ủy ban nhân dân"
    assert {one.state for one in chain.raised.told[0].attempts} == {AttemptState.PLANNED}


def test_delivery_reading_and_answer_appear_on_the_board(session):
    unit, people, matter, at = climbing(session)
    [sms] = [
        m for m in claim_batch(session, by="w", channels=[OutboundChannel.SMS], now=at) if m.staff_id == people[2].id
    ]
    record_sent(session, sms.id, by="w", account="sim", sid="SM1", now=at)
    record_status(session, account="sim", sid="SM1", status="delivered", now=at)
    step_id = step(session, matter, 2).id
    mark_read(session, people[2].id, step_ids=[step_id], now=at)
    acknowledge(session, step_id, staff_id=people[2].id, instruction="Làm ngay", via="web", now=at)

    [chain] = running_chains(session, supervisor(session, unit))

    told = chain.raised.told[0]
    [by_sms] = [one for one in told.attempts if one.method is OutboundChannel.SMS]
    assert [one.state for one in by_sms.stations] == [AttemptState.PLANNED, AttemptState.SENT, AttemptState.DELIVERED]
    [on_screen] = [one for one in told.attempts if one.method is OutboundChannel.SCREEN]
    assert on_screen.state is AttemptState.ACKNOWLEDGED
    assert told.read_at == at
    assert (chain.raised.answered.by, chain.raised.answered.instruction) == (people[2].name, "Làm ngay")


def test_a_level_all_of_whose_messages_failed_is_marked_until_somebody_has_read_it(session):
    unit, people, matter, at = climbing(session)
    sent = [m for m in messages(session, template="escalation_level") if m.staff_id == people[2].id]
    outside = [m for m in sent if m.channel is not OutboundChannel.SCREEN]
    viewer = supervisor(session, unit)

    def is_marked():
        session.flush()
        in_ledger = next(one for one in history(session, viewer).levels if one.level == 2)
        [on_board] = running_chains(session, viewer)
        assert on_board.raised.all_failed == in_ledger.all_failed
        return in_ledger.all_failed

    while_waiting = is_marked()
    for message in outside:
        message.state = OutboundState.FAILED
    after_all_failed = is_marked()
    mark_read(session, people[2].id, step_ids=[step(session, matter, 2).id], now=at)

    assert len(outside) >= 1
    assert (while_waiting, after_all_failed, is_marked()) == (False, True, False)


def test_a_supervisor_sees_the_chains_of_their_own_units_only(session):
    climbing(session)
    elsewhere = supervisor(session, ward(session, "Phường Bến Thành"))
    city = supervisor(session, unit_by_code(session, "79"))

    assert running_chains(session, elsewhere) == []
    assert history(session, elsewhere).levels == []
    assert len(running_chains(session, city)) == 1


def test_a_chain_follows_its_ticket_to_the_board_of_the_unit_that_receives_it(session):
    unit, _, matter, at = climbing(session)
    receiver = ward(session, "Phường Bến Thành")
    giving, receiving = supervisor(session, unit), supervisor(session, receiver)
    queue = session.scalars(select(Queue).where(Queue.unit_id == receiver.id, Queue.kind == QueueKind.WORK)).one()

    transfer(session, matter.id, queue_id=queue.id, reason="Việc của phường Bến Thành", actor=SYSTEM, now=at)

    assert running_chains(session, giving) == []
    assert [chain.raised.ticket_id for chain in running_chains(session, receiving)] == [matter.id]
    assert standing_levels.tickets_that_differ(session) == []


def test_a_wards_board_shows_what_is_named_to_its_people_and_what_the_release_before_wrote(session):
    unit, _, written_before, at = climbing(session)
    elsewhere = ward(session, "Phường Bến Thành")
    restricted, own = (ticket(session, of, arrived_at=MONDAY, priority=Priority.URGENT) for of in (elsewhere, unit))
    viewer = supervisor(session, unit)
    restricted.is_restricted = True
    session.add(TicketAccess(ticket_id=restricted.id, staff_id=viewer.staff_id, reason="head", created_at=at))
    session.flush()
    tick(session, now=at)
    by_us = update(StandingLevel).where(StandingLevel.ticket_id == written_before.id)
    session.execute(by_us.values(unit_id=None))

    shown = running_chains(session, viewer)
    first = running_chains(session, viewer, limit=1)
    rest = running_chains(session, viewer, after=place_of(first[0]))

    assert {chain.raised.ticket_id for chain in shown} == {written_before.id, restricted.id, own.id}
    assert [one.raised.step_id for one in (*first, *rest)] == [one.raised.step_id for one in shown]


def test_what_i_was_told_of_stands_in_the_order_in_which_i_was_told(session):
    unit, people, matter, at = climbing(session)
    second = ticket(session, unit, arrived_at=MONDAY + timedelta(minutes=1), priority=Priority.URGENT)
    tick(session, now=at + timedelta(minutes=30), only=[second.id])
    deputy = with_role(session, Role.SUPERVISOR, unit, now=MONDAY)
    # Of the first nobody took anything for hours, and only then was the deputy told.
    for of, told_at in ((second, at + timedelta(minutes=30)), (matter, at + timedelta(hours=3))):
        of_step = step(session, of, 2).id
        session.add(
            StepRecipient(step_id=of_step, staff_id=deputy.id, capacity="deputy", told_at=told_at, reply_code="0000")
        )
    session.flush()
    viewer = load_viewer(session, deputy.id, now=at)

    first = history(session, viewer, LedgerFilter(staff_id=deputy.id), limit=1)
    rest = history(session, viewer, LedgerFilter(staff_id=deputy.id), after=first.next, limit=1)

    assert [one.ticket_id for one in (*first.levels, *rest.levels)] == [matter.id, second.id]
    assert rest.next is None
    of_holder = history(session, viewer, LedgerFilter(staff_id=people[2].id)).levels
    assert [one.ticket_id for one in of_holder] == [second.id, matter.id]


def test_a_chain_whose_clock_has_stopped_leaves_the_board_and_stays_in_the_ledger(session):
    unit, _, matter, at = climbing(session)
    clock(session, matter).status = ClockStatus.MISSED
    session.flush()
    viewer = supervisor(session, unit)

    assert running_chains(session, viewer) == []
    assert [one.level for one in fired_lately(session, viewer, now=at)] == [2, 1]


def test_filters_narrow_the_board_and_counts_add_up(session):
    unit, people, matter, at = climbing(session)
    other = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    tick(session, now=at)
    acknowledge(session, step(session, matter, 2).id, staff_id=people[2].id, via="web", now=at)
    viewer = supervisor(session, unit)

    waiting = running_chains(session, viewer, BoardFilter(unanswered_only=True))

    assert [chain.raised.ticket_id for chain in waiting] == [other.id]
    assert running_chains(session, viewer, BoardFilter(level=4)) == []
    counted = counts(session, viewer)
    assert [(c.name, c.chains, c.unanswered) for c in counted.units] == [(unit.name, 2, 1)]
    assert [(c.key, c.chains) for c in counted.levels] == [("2", 2)]
    assert [(c.key, c.chains, c.unanswered) for c in counted.clocks] == [("resolve", 2, 1)]


def desk_of(session, staff, at, *, limit=25, **after):
    return load_desk(session, load_viewer(session, staff.id, now=at), limit=limit, now=at, **after)


def ticket_of(session, line):
    return session.get_one(PlannedStep, line.step_id).ticket_id


def test_the_leaders_list_has_each_matter_once_the_unanswered_apart(session):
    unit, people, matter, at = climbing(session, level=4)
    second = ticket(session, unit, arrived_at=MONDAY + timedelta(minutes=1), priority=Priority.URGENT)
    tick(session, now=level_at(session, second, 4))
    acknowledge(session, step(session, matter, 4).id, staff_id=people[4].id, via="web", now=at + timedelta(minutes=2))

    on_list = desk_of(session, people[4], at)

    assert [line.step_id for line in on_list.waiting.lines] == [step(session, second, 4).id]
    assert [line.step_id for line in on_list.answered.lines] == [step(session, matter, 4).id]
    assert desk_of(session, people[2], at).waiting.lines == ()


def test_a_desk_has_emergencies_first_then_the_highest_level_the_longest_delay_and_the_most_people(session):
    unit, people, late, at = climbing(session, level=2)
    urgent, emergency = Priority.URGENT, Priority.EMERGENCY
    alone, crowded, higher, old, burning = (
        ticket(session, unit, arrived_at=MONDAY + after, priority=priority)
        for after, priority in (
            (timedelta(minutes=3), urgent),
            (timedelta(minutes=5), urgent),
            (timedelta(minutes=9), urgent),
            (timedelta(days=-2), urgent),
            (timedelta(hours=20), emergency),
        )
    )
    ticket(session, unit, arrived_at=at).master_id = crowded.id
    for matter in (alone, crowded, higher, old, burning):
        tick(session, now=level_at(session, matter, 2), only=[matter.id])
    session.execute(update(StandingReport).where(StandingReport.ticket_id == higher.id).values(level=3, harm=3))

    lines = desk_of(session, people[2], at + timedelta(minutes=30)).waiting.lines

    by_ticket = {ticket_of(session, line): line for line in lines}
    assert list(by_ticket) == [matter.id for matter in (burning, higher, old, crowded, late, alone)]
    assert by_ticket[crowded.id].people == 2


def test_a_desk_is_paged_without_losing_a_line_and_counted_as_it_is(session):
    unit, people, first, at = climbing(session, level=2)
    more = [ticket(session, unit, arrived_at=MONDAY + timedelta(minutes=n), priority=Priority.URGENT) for n in (1, 2)]
    at += timedelta(minutes=30)
    tick(session, now=at, only=[matter.id for matter in more])
    lines = desk_of(session, people[2], at).waiting.lines

    pages, after = [], None
    while len(pages) < 9:
        page = desk_of(session, people[2], at, limit=1, waiting_after=after).waiting
        pages.append([ticket_of(session, line) for line in page.lines])
        after = page.next
        if after is None:
            break

    assert pages == [[first.id], [more[0].id], [more[1].id]]
    assert page.count == 3
    assert desk_of(session, people[2], at, waiting_after="nobody~gave~this").waiting.lines == lines
    viewer = load_viewer(session, people[2].id, now=at)
    assert [waiting_up_to(session, viewer, most=most, now=at) for most in (1, 2, 3, 4)] == [1, 2, 3, 3]


def test_lines_that_are_no_longer_a_persons_hide_none_of_those_behind_them(session):
    unit, people, first, at = climbing(session, level=2)
    others = [ticket(session, unit, arrived_at=MONDAY + timedelta(minutes=n), priority=Priority.URGENT) for n in (1, 2)]
    at += timedelta(minutes=30)
    tick(session, now=at, only=[matter.id for matter in others])
    viewer = load_viewer(session, people[2].id, now=at)
    for matter in (first, others[0]):
        clock(session, matter).status = ClockStatus.MISSED
    session.flush()

    page = desk_of(session, people[2], at, limit=1).waiting

    assert [ticket_of(session, line) for line in page.lines] == [others[1].id]
    assert (page.count, page.next) == (1, None)
    assert [waiting_up_to(session, viewer, most=most, now=at) for most in (1, 2)] == [1, 1]


def test_a_priority_and_a_joined_call_move_a_matter_on_the_desk(session):
    unit, people, first, at = climbing(session, level=2)
    second = ticket(session, unit, arrived_at=MONDAY + timedelta(minutes=1), priority=Priority.URGENT)
    at += timedelta(minutes=30)
    tick(session, now=at, only=[second.id])
    blank = ticket(session, unit, arrived_at=at, priority=Priority.URGENT)
    blank.body = ""

    def order():
        lines = desk_of(session, people[2], at).waiting.lines
        return [(ticket_of(session, line), line.people) for line in lines], standing_levels.tickets_that_differ(session)

    before = order()
    give_way(session, blank.id, to=second, actor=SYSTEM, now=at)
    joined = order()
    change_priority(session, first.id, priority=Priority.EMERGENCY, reason="Có người bị thương", actor=SYSTEM, now=at)

    assert before == ([(first.id, 1), (second.id, 1)], [])
    assert joined == ([(second.id, 2), (first.id, 1)], [])
    assert order() == ([(first.id, 1), (second.id, 2)], [])


def test_what_stands_is_kept_through_an_answer_an_end_and_a_reopening(session):
    unit, people, matter, at = climbing(session)
    viewer, ended = supervisor(session, unit), at + timedelta(hours=1)
    steps = [
        lambda: acknowledge(session, step(session, matter, 2).id, staff_id=people[2].id, via="web", now=at),
        lambda: ledger.on_resolved(session, matter, now=ended),
        lambda: ledger.on_reopened(session, matter, now=ended + timedelta(hours=1)),
        lambda: tick(session, now=ended + timedelta(days=9)),
    ]

    def stands():
        on_board, on_list = running_chains(session, viewer), desk_of(session, people[2], at)
        return (
            len(on_board),
            on_list.waiting.count + on_list.answered.count,
            standing_levels.tickets_that_differ(session),
        )

    seen = [stands()]
    for act in steps:
        act()
        seen.append(stands())

    assert [differ for _board, _list, differ in seen] == [[]] * 5
    assert [(board, on_list) for board, on_list, _ in seen][:3] == [(1, 1), (1, 1), (0, 0)]


def test_the_ledger_pages_by_cursor_without_losing_or_repeating_a_level(session):
    unit, _, _, at = climbing(session, level=3)
    for minute in range(3):
        ticket(session, unit, arrived_at=MONDAY + timedelta(minutes=minute), priority=Priority.URGENT)
    tick(session, now=at + timedelta(hours=1))
    viewer = supervisor(session, unit)

    seen, after = [], None
    while True:
        page = history(session, viewer, after=after, limit=2)
        seen += [one.step_id for one in page.levels]
        after = page.next
        if after is None:
            break

    assert len(seen) == len(set(seen)) == len(history(session, viewer, limit=100).levels) > 6
    assert history(session, viewer, after="nonsense~-1").levels[0].step_id == seen[0]


def test_the_ledger_is_filtered_and_exported_with_planned_and_actual_times(session):
    unit, people, matter, at = climbing(session)
    viewer = supervisor(session, unit)

    only = history(session, viewer, LedgerFilter(result=StepResult.SUPERSEDED)).levels
    rows = [dict(zip(EXPORT_HEADINGS, as_codes(one), strict=True)) for one in export(session, viewer)]

    assert [one.level for one in only] == [1]
    assert [(row["reference"], row["level"], row["result"]) for row in rows] == [
        (matter.reference, "2", "notified"),
        (matter.reference, "1", "superseded"),
    ]
    assert rows[0]["told"] == people[2].name
    assert rows[1]["planned_at"] < rows[1]["fired_at"] == at.isoformat()


def test_the_staircase_names_who_was_told_and_who_would_be(session):
    _, people, matter, at = climbing(session)

    stairs = staircase(session, matter, now=at)

    assert [stair.level for stair in stairs] == [1, 2, 3, 4, 5]
    assert [stair.state for stair in stairs] == ["superseded", "notified", "planned", "planned", "planned"]
    assert [stair.person for stair in stairs][1:] == [people[n].name for n in (2, 3, 4, 5)]
    assert [stair.level for stair in stairs if stair.current] == [2]
    assert messages(session) != []
