from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.storage.database import transaction
from tests.factories import KEYS, matter, open_ticket, places, rules, staff, unit
from tests.statements import counted
from tickets.errors import InvalidInput
from tickets.intake.opening import open_ticket as open_matter
from tickets.people.actor import citizen_actor
from tickets.schema import (
    AuditEntry,
    Citizen,
    CitizenPhone,
    Clock,
    ClockInterval,
    Contact,
    OutboundMessage,
    PlannedStep,
    QueueHop,
    Ticket,
    TicketAccess,
    TicketSearch,
    TimelineEntry,
)
from tickets.schema.rows import columns_of
from tickets.states import Channel, ClockKind, ClockStatus, OutboundChannel, Priority, Role, TicketStatus


def rows(session, table, ticket_id) -> list:
    return list(session.scalars(select(table).where(table.ticket_id == ticket_id).order_by(table.id)))


def clock(session, ticket_id, kind) -> Clock:
    return session.scalars(select(Clock).where(Clock.ticket_id == ticket_id, Clock.kind == kind)).one()


def count(session, table) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_matter_becomes_a_ticket_in_the_queue_of_the_ward_with_its_reasons(session, now):
    opened = open_ticket(
        session, category_code="rubbish", unit_code=None, place_text="phường bến nghé quận 1 cũ", now=now
    )

    ticket = session.get_one(Ticket, opened.ticket_id)
    assert ticket.unit_id == unit(session, "26740").id
    assert ticket.status is TicketStatus.NEW
    assert [r["code"] for r in ticket.routing_reasons][:2] == ["category_ward", "place_unique"]
    assert ticket.place_detail["said"]
    assert len(opened.pin) == 6


def test_a_ticket_just_opened_is_told_as_reading_it_would_tell(session, now):
    opened = open_ticket(session, now=now)

    ticket = session.get_one(Ticket, opened.ticket_id)
    assert opened.row == columns_of(ticket)


def test_everything_a_ticket_needs_is_written_with_it(session, now):
    opened = open_ticket(session, now=now)

    assert {c.kind for c in rows(session, Clock, opened.ticket_id)} == {"accept", "first", "resolve"}
    assert len(rows(session, PlannedStep, opened.ticket_id)) > 8
    assert [h.number for h in rows(session, QueueHop, opened.ticket_id)] == [1]
    assert [e.kind for e in rows(session, TimelineEntry, opened.ticket_id)] == ["opened", "routed"]
    assert [a.action for a in rows(session, AuditEntry, opened.ticket_id)] == ["ticket.opened"]
    assert rows(session, Contact, opened.ticket_id)[0].channel is Channel.WEB
    assert session.get(TicketSearch, opened.ticket_id) is not None
    parts = session.scalars(
        select(ClockInterval).join(Clock, Clock.id == ClockInterval.clock_id).where(Clock.ticket_id == opened.ticket_id)
    ).all()
    assert len(parts) == 3


def test_opening_a_ticket_costs_three_statements(session, now):
    known, index = rules(session), places(session)

    with counted(session) as statements:
        open_matter(
            session, matter(email="an@example.vn", name="An"),
            actor=citizen_actor(), keys=KEYS, places=index, rules=known, now=now,
        )  # fmt: skip

    assert len(statements) == 3, statements


def test_r5_resolve_counts_from_the_arrival_of_the_contact_not_from_when_we_saw_it(session, now):
    arrived = now - timedelta(minutes=30)

    opened = open_ticket(session, arrived_at=arrived, now=now)

    assert clock(session, opened.ticket_id, ClockKind.RESOLVE).started_at == arrived
    assert session.get_one(Ticket, opened.ticket_id).opened_at == arrived


def test_r3_opening_during_a_live_call_meets_first_and_starts_the_silence_clock(session, now):
    opened = open_ticket(session, channel=Channel.VOICE, live_call=True, now=now)

    assert clock(session, opened.ticket_id, ClockKind.FIRST).status is ClockStatus.MET
    assert clock(session, opened.ticket_id, ClockKind.UPDATE).status is ClockStatus.RUNNING
    assert session.get_one(Ticket, opened.ticket_id).first_answered_at == now


def test_r3_the_automatic_acknowledgement_does_not_meet_first(session, now):
    opened = open_ticket(session, phone="+84901234567", now=now)

    assert rows(session, OutboundMessage, opened.ticket_id)
    assert clock(session, opened.ticket_id, ClockKind.FIRST).status is ClockStatus.RUNNING


def test_the_earliest_due_of_its_clocks_is_what_the_ticket_is_sorted_by(session, now):
    opened = open_ticket(session, now=now)

    ticket = session.get_one(Ticket, opened.ticket_id)
    assert ticket.next_due_at == min(c.due_at for c in rows(session, Clock, opened.ticket_id))
    assert ticket.next_due_kind == "accept"


def test_the_same_request_sent_again_gives_the_same_ticket_and_pin_and_changes_nothing(session, now):
    first = open_ticket(session, contact_source_key="form-twice", now=now)
    before = count(session, Ticket), count(session, TimelineEntry), count(session, OutboundMessage)

    second = open_ticket(session, contact_source_key="form-twice", now=now + timedelta(days=30))

    assert (second.reference, second.pin) == (first.reference, first.pin)
    assert (first.is_new, second.is_new) == (True, False)
    assert (count(session, Ticket), count(session, TimelineEntry), count(session, OutboundMessage)) == before


def test_a_contact_written_on_the_first_webhook_gets_its_ticket_later_with_clocks_from_the_arrival(session, now):
    from tickets.intake import contacts  # noqa: PLC0415 - beside the test that needs it

    arrived = now - timedelta(minutes=2)
    contact = contacts.register(session, channel=Channel.VOICE, source_key="sim:CA1", arrived_at=arrived)

    opened = open_ticket(
        session, channel=Channel.VOICE, contact_source_key="sim:CA1", phone=None, subject="", body="", now=now
    )

    assert session.get_one(Contact, contact.id).ticket_id == opened.ticket_id
    assert opened.opened_at == arrived


def test_the_same_person_is_one_citizen_across_doors(session, now):
    by_web = open_ticket(session, phone="+84908111222", name="Lê Thị Hoa", now=now)
    by_sms = open_ticket(session, phone="+84908111222", channel=Channel.SMS, now=now)
    by_phone = open_ticket(session, phone="+84908111222", channel=Channel.VOICE, now=now)

    assert by_web.citizen_id == by_sms.citizen_id == by_phone.citizen_id
    assert session.get_one(Citizen, by_web.citizen_id).name == "Lê Thị Hoa"


def test_withheld_numbers_never_share_a_record(session, now):
    one = open_ticket(session, channel=Channel.VOICE, phone=None, phone_raw="anonymous", now=now)
    two = open_ticket(session, channel=Channel.VOICE, phone=None, phone_raw="anonymous", now=now)

    assert one.citizen_id is None
    assert two.citizen_id is None
    assert not session.scalars(select(CitizenPhone).where(CitizenPhone.phone.in_(["", "anonymous"]))).all()


def test_the_acknowledgement_carries_the_reference_and_nothing_the_sender_wrote(session, now):
    opened = open_ticket(
        session,
        phone="+84901234567",
        email="a@example.vn",
        subject="MUA NGAY http://x.example",
        body="lừa đảo",
        now=now,
    )

    messages = rows(session, OutboundMessage, opened.ticket_id)
    assert {m.channel for m in messages} == {OutboundChannel.SMS, OutboundChannel.EMAIL}
    for message in messages:
        assert message.params["reference"] == opened.reference
        assert "example" not in str(message.params)
        assert "has_pin" not in message.params


def test_the_pin_is_texted_only_to_a_number_that_spoke_to_us_itself(session, now):
    opened = open_ticket(session, phone="+84901234567", channel=Channel.SMS, now=now)

    [message] = rows(session, OutboundMessage, opened.ticket_id)
    assert message.params["has_pin"] is True
    assert opened.pin not in str(message.params), "who reads the table must not be able to follow the ticket"


@pytest.mark.parametrize("phone", ["+881612345678", "+447911123456"])
def test_a_number_abroad_gets_a_text_only_if_it_spoke_to_us_itself(session, now, phone):
    typed = open_ticket(session, phone=phone, channel=Channel.WEB, now=now)
    wrote = open_ticket(session, phone=phone, channel=Channel.SMS, now=now)

    assert rows(session, OutboundMessage, typed.ticket_id) == []
    assert [message.address for message in rows(session, OutboundMessage, wrote.ticket_id)] == [phone]


def test_a_landline_gets_no_sms(session, now):
    opened = open_ticket(session, phone="+842838291234", now=now)

    assert rows(session, OutboundMessage, opened.ticket_id) == []


def test_what_cannot_be_placed_waits_in_triage_with_the_question(session, now):
    opened = open_ticket(session, unit_code=None, place_text="ở Tân Bình", now=now)

    assert session.get_one(Ticket, opened.ticket_id).place_outcome == "ambiguous"
    assert opened.row["place_detail"]["question"]["options"]
    assert opened.unit_id == rules(session).routing.operations_unit_id


def test_a_ward_with_nobody_on_call_is_answered_for_by_the_city_and_keeps_the_ticket(session, now):
    opened = open_ticket(session, now=now)

    assert "city_answers" in [r.code for r in opened.reasons]
    assert opened.unit_id == unit(session).id


def test_a_restricted_matter_of_a_ward_with_nobody_on_call_is_answered_for_by_no_stranger(session, now):
    open_one = open_ticket(session, now=now)

    restricted = open_ticket(session, category_code="conduct_staff", now=now)

    row = session.get_one(Ticket, restricted.ticket_id)
    assert "city_answers" in [r.code for r in open_one.reasons]
    assert row.is_restricted
    assert "city_answers" not in [r.code for r in restricted.reasons]
    assert "city_answers" not in [reason["code"] for reason in row.routing_reasons]


def test_a_matter_about_staff_is_seen_by_named_people_only(session, now):
    from tickets.people.roles import load_viewer, visible_tickets  # noqa: PLC0415 - beside the test that needs it

    agent = staff(session, role=Role.AGENT, at="26740")
    opened = open_ticket(session, category_code="conduct_staff", now=now)

    viewer = load_viewer(session, agent.id, now=now)
    seen = session.scalars(select(Ticket.id).where(visible_tickets(viewer), Ticket.id == opened.ticket_id)).all()
    assert session.get_one(Ticket, opened.ticket_id).is_restricted
    assert seen == []


def test_the_head_of_the_unit_is_named_for_a_matter_about_its_staff(session, now):
    from tests.factories import hold_post  # noqa: PLC0415 - beside the test that needs it

    chair = staff(session, role=Role.LEADER, at="26740", name="Phạm Chủ Tịch")
    hold_post(session, chair, "ward_chair", at="26740")

    opened = open_ticket(session, category_code="conduct_staff", now=now)

    named = session.scalars(select(TicketAccess.staff_id).where(TicketAccess.ticket_id == opened.ticket_id)).all()
    assert chair.id in named


def test_an_emergency_has_the_promises_of_one(session, now):
    opened = open_ticket(session, emergency=True, now=now)

    assert opened.priority is Priority.EMERGENCY
    assert clock(session, opened.ticket_id, ClockKind.ACCEPT).target_seconds == 300


@pytest.mark.parametrize(
    ("facts", "field", "code"),
    [
        ({"category_code": "nonsense"}, "category", "no_such_category"),
        ({"unit_code": "99999"}, "unit", "no_such_unit"),
        ({"procedure_code": "x"}, "procedure", "no_such_procedure"),
        ({"subject": "", "body": " "}, "subject", "required"),
        ({"body": "x" * 20_001}, "body", "too_long"),
        ({"dossier_number": "<script>"}, "dossier_number", "not_a_dossier_number"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_field(session, now, facts, field, code):
    with pytest.raises(InvalidInput) as refused:
        open_ticket(session, now=now, **facts)

    assert (refused.value.field, refused.value.code) == (field, code)


def test_nul_bytes_and_lone_surrogates_do_not_reach_the_database(session, now):
    opened = open_ticket(session, subject="Đèn\x00 hỏng \ud800", body="a\u0301", now=now)

    ticket = session.get_one(Ticket, opened.ticket_id)
    assert (ticket.subject, ticket.body) == ("Đèn hỏng", "á")


def test_eight_at_once_with_the_same_key_open_one_ticket(committed, now):
    with transaction(committed.factory) as session:
        known, index = rules(session), places(session)
    wanted = matter(contact_source_key="double-click", phone="+84909000111")

    def click(_: int) -> str:
        with transaction(committed.factory) as session:
            return open_matter(
                session, wanted, actor=citizen_actor(), keys=KEYS, places=index, rules=known, now=now
            ).reference

    with ThreadPoolExecutor(8) as clicks:
        references = set(clicks.map(click, range(8)))

    with transaction(committed.factory) as session:
        assert len(references) == 1
        assert count(session, Ticket) == 1
        assert session.scalar(select(func.count()).where(CitizenPhone.phone == "+84909000111")) == 1


def test_a_point_on_the_map_leads_to_a_question_with_its_distance_and_to_no_unit(session):
    opened = open_ticket(
        session, body="Chỗ này ngập https://maps.google.com/?q=10.7724,106.6980", subject="", unit_code=None
    )

    kept = session.get_one(Ticket, opened.ticket_id)
    assert kept.place_unit_id is None and kept.place_outcome == "none"
    assert len(kept.place_detail["candidates"]) == 3
    assert "metres" in kept.place_detail["question"]["params"]
