"""Statements that are put together once for all who hold the same roles: whoever sends one gets their own."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import NOW, give_role, open_ticket, staff
from tickets.errors import NotFound
from tickets.people.actor import staff_actor
from tickets.people.forms import form_of, values_of
from tickets.people.roles import load_viewer, visible_tickets
from tickets.queries.list_counts import queue_counts, view_counts
from tickets.queries.list_stretches import ListView
from tickets.queries.lists import emergencies_untaken, work_list
from tickets.queries.reading import read_ticket
from tickets.schema import Queue, Ticket
from tickets.states import DraftForm, Role
from tickets.work.assignment import claim
from tickets.work.drafts import ABOUT_NOTHING, keep, unsent

WARDS = ("26740", "26824")


@pytest.fixture
def agents(session):
    """Two agents of two wards, each with a ticket in hand, one that nobody has taken, and words that were not sent."""
    found = []
    for ward in WARDS:
        person = staff(session, role=Role.AGENT, at=ward)
        mine = open_ticket(session, unit_code=ward, emergency=True)
        open_ticket(session, unit_code=ward, emergency=True)
        claim(session, mine.ticket_id, actor=staff_actor(person.id), now=NOW)
        keep(session, DraftForm.NEW, ABOUT_NOTHING, staff_id=person.id, fields={"body": ward}, now=NOW)
        found.append(load_viewer(session, person.id, now=NOW))
    return found


def test_two_who_hold_the_same_role_at_different_units_share_a_form_that_names_neither(session, agents):
    one, other = agents

    assert form_of(one) is form_of(other)
    assert values_of(one) != values_of(other)


def test_a_role_at_two_units_is_another_form_than_two_roles_at_one(session, agents):
    both_wards, twice_here = (staff(session, role=Role.AGENT, at=WARDS[0]) for _ in range(2))
    give_role(session, both_wards, role=Role.SUPERVISOR, at=WARDS[1])
    give_role(session, twice_here, role=Role.SUPERVISOR, at=WARDS[0])
    two, one = (load_viewer(session, person.id, now=NOW) for person in (both_wards, twice_here))

    assert len({form_of(viewer) for viewer in (agents[0], two, one)}) == 3
    assert len(form_of(one).unit_ids(Role.AGENT, Role.SUPERVISOR)) == 1
    assert len(form_of(two).unit_ids(Role.AGENT, Role.SUPERVISOR)) == 2


@pytest.mark.parametrize("view", list(ListView))
def test_each_sees_in_every_list_what_they_may_see_and_nothing_of_the_one_before(session, agents, view):
    listed = [{row.id for row in work_list(session, viewer, view=view, now=NOW).items} for viewer in agents]
    counts = [view_counts(session, viewer, [view], now=NOW)[view] for viewer in agents]
    seen = [set(session.scalars(select(Ticket.id).where(visible_tickets(viewer)))) for viewer in agents]

    assert not seen[0] & seen[1]
    assert [ids <= may for ids, may in zip(listed, seen, strict=True)] == [True, True]
    assert counts == [len(ids) for ids in listed]


def test_each_has_their_own_queues_emergencies_words_and_tickets(session, agents):
    one, other = agents

    queues = [{queue.unit_id for queue in queue_counts(session, viewer, now=NOW)} for viewer in agents]
    untaken = [{row.unit_id for row in emergencies_untaken(session, viewer, now=NOW)} for viewer in agents]
    mine = [work_list(session, viewer, view=ListView.MINE, now=NOW).items[0] for viewer in agents]

    assert queues == untaken == [set(viewer.unit_ids(Role.AGENT)) for viewer in agents]
    assert [row.assignee_id for row in mine] == [one.staff_id, other.staff_id]
    assert [len(unsent(session, viewer)) for viewer in agents] == [1, 1]
    assert read_ticket(session, one, mine[0].reference, now=NOW).ticket.id == mine[0].id
    for viewer, foreign in ((one, mine[1]), (other, mine[0])):
        with pytest.raises(NotFound):
            read_ticket(session, viewer, foreign.reference, now=NOW)


def test_a_list_of_one_queue_and_its_pages_are_those_that_were_asked_for(session, agents):
    for viewer in agents:
        queue = session.scalars(select(Queue).where(Queue.unit_id == viewer.unit_ids(Role.AGENT)[0])).first()
        whole = work_list(session, viewer, queue_id=queue.id, now=NOW)
        first = work_list(session, viewer, queue_id=queue.id, limit=1, now=NOW)
        second = work_list(session, viewer, queue_id=queue.id, limit=1, after=first.next, now=NOW)

        assert whole.items == first.items + second.items
        assert {row.queue_id for row in whole.items} == {queue.id}


def test_what_is_overdue_is_judged_by_the_time_of_each_asking(session, agents):
    late = NOW + timedelta(days=30)

    assert not work_list(session, agents[0], view=ListView.OVERDUE, now=NOW).items
    assert work_list(session, agents[0], view=ListView.OVERDUE, now=late).items
    assert not work_list(session, agents[0], view=ListView.OVERDUE, now=NOW).items
