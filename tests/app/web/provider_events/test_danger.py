"""Danger at every door: whom to call is said first, in doubt it is asked or said, and of what is none nothing is."""

import itertools

import pytest
from sqlalchemy import select

from app.wording.messages import message_app, render
from tests.app.web.provider_events.voice_scene import call_of, ticket_of
from tests.app.web.public.public_forms import send_again
from tests.app.web.public.test_report import report
from tests.factories import NOW
from tests.telephony.phone import Phone
from tickets.schema import Clock, OutboundMessage, Ticket
from tickets.states import ClockKind, Priority

_sids = itertools.count(1)
FIRE = "Cháy nhà ở hẻm 12 phường Sài Gòn, có người kẹt"
SMELL = "Có mùi gas nhẹ ở hành lang chung cư phường Sài Gòn"
LAMP = "Đèn đường phường Sài Gòn bị hỏng"
CHILD = "Bé gái nhà bên đang bị bố đánh đập dã man ở phường Sài Gòn, cứu bé với"
AT_SEA = "Ghe chìm, có người rớt xuống nước đang chới với ở Cần Giờ"
LIGHT_IN_ENGLISH, FIRE_IN_ENGLISH = (
    "Street light broken in Sai Gon ward",
    "House on fire in Sai Gon ward, people trapped",
)


@pytest.fixture
def texter(client, settings, city_line):
    def text(body, sender="+84901234567"):
        sid = f"SM{next(_sids):032d}"
        phone = Phone(client, settings, number=sender, to=city_line)
        return phone.post("sms", MessageSid=sid, SmsSid=sid, Body=body, NumSegments="1")

    return text


@pytest.fixture
def texted(session, settings):
    """The words of our texts, the last one last."""

    def words():
        rows = session.scalars(select(OutboundMessage).where(OutboundMessage.channel == "sms").order_by("id"))
        with message_app(settings).app_context():
            return [render(r.template, "sms", r.params, locale=r.locale, base_url="", now=NOW).text for r in rows]

    return words


def only_ticket(session) -> Ticket:
    return session.scalars(select(Ticket)).one()


def minutes_to_accept(session, ticket) -> float:
    clock = session.scalars(select(Clock).where(Clock.ticket_id == ticket.id, Clock.kind == ClockKind.ACCEPT)).one()
    return (clock.due_at - clock.started_at).total_seconds() / 60


@pytest.mark.parametrize(
    ("said", "begins"),
    [
        (FIRE, "Nếu nguy hiểm, gọi ngay 114 (chữa cháy, cứu nạn), 115 (cấp cứu). Số khác: 113."),
        (SMELL, "Nếu nguy hiểm, gọi ngay 114 (chữa cháy, cứu nạn). Số khác: 113, 115."),
        (CHILD, "Nếu nguy hiểm, gọi ngay 113 (công an), 115 (cấp cứu), 111 (bảo vệ trẻ em)."),
        (AT_SEA, "Nếu nguy hiểm, gọi ngay 114 (chữa cháy, cứu nạn), 112 (tìm kiếm cứu nạn), 115 (cấp cứu)."),
        (FIRE_IN_ENGLISH, "If anybody is in danger, call 114 (fire and rescue), 115 (ambulance) now."),
    ],
)
def test_a_text_about_danger_or_what_may_be_is_answered_with_whom_to_call_first(texter, texted, said, begins):
    texter(said)

    assert texted()[0].startswith(begins)


@pytest.mark.parametrize("said", [LAMP, LIGHT_IN_ENGLISH])
def test_a_text_about_no_danger_names_no_such_number(texter, texted, said):
    texter(said)

    assert not any(number in texted()[0] for number in ("113", "114 (", "115 ("))


def test_a_doubt_by_text_is_urgent_for_the_desk_until_somebody_has_looked(session, texter):
    texter(SMELL)

    ticket = only_ticket(session)
    assert (ticket.priority, ticket.is_doubted) == (Priority.URGENT, True)
    assert minutes_to_accept(session, ticket) == 5


def test_a_doubt_in_a_later_text_is_answered_with_whom_to_call_and_looked_at_as_soon(session, texter, texted):
    texter(LAMP)
    texter("cứu với")
    texter("cứu với")

    ticket = only_ticket(session)
    assert (ticket.priority, ticket.is_doubted) == (Priority.URGENT, True)
    assert minutes_to_accept(session, ticket) == 5
    assert [words for words in texted()[1:] if words.startswith("Nếu nguy hiểm, gọi ngay 113")] == texted()[1:2]


def test_the_form_shows_whom_to_call_before_anything_is_sent_the_right_number_first(client, session):
    page = report(client, body=CHILD, place="").get_data(as_text=True)

    numbers = [part[:3] for part in page.split('href="tel:')[1:] if part[3] == '"']
    assert numbers[:3] == ["113", "115", "111"]
    assert session.scalars(select(Ticket)).all() == []


@pytest.mark.parametrize(
    ("answer", "priority"), [("yes", Priority.EMERGENCY), ("no", Priority.URGENT), (None, Priority.URGENT)]
)
def test_the_form_asks_in_doubt_before_it_sends_and_the_answer_counts(client, session, answer, priority):
    asked = report(client, body=SMELL, place="")
    assert "Có ai đang gặp nguy hiểm không?" in asked.get_data(as_text=True)
    assert session.scalars(select(Ticket)).all() == []

    send_again(client, asked, "/", **({"danger": answer} if answer else {}))

    assert only_ticket(session).priority is priority


def test_the_form_asks_nothing_about_danger_where_there_is_none(client, session):
    report(client, body=LAMP, place="")

    assert only_ticket(session).priority is Priority.NORMAL


@pytest.mark.parametrize(
    ("key", "said", "heard"),
    [
        (None, FIRE, "Xin gọi ngay 114, cứu hỏa và cứu nạn. Xin gọi ngay 115, cấp cứu y tế."),
        (None, CHILD, "Xin gọi ngay 113, công an. Xin gọi ngay 115, cấp cứu y tế. Xin gọi ngay 111, bảo vệ trẻ em."),
        ("*", FIRE_IN_ENGLISH, "Dial 114 at once, fire and rescue. Dial 115 at once, an ambulance."),
    ],
)
def test_a_caller_who_tells_of_danger_hears_whom_to_dial_first_and_is_answered_first(session, phone, key, said, heard):
    phone.ring()
    if key:
        phone.press(key)
    phone.press("1")

    phone.post(phone.next_action(), SpeechResult=said)

    assert phone.said.startswith(heard)
    assert ticket_of(session, phone).priority is Priority.EMERGENCY
    assert call_of(session, phone).detail["emergency"] is True


def test_a_caller_whose_words_leave_a_doubt_is_asked_by_the_key_for_danger_once_and_keeps_the_place(session, phone):
    phone.ring().press("1").speak(SMELL)

    assert phone.said.startswith("Nếu có người đang nguy hiểm, bấm phím 2, hoặc gọi ngay 113, 114, 115.")
    ticket = ticket_of(session, phone)
    assert (ticket.priority, ticket.is_doubted) == (Priority.URGENT, True)
    queued_at = call_of(session, phone).queued_at

    phone.post(phone.next_action(), Digits="2")

    session.expire_all()
    assert "113 cho công an" in phone.said
    assert ticket_of(session, phone).priority is Priority.EMERGENCY
    assert (call_of(session, phone).detail["emergency"], call_of(session, phone).queued_at) == (True, queued_at)


def test_a_caller_who_tells_of_no_danger_hears_no_number(session, phone):
    phone.ring().press("1")

    phone.post(phone.next_action(), SpeechResult=LAMP)

    # As a word of its own: a ticket's number is said too, and may hold these figures.
    assert "113" not in phone.said.split()
    assert ticket_of(session, phone).priority is Priority.NORMAL
