from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.storage.database import transaction
from tests.factories import KEYS, NOW, open_ticket, queue_of, staff, unit
from tickets.errors import (
    AlreadyAssigned,
    InvalidInput,
    NotAllowed,
    ReopeningWindowOver,
    TransitionNotAllowed,
)
from tickets.intake.opening import opened_before
from tickets.intake.repeats import attach_contact, open_tickets_of
from tickets.people.actor import SYSTEM, citizen_actor, staff_actor
from tickets.schema import (
    AuditEntry,
    Contact,
    Message,
    Misroute,
    OutboundMessage,
    Ticket,
    TimelineEntry,
    Unit,
)
from tickets.states import Channel, Disposition, Role, TicketStatus, TimelineKind
from tickets.timeline import entries
from tickets.work.assignment import (
    assign,
    change_category,
    claim,
    correct_place,
    correct_route,
    release,
    return_ticket,
    transfer,
)
from tickets.work.conversation import citizen_message, note, reply
from tickets.work.drafts import look, look_typing, seen_by
from tickets.work.resolution import close_due, not_solved, rate, resolve, withdraw
from tickets.work.ticket import TRANSITIONS, lock_ticket, move

HOUR = timedelta(hours=1)


@pytest.fixture
def agent(session):
    return staff_actor(staff(session, role=Role.AGENT, at="26740").id)


@pytest.fixture
def ticket(session) -> Ticket:
    opened = open_ticket(session, channel=Channel.SMS, phone="+84901234567")
    return session.get_one(Ticket, opened.ticket_id)


def answered(session, ticket, agent, *, now=NOW, **facts) -> Ticket:
    claim(session, ticket.id, actor=agent, now=now)
    facts = {"disposition": Disposition.FIXED, "answer": "Đã dọn sạch.", **facts}
    return resolve(session, ticket.id, actor=agent, now=now, **facts)


def kinds(session, ticket) -> list[str]:
    return list(
        session.scalars(
            select(TimelineEntry.kind).where(TimelineEntry.ticket_id == ticket.id).order_by(TimelineEntry.id)
        )
    )


def test_a_claimed_ticket_belongs_to_one_agent_and_claiming_it_again_changes_nothing(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    before = kinds(session, ticket)
    claim(session, ticket.id, actor=agent, now=NOW + HOUR)

    assert ticket.assignee_id == agent.staff_id
    assert ticket.status is TicketStatus.OPEN
    assert kinds(session, ticket) == before


def test_a_colleague_is_told_that_somebody_has_the_ticket(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)
    other = staff_actor(staff(session, at="26740").id)

    with pytest.raises(AlreadyAssigned) as refused:
        claim(session, ticket.id, actor=other, now=NOW)

    assert refused.value.assignee_id == agent.staff_id


def test_of_two_agents_who_claim_at_once_exactly_one_gets_the_ticket(committed):
    with transaction(committed.factory) as session:
        people = [staff(session, at="26740").id for _ in range(8)]
        ticket_id = open_ticket(session).ticket_id

    def try_it(staff_id: int) -> int | None:
        try:
            with transaction(committed.factory) as session:
                claim(session, ticket_id, actor=staff_actor(staff_id), now=NOW)
        except AlreadyAssigned:
            return None
        return staff_id

    with ThreadPoolExecutor(8) as agents:
        winners = [w for w in agents.map(try_it, people) if w is not None]

    with transaction(committed.factory) as session:
        assert len(winners) == 1
        assert session.get_one(Ticket, ticket_id).assignee_id == winners[0]


def test_a_released_ticket_waits_again_but_stays_accepted(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)

    release(session, ticket.id, actor=agent, now=NOW)

    assert ticket.assignee_id is None
    assert ticket.status is TicketStatus.OPEN


def test_a_ticket_is_given_only_to_somebody_who_may_work_on_it(session, ticket, agent):
    stranger = staff(session, role=Role.AGENT, at="SXD")
    of_the_city = staff(session, role=Role.AGENT, at="TTDH")

    with pytest.raises(InvalidInput):
        assign(session, ticket.id, staff_id=stranger.id, actor=agent, now=NOW)
    assign(session, ticket.id, staff_id=of_the_city.id, actor=agent, now=NOW)

    assert ticket.assignee_id == of_the_city.id


def test_a_transfer_needs_a_reason_and_another_queue(session, ticket, agent):
    with pytest.raises(InvalidInput):
        transfer(session, ticket.id, queue_id=queue_of(session, "SXD").id, reason=" ", actor=agent, now=NOW)
    with pytest.raises(InvalidInput):
        transfer(session, ticket.id, queue_id=ticket.queue_id, reason="x", actor=agent, now=NOW)


def test_a_matter_is_never_transferred_to_the_unit_it_is_about(session, agent):
    opened = open_ticket(session, category_code="conduct_unit")
    about = session.get_one(Ticket, opened.ticket_id)

    with pytest.raises(NotAllowed):
        transfer(session, about.id, queue_id=queue_of(session, "26740").id, reason="Của phường", actor=agent, now=NOW)


def test_a_correction_of_the_route_is_kept_as_a_misroute_with_its_cause(session, ticket, agent):
    correct_route(
        session, ticket.id, queue_id=queue_of(session, "SXD").id, reason="Đường cấp thành phố", actor=agent, now=NOW
    )

    kept = session.scalars(select(Misroute).where(Misroute.ticket_id == ticket.id)).one()
    assert kept.cause == "Đường cấp thành phố"
    assert ticket.level == "city"


def test_what_came_from_no_other_queue_cannot_be_returned(session, ticket, agent):
    with pytest.raises(InvalidInput):
        return_ticket(session, ticket.id, reason="Không phải", actor=agent, now=NOW)


def test_the_reason_of_a_transfer_is_for_colleagues_and_the_new_unit_for_the_citizen(session, ticket, agent):
    transfer(
        session, ticket.id, queue_id=queue_of(session, "SXD").id, reason="Bên phường làm biếng", actor=agent, now=NOW
    )

    public = entries(session, ticket.id, public_only=True)
    assert "làm biếng" not in str(public)
    assert "Sở Xây dựng" in str(public)


def test_a_corrected_place_drops_the_question_and_says_who_corrected_it(session, agent):
    opened = open_ticket(session, unit_code=None, place_text="ở Tân Bình")
    correct_place(session, opened.ticket_id, unit_id=unit(session, "26740").id, actor=agent, now=NOW)

    corrected = session.get_one(Ticket, opened.ticket_id)
    assert (corrected.place_outcome, corrected.place_detail["by"]) == ("unique", agent.staff_id)
    assert "question" not in corrected.place_detail


def test_conduct_is_not_a_label_to_be_set_by_hand(session, ticket, agent):
    with pytest.raises(InvalidInput):
        change_category(session, ticket.id, category_code="conduct_staff", actor=agent, now=NOW)


@pytest.mark.parametrize("current", list(TicketStatus))
@pytest.mark.parametrize("wanted", list(TicketStatus))
def test_only_the_moves_of_the_table_are_possible(session, ticket, agent, current, wanted):
    locked = lock_ticket(session, ticket.id)
    locked.status = current
    session.flush()

    if wanted in TRANSITIONS[current]:
        move(session, locked, to=wanted, actor=agent, now=NOW)
        assert locked.status is wanted
    else:
        with pytest.raises(TransitionNotAllowed):
            move(session, locked, to=wanted, actor=agent, now=NOW)
        assert locked.status is current


def test_every_change_has_its_audit_row_in_the_same_transaction(session, ticket, agent):
    answered(session, ticket, agent)
    note(session, ticket.id, body="Xong", actor=agent, now=NOW)

    # Moves of dates are entered by the database itself.
    by_people = AuditEntry.action != "promise.due"
    actions = session.scalars(
        select(AuditEntry.action).where(AuditEntry.ticket_id == ticket.id, by_people).order_by(AuditEntry.id)
    ).all()
    assert actions == [
        "ticket.opened", "ticket.claimed", "ticket.moved", "ticket.resolved", "ticket.moved", "ticket.noted",
    ]  # fmt: skip


def test_an_answer_goes_out_by_the_callers_own_channel_once(session, ticket, agent):
    message = reply(session, ticket.id, body="Chào bác", actor=agent, now=NOW)

    sent = session.get_one(OutboundMessage, message.outbound_id)
    assert (sent.address, sent.template, sent.params["body"]) == ("+84901234567", "ticket_reply", "Chào bác")


def test_an_answer_to_somebody_with_an_address_only_goes_by_mail_and_stands_on_the_follow_page(session, agent):
    opened = open_ticket(session, phone=None, email="an@example.vn")

    message = reply(session, opened.ticket_id, body="Chào", actor=agent, now=NOW)

    assert session.get_one(OutboundMessage, message.outbound_id).address == "an@example.vn"
    assert "Chào" in str(entries(session, opened.ticket_id, public_only=True))


def test_an_answer_to_somebody_without_any_address_stands_on_the_follow_page(session, agent):
    opened = open_ticket(session, phone=None, name="")

    message = reply(session, opened.ticket_id, body="Chào", actor=agent, now=NOW)

    assert message.outbound_id is None
    with pytest.raises(InvalidInput):
        reply(session, opened.ticket_id, body="Chào", channel=Channel.SMS, actor=agent, now=NOW)


def test_an_answer_to_a_number_that_is_not_texted_takes_another_way_and_an_asked_for_text_is_refused(session, agent):
    opened = open_ticket(session, channel=Channel.SMS, phone="+447911123456", email="an@example.vn")

    message = reply(session, opened.ticket_id, body="Chào", actor=agent, now=NOW)

    assert session.get_one(OutboundMessage, message.outbound_id).address == "an@example.vn"
    with pytest.raises(InvalidInput, match="number_refused"):
        reply(session, opened.ticket_id, body="Chào", channel=Channel.SMS, actor=agent, now=NOW)


def test_the_follow_page_shows_no_notes_and_no_names_of_staff(session, ticket, agent):
    note(session, ticket.id, body="Ông này hay gọi", actor=agent, now=NOW)
    reply(session, ticket.id, body="Chào", actor=agent, now=NOW)

    public = entries(session, ticket.id, public_only=True)
    assert "hay gọi" not in str(public)
    assert {e["staff_name"] for e in public} == {None}


def test_a_ticket_nobody_has_accepted_cannot_be_resolved(session, ticket, agent):
    with pytest.raises(TransitionNotAllowed):
        resolve(session, ticket.id, disposition=Disposition.FIXED, answer="Xong", actor=agent, now=NOW)


@pytest.mark.parametrize("facts", [{"answer": " "}, {"disposition": Disposition.DUPLICATE}])
def test_an_answer_needs_words_and_a_disposition_that_is_one(session, ticket, agent, facts):
    with pytest.raises(InvalidInput):
        answered(session, ticket, agent, **facts)


def test_not_solved_within_the_window_opens_the_ticket_again_and_tells_who_had_it(session, ticket, agent):
    answered(session, ticket, agent)

    not_solved(session, ticket.id, reason="Rác vẫn còn", actor=citizen_actor(), now=NOW + timedelta(days=14))

    assert (ticket.status, ticket.reopen_count, ticket.disposition) == (TicketStatus.OPEN, 1, None)
    told = session.scalars(select(OutboundMessage.template).where(OutboundMessage.staff_id == agent.staff_id)).all()
    assert told == ["ticket_reopened"]
    story = kinds(session, ticket)
    assert story.index(TimelineKind.NOT_SOLVED) < story.index(TimelineKind.REOPENED)


def test_after_the_window_the_citizen_gets_a_new_ticket_that_continues_the_old_one(session, ticket, agent):
    answered(session, ticket, agent)
    late = NOW + timedelta(days=16)

    with pytest.raises(ReopeningWindowOver) as refused:
        not_solved(session, ticket.id, reason="Rác vẫn còn", actor=citizen_actor(), now=late)
    again = open_ticket(session, continues_id=refused.value.ticket_id, now=late)

    assert session.get_one(Ticket, again.ticket_id).continues_id == ticket.id


def test_answered_tickets_close_when_the_window_ends_and_not_before(session, ticket, agent):
    answered(session, ticket, agent)

    early, due, twice = (close_due(session, now=NOW + timedelta(days=d)) for d in (14, 15, 15))

    assert (early, due, twice) == (0, 1, 0)
    assert session.get_one(Ticket, ticket.id).status is TicketStatus.CLOSED


def test_a_closed_ticket_takes_no_more_messages_and_can_be_rated(session, ticket, agent):
    answered(session, ticket, agent)
    close_due(session, now=NOW + timedelta(days=15))

    with pytest.raises(TransitionNotAllowed):
        citizen_message(session, ticket.id, body="Alo", channel=Channel.SMS, actor=citizen_actor(), now=NOW)
    rate(session, ticket.id, rating=4, actor=citizen_actor(), now=NOW)

    assert session.get_one(Ticket, ticket.id).rating == 4


def test_a_withdrawn_ticket_is_neither_answered_nor_claimed(session, ticket, agent):
    withdraw(session, ticket.id, reason="Dân rút", actor=citizen_actor(), now=NOW)

    with pytest.raises(TransitionNotAllowed):
        reply(session, ticket.id, body="Chào", actor=agent, now=NOW)
    with pytest.raises(TransitionNotAllowed):
        claim(session, ticket.id, actor=agent, now=NOW)


def test_the_same_matter_again_is_recognised_within_seven_days(session, ticket):
    soon = open_tickets_of(session, ticket.citizen_id, now=NOW + timedelta(days=6))
    late = open_tickets_of(session, ticket.citizen_id, now=NOW + timedelta(days=8))

    assert [one.id for one in soon] == [ticket.id]
    assert late == []


def test_a_second_sms_about_an_open_ticket_becomes_a_message_of_it(session, ticket):
    from tickets.intake import contacts  # noqa: PLC0415 - beside the test that needs it

    contact = contacts.register(session, channel=Channel.SMS, source_key="sim:SM2", arrived_at=NOW + HOUR)
    attach_contact(
        session, ticket.id, contact_id=contact.id, channel=Channel.SMS, body="Hẻm 12 nhé", arrived_at=NOW + HOUR,
        actor=citizen_actor(), now=NOW + HOUR,
    )  # fmt: skip

    assert session.get_one(Contact, contact.id).ticket_id == ticket.id
    assert session.scalars(select(Message.body).where(Message.ticket_id == ticket.id)).all() == ["Hẻm 12 nhé"]


def test_who_else_has_the_ticket_open_and_who_is_typing_is_seen_for_half_a_minute(session, ticket, agent):
    lan = staff(session, name="Lan")
    look(session, ticket.id, staff_id=lan.id, now=NOW)
    look_typing(session, ticket.id, staff_id=lan.id, now=NOW)

    now_seen = seen_by(session, ticket.id, besides=agent.staff_id, now=NOW + timedelta(seconds=20))
    later = seen_by(session, ticket.id, besides=agent.staff_id, now=NOW + timedelta(seconds=40))

    assert [(s.name, s.is_typing) for s in now_seen] == [("Lan", True)]
    assert later == []


def test_a_repeated_request_learns_the_state_its_ticket_has_now(session, ticket, agent):
    claim(session, ticket.id, actor=agent, now=NOW)

    assert opened_before(session, ticket.id, keys=KEYS).status is TicketStatus.OPEN


def test_the_system_cannot_claim(session, ticket):
    with pytest.raises(NotAllowed):
        claim(session, ticket.id, actor=SYSTEM, now=NOW)


def test_a_unit_that_no_longer_exists_receives_nothing(session, ticket, agent):
    gone = queue_of(session, "SXD")
    session.get_one(Unit, gone.unit_id).valid_to = NOW.date()
    session.flush()

    with pytest.raises(InvalidInput):
        transfer(session, ticket.id, queue_id=gone.id, reason="x", actor=agent, now=NOW)
