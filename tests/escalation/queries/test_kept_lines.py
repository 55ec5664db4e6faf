"""A line of a desk is judged by what is kept with it, which follows its ticket and its clock, whoever writes those."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from escalation.acknowledging.right import rights_to_answer
from escalation.firing.sweep import tick
from escalation.queries.board import counts, running_chains
from escalation.queries.desk import load_desk, waiting_up_to
from tests.escalation.scene import clock, full_house, level_at, step, ticket, unit_by_code, ward, with_role
from tests.statements import counted
from tickets.people.roles import load_viewer
from tickets.promises import standing_levels
from tickets.schema import StandingLevel, StandingReport, TicketAccess
from tickets.states import Priority, Role

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
KEPT = (StandingLevel.__table__, StandingReport.__table__)
# By other hands than ours: a repair at a terminal, a program of the release before.
OF_TICKET = {
    "another kind": "category_id = (select max(id) from category where field <> '')",
    "another file": "procedure_id = (select min(id) from procedure)",
    "another body": "unit_id = (select id from unit where name = 'Phường Bến Thành' and valid_to is null)",
    "an answer": "status = 'resolved'",
    "no level any more": "escalation_level = 0",
    "a trial": "is_canary = true",
}


class Waiting:
    """A ward's chair, told of level two of one matter."""

    def __init__(self, session):
        unit = ward(session)
        self.chair = full_house(session, unit, now=MONDAY)[2]
        self.matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
        at = level_at(session, self.matter, 2)
        tick(session, now=at)
        session.flush()
        self.session, self.at = session, at + timedelta(minutes=1)
        self.step_id = step(session, self.matter, 2).id

    def write(self, statement):
        self.session.execute(text(statement), {"ticket": self.matter.id, "clock": clock(self.session, self.matter).id})
        self.session.expire_all()

    def seen(self):
        """How many lines the desk shows and the menu counts, and whether the chair may answer by the ticket itself."""
        viewer = load_viewer(self.session, self.chair.id, now=self.at)
        desk = load_desk(self.session, viewer, limit=9, now=self.at).waiting
        counted_lines = waiting_up_to(self.session, viewer, most=9, now=self.at)
        assert len(desk.lines) == desk.count == counted_lines
        mine = rights_to_answer(self.session, [self.step_id], viewer=viewer, now=self.at)
        return counted_lines, self.step_id in mine


@pytest.mark.parametrize("change", OF_TICKET.values(), ids=OF_TICKET)
def test_a_line_follows_its_ticket_whoever_changes_it(session, change):
    waiting = Waiting(session)
    assert waiting.seen() == (1, True)

    waiting.write(f"update ticket set {change} where id = :ticket")

    lines, may_answer = waiting.seen()
    stays = change.startswith(("category_id", "procedure_id"))
    assert (lines, may_answer) == (1 if stays else 0, not change.startswith("unit_id"))
    assert standing_levels.tickets_that_differ(session) == []


def test_a_promise_that_ends_and_runs_again_takes_its_line_with_it(session):
    waiting = Waiting(session)

    waiting.write("update clock set status = 'met' where id = :clock")
    ended = waiting.seen()
    waiting.write("update clock set status = 'running' where id = :clock")

    assert (ended[0], waiting.seen()[0]) == (0, 1)
    assert standing_levels.tickets_that_differ(session) == []


def as_the_release_before_writes(waiting):
    for table in KEPT:
        nothing = ", ".join(f"{column.name} = null" for column in table.columns if column.nullable)
        waiting.write(f"update {table.name} set {nothing} where ticket_id = :ticket")


def test_a_line_that_the_release_before_wrote_is_judged_by_its_ticket_and_completed(session):
    waiting = Waiting(session)
    as_the_release_before_writes(waiting)

    assert waiting.seen() == (1, True)
    waiting.write("update ticket set escalation_level = 0 where id = :ticket")
    assert waiting.seen()[0] == 0
    completed = [standing_levels.complete(session, at_most=5) for _ in range(2)]
    assert completed == [1, 0]
    assert (waiting.seen()[0], standing_levels.tickets_that_differ(session)) == (0, [])


def test_what_the_release_before_did_not_write_is_no_difference_also_of_a_ticket_that_moved_since(session):
    waiting = Waiting(session)
    as_the_release_before_writes(waiting)
    waiting.write(f"update standing_level set unit_id = {waiting.matter.unit_id} where ticket_id = :ticket")
    before = standing_levels.tickets_that_differ(session)
    waiting.write(f"update ticket set {OF_TICKET['another body']} where id = :ticket")

    assert (before, standing_levels.tickets_that_differ(session)) == ([], [])


@pytest.mark.parametrize("wrong", ["level = level + 1", "is_answered = not is_answered", "due_at = due_at + '1 s'"])
@pytest.mark.parametrize("table", KEPT, ids=str)
def test_what_the_release_before_wrote_wrongly_is_a_difference_also_while_the_rest_is_unknown(session, table, wrong):
    waiting = Waiting(session)
    as_the_release_before_writes(waiting)
    waiting.write(f"update {table.name} set {wrong} where ticket_id = :ticket")

    assert standing_levels.tickets_that_differ(session) == [waiting.matter.id]


@pytest.mark.parametrize(
    "column", [one for table in KEPT for one in table.columns if one.nullable and one.name != "stands"], ids=str
)
def test_what_is_lacking_in_a_row_that_knows_where_it_stands_is_a_difference(session, column):
    waiting = Waiting(session)
    waiting.write(f"update {column.table.name} set {column.name} = null where ticket_id = :ticket")

    differs = standing_levels.tickets_that_differ(session) == [waiting.matter.id]
    # An urgent matter of no procedure: nothing is what is right.
    assert differs is (column.name != "procedure_id")


def test_a_menu_looks_at_no_ticket_to_count_lines(session):
    waiting = Waiting(session)
    viewer = load_viewer(session, waiting.chair.id, now=waiting.at)
    waiting.seen()

    with counted(session) as statements:
        assert waiting_up_to(session, viewer, most=9, now=waiting.at) == 1

    assert len(statements) <= 3
    assert not [one for one in statements if "planned_step" in one]


@pytest.mark.parametrize("at", ["the ward", "the city"])
def test_a_board_counts_what_it_shows_restricted_coordinated_and_written_by_the_release_before(session, at):
    here, there = ward(session), ward(session, "Phường Bến Thành")
    full_house(session, here, now=MONDAY)
    full_house(session, there, now=MONDAY)
    who = with_role(session, Role.SUPERVISOR, here if at == "the ward" else unit_by_code(session, "TTDH"), now=MONDAY)
    matters = [
        ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT) for unit in (here, here, here, there, there)
    ]
    tick(session, now=level_at(session, matters[0], 2))
    session.add(TicketAccess(ticket_id=matters[1].id, staff_id=who.id, reason="routing", created_at=MONDAY))
    session.flush()
    for change, matter in (
        ("is_restricted = true", matters[1]),
        ("is_restricted = true", matters[2]),
        (f"coordinating_unit_id = {here.id}", matters[3]),
    ):
        session.execute(text(f"update ticket set {change} where id = :id"), {"id": matter.id})
    session.expire_all()
    viewer = load_viewer(session, who.id, now=MONDAY)

    def board():
        shown, counted_there = running_chains(session, viewer), counts(session, viewer)
        by_unit = {(one.key, one.chains, one.unanswered) for one in counted_there.units}
        assert sum(one.chains for one in counted_there.levels) == sum(one.chains for one in counted_there.clocks)
        return sorted(one.raised.ticket_id for one in shown), by_unit

    kept = board()
    session.execute(text("update standing_level set stands = null, is_restricted = null, unit_id = null"))

    elsewhere = (matters[3],) if at == "the ward" else matters[3:]
    assert kept[0] == sorted(matter.id for matter in (*matters[:2], *elsewhere))
    assert kept[1] == {(str(here.id), 2, 2), (str(there.id), len(elsewhere), len(elsewhere))}
    assert board() == kept
