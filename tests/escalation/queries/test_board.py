"""The supervisors' board, the leader's list and the ledger: what is shown, and to whom."""

from datetime import UTC, datetime, timedelta

from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.recipients import mark_read
from escalation.firing.sweep import tick
from escalation.queries.board import BoardFilter, counts, reached, running_chains
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
from tickets.people.roles import load_viewer
from tickets.promises import ledger, standing_levels
from tickets.states import AttemptState, ClockStatus, OutboundChannel, OutboundState, Priority, Role, StepResult

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


def test_the_leaders_list_has_each_matter_once_the_unanswered_first(session):
    unit, people, matter, at = climbing(session, level=4)
    second = ticket(session, unit, arrived_at=MONDAY + timedelta(minutes=1), priority=Priority.URGENT)
    tick(session, now=level_at(session, second, 4))
    acknowledge(session, step(session, matter, 4).id, staff_id=people[4].id, via="web", now=at + timedelta(minutes=2))

    mine = reached(session, people[4].id)

    assert [chain.raised.ticket_id for chain in mine] == [second.id, matter.id]
    assert reached(session, people[2].id) == []


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
        on_board, on_list = running_chains(session, viewer), reached(session, people[2].id)
        return len(on_board), len(on_list), standing_levels.tickets_that_differ(session)

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
