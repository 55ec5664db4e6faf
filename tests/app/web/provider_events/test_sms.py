"""Text messages become tickets, answers or silence, whatever way they are spelled."""

import itertools
from datetime import timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import func, select, text

from app.wording.messages import message_app, render
from app.wording.spoken_time import dated_phrase
from tests.factories import KEYS, open_ticket, staff, unit
from tests.telephony.phone import Phone
from tickets.people.actor import staff_actor
from tickets.people.pins import pin_of
from tickets.schema import (
    Base,
    Clock,
    Contact,
    InboundSms,
    Line,
    Message,
    NoiseContact,
    OutboundMessage,
    PhonePreference,
    Ticket,
)
from tickets.states import Channel, Disposition, OutboundState, Priority, Role
from tickets.work import assignment, conversation, resolution

_sids = itertools.count(1)


@pytest.fixture
def texter(client, settings, session):
    line = session.scalars(select(Line).where(Line.is_city)).first().phone
    phone = Phone(client, settings, to=line)

    def text(body, *, sid=None, **more):
        sid = sid or f"SM{next(_sids):032d}"
        return phone.post("sms", MessageSid=sid, SmsSid=sid, Body=body, NumSegments="1", **more)

    return text


def sent(session):
    return session.scalars(select(OutboundMessage).order_by(OutboundMessage.id)).all()


def tickets(session):
    return session.scalars(select(Ticket).order_by(Ticket.id)).all()


def looked_at(session):
    """What is on the list of what somebody has to look at."""
    return list(session.scalars(select(NoiseContact.said)))


def test_a_text_without_diacritics_stands_in_the_right_wards_queue(session, settings, texter, now):
    answer = texter("phuong ben nghe quan 1 cu, toi nop ho so khai sinh 10 ngay chua co ket qua")

    (ticket,) = tickets(session)
    assert answer.status_code == 200
    assert (ticket.unit_id, ticket.channel) == (unit(session, "26740").id, Channel.SMS)
    [receipt] = sent(session)
    assert receipt.template == "ticket_opened"
    with message_app(settings).app_context(), force_locale("vi"):
        said = render(receipt.template, "sms", receipt.params, locale="vi", base_url="", now=now).text
        due_at = session.scalars(select(Clock.due_at).where(Clock.ticket_id == ticket.id, Clock.kind == "resolve"))
        by_when = dated_phrase(due_at.one())
    assert f"Phường Sài Gòn trả lời trước {by_when}." in said, "the first answer says who answers by when"


def test_the_same_text_delivered_twice_is_one_ticket_with_the_same_answer(session, texter):
    first = texter("Rác ở phường Bến Thành không ai lấy", sid="SM-twice")
    again = texter("Rác ở phường Bến Thành không ai lấy", sid="SM-twice")

    assert first.data == again.data
    assert len(tickets(session)) == 1
    assert session.scalar(select(func.count()).select_from(InboundSms)) == 1


def test_a_second_text_about_the_same_goes_on_with_the_ticket(session, texter):
    texter("Rác ở phường Bến Thành không ai lấy")
    texter("Đã 3 ngày rồi")

    (ticket,) = tickets(session)
    assert session.scalars(select(Message.body).where(Message.ticket_id == ticket.id)).all() == ["Đã 3 ngày rồi"]
    assert session.scalar(select(func.count()).select_from(Contact).where(Contact.ticket_id == ticket.id)) == 2


def test_a_second_text_about_another_place_is_a_matter_of_its_own(session, texter):
    texter("Rác ở phường Bến Thành không ai lấy")
    texter("Đèn đường ở phường Dĩ An bị hỏng")

    assert len(tickets(session)) == 2


def test_a_text_without_a_place_is_answered_with_one_question_and_its_answer_routes_the_ticket(session, texter):
    texter("Hang xom mo nhac on ao luc nua dem")
    question = [m.template for m in sent(session)]
    texter("phường Sài Gòn")

    (ticket,) = tickets(session)
    assert question == ["ticket_opened"], "receipt and question are one text"
    assert [(m.template, m.params["unit"]["vi"]) for m in sent(session)[1:]] == [("place_noted", "Phường Sài Gòn")]
    assert ticket.unit_id == unit(session, "26740").id
    assert ticket.hop_count == 1


def test_a_question_about_several_places_is_answered_by_number(session, texter):
    texter("Hàng xóm ở Thủ Đức mở nhạc ồn ào lúc nửa đêm")
    asked = next(m for m in sent(session) if "places" in m.params)
    texter("1")

    (ticket,) = tickets(session)
    assert asked.params["places"][0]["vi"] == session.get(type(unit(session)), ticket.unit_id).name


@pytest.mark.parametrize("answer", ["1", "dạ đúng rồi", "Phải.", "phường Sài Gòn"])
def test_a_question_about_one_place_is_put_and_answered_as_people_do(session, settings, texter, now, answer):
    texter("cong nghet o phuong sai gong, nuoc den")
    asked = next(m for m in sent(session) if "places" in m.params)
    with message_app(settings).app_context():
        said = render(asked.template, "sms", asked.params, locale="vi", base_url="", now=now).text
    texter(answer)

    (ticket,) = tickets(session)
    assert "Có phải sự việc ở Phường Sài Gòn?" in said and ticket.reference[-4:] in said
    assert ticket.unit_id == unit(session, "26740").id


@pytest.mark.parametrize(
    ("written", "locale"),
    [
        ("The street lamp in front of 12 Pasteur, Ben Thanh ward is out", "en"),
        ("There is rubbish in our lane and nobody collects it", "en"),
        ("den duong truoc nha 12 Pasteur phuong Ben Thanh bi tat", "vi"),
        ("Rác ở phường Bến Thành không ai lấy", "vi"),
    ],
)
def test_who_writes_for_the_first_time_is_answered_in_their_language(session, texter, written, locale):
    texter(written)

    assert {message.locale for message in sent(session)} == {locale}


@pytest.mark.parametrize("answer", ["không phải", "dạ không"])
def test_a_no_to_the_only_place_sends_the_ticket_nowhere(session, texter, answer):
    texter("cong nghet o phuong sai gong, nuoc den")
    before = tickets(session)[0].unit_id
    texter(answer)

    assert tickets(session)[0].unit_id == before != unit(session, "26740").id


@pytest.mark.parametrize("unclear", ["123", "ở gần chợ đó"])
def test_an_answer_that_names_no_place_is_asked_about_once_more_and_the_next_one_routes(session, texter, unclear):
    texter("Hàng xóm ở Thủ Đức mở nhạc ồn ào lúc nửa đêm")
    asked = next(m for m in sent(session) if "places" in m.params)
    texter(unclear)
    again = [m for m in sent(session) if m.template == "place_unclear"]
    texter(unclear)
    texter("1")

    (ticket,) = tickets(session)
    assert [m.params["places"] for m in again] == [asked.params["places"]]
    assert [m.template for m in sent(session)[1:]] == ["place_unclear", "place_noted"]
    assert asked.params["places"][0]["vi"] == session.get(type(unit(session)), ticket.unit_id).name


def test_a_text_about_danger_is_answered_with_the_numbers_that_come_at_once(session, texter):
    texter("Cháy nhà có người kẹt ở phường Bến Thành")
    texter("Rác ở phường Sài Gòn không ai lấy", From="+84902222222")

    urgent, calm = sent(session)
    assert urgent.params["is_emergency"] is True
    assert "is_emergency" not in calm.params


def test_danger_told_later_is_answered_with_the_numbers_too(session, texter):
    texter("Đèn đường ở phường Sài Gòn bị hỏng")
    texter("Cứu với, có người bất tỉnh rồi")

    (ticket,) = tickets(session)
    assert ticket.priority is Priority.EMERGENCY
    assert "danger_noted" in [message.template for message in sent(session)]


def test_danger_after_an_accusation_is_a_matter_of_its_own_that_others_see(session, texter):
    texter("Công an phường Bến Thành vòi tiền tôi 2 triệu")
    texter("Cháy nhà ở 12 Lê Lợi, có người kẹt, cứu với")

    accusing, burning = tickets(session)
    assert (accusing.is_restricted, burning.is_restricted) == (True, False)
    assert burning.priority is Priority.EMERGENCY
    received = next(m for m in sent(session) if (m.ticket_id, m.template) == (burning.id, "ticket_opened"))
    assert received.params["is_emergency"] is True


def test_the_word_for_a_state_without_a_number_is_told_how_to_ask(session, texter):
    texter("TT")

    assert [m.template for m in sent(session)] == ["sms_help"]
    assert tickets(session) == []


def test_stop_alone_opts_out_is_confirmed_once_and_makes_no_ticket(session, texter):
    texter("HUY TIN")
    texter("Stop")
    open_ticket(session, phone="+84901234567")

    assert session.scalar(select(func.count()).select_from(Ticket).where(Ticket.channel == Channel.SMS)) == 0
    assert session.get(PhonePreference, "+84901234567").sms_opted_out_at is not None
    leaving = [m.template for m in sent(session) if m.state is not OutboundState.SUPPRESSED]
    assert leaving == ["sms_stopped"]


def leaving(session):
    return [m.template for m in sent(session) if m.state is not OutboundState.SUPPRESSED]


def test_who_stopped_our_texts_still_hears_the_answers_to_what_they_tell_and_ask(session, texter, now):
    texter("STOP")
    texter("Đường Lê Lợi phường Bến Thành ngập nước")
    [ticket] = tickets(session)
    agent = staff_actor(staff(session, role=Role.AGENT, at="26743").id)
    assignment.claim(session, ticket.id, actor=agent, now=now)
    later = now + timedelta(days=9)
    conversation.interim(session, ticket.id, body="Đang kiểm tra", expected_at=later, actor=agent, now=now)
    answer = {"disposition": Disposition.FIXED, "answer": "Đã bơm xong"}
    resolution.resolve(session, ticket.id, **answer, actor=agent, now=now)

    assert leaving(session) == ["sms_stopped", "ticket_opened", "ticket_resolved"]


def test_who_wants_nothing_at_all_gets_nothing_but_the_confirmation_of_it(session, texter, now):
    texter("STOP")
    texter("HUY TAT CA")
    texter("HUY TAT CA")
    texter("Đường Lê Lợi phường Bến Thành ngập nước")

    assert leaving(session) == ["sms_stopped", "sms_stopped"]
    assert len(tickets(session)) == 1, "the matter is taken in all the same"


@pytest.mark.parametrize("word", ["hủy", "Huy", "dung"])
def test_a_word_that_may_mean_anything_belongs_to_the_matter_that_is_open(session, texter, word):
    texter("Đường Lê Lợi phường Bến Thành ngập nước")
    texter(word)

    assert session.get(PhonePreference, "+84901234567") is None
    [ticket] = tickets(session)
    assert word in session.scalars(select(Message.body).where(Message.ticket_id == ticket.id)).all()


@pytest.mark.parametrize("word", ["cancel", "Huy", "dung", "DUNG"])
def test_such_a_word_from_who_told_nothing_is_answered_with_how_to_stop_and_stops_nothing(session, texter, word):
    texter(word)

    assert session.get(PhonePreference, "+84901234567") is None
    assert leaving(session) == ["sms_help"] and tickets(session) == []


def test_the_carriers_own_opt_out_counts_whatever_the_word_was(session, texter):
    texter("arrêt", OptOutType="STOP")

    assert session.get(PhonePreference, "+84901234567") is not None
    assert sent(session) == [], "the carrier has confirmed it"


def test_start_after_stop_is_welcomed_again(session, texter):
    texter("TU CHOI")
    texter("START")

    assert session.get(PhonePreference, "+84901234567").sms_opted_out_at is None
    assert [m.template for m in sent(session)] == ["sms_stopped", "sms_welcome"]


def test_the_state_of_a_request_is_told_with_its_pin_from_any_phone(session, texter):
    opened = open_ticket(session, phone="+84909999999")
    salt = session.get(Ticket, opened.ticket_id).pin_salt

    texter(f"TT {opened.reference} {pin_of(KEYS, salt, opened.reference)}")

    told = sent(session)[-1]
    assert told.template == "request_state"
    assert told.params["unit"] is not None


def test_a_pin_is_kept_nowhere_and_the_same_text_again_gets_the_same_answer_once(session, texter):
    opened = open_ticket(session, phone="+84909999999")
    pin = pin_of(KEYS, session.get(Ticket, opened.ticket_id).pin_salt, opened.reference)

    first = texter(f"TT {opened.reference} {pin}", sid="SM-with-a-pin")
    again = texter(f"TT {opened.reference} {pin}", sid="SM-with-a-pin")

    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert [m.template for m in sent(session)].count("request_state") == 1
    assert session.scalars(select(InboundSms.body)).all() == [f"TT {opened.reference} ****"]
    for table in Base.metadata.sorted_tables:
        kept = session.scalars(text(f"select t::text from {table.name} t where t::text ~ '[^0-9]{pin}[^0-9]'")).all()
        assert kept == [], table.name


def test_without_a_pin_only_the_requests_own_phone_hears_the_bare_state(session, texter):
    mine = open_ticket(session, phone="+84901234567")
    other = open_ticket(session, phone="+84909999999")

    texter(f"tt {mine.reference}")
    own = sent(session)[-1]
    texter(f"tt {other.reference}")
    foreign = sent(session)[-1]
    texter("tt 2600000000")
    unknown = sent(session)[-1]

    assert (own.template, own.params["unit"]) == ("request_state", None)
    assert foreign.template == unknown.template == "request_unknown"
    assert foreign.params == unknown.params


def test_texts_from_hidden_numbers_are_kept_apart_and_never_answered(session, texter):
    texter("Rác ở phường Bến Thành không ai lấy", From="anonymous")
    texter("Rác ở phường Bến Thành không ai lấy", From="+266696687")

    first, second = tickets(session)
    assert first.citizen_id is None and second.citizen_id is None
    assert sent(session) == []


def test_an_empty_text_with_a_picture_is_still_a_contact(session, texter):
    texter("", NumMedia="1")

    assert tickets(session) == [] and len(looked_at(session)) == 1


def test_status_callbacks_move_a_message_by_rank_only(session, texter, client, settings):
    texter("Rác ở phường Bến Thành không ai lấy")
    (letter,) = sent(session)
    phone = Phone(client, settings)

    for status in ("delivered", "sent", "queued", "delivered"):
        phone.post(f"sms-status?m={letter.id}", MessageSid="SM-out", MessageStatus=status)

    session.refresh(letter)
    assert (letter.provider_status, letter.provider_sid) == ("delivered", "SM-out")


EVERYTHING_ONE_CAN_TEXT = [
    "GN 48213", "GN 48213 Cống vỡ ở phường Sài Gòn, nước ngập", "ok 2024 vẫn chưa có ai đến", "Ghi nhận 1234: đèn hỏng",
    "Rác ở phường Bến Thành không ai lấy", "HELP", "?", "TT 2600421733", "TT 2600421733 123456", "Huy", "dung", "",
]  # fmt: skip


@pytest.mark.parametrize("body", EVERYTHING_ONE_CAN_TEXT)
@pytest.mark.parametrize("number", ["anonymous", "+266696687", "+842838222333"])
def test_whatever_is_texted_from_a_number_that_cannot_be_answered_is_seen_by_a_person(session, texter, body, number):
    texter(body, From=number)

    (said,) = [ticket.body for ticket in tickets(session)] + looked_at(session)
    kept = session.scalars(select(InboundSms)).one()
    assert kept.ticket_id is not None or kept.contact_id is not None
    assert "123456" not in (said + kept.body)


@pytest.mark.parametrize("body", EVERYTHING_ONE_CAN_TEXT)
def test_whatever_a_citizen_texts_has_an_effect(session, texter, body):
    texter(body)

    assert tickets(session) or sent(session)


@pytest.mark.parametrize("body", ["482913", "482913 hộ dân bị ngập", "khẩn", "gn làm ngay"])
def test_a_citizens_bare_number_or_word_opens_a_ticket(session, texter, body):
    texter(body)

    (ticket,) = tickets(session)
    assert ticket.body == body
