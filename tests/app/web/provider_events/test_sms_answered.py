"""A text after an answer goes to the ticket that was answered: opened again, asked which, or only thanked for."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.wording.messages import message_app, render
from telephony.sms.text import fold_to_gsm7
from tests.factories import open_ticket, staff
from tests.telephony.phone import Phone
from tickets.people.actor import staff_actor
from tickets.schema import Line, Message, NoiseContact, OutboundMessage, Ticket
from tickets.states import Disposition, Role, TicketStatus
from tickets.work import assignment, resolution

PHONE = "+84901234567"


@pytest.fixture
def texter(client, settings, session):
    line = session.scalars(select(Line).where(Line.is_city)).first().phone
    phone = Phone(client, settings, to=line)
    numbers = iter(range(100))

    def text(body):
        return phone.post("sms", MessageSid=f"SM-answered-{next(numbers)}", Body=body, NumSegments="1")

    return text


def answered(session, now, *, body="Rác trước nhà không ai lấy", place="phường Bến Thành", end=resolution.resolve):
    opened = open_ticket(session, body=body, place_text=place, phone=PHONE, now=now - timedelta(days=2))
    agent = staff(session, role=Role.AGENT, at="26740")
    actor, then = staff_actor(agent.id), now - timedelta(days=1)
    if end is resolution.mark_spam:
        resolution.mark_spam(session, opened.ticket_id, reason="Nhầm", actor=actor, now=then)
        return opened.reference
    assignment.claim(session, opened.ticket_id, actor=actor, now=then)
    resolution.resolve(
        session, opened.ticket_id, disposition=Disposition.FIXED, answer="Đã dọn.", actor=actor, now=then
    )
    return opened.reference


def statuses(session):
    rows = session.execute(select(Ticket.reference, Ticket.status).order_by(Ticket.id)).all()
    return dict(rows)


def told(session):
    return session.scalars(select(OutboundMessage.template).order_by(OutboundMessage.id)).all()


@pytest.mark.parametrize("said", ["chưa xong", "chua xong dau", "van con nguyen do", "same as before"])
def test_not_solved_opens_the_one_that_was_answered_and_says_so(session, texter, now, said):
    reference = answered(session, now)

    texter(said)

    assert statuses(session) == {reference: TicketStatus.OPEN}
    assert told(session)[-1] == "opened_again"


@pytest.mark.parametrize(
    "said",
    [
        "chưa xong hôm qua nhưng nay xong rồi",
        "hqua chua xong, nay xong roi nha",
        "not fixed yesterday, but now it is fixed",
        "nay sửa xong sáng lại rồi",
        "không cần xuống nữa đâu, xong rồi",
        "Water is back, thank you",
    ],
)
def test_what_is_done_by_now_opens_nothing_and_stands_with_the_ticket(session, texter, now, said):
    reference = answered(session, now)

    texter(said)

    assert statuses(session) == {reference: TicketStatus.RESOLVED}
    assert session.scalars(select(Message.body).where(Message.direction == "in")).all() == [said]


def test_of_several_we_ask_which_and_a_number_or_reference_opens_it(session, texter, now):
    first, second = answered(session, now), answered(session, now, body="Cống nghẹt")

    texter("chưa xong")
    asked = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "which_not_solved")).one()
    before = set(statuses(session).values())
    texter(str(asked.params["references"].index(first) + 1))

    assert before == {TicketStatus.RESOLVED}
    assert statuses(session) == {first: TicketStatus.OPEN, second: TicketStatus.RESOLVED}


def test_a_bare_reference_answers_our_question_which(session, texter, now):
    first, second = answered(session, now), answered(session, now, body="Cống nghẹt")

    texter("chưa xong")
    texter(second)

    assert statuses(session) == {first: TicketStatus.RESOLVED, second: TicketStatus.OPEN}


def test_a_quoted_reference_is_the_one_meant(session, texter, now):
    first, second = answered(session, now), answered(session, now, body="Cống nghẹt")

    texter(f"Phiếu {second[:2]} {second[2:6]} {second[6:]}: vẫn chưa ai tới")

    assert statuses(session) == {first: TicketStatus.RESOLVED, second: TicketStatus.OPEN}


@pytest.mark.parametrize("said", ["cảm ơn", "ok", "alo", "Dạ em cảm ơn anh chị nhiều nha", "👍"])
def test_thanks_open_nothing_and_stand_with_what_they_are_for(session, texter, now, said):
    reference = answered(session, now)

    texter(said)

    assert statuses(session) == {reference: TicketStatus.RESOLVED}
    assert session.scalars(select(Message.body).where(Message.direction == "in")).all() == [said]


def test_an_advertisement_opens_nothing(session, texter, now):
    reference = answered(session, now)

    texter("(QC) Ưu đãi vay 50 triệu, lãi suất 0.9%. Soạn tin DK gửi 000, từ chối QC soạn TC")

    assert statuses(session) == {reference: TicketStatus.RESOLVED}


def test_whoever_quotes_a_request_to_say_that_it_is_done_opens_nothing(session, texter, now):
    reference = answered(session, now)

    texter(f"{reference}: rác đã dọn sạch rồi, cảm ơn phường")

    assert statuses(session) == {reference: TicketStatus.RESOLVED}


def test_in_doubt_we_ask_whether_it_is_solved_and_open_it_by_the_answer(session, texter, now):
    reference = answered(session, now)

    texter("Thùng rác chưa dọn, vỉa hè sửa rồi")
    asked = session.scalars(select(OutboundMessage).order_by(OutboundMessage.id.desc())).first()
    before = statuses(session)
    texter("chua xong")

    assert (asked.template, asked.params["references"]) == ("which_not_solved", [reference])
    assert (before, statuses(session)) == ({reference: TicketStatus.RESOLVED}, {reference: TicketStatus.OPEN})


def test_a_bare_no_may_mean_either_so_that_we_ask_and_the_next_one_opens_it(session, texter, now):
    reference = answered(session, now)

    texter("Không")
    before, asked = statuses(session), told(session)[-1]
    texter("ko")

    assert (before, asked) == ({reference: TicketStatus.RESOLVED}, "which_not_solved")
    assert statuses(session) == {reference: TicketStatus.OPEN}


def test_a_bare_no_to_which_of_several_means_none_of_them(session, texter, now):
    first, second = answered(session, now), answered(session, now, body="Cống nghẹt")

    texter("chưa xong")
    texter("dạ không")

    assert statuses(session) == {first: TicketStatus.RESOLVED, second: TicketStatus.RESOLVED}
    assert told(session).count("which_not_solved") == 1


def test_another_matter_after_an_answer_is_a_ticket_of_its_own(session, texter, now):
    reference = answered(session, now)

    texter("Đèn đường ở phường Dĩ An bị hỏng")

    assert statuses(session)[reference] is TicketStatus.RESOLVED
    assert len(statuses(session)) == 2


def test_another_matter_behind_not_solved_is_opened_beside_it(session, texter, now):
    reference = answered(session, now)

    texter("Chưa xong, ngoài ra đèn đường ở phường Dĩ An bị hỏng ba hôm nay")

    assert statuses(session)[reference] is TicketStatus.OPEN
    assert len(statuses(session)) == 2


def test_what_was_set_aside_is_opened_again_too(session, texter, now):
    reference = answered(session, now, end=resolution.mark_spam)

    texter("chưa giải quyết gì hết")

    assert statuses(session) == {reference: TicketStatus.OPEN}


def test_danger_after_an_answer_is_a_new_emergency(session, texter, now):
    reference = answered(session, now)

    texter("Cháy nhà rồi, còn người kẹt trên lầu, cứu với")

    assert statuses(session)[reference] is TicketStatus.RESOLVED
    assert len(statuses(session)) == 2


@pytest.mark.parametrize("sent_back", [str, fold_to_gsm7, lambda words: f"> “{words}”"])
def test_our_own_answer_sent_back_to_us_opens_nothing_again(session, settings, texter, now, sent_back):
    """It asks "Not solved? Tell us": a machine that quotes it would have its ticket opened with every answer."""
    reference = answered(session, now)
    ours = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "ticket_resolved")).one()
    with message_app(settings).app_context():
        ours.text = render(ours.template, "sms", ours.params, locale="vi", base_url=settings.base_url, now=now).text
    session.flush()
    before = told(session)

    texter(sent_back(ours.text))

    assert statuses(session) == {reference: TicketStatus.RESOLVED}
    assert told(session) == before
    assert session.scalars(select(NoiseContact.kind)).all() == ["echo"]


def test_whoever_quotes_us_and_adds_words_of_their_own_is_read(session, texter, now):
    answered(session, now)
    ours = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "ticket_resolved")).one()
    ours.text = "Phản ánh: Đã dọn. Chưa được giải quyết? Xin báo lại cho chúng tôi."
    session.flush()

    texter(f"{ours.text} Chưa dọn gì cả, vẫn còn nguyên đó")

    assert session.scalars(select(NoiseContact)).all() == []
    assert {TicketStatus.NEW, TicketStatus.OPEN} & set(statuses(session).values())
