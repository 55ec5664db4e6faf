"""R10: several citizens report one matter; one answer reaches each, and nobody's promise is lost or counted twice."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import NOW, open_ticket, queue_of, staff
from tickets.errors import InvalidInput, OwingUnitAlone
from tickets.people.actor import citizen_actor, staff_actor
from tickets.people.roles import load_viewer
from tickets.promises.outcomes import Tally, ended_in, tallies
from tickets.queries.duplicates import group_of, look_alikes
from tickets.queries.follow import followed
from tickets.queries.list_stretches import ListView
from tickets.queries.lists import work_list
from tickets.queries.reading import similar_to
from tickets.schema import AuditEntry, Clock, DuplicateLink, OutboundMessage, PlannedStep, PromiseBreach, Ticket
from tickets.states import Channel, ClockKind, ClockStatus, Disposition, Priority, Role, TicketStatus
from tickets.work.assignment import claim, transfer
from tickets.work.conversation import citizen_message, reply
from tickets.work.duplicates import interim_to_all, link, reply_to_all, unlink
from tickets.work.resolution import hold, mark_spam, not_solved, resolve, withdraw

HOUR = timedelta(hours=1)


@pytest.fixture
def agent(session):
    return staff_actor(staff(session, role=Role.AGENT, at="26740").id)


@pytest.fixture
def office(session):
    return staff_actor(staff(session, role=Role.CITY_OFFICE, at="VPUB").id)


def reported(session, *, now=NOW, **facts) -> Ticket:
    return session.get_one(Ticket, open_ticket(session, channel=Channel.SMS, now=now, **facts).ticket_id)


def clock(session, ticket, kind=ClockKind.RESOLVE) -> Clock:
    return session.scalars(
        select(Clock).where(Clock.ticket_id == ticket.id, Clock.kind == kind).order_by(Clock.cycle.desc())
    ).first()


def sent(session, template) -> list[OutboundMessage]:
    found = select(OutboundMessage).where(OutboundMessage.template == template)
    return list(session.scalars(found.order_by(OutboundMessage.id)))


def answer(session, ticket, agent, *, now, words="Đã dọn sạch."):
    return resolve(session, ticket.id, disposition=Disposition.FIXED, answer=words, actor=agent, now=now)


def test_r10_a_duplicate_ends_its_clocks_uncounted_and_its_master_is_due_by_the_earlier_date(session, agent):
    first = reported(session)
    second = reported(session, now=NOW + HOUR)
    promised = clock(session, first).due_at

    link(session, first.id, master_id=second.id, actor=agent, now=NOW + 2 * HOUR)

    assert {c.status for c in session.scalars(select(Clock).where(Clock.ticket_id == first.id))} == {
        ClockStatus.CANCELLED
    }
    assert clock(session, second).due_at == promised
    assert second.next_due_at is not None and first.next_due_at is None
    assert not session.scalars(
        select(PlannedStep).where(PlannedStep.ticket_id == first.id, PlannedStep.fired_at.is_(None))
    ).all()


def test_r10_a_later_promise_of_the_duplicate_leaves_the_masters_date_alone(session, agent):
    first, second = reported(session), reported(session, now=NOW + 24 * HOUR)
    promised = clock(session, first).due_at

    link(session, second.id, master_id=first.id, actor=agent, now=NOW + 25 * HOUR)

    assert clock(session, first).due_at == promised


def test_the_answer_to_the_master_reaches_every_citizen_once_and_ends_every_ticket(session, agent):
    master = reported(session, phone="+84901000001")
    twice = [reported(session, phone="+84901000002") for _ in range(2)]
    other = reported(session, phone="+84901000003")
    for ticket in (*twice, other):
        link(session, ticket.id, master_id=master.id, actor=agent, now=NOW + HOUR)
    claim(session, master.id, actor=agent, now=NOW + HOUR)

    answer(session, master, agent, now=NOW + 2 * HOUR)

    assert {t.status for t in (master, *twice, other)} == {TicketStatus.RESOLVED}
    assert {t.disposition for t in (*twice, other)} == {Disposition.DUPLICATE}
    assert sorted(m.address for m in sent(session, "ticket_resolved")) == [
        "+84901000001", "+84901000002", "+84901000003",
    ]  # fmt: skip
    for ticket in (*twice, other):
        assert any("Đã dọn sạch." in entry.body for entry in followed(session, ticket.id, locale="vi").entries)


def test_an_update_reaches_every_citizen_once_and_a_question_only_whose_details_it_is_about(session, agent):
    master = reported(session, phone="+84901000001")
    twice = [reported(session, phone="+84901000002") for _ in range(2)]
    gone = reported(session, phone="+84901000004")
    for ticket in (*twice, gone):
        link(session, ticket.id, master_id=master.id, actor=agent, now=NOW + HOUR)
    unlink(session, gone.id, reason="Hẻm khác", actor=agent, now=NOW + HOUR)

    reply(session, master.id, body="Nhà chị số mấy?", actor=agent, now=NOW + 2 * HOUR)
    reply_to_all(session, master.id, body="Tổ thi công đã đến.", actor=agent, now=NOW + 3 * HOUR)
    by = NOW + 30 * HOUR
    interim_to_all(session, master.id, body="Đang đợi vật tư.", expected_at=by, actor=agent, now=NOW + 4 * HOUR)

    said = [(m.address, m.params["body"]) for m in sent(session, "ticket_reply")]
    assert said == [
        ("+84901000001", "Nhà chị số mấy?"),
        ("+84901000001", "Tổ thi công đã đến."),
        ("+84901000002", "Tổ thi công đã đến."),
    ]
    assert [m.address for m in sent(session, "ticket_interim")] == ["+84901000001", "+84901000002"]
    for ticket in twice:
        read = [entry.body for entry in followed(session, ticket.id, locale="vi").entries]
        assert any("Tổ thi công đã đến." in words for words in read)
        assert not any("Nhà chị số mấy?" in words for words in read)
        assert ticket.expected_at == by
        assert ticket.status is TicketStatus.OPEN
    replied = select(AuditEntry.ticket_id).where(AuditEntry.action == "ticket.replied")
    assert sorted(session.scalars(replied)) == sorted([master.id, master.id, *(t.id for t in twice)])


def test_no_promise_of_the_group_is_counted_twice_or_as_kept_by_linking(session, agent):
    master, duplicate = reported(session), reported(session)
    link(session, duplicate.id, master_id=master.id, actor=agent, now=NOW + HOUR)
    claim(session, master.id, actor=agent, now=NOW + HOUR)
    answer(session, master, agent, now=NOW + 2 * HOUR)

    counted = tallies(session, ended_in(NOW, NOW + 48 * HOUR), now=NOW + 48 * HOUR)

    kept = {kind: tally for (_, kind), tally in counted.items()}
    assert kept[ClockKind.RESOLVE] == Tally(met=1)
    assert kept[ClockKind.ACCEPT] == Tally(met=1)


def test_what_was_broken_before_the_link_stays_broken(session, office):
    late, fresh = reported(session), reported(session, now=NOW + 20 * 24 * HOUR)

    link(session, late.id, master_id=fresh.id, actor=office, now=NOW + 20 * 24 * HOUR + HOUR)

    facts = session.scalars(select(PromiseBreach).where(PromiseBreach.ticket_id == late.id)).all()
    assert ClockKind.RESOLVE in {fact.kind for fact in facts}
    assert clock(session, late).first_breach_at is not None


def test_a_unit_does_not_rid_itself_of_a_late_matter_by_linking_it(session, agent):
    late, fresh = reported(session), reported(session, now=NOW + 20 * 24 * HOUR)

    with pytest.raises(OwingUnitAlone):
        link(session, late.id, master_id=fresh.id, actor=agent, now=NOW + 20 * 24 * HOUR + HOUR)


def test_r10_unlinked_its_clocks_go_on_with_the_time_consumed_and_the_master_gets_its_date_back(session, agent):
    master = reported(session, now=NOW + HOUR)
    ticket = reported(session)
    own, promised = clock(session, master).due_at, clock(session, ticket).due_at
    linked_at, parted_at = NOW + HOUR, NOW + 2 * HOUR
    link(session, ticket.id, master_id=master.id, actor=agent, now=linked_at)
    assert clock(session, master).due_at == promised < own

    unlink(session, ticket.id, reason="Khác hẻm", actor=agent, now=parted_at)

    again = clock(session, ticket)
    assert (again.status, again.consumed_seconds) == (ClockStatus.RUNNING, 3600)
    assert again.due_at == promised + HOUR
    assert clock(session, ticket, ClockKind.FIRST).status is ClockStatus.RUNNING
    assert clock(session, master).due_at == own
    assert ticket.master_id is None


def test_of_several_duplicates_the_earliest_of_those_that_stay_decides_the_masters_date(session, agent):
    master = reported(session, now=NOW + 3 * HOUR)
    early, middle = reported(session), reported(session, now=NOW + HOUR)
    due_of_middle = clock(session, middle).due_at
    for ticket in (middle, early):
        link(session, ticket.id, master_id=master.id, actor=agent, now=NOW + 4 * HOUR)

    unlink(session, early.id, reason="Khác hẻm", actor=agent, now=NOW + 4 * HOUR)

    assert clock(session, master).due_at == due_of_middle


def test_a_duplicates_citizen_sees_how_the_master_stands_and_nothing_of_the_other_citizen(session, agent, office):
    master = reported(session, subject="Rác trước nhà bà Hoa", body="Tôi là Hoa, hẻm 12.", now=NOW)
    ticket = reported(session)
    link(session, ticket.id, master_id=master.id, actor=agent, now=NOW + HOUR)
    reply(session, master.id, body="Chào bà Hoa, tổ đang đi.", actor=agent, now=NOW + HOUR)
    transfer(
        session, master.id, queue_id=queue_of(session, "26737").id, reason="Ranh giới", actor=office, now=NOW + HOUR
    )

    told = followed(session, ticket.id, locale="vi")

    assert told.is_joined
    assert told.unit == "Phường Tân Định"
    assert told.resolve_clock is not None and told.resolve_clock.due_at == clock(session, master).due_at
    everything = repr(told)
    assert "Hoa" not in everything and master.reference not in everything


def test_whoever_writes_again_on_a_duplicate_is_owed_an_answer_and_stands_in_the_list_again(session, agent):
    master, ticket = reported(session), reported(session)
    viewer = load_viewer(session, agent.staff_id, now=NOW)
    link(session, ticket.id, master_id=master.id, actor=agent, now=NOW + HOUR)
    waiting = work_list(session, viewer, view=ListView.QUEUES, now=NOW + HOUR).items
    assert ticket.reference not in {line.reference for line in waiting}

    citizen_message(session, ticket.id, body="Vẫn còn rác", channel=Channel.WEB, actor=citizen_actor(), now=NOW + HOUR)

    assert clock(session, ticket, ClockKind.NEXT).status is ClockStatus.RUNNING
    waiting = work_list(session, viewer, view=ListView.QUEUES, now=NOW + HOUR).items
    assert ticket.reference in {line.reference for line in waiting}
    reply(session, ticket.id, body="Chúng tôi đã rõ.", actor=agent, now=NOW + 2 * HOUR)
    assert clock(session, ticket, ClockKind.NEXT).status is ClockStatus.MET
    assert clock(session, ticket, ClockKind.UPDATE) is None


def test_a_citizen_to_whom_the_common_answer_is_none_opens_their_own_ticket_again(session, agent):
    master, ticket = reported(session), reported(session)
    link(session, ticket.id, master_id=master.id, actor=agent, now=NOW + HOUR)
    claim(session, master.id, actor=agent, now=NOW + HOUR)
    answer(session, master, agent, now=NOW + 2 * HOUR)

    not_solved(session, ticket.id, reason="Trước nhà tôi vẫn còn", actor=citizen_actor(), now=NOW + 3 * HOUR)

    assert (ticket.status, ticket.master_id) == (TicketStatus.OPEN, None)
    assert master.status is TicketStatus.RESOLVED
    assert clock(session, ticket).status is ClockStatus.RUNNING


@pytest.mark.parametrize("leaves", ["withdrawn", "spam"])
def test_when_the_master_is_taken_back_the_oldest_duplicate_answers_for_the_others(session, agent, leaves):
    master = reported(session, now=NOW + HOUR)
    oldest, youngest = reported(session), reported(session)
    promised = clock(session, oldest).due_at
    for ticket in (youngest, oldest):
        link(session, ticket.id, master_id=master.id, actor=agent, now=NOW + HOUR)

    if leaves == "spam":
        mark_spam(session, master.id, reason="Quảng cáo", actor=agent, now=NOW + HOUR)
    else:
        withdraw(session, master.id, reason="Đã xong", actor=citizen_actor(), now=NOW + HOUR)

    assert (oldest.master_id, youngest.master_id) == (None, oldest.id)
    assert clock(session, oldest).status is ClockStatus.RUNNING
    assert clock(session, oldest).due_at == promised + timedelta(0)


def test_an_accusation_written_on_either_side_is_parted_from_the_group_before_it_is_kept_from_the_unit(session, agent):
    master, ticket = reported(session), reported(session)
    viewer = load_viewer(session, agent.staff_id, now=NOW)
    link(session, ticket.id, master_id=master.id, actor=agent, now=NOW + HOUR)

    said = "Cán bộ phường nhận hối lộ 5 triệu của tôi."
    citizen_message(session, ticket.id, body=said, channel=Channel.WEB, actor=citizen_actor(), now=NOW + 2 * HOUR)

    assert ticket.is_restricted and ticket.master_id is None
    assert group_of(session, viewer, master).count == 0
    told = session.scalars(select(AuditEntry).where(AuditEntry.action == "ticket.duplicate_lost")).one()
    assert ticket.reference not in str(told.params)


def test_restricted_tickets_duplicates_finished_ones_and_the_ticket_itself_are_no_masters(session, agent):
    ticket, master = reported(session), reported(session)
    below, restricted = reported(session), reported(session, category_code="conduct_unit")
    over = reported(session)
    mark_spam(session, over.id, reason="Thử", actor=agent, now=NOW)
    link(session, below.id, master_id=master.id, actor=agent, now=NOW)

    for other, code in (
        (ticket, "same_ticket"), (restricted, "restricted_not_linked"), (below, "master_is_duplicate"),
        (over, "master_over"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            link(session, ticket.id, master_id=other.id, actor=agent, now=NOW)
        assert refused.value.code == code


def test_nobody_ends_pauses_or_sends_away_a_duplicate_by_itself(session, agent):
    master, ticket = reported(session), reported(session)
    link(session, ticket.id, master_id=master.id, actor=agent, now=NOW)

    with pytest.raises(InvalidInput):
        answer(session, ticket, agent, now=NOW)
    with pytest.raises(InvalidInput):
        hold(session, ticket.id, question="Ở đâu?", wake_at=NOW + HOUR, actor=agent, now=NOW)
    with pytest.raises(InvalidInput):
        transfer(session, ticket.id, queue_id=queue_of(session, "26737").id, reason="x", actor=agent, now=NOW)


def test_the_duplicates_of_a_new_duplicate_go_with_it_and_the_master_is_as_urgent_as_the_most_urgent(session, agent):
    top, middle, below = reported(session), reported(session, emergency=True), reported(session)
    link(session, below.id, master_id=middle.id, actor=agent, now=NOW)

    link(session, middle.id, master_id=top.id, actor=agent, now=NOW)

    assert (middle.master_id, below.master_id) == (top.id, top.id)
    assert top.priority is Priority.EMERGENCY
    standing = session.scalars(select(DuplicateLink).where(DuplicateLink.ended_at.is_(None))).all()
    assert {one.master_id for one in standing} == {top.id}


def test_each_citizen_is_told_once_that_their_request_is_handled_with_anothers(session, agent):
    master, ticket = reported(session), reported(session, phone="+84901000009")

    link(session, ticket.id, master_id=master.id, actor=agent, now=NOW)

    [message] = sent(session, "ticket_joined")
    assert message.address == "+84901000009"
    assert master.reference not in str(message.params)


def test_a_ticket_of_the_same_phone_or_place_is_suggested_and_a_restricted_one_never(session, agent):
    viewer = load_viewer(session, agent.staff_id, now=NOW)
    ticket = reported(session, phone="+84901000004", place_text="Hẻm 12 Lê Lợi")
    same_phone = reported(session, phone="+84901000004", subject="Chuyện khác hẳn", body="Đèn đường hỏng")
    same_place = reported(session, place_text="hẻm 12 lê lợi", subject="Cây đổ", body="Cây to chắn lối")
    reported(session, phone="+84901000004", category_code="conduct_unit")

    alike = {line.reference: line.why for line in look_alikes(session, viewer, ticket, now=NOW)}

    assert alike == {same_phone.reference: "phone", same_place.reference: "place"}


def test_what_says_the_same_in_another_kind_looks_alike_and_only_to_whom_may_see_it(session, agent):
    said = {"subject": "Nắp hố ga vỡ", "body": "Nắp hố ga trước nhà 45 Tôn Thất Đạm vỡ đôi, xe máy sụp bánh"}
    ticket = reported(session, **said)
    words = "xe may sup banh o ho ga vo nap 45 Ton That Dam"
    other = reported(session, category_code="pothole", subject="Hố ga", body=words)
    reported(session, category_code="conduct_unit", **said)
    stranger = staff_actor(staff(session, role=Role.AGENT, at="26743").id)

    def shown_to(actor) -> list[str]:
        viewer = load_viewer(session, actor.staff_id, now=NOW)
        return [one.reference for one in similar_to(session, viewer, ticket, taught=frozenset(), now=NOW)]

    assert shown_to(agent) == [other.reference]
    assert shown_to(stranger) == []
