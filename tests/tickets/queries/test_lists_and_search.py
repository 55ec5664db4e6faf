from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests.factories import NOW, give_role, open_ticket, staff, unit
from tickets.errors import InvalidInput
from tickets.people.actor import citizen_actor, staff_actor
from tickets.people.references import grouped
from tickets.people.roles import load_viewer
from tickets.queries.list_counts import queue_counts, view_counts
from tickets.queries.list_stretches import ListView
from tickets.queries.lists import work_list
from tickets.queries.search import FoundBy, search
from tickets.schema import Queue, Ticket, TicketAccess
from tickets.states import Channel, Disposition, QueueKind, Role, TicketStatus
from tickets.work.assignment import claim
from tickets.work.conversation import citizen_message
from tickets.work.resolution import hold_for_third_party, resolve, withdraw


@pytest.fixture
def lan(session):
    return load_viewer(session, staff(session, role=Role.AGENT, at="26740").id, now=NOW)


@pytest.fixture
def desk(session):
    return load_viewer(session, staff(session, role=Role.AGENT, at="TTDH").id, now=NOW)


def references(page) -> list[str]:
    return [item.reference for item in page.items]


def test_what_is_due_first_stands_on_top(session, lan):
    later = open_ticket(session)
    sooner = open_ticket(session, emergency=True)

    page = work_list(session, lan, view=ListView.QUEUES, now=NOW)

    assert references(page) == [sooner.reference, later.reference]
    assert page.items[0].unit_name == "Phường Sài Gòn"


def test_a_list_is_paged_by_key_and_loses_and_repeats_nothing(session, lan):
    wanted = {open_ticket(session, arrived_at=NOW - timedelta(minutes=n % 3)).reference for n in range(7)}
    paused = open_ticket(session)
    session.get_one(Ticket, paused.ticket_id).next_due_at = None
    session.flush()

    seen, after = [], None
    while True:
        page = work_list(session, lan, view=ListView.QUEUES, after=after, limit=2, now=NOW)
        seen += references(page)
        after = page.next
        if after is None:
            break

    assert len(seen) == len(set(seen)) == 8
    assert set(seen) == wanted | {paused.reference}
    assert seen[-1] == paused.reference


@pytest.mark.parametrize("cursor", ["x", "!!", "W10", "bnVsbA", "WzEsMl0", "WyIyMDI2LTAxLTAxIiwxXQ"])
def test_a_cursor_that_is_none_of_ours_is_refused(session, lan, cursor):
    with pytest.raises(InvalidInput):
        work_list(session, lan, after=cursor, now=NOW)


def test_tickets_of_other_units_and_restricted_ones_are_in_no_list(session, lan, desk):
    foreign = open_ticket(session, unit_code="26737")
    restricted = open_ticket(session, category_code="conduct_staff")

    of_lan = references(work_list(session, lan, view=ListView.ALL, now=NOW))
    of_desk = references(work_list(session, desk, view=ListView.ALL, now=NOW))

    assert foreign.reference not in of_lan
    assert foreign.reference in of_desk
    assert restricted.reference not in of_lan + of_desk


def test_an_emergency_is_in_the_queue_of_the_ward_and_of_city_operations(session, lan, desk):
    opened = open_ticket(session, emergency=True)

    assert opened.reference in references(work_list(session, lan, view=ListView.QUEUES, now=NOW))
    assert opened.reference in references(work_list(session, desk, view=ListView.QUEUES, now=NOW))


def test_each_view_shows_its_own(session, lan):
    mine = open_ticket(session)
    claim(session, mine.ticket_id, actor=staff_actor(lan.staff_id), now=NOW)
    free = open_ticket(session)
    gone = open_ticket(session)
    withdraw(session, gone.ticket_id, reason="x", actor=citizen_actor(), now=NOW)
    late = NOW + timedelta(days=30)

    assert references(work_list(session, lan, view=ListView.MINE, now=NOW)) == [mine.reference]
    assert references(work_list(session, lan, view=ListView.UNASSIGNED, now=NOW)) == [free.reference]
    assert set(references(work_list(session, lan, view=ListView.OVERDUE, now=late))) == {mine.reference, free.reference}
    assert references(work_list(session, lan, view=ListView.AT_RISK, now=NOW)) == []
    assert references(work_list(session, lan, view=ListView.ALL, status=TicketStatus.NEW, now=NOW)) == [free.reference]
    assert view_counts(session, lan, [ListView.MINE], now=NOW) == {ListView.MINE: 1}


def test_the_counts_of_my_queues_tell_what_waits_and_what_is_late(session, lan):
    open_ticket(session)
    taken = open_ticket(session)
    claim(session, taken.ticket_id, actor=staff_actor(lan.staff_id), now=NOW)
    open_ticket(session, category_code="conduct_staff")

    counts = {c.kind.value: c for c in queue_counts(session, lan, now=NOW + timedelta(days=30))}

    assert (counts["work"].waiting, counts["work"].overdue) == (2, 2)
    assert counts["conduct"].waiting == 0


def test_a_number_beside_a_queue_follows_the_role_in_which_somebody_was_named(session):
    person = staff(session, role=None)
    then = give_role(session, person, role=Role.SUPERVISOR, at="26740")
    named = open_ticket(session, category_code="conduct_staff")
    session.add(TicketAccess(ticket_id=named.ticket_id, staff_id=person.id, reason="x", created_at=NOW))
    next_day = NOW + timedelta(days=1)
    later = give_role(session, person, role=Role.AGENT, at="26740")
    then.valid_to = later.valid_from = next_day
    at_work = select(Queue.id).where(Queue.unit_id == later.unit_id, Queue.kind == QueueKind.WORK)
    session.get_one(Ticket, named.ticket_id).queue_id = session.scalars(at_work).one()
    session.flush()

    counted = [sum(c.waiting for c in of(session, person, at=at)) for at in (NOW, next_day)]

    assert counted == [1, 0]


def of(session, person, *, at):
    return queue_counts(session, load_viewer(session, person.id, now=at), now=at)


@pytest.fixture
def of_two_wards(session):
    """Somebody who works in two wards."""
    person = staff(session, role=Role.AGENT, at="26740", name="Phạm Hai")
    give_role(session, person, role=Role.SUPERVISOR, at="26824")
    return load_viewer(session, person.id, now=NOW)


def everything(session, viewer, view, *, status=None, limit=2) -> list[str]:
    """All references of a list, page after page."""
    page = work_list(session, viewer, view=view, status=status, limit=limit, now=NOW)
    found = references(page)
    while page.next:
        page = work_list(session, viewer, view=view, status=status, after=page.next, limit=limit, now=NOW)
        found += references(page)
    return found


def test_the_lists_of_two_wards_are_one_list_in_the_order_of_due_dates(session, of_two_wards):
    opened = [
        open_ticket(session, unit_code=ward, now=NOW - timedelta(weeks=weeks))
        for weeks, ward in enumerate(["26740", "26824", "26824", "26740", "26824"])
    ]

    for view in (ListView.QUEUES, ListView.UNASSIGNED, ListView.ALL):
        assert everything(session, of_two_wards, view) == [one.reference for one in reversed(opened)]


def test_a_ticket_of_one_of_my_wards_that_the_other_coordinates_is_listed_and_counted_once(session, of_two_wards):
    shared = open_ticket(session)
    foreign = open_ticket(session, unit_code="26743")
    hidden = open_ticket(session, unit_code="26743")
    coordinate(session, shared, by="26824")
    coordinate(session, foreign, by="26824")

    for view in (ListView.QUEUES, ListView.ALL):
        assert sorted(everything(session, of_two_wards, view)) == sorted([shared.reference, foreign.reference])
        assert view_counts(session, of_two_wards, [view], now=NOW) == {view: 2}
    assert hidden.reference not in everything(session, of_two_wards, ListView.ALL)


def coordinate(session, opened, *, by: str) -> None:
    session.get_one(Ticket, opened.ticket_id).coordinating_unit_id = unit(session, by).id
    session.flush()


def test_what_is_named_to_me_stands_among_all_i_may_see_and_not_in_my_queues(session, lan):
    elsewhere = open_ticket(session, unit_code="26824", category_code="conduct_staff")
    session.add(TicketAccess(ticket_id=elsewhere.ticket_id, staff_id=lan.staff_id, reason="x", created_at=NOW))
    session.flush()

    assert everything(session, lan, ListView.ALL) == [elsewhere.reference]
    assert everything(session, lan, ListView.QUEUES) == []


def test_a_finished_status_shows_what_was_answered_the_newest_first(session, lan):
    older, newer = (answered(session, lan, now=NOW - timedelta(hours=hours)) for hours in (9, 3))
    open_ticket(session)

    for view in (ListView.QUEUES, ListView.MINE, ListView.ALL, ListView.ANSWERED):
        assert everything(session, lan, view, status=TicketStatus.RESOLVED, limit=1) == [newer, older]
    assert everything(session, lan, ListView.OVERDUE, status=TicketStatus.RESOLVED) == []
    assert everything(session, lan, ListView.ANSWERED, status=TicketStatus.NEW) == []


def answered(session, lan, *, now) -> str:
    opened, lan_herself = open_ticket(session, now=now), staff_actor(lan.staff_id)
    claim(session, opened.ticket_id, actor=lan_herself, now=now)
    resolve(
        session,
        opened.ticket_id,
        disposition=Disposition.FIXED,
        answer="Đã thu gom rác.",
        actor=lan_herself,
        now=now + timedelta(hours=1),
    )
    return opened.reference


def test_each_view_counts_what_it_lists(session, lan, desk):
    taken = open_ticket(session, now=NOW - timedelta(days=90))
    claim(session, taken.ticket_id, actor=staff_actor(lan.staff_id), now=NOW)
    open_ticket(session, now=NOW - timedelta(days=1))
    open_ticket(session, unit_code="26824")
    waiting = open_ticket(session)
    claim(session, waiting.ticket_id, actor=staff_actor(lan.staff_id), now=NOW)
    hold_for_third_party(
        session,
        waiting.ticket_id,
        reason="Chờ điện lực",
        wake_at=NOW + timedelta(hours=20),
        actor=staff_actor(lan.staff_id),
        now=NOW,
    )

    for viewer in (lan, desk):
        counts = view_counts(session, viewer, list(ListView), now=NOW)
        assert counts == {view: len(everything(session, viewer, view)) for view in ListView}
    assert counts[ListView.ON_HOLD] == counts[ListView.OVERDUE] == 1


def test_somebody_without_a_role_sees_nothing(session):
    nobody = load_viewer(session, staff(session, role=None).id, now=NOW)
    open_ticket(session)

    assert work_list(session, nobody, view=ListView.ALL, now=NOW).items == ()
    assert queue_counts(session, nobody, now=NOW) == []
    assert search(session, nobody, "rác").by is FoundBy.NOTHING


def test_a_reference_is_found_however_it_is_written(session, lan):
    opened = open_ticket(session)

    for written in (opened.reference, grouped(opened.reference), f" {opened.reference} "):
        found = search(session, lan, written)
        assert (found.by, references(found)) == (FoundBy.REFERENCE, [opened.reference])


def test_a_phone_finds_all_tickets_of_who_uses_it(session, lan):
    one = open_ticket(session, phone="+84909123456")
    two = open_ticket(session, phone="+84909123456")
    open_ticket(session, phone="+84909999999")

    found = search(session, lan, "0909 123 456")

    assert (found.by, references(found)) == (FoundBy.PHONE, [two.reference, one.reference])


def test_a_dossier_number_is_found_in_any_writing(session, lan):
    opened = open_ticket(session, dossier_number="H29.11-251101-0042")

    found = search(session, lan, "h29.11-251101-0042 ")

    assert (found.by, references(found)) == (FoundBy.NUMBER, [opened.reference])


def test_words_are_found_without_accents_and_the_exact_ones_stand_first(session, lan):
    exact = open_ticket(session, subject="Đường ngập nước", body="")
    folded = open_ticket(session, subject="Đương ngáp nuọc", body="")
    open_ticket(session, subject="Đèn hỏng", body="")

    with_marks = search(session, lan, "đường ngập")
    without = search(session, lan, "duong ngap")

    assert references(with_marks) == [exact.reference, folded.reference]
    assert set(references(without)) == {exact.reference, folded.reference}


def test_the_last_word_may_be_unfinished_and_every_other_must_occur(session, lan):
    opened = open_ticket(session, subject="Cây xanh nghiêng", body="")

    assert references(search(session, lan, "cay xanh ngh")) == [opened.reference]
    assert references(search(session, lan, "cay vang ngh")) == []


def test_what_was_said_later_is_found_too(session, lan):
    opened = open_ticket(session)
    citizen_message(
        session, opened.ticket_id, body="gần chùa Xá Lợi", channel=Channel.WEB, actor=citizen_actor(), now=NOW
    )

    assert references(search(session, lan, "xa loi")) == [opened.reference]


def test_a_ticket_out_of_scope_is_not_found_by_any_way(session, lan):
    foreign = open_ticket(
        session, unit_code="26737", phone="+84909777888", dossier_number="H29.1", subject="Chuyện riêng", body=""
    )

    for said in (foreign.reference, "0909777888", "H29.1", "chuyện riêng"):
        assert references(search(session, lan, said)) == []


@pytest.mark.parametrize("said", ["", "   ", "&|!:*()", "' or 1=1 --", "\x00", "a" * 5000, "%_", "<->"])
def test_whatever_is_typed_into_the_search_is_an_answer_and_no_error(session, lan, said):
    assert search(session, lan, said).items == ()


def test_the_city_finds_what_is_old_behind_all_that_came_since_and_what_fits_exactly_first(session, desk):
    exact = open_ticket(session, subject="Cầu vượt bị nứt")
    later = [open_ticket(session, subject="Cau vuot lun", unit_code=code) for code in ("26740", "26824")]
    for passed_over in (2_500, 15_000):
        session.execute(
            text("select nextval(pg_get_serial_sequence('ticket', 'id')) from generate_series(1, :n)"),
            {"n": passed_over},
        ).all()
        later.append(open_ticket(session, subject="Cau vuot lun"))

    newest_first = [one.reference for one in reversed(later)]
    assert references(search(session, desk, "cau vuot")) == [*newest_first, exact.reference]
    assert references(search(session, desk, "cầu vượt")) == [exact.reference, *newest_first]
    assert references(search(session, desk, "cầu vượt", limit=2)) == [exact.reference, newest_first[0]]
