"""Following a request on the web: who gets in, what is shown, and what its citizen may do."""

import re
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.web.frame.application import HotlineApp
from escalation.firing.recipients import mark_read
from escalation.firing.sweep import tick
from tests import factories
from tests.app.web.public.public_forms import fill_in, photograph, send_again
from tests.escalation.scene import holder, level_at, step, unit_by_code
from tickets.intake.cleaning import Opened
from tickets.people.actor import staff_actor
from tickets.schema import Attachment, Message, Staff, Ticket
from tickets.states import Channel, Disposition
from tickets.work import conversation, resolution
from tickets.work.assignment import claim


def opened(app: HotlineApp, session: Session, **facts: object) -> Opened:
    """A ticket whose PIN the running application knows."""
    assert app.reference.keys == factories.KEYS
    return factories.open_ticket(session, **facts)


def enter(client: FlaskClient, ticket: Opened, *, pin: str | None = None) -> TestResponse:
    return fill_in(client, "/track", "/track", reference=ticket.reference, pin=pin or ticket.pin)


def followed(client: FlaskClient) -> str:
    answer = client.get("/track/request")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def agent_who_took(session: Session, ticket: Opened, *, now: datetime) -> Staff:
    agent = factories.staff(session, name="Trần Thị Bí Mật")
    claim(session, ticket.ticket_id, actor=staff_actor(agent.id), now=now)
    return agent


def answered(session: Session, ticket: Opened, *, now: datetime, answer: str = "Đã thu gom xong.") -> Staff:
    agent = agent_who_took(session, ticket, now=now)
    resolution.resolve(
        session, ticket.ticket_id, disposition=Disposition.FIXED, answer=answer, actor=staff_actor(agent.id), now=now
    )
    return agent


def test_reference_and_pin_open_the_page_and_stand_in_no_address(
    client: FlaskClient, app: HotlineApp, session: Session
) -> None:
    ticket = opened(app, session, subject="Rác hẻm 12")

    answer = enter(client, ticket)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/track/request")
    assert "Rác hẻm 12" in followed(client)


def test_the_reference_may_be_typed_in_groups(client: FlaskClient, app: HotlineApp, session: Session) -> None:
    ticket = opened(app, session)
    grouped = f"{ticket.reference[:2]} {ticket.reference[2:6]} {ticket.reference[6:]}"

    answer = fill_in(client, "/track", "/track", reference=grouped, pin=f"{ticket.pin[:3]} {ticket.pin[3:]}")

    assert answer.status_code == 303


def test_a_wrong_pin_and_an_unknown_reference_are_answered_alike(
    client: FlaskClient, app: HotlineApp, session: Session
) -> None:
    ticket = opened(app, session)
    unknown = next(n for n in map(str, range(2_600_000_000, 2_600_000_100)) if n != ticket.reference)

    def words(answer: TestResponse) -> str:
        page = answer.get_data(as_text=True)
        return re.sub(r'(value|content|data-phrases)="[^"]*"', "", page)

    wrong, nobody = enter(client, ticket, pin="000000"), fill_in(client, "/track", "/track", reference=unknown, pin="1")
    assert wrong.status_code == nobody.status_code == 403
    assert words(wrong) == words(nobody)


@pytest.mark.parametrize(
    ("stranger", "citizen", "status"),
    [("203.0.113.7", "203.0.113.8", 303), ("2001:db8::1", "2001:db8:0:1::1", 303), ("2001:db8::1", "2001:db8::2", 429)],
)
def test_a_stranger_who_guesses_keeps_only_their_own_network_out(
    client: FlaskClient, app: HotlineApp, session: Session, stranger: str, citizen: str, status: int
) -> None:
    ticket = opened(app, session)
    client.environ_base["REMOTE_ADDR"] = stranger
    for _attempt in range(6):
        enter(client, ticket, pin="000000")

    client.environ_base["REMOTE_ADDR"] = citizen

    assert enter(client, ticket).status_code == status


def test_five_wrong_pins_lock_the_reference_even_for_the_right_one(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket = opened(app, session)
    for _attempt in range(5):
        enter(client, ticket, pin="000000")

    locked = enter(client, ticket)
    with app.bound_to(session, now + timedelta(minutes=16)):
        later = enter(client, ticket)

    assert locked.status_code == 429
    assert later.status_code == 303


def test_without_reference_and_pin_there_is_no_page(client: FlaskClient) -> None:
    answer = client.get("/track/request")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/track")


def test_a_cookie_taken_to_another_browser_opens_nothing(
    client: FlaskClient, app: HotlineApp, session: Session
) -> None:
    enter(client, opened(app, session))
    cookie = client.get_cookie("hotline_follow", path="/track")
    assert cookie is not None

    thief = app.test_client()
    thief.set_cookie("hotline_follow", cookie.value, path="/track")

    assert thief.get("/track/request").status_code == 303


def test_names_of_staff_and_notes_are_never_shown(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket = opened(app, session)
    agent = agent_who_took(session, ticket, now=now)
    conversation.note(session, ticket.ticket_id, body="người này hay gọi", actor=staff_actor(agent.id), now=now)
    conversation.reply(
        session, ticket.ticket_id, body="Chúng tôi sẽ đến.", channel=Channel.WEB, actor=staff_actor(agent.id), now=now
    )

    enter(client, ticket)
    page = followed(client)

    assert "Chúng tôi sẽ đến." in page
    assert "hay gọi" not in page and "Bí Mật" not in page
    assert str(ticket.reference) in page


def test_a_call_without_words_has_a_heading_all_the_same(
    client: FlaskClient, app: HotlineApp, session: Session
) -> None:
    ticket = opened(app, session, channel=Channel.VOICE, subject="", body="")
    enter(client, ticket)

    assert re.search(r"<h1>Cuộc gọi · [^<]+</h1>", followed(client))


def test_the_level_reached_and_who_has_it_are_shown(client: FlaskClient, app: HotlineApp, session: Session) -> None:
    ticket = opened(app, session)
    row = session.get_one(Ticket, ticket.ticket_id)
    leader = holder(session, "city_leader", unit_by_code(session, "79"), now=row.opened_at)
    at = level_at(session, row, 4)
    tick(session, now=at)
    enter(client, ticket)
    before = followed(client)

    mark_read(session, leader.id, step_ids=[step(session, row, 4).id], now=at)
    page = followed(client)

    assert "Đã báo cáo lãnh đạo UBND Thành phố" not in before
    assert "Đã báo cáo lãnh đạo UBND Thành phố" in page
    assert "Phường Sài Gòn" in page


def test_a_message_with_a_picture_is_added_once_however_often_it_is_sent(
    client: FlaskClient, app: HotlineApp, session: Session
) -> None:
    ticket = opened(app, session)
    enter(client, ticket)
    page = client.get("/track/request")
    for _click in range(2):
        send_again(
            client,
            page,
            "/track/request/message",
            body="Vẫn còn rác",
            pictures=[(BytesIO(photograph()), "rác.jpg")],
        )

    messages = session.scalars(select(Message).where(Message.ticket_id == ticket.ticket_id)).all()
    files = session.scalars(select(Attachment).where(Attachment.ticket_id == ticket.ticket_id)).all()
    assert [m.body for m in messages] == ["Vẫn còn rác"]
    assert [file.message_id for file in files] == [messages[0].id]


def test_a_picture_is_shown_to_its_citizen_alone_and_never_as_a_page(
    client: FlaskClient, app: HotlineApp, session: Session
) -> None:
    ticket = opened(app, session)
    enter(client, ticket)
    send_again(
        client, client.get("/track/request"), "/track/request/message", body="ảnh",
        pictures=[(BytesIO(photograph()), "<b>rác</b>.jpg")],
    )  # fmt: skip
    file = session.scalars(select(Attachment).where(Attachment.ticket_id == ticket.ticket_id)).one()

    own = client.get(f"/track/pictures/{file.public_id}")
    stranger = app.test_client().get(f"/track/pictures/{file.public_id}")

    assert (own.status_code, own.mimetype) == (200, "image/jpeg")
    assert own.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in own.headers["Content-Security-Policy"]
    assert stranger.status_code == 404


def test_a_file_that_is_no_picture_is_only_ever_offered_to_save(
    client: FlaskClient, app: HotlineApp, session: Session
) -> None:
    ticket = opened(app, session)
    enter(client, ticket)
    send_again(
        client, client.get("/track/request"), "/track/request/message", body="ảnh",
        pictures=[(BytesIO(photograph()), "a.jpg")],
    )  # fmt: skip
    file = session.scalars(select(Attachment).where(Attachment.ticket_id == ticket.ticket_id)).one()
    file.media_type = "image/svg+xml"
    session.flush()

    answer = client.get(f"/track/pictures/{file.public_id}")

    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_message_written_after_two_hours_is_kept_until_the_pin_is_given_again(
    client: FlaskClient, app: HotlineApp, session: Session
) -> None:
    ticket = opened(app, session)
    enter(client, ticket)
    page = client.get("/track/request")
    client.delete_cookie("hotline_follow", path="/track")

    asked = send_again(client, page, "/track/request/message", body="Một lá thư dài")
    back = send_again(client, asked, "/track", reference=ticket.reference, pin=ticket.pin)

    assert asked.status_code == 403
    assert "Một lá thư dài</textarea>" in back.get_data(as_text=True)


def test_pictures_chosen_after_two_hours_are_kept_until_the_pin_is_given_again(
    client: FlaskClient, app: HotlineApp, session: Session
) -> None:
    ticket = opened(app, session)
    enter(client, ticket)
    page = client.get("/track/request")
    client.delete_cookie("hotline_follow", path="/track")
    chosen = [(BytesIO(photograph()), "rác.jpg")]

    asked = send_again(client, page, "/track/request/message", body="Một lá thư dài", pictures=chosen)
    wrong = send_again(client, asked, "/track", reference=ticket.reference, pin="000000")
    back = send_again(client, wrong, "/track", reference=ticket.reference, pin=ticket.pin)
    send_again(client, back, "/track/request/message", body="Một lá thư dài")

    files = session.scalars(select(Attachment.file_name).where(Attachment.ticket_id == ticket.ticket_id)).all()
    assert files == ["rác.jpg"]


def test_closing_the_page_ends_it_in_this_browser(client: FlaskClient, app: HotlineApp, session: Session) -> None:
    enter(client, opened(app, session))

    send_again(client, client.get("/track/request"), "/track/leave")

    assert client.get("/track/request").status_code == 303


def test_what_agent_and_citizen_wrote_is_shown_as_text(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    attack = "<img src=x onerror=alert(1)>"
    ticket = opened(app, session, subject=attack, body=attack)
    answered(session, ticket, now=now, answer=attack)

    enter(client, ticket)

    assert "<img src=x" not in followed(client)
