"""After the answer: not solved, said by button or in ordinary words; rated; gone on from when it is too late."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.public.public_forms import send_again
from tests.app.web.public.test_track import agent_who_took, answered, enter, followed, opened
from tickets.people.actor import staff_actor
from tickets.schema import Message, Ticket, TimelineEntry
from tickets.states import Priority, TicketStatus, TimelineKind
from tickets.work import resolution


def test_not_solved_opens_the_request_again(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket = opened(app, session)
    answered(session, ticket, now=now)
    enter(client, ticket)

    answer = send_again(client, client.get("/track/request"), "/track/request/not-solved", reason="Rác còn nguyên")

    assert answer.status_code == 303
    assert session.get_one(Ticket, ticket.ticket_id).status is TicketStatus.OPEN
    assert "Rác còn nguyên" in followed(client)


@pytest.mark.parametrize("said", ["Chưa xong", "chua xong", "vẫn chưa giải quyết", "chx xong", "Still not fixed"])
def test_not_solved_typed_as_an_ordinary_message_opens_the_request_again(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime, said: str
) -> None:
    ticket = opened(app, session)
    answered(session, ticket, now=now)
    enter(client, ticket)
    page = client.get("/track/request")

    for _click in range(2):
        send_again(client, page, "/track/request/message", body=said)

    stored = session.get_one(Ticket, ticket.ticket_id)
    assert (stored.status, stored.reopen_count) == (TicketStatus.OPEN, 1)
    assert session.scalars(
        select(Message.body).where(Message.ticket_id == ticket.ticket_id, Message.direction == "in")
    ).all() == [said]
    assert said in followed(client)


@pytest.mark.parametrize(
    "said", ["chưa xong hôm qua nhưng nay xong rồi", "Cảm ơn phường", "not done yesterday but it is done now"]
)
def test_a_message_that_it_is_done_leaves_the_answer_as_it_is(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime, said: str
) -> None:
    ticket = opened(app, session)
    answered(session, ticket, now=now)
    enter(client, ticket)

    send_again(client, client.get("/track/request"), "/track/request/message", body=said)

    assert session.get_one(Ticket, ticket.ticket_id).status is TicketStatus.RESOLVED


def test_what_was_set_aside_is_opened_again_by_the_same_words(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket = opened(app, session)
    agent = agent_who_took(session, ticket, now=now)
    enter(client, ticket)
    page = client.get("/track/request")
    resolution.mark_spam(session, ticket.ticket_id, reason="Nhầm", actor=staff_actor(agent.id), now=now)

    send_again(client, page, "/track/request/message", body="Chưa giải quyết gì hết")

    assert session.get_one(Ticket, ticket.ticket_id).status is TicketStatus.OPEN


def test_danger_told_after_an_answer_is_read_by_somebody(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket = opened(app, session)
    answered(session, ticket, now=now)
    enter(client, ticket)

    send_again(client, client.get("/track/request"), "/track/request/message", body="Cháy rồi, có người kẹt trong nhà")

    stored = session.get_one(Ticket, ticket.ticket_id)
    assert (stored.status, stored.priority) == (TicketStatus.OPEN, Priority.EMERGENCY)


def test_not_solved_pressed_twice_opens_it_once(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket = opened(app, session)
    answered(session, ticket, now=now)
    enter(client, ticket)
    page = client.get("/track/request")

    for _click in range(2):
        send_again(client, page, "/track/request/not-solved", reason="Rác còn nguyên")

    assert session.get_one(Ticket, ticket.ticket_id).reopen_count == 1
    assert followed(client).count("Rác còn nguyên") == 1


def test_what_is_not_solved_is_kept_where_the_request_was_opened_again_meanwhile(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket = opened(app, session)
    answered(session, ticket, now=now)
    enter(client, ticket)
    one, other = client.get("/track/request"), client.get("/track/request")
    send_again(client, one, "/track/request/not-solved", reason="Rác còn nguyên")

    for _click in range(2):
        send_again(client, other, "/track/request/not-solved", reason="Hẻm bên cạnh cũng vậy")

    assert session.get_one(Ticket, ticket.ticket_id).reopen_count == 1
    assert followed(client).count("Hẻm bên cạnh cũng vậy") == 1


def test_after_the_window_a_new_linked_request_goes_on_from_the_old_one(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket = opened(app, session)
    answered(session, ticket, now=now - timedelta(days=16))
    enter(client, ticket)
    page = client.get("/track/request")

    answers = [send_again(client, page, "/track/request/not-solved", reason="Lại có rác") for _click in range(2)]

    new = session.scalars(select(Ticket).where(Ticket.continues_id == ticket.ticket_id)).all()
    assert len(new) == 1
    assert all(answer.headers["Location"].startswith("/sent/") for answer in answers)
    assert new[0].unit_id == session.get_one(Ticket, ticket.ticket_id).unit_id


def test_a_message_on_a_closed_request_opens_the_one_that_goes_on(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket = opened(app, session)
    answered(session, ticket, now=now - timedelta(days=16))
    resolution.close_due(session, now=now)
    enter(client, ticket)

    page = client.get("/track/request")
    for _click in range(2):
        send_again(client, page, "/track/request/message", body="Lại có rác")

    assert session.scalars(select(Ticket.body).where(Ticket.continues_id == ticket.ticket_id)).one() == "Lại có rác"


def test_the_answer_can_be_rated_and_the_request_taken_back(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime
) -> None:
    ticket, other = opened(app, session), opened(app, session)
    answered(session, ticket, now=now)

    enter(client, ticket)
    send_again(client, client.get("/track/request"), "/track/request/rating", rating="4")
    enter(client, other)
    send_again(client, client.get("/track/request"), "/track/request/withdraw", reason="Đã xong")

    assert session.get_one(Ticket, ticket.ticket_id).rating == 4
    assert session.get_one(Ticket, other.ticket_id).status is TicketStatus.WITHDRAWN


def test_whoever_takes_it_back_without_a_word_has_no_words_put_into_their_mouth(
    client: FlaskClient, app: HotlineApp, session: Session
) -> None:
    ticket = opened(app, session)
    enter(client, ticket)

    send_again(client, client.get("/track/request"), "/track/request/withdraw", reason=" ")

    assert session.get_one(Ticket, ticket.ticket_id).status is TicketStatus.WITHDRAWN
    notes = select(TimelineEntry).where(
        TimelineEntry.kind == TimelineKind.NOTE, TimelineEntry.ticket_id == ticket.ticket_id
    )
    assert session.scalars(notes).all() == []


@pytest.mark.parametrize("rating", ["0", "6", "", "-1", "abc"])
def test_a_rating_outside_one_to_five_is_not_taken(
    client: FlaskClient, app: HotlineApp, session: Session, now: datetime, rating: str
) -> None:
    ticket = opened(app, session)
    answered(session, ticket, now=now)
    enter(client, ticket)

    answer = send_again(client, client.get("/track/request"), "/track/request/rating", rating=rating)

    assert answer.status_code == 422
    assert session.get_one(Ticket, ticket.ticket_id).rating is None
