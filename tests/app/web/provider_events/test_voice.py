"""A phone call walks through the signed webhooks to a ticket, a person, a message or a callback."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.wording.spoken_words import in_digit_groups
from telephony.floor import offers
from tests.app.web.provider_events.voice_scene import agent_at, call_of, ticket_of
from tests.factories import KEYS, hold_post, open_ticket, staff, unit
from tests.statements import counted
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.people.pins import pin_of
from tickets.routing.rule_rows import WARD_KINDS
from tickets.schema import (
    Call,
    CallbackRequest,
    Contact,
    InboundSms,
    Line,
    OutboundMessage,
    PhonePreference,
    Presence,
    Recording,
    Ticket,
    Unit,
)
from tickets.states import (
    CallbackReason,
    CallState,
    PresenceState,
    Priority,
    RecordingKind,
    RecordingState,
    Role,
    TicketStatus,
)


def test_the_first_webhook_writes_contact_and_call_and_no_ticket(session, phone):
    phone.ring()

    call = call_of(session, phone)
    assert "ghi âm" in phone.said
    assert (call.state, call.phone, call.ticket_id) == (CallState.MENU, "+84901234567", None)
    assert session.get(Contact, call.contact_id).phone == "+84901234567"


def test_a_report_whose_place_was_said_stands_in_the_wards_queue_with_reasons(session, phone):
    phone.ring().press("1").speak("phường Bến Nghé quận 1 cũ, tôi nộp hồ sơ khai sinh 10 ngày chưa có kết quả")

    ticket = ticket_of(session, phone)
    assert ticket.unit_id == unit(session, "26740").id
    assert "khai sinh" in ticket.body
    assert any(reason["code"] == "place_unique" for reason in ticket.routing_reasons)
    assert ticket.opened_at == call_of(session, phone).arrived_at
    assert ticket.hop_count == 1


def test_silence_and_wrong_keys_lead_to_a_person_with_a_ticket(session, phone):
    phone.ring().wait().wait()

    assert ticket_of(session, phone) is not None
    assert "chưa có người trực" in phone.said


def test_with_nobody_on_duty_a_message_is_left_and_the_caller_hears_the_reference(session, phone):
    phone.ring().press("1").speak("phường Sài Gòn").wait().record(14)

    call, ticket = call_of(session, phone), ticket_of(session, phone)
    spoken = in_digit_groups(ticket.reference)
    recording = session.scalars(select(Recording)).one()
    assert spoken in phone.said
    assert (recording.call_id, recording.ticket_id, recording.duration_seconds) == (call.id, ticket.id, 14)
    assert (recording.kind, recording.state) == (RecordingKind.VOICEMAIL, RecordingState.COMPLETED)
    assert call.flowout_kind == "voicemail"


def test_who_says_nothing_after_the_tone_twice_waits_for_a_person_and_has_left_nothing(session, now, phone):
    agent_at(session, now)
    phone.ring().press("8").record(0).record(1)

    call = call_of(session, phone)
    assert call.state in (CallState.QUEUED, CallState.OFFERED)
    assert call.queued_at is not None and call.flowout_at is None
    assert phone.document.find("Hangup") is None


def test_with_nobody_on_duty_the_duty_officer_is_told_once_an_hour(session, phone, client, settings, city_line):
    officer = staff(session, role=Role.SUPERVISOR, at="26740", phone="+84908888888")
    hold_post(session, officer, "duty_officer", at="26740")

    phone.ring().press("1").speak("phường Sài Gòn")
    Phone(client, settings, to=city_line, number="+84902222222").ring().press("1").speak("phường Sài Gòn")

    told = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "nobody_on_duty")).all()
    assert [message.address for message in told] == ["+84908888888"]


def test_a_callback_keeps_the_place_of_the_caller(session, phone):
    phone.ring().press("9").press("1").hang_up()

    request = session.scalars(select(CallbackRequest)).one()
    call = call_of(session, phone)
    assert (request.phone, request.reason) == ("+84901234567", CallbackReason.REQUESTED)
    assert request.order_at == call.arrived_at
    assert request.ticket_id == call.ticket_id


def test_hanging_up_after_five_seconds_in_the_menu_leaves_a_ticket_and_before_only_a_callback(
    session, app, settings, city_line, now
):
    with app.bound_to(session, now):
        long = Phone(app.test_client(), settings, to=city_line, number="+84903333333").ring()
        short = Phone(app.test_client(), settings, to=city_line, number="+84904444444").ring()
    with app.bound_to(session, now + timedelta(seconds=3)):
        short.client = app.test_client()
        short.hang_up()
    with app.bound_to(session, now + timedelta(seconds=8)):
        long.client = app.test_client()
        long.hang_up()

    assert call_of(session, short).ticket_id is None
    assert call_of(session, long).ticket_id is not None
    assert session.scalar(select(func.count()).select_from(CallbackRequest)) == 2


def test_missed_calls_of_one_number_stand_once_an_hour_on_the_callback_list(session, client, settings, city_line):
    for _ in range(3):
        Phone(client, settings, to=city_line).ring().hang_up()

    assert session.scalar(select(func.count()).select_from(CallbackRequest)) == 1


def test_whoever_hangs_up_before_the_message_is_called_back_and_asked(session, phone):
    phone.ring().press("8").hang_up()

    asked = session.scalars(select(CallbackRequest)).one()
    assert (asked.reason, asked.ticket_id) == (CallbackReason.MISSED, ticket_of(session, phone).id)


def test_a_message_ended_by_hanging_up_is_kept_and_needs_no_call_back(session, phone):
    phone.ring().press("8")
    action = phone.next_action()
    phone.hang_up()
    phone.post(action, RecordingSid="RE-late", RecordingDuration="14", Digits="hangup")

    assert session.scalars(select(Recording)).one().kind is RecordingKind.VOICEMAIL
    session.expire_all()
    assert session.scalars(select(CallbackRequest)).one().outcome == "left_a_message"


def test_whoever_wanted_a_person_after_asking_and_hung_up_is_called_back(session, phone):
    phone.ring().press("4").speak("phường Bến Nghé").press("1").hang_up()

    assert session.scalars(select(CallbackRequest)).one().reason is CallbackReason.MISSED


def test_self_service_promises_nothing(session, phone):
    phone.ring().press("4").speak("phường Bến Nghé").hang_up()

    assert "Sài Gòn" in phone.said
    assert call_of(session, phone).ticket_id is None


def test_the_same_number_goes_on_with_its_ticket_and_its_old_place(session, client, settings, city_line, now):
    first = Phone(client, settings, to=city_line)
    agent_at(session, now)
    first.ring().press("1").speak("phường Sài Gòn").hang_up()
    again = Phone(client, settings, to=city_line)
    again.ring().press("1")

    assert call_of(session, again).ticket_id == call_of(session, first).ticket_id
    assert call_of(session, again).queued_at == call_of(session, first).queued_at
    assert session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_hidden_numbers_never_share_a_citizen_or_a_ticket(session, client, settings, city_line):
    calls = []
    for hidden in ("anonymous", "+266696687", "+86282452253"):
        phone = Phone(client, settings, to=city_line, number=hidden).ring().press("8")
        calls.append(call_of(session, phone))

    assert {call.phone for call in calls} == {None}
    assert {call.citizen_id for call in calls} == {None}
    assert len({call.ticket_id for call in calls}) == 3


def test_many_calls_from_one_number_are_flagged_and_still_answered(session, client, settings, city_line):
    for _ in range(12):
        phone = Phone(client, settings, to=city_line).ring()

    assert session.get(PhonePreference, "+84901234567").flagged_at is not None
    assert phone.document.find("Gather") is not None


def test_an_emergency_is_told_the_numbers_and_stands_with_the_city_too(session, phone):
    phone.ring().press("2")

    ticket = ticket_of(session, phone)
    assert ticket.priority is Priority.EMERGENCY


def test_an_emergency_rings_while_its_caller_still_hears_who_comes_at_once(session, phone, now):
    agent = agent_at(session, now, at="TTDH")

    phone.ring()
    phone.post(phone.next_action(), Digits="2")
    assert "114" in phone.said
    offers.offer_waiting_calls(session, now=now)

    assert open_offer_of(session, agent.id).call_id == call_of(session, phone).id
    phone.press("5")
    assert "114" not in phone.said and "mã phản ánh" not in phone.said.lower(), "nothing more while it rings"


def test_danger_that_is_told_instead_of_a_place_is_an_emergency_and_answered_first(session, phone):
    phone.ring().press("1")

    phone.post(phone.next_action(), SpeechResult="tôi muốn báo cháy có người kẹt trong nhà")

    ticket = ticket_of(session, phone)
    assert "114" in phone.said
    assert ticket.priority is Priority.EMERGENCY
    assert session.scalars(select(Call)).one().detail["emergency"] is True


def test_the_state_of_a_request_is_told_by_keypad_alike_for_unknown_and_foreign_ones(session, phone, client, settings):
    opened = open_ticket(session, phone="+84909999999")
    salt = session.get(Ticket, opened.ticket_id).pin_salt

    with_pin = phone.ring().press("3").press(opened.reference).press(pin_of(KEYS, salt, opened.reference)).said
    ways = [Phone.wait, lambda call: call.press("000000"), lambda call: call.press("000000").press("000001")]
    foreign = [way(Phone(client, settings).ring().press("3").press(opened.reference)).said for way in ways]
    unknown = [way(Phone(client, settings).ring().press("3").press("2600000000")).said for way in ways]

    assert "đang chờ cán bộ" in with_pin and "Thời hạn xử lý" in with_pin
    assert foreign == unknown
    assert "mã PIN gồm 6 chữ số" in foreign[1], "one slip of a finger is asked again"
    assert "mã PIN gồm 6 chữ số" not in foreign[2]


def test_one_wrong_digit_of_a_pin_costs_nothing(session, phone):
    opened = open_ticket(session, phone="+84909999999")

    told = phone.ring().press("3").press(opened.reference).press("000000").press(opened.pin).said

    assert "đang chờ cán bộ" in told


def test_whoever_wants_a_person_after_hearing_of_a_request_opens_no_second_one(session, client, settings, city_line):
    opened = open_ticket(session, phone="+84901234567")
    phone = Phone(client, settings, to=city_line, number="+84907777777")

    phone.ring().press("3").press(opened.reference).press(opened.pin).press("1")

    assert call_of(session, phone).ticket_id == opened.ticket_id
    assert session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_a_confirmation_by_sms_follows_the_call_once_with_reference_and_pin(session, phone):
    phone.ring().press("1").speak("phường Sài Gòn, rác không ai lấy").hang_up().hang_up()

    letters = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "ticket_opened")).all()
    assert [letter.address for letter in letters] == ["+84901234567"]
    assert letters[0].params["reference"] == ticket_of(session, phone).reference
    assert letters[0].params["has_pin"] is True
    assert "rác" not in str(letters[0].params)


def test_every_turn_repeated_gets_the_same_words_and_moves_nothing(session, phone):
    phone.ring()
    action = phone.next_action()
    first = phone.post(action, Digits="1").data
    turn = call_of(session, phone).turn

    assert phone.post(action, Digits="1").data == first
    assert phone.post(action, Digits="9").data == first
    assert call_of(session, phone).turn == turn


def test_a_call_whose_first_webhook_was_lost_begins_with_what_comes(session, phone):
    phone.post("menu?turn=1", Digits="1")

    assert ticket_of(session, phone) is not None


def test_a_late_completed_is_never_undone_by_an_earlier_state(session, phone):
    phone.ring().hang_up()
    phone.post("status", CallStatus="in-progress")
    phone.post("status", CallStatus="ringing")

    assert call_of(session, phone).provider_status == "completed"
    assert call_of(session, phone).state is CallState.ENDED


def test_a_step_takes_few_statements(session, client, settings, city_line, database, now):
    agent_at(session, now, at="TTDH")
    # The first call of a process reads places and rules; it is the others that count.
    Phone(client, settings, to=city_line, number="+84909999999").ring()
    phone, counts = Phone(client, settings, to=city_line), {}

    def step(name, path, **fields):
        with counted(database) as statements:
            phone.post(path, **fields)
        counts[name] = len(statements)

    step("voice", "voice", CallStatus="ringing")
    step("a ticket is opened", phone.next_action(), Digits="1")
    step("a ticket is routed", phone.next_action(), SpeechResult="phường Sài Gòn, rác không ai lấy")
    step("offer", phone.next_action())
    action = phone.next_action()
    step("hold", action, Digits="")
    step("repeat", action, Digits="")

    assert counts["voice"] <= 8
    assert counts["a ticket is opened"] <= 12
    assert counts["a ticket is routed"] <= 8
    assert counts["offer"] <= 8
    assert counts["hold"] <= 8
    assert counts["repeat"] <= 2


def test_a_turn_in_a_full_line_that_announces_nothing_counts_nobody_and_the_next_announcement_is_true(
    app, session, settings, city_line, database, now
):
    agent = agent_at(session, now, at="TTDH")
    session.get_one(Presence, agent.id).state = PresenceState.ON_CALL
    session.flush()
    with app.bound_to(session, now):
        first = Phone(app.test_client(), settings, to=city_line, number="+84909999999").ring().press("0")
        phone = Phone(app.test_client(), settings, to=city_line).ring().press("0").wait()
        with counted(database) as statements:
            phone.wait()
        assert len(statements) <= 5 and "đứng thứ" not in phone.said
        first.hang_up()
    with app.bound_to(session, now + timedelta(seconds=61)):
        said = phone.wait().said

    assert "người tiếp theo" in said


@pytest.mark.parametrize(
    ("post", "at", "told_at"),
    [("unit_lead", "26740", True), ("city_office_duty", "VPUB", True), ("duty_officer", "26824", False)],
)
def test_where_the_duty_officers_post_is_vacant_the_lead_or_the_city_is_told_but_never_another_unit(
    session, phone, post, at, told_at
):
    person = staff(session, role=Role.SUPERVISOR, at=at, phone="+84908888888")
    hold_post(session, person, post, at=at)
    administrator = staff(session, role=Role.ADMINISTRATOR, at="79", phone="+84907777777")

    phone.ring().press("1").speak("phường Sài Gòn")

    told = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "nobody_on_duty")).all()
    assert [message.address for message in told] == [person.phone if told_at else administrator.phone]


def test_a_caller_of_a_citys_own_trunk_has_a_number_and_reaches_the_line_that_was_dialled(
    session, client, settings, now
):
    ward_line = session.scalars(select(Line).where(Line.is_city.is_(False))).first()
    shown = Phone(
        client, settings, to=f"sip:{ward_line.phone}@gw.example.vn;user=phone", number='"An" <sip:0901234567@10.0.0.1>'
    ).ring()
    hidden = Phone(client, settings, to=ward_line.phone, number="sip:anonymous@anonymous.invalid").ring()

    assert (call_of(session, shown).phone, call_of(session, shown).line_id) == ("+84901234567", ward_line.id)
    assert (call_of(session, hidden).phone, call_of(session, hidden).line_id) == (None, ward_line.id)


def test_a_text_by_whatsapp_belongs_to_whoever_has_its_number(session, client, settings, city_line):
    Phone(client, settings, to=f"whatsapp:{city_line}", number="whatsapp:+84901234567").post(
        "sms", MessageSid="SM-wa", Body="Đèn đường hỏng ở phường Sài Gòn"
    )

    assert session.scalars(select(InboundSms.phone).where(InboundSms.message_sid == "SM-wa")).one() == "+84901234567"


def test_the_place_named_in_a_call_is_offered_first_the_next_time(session, phone, client, settings):
    phone.ring().press("1").speak("phường Bến Nghé quận 1, đèn đường hỏng").hang_up()
    session.execute(update(Ticket).values(status=TicketStatus.CLOSED))

    again = Phone(client, settings, number=phone.number, to=phone.to).ring()
    again.post(again.next_action(), Digits="1")
    assert "Phường Sài Gòn" in again.said
    again.press("1")

    assert ticket_of(session, again).unit_id == ticket_of(session, phone).unit_id


def test_what_was_said_of_an_official_is_not_read_out_to_the_next_who_calls_from_that_number(
    session, phone, client, settings
):
    phone.ring().press("1").speak("cán bộ phường Bến Nghé quận 1 đòi hối lộ").hang_up()
    assert ticket_of(session, phone).is_restricted
    session.execute(update(Ticket).values(status=TicketStatus.CLOSED))

    again = Phone(client, settings, number=phone.number, to=phone.to).ring()
    again.post(again.next_action(), Digits="1")

    assert "Sài Gòn" not in again.said


def test_where_a_place_is_asked_for_the_recogniser_expects_every_ward(session, phone):
    phone.ring()
    phone.post(phone.next_action(), Digits="1")

    hints = phone.document.find("Gather").get("hints").split(",")
    wards = set(session.scalars(select(Unit.name).where(Unit.kind.in_(WARD_KINDS), Unit.valid_to.is_(None))))
    assert set(hints) == wards and len(hints) == len(wards)
    assert len(hints) <= 500 and max(map(len, hints)) <= 100, "no more than the provider takes"
