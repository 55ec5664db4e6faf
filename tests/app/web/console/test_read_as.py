"""What was read from a text, put right by one key on the ticket's page, and counted against the rule that said it."""

import pytest
from sqlalchemy import select

from tests.factories import open_ticket, unit
from tests.signing_in import sign_in
from tests.whole_app.test_rights import csrf
from tickets.schema import ReadingCorrection, Ticket
from tickets.states import Priority, Role

RUBBISH = "Rác không ai gom ba ngày nay ở phường Sài Gòn"


@pytest.fixture
def agent(client, session, now):
    return sign_in(client, session, role=Role.AGENT, unit=unit(session, "TTDH"), now=now)


def told(session, subject, now, **facts) -> Ticket:
    facts = {"category_code": None, "unit_code": None, "body": "", **facts}
    return session.get_one(Ticket, open_ticket(session, subject=subject, now=now, **facts).ticket_id)


def press(client, ticket, said):
    sent = {"csrf_token": csrf(client), "as": said}
    return client.post(f"/console/tickets/{ticket.reference}/read?form=read", data=sent)


def corrections(session):
    rows = session.scalars(select(ReadingCorrection).order_by(ReadingCorrection.id))
    return [(row.field.value, row.guessed, row.correct) for row in rows]


def test_a_page_says_what_was_read_and_offers_the_other_readings_by_key(client, session, agent, now):
    ticket = told(session, RUBBISH, now)

    page = client.get(f"/console/tickets/{ticket.reference}").text

    assert 'value="danger-yes" data-hotkey="d"' in page and 'value="accuses" data-hotkey="o"' in page


def test_danger_that_was_missed_becomes_an_emergency_that_the_citys_desk_follows(client, session, agent, now):
    ticket = told(session, RUBBISH, now)

    press(client, ticket, "danger-yes")
    press(client, ticket, "danger-yes")

    session.refresh(ticket)
    assert ticket.priority is Priority.EMERGENCY and ticket.coordinating_unit_id == unit(session, "TTDH").id
    assert corrections(session) == [("danger", "no", "yes")]


def test_a_false_alarm_ends_with_one_key_and_says_which_rule_gave_it(client, session, agent, now):
    ticket = told(session, "Cháy nhà dân ở phường Sài Gòn, khói mù mịt, cứu với", now)
    assert ticket.priority is Priority.EMERGENCY

    press(client, ticket, "danger-no")

    session.refresh(ticket)
    assert ticket.priority is not Priority.EMERGENCY
    [kept] = session.scalars(select(ReadingCorrection))
    assert (kept.guessed, kept.correct, kept.told_by) == ("yes", "no", "fire")
    assert "cháy nhà" in kept.words


def test_an_accusation_that_was_missed_leaves_the_accused_at_once(client, session, now):
    ticket = told(session, "Nộp giấy khai sinh ở phường Sài Gòn rồi mà chờ lâu quá", now)
    sign_in(client, session, role=Role.AGENT, unit=unit(session), now=now)

    press(client, ticket, "accuses")

    session.refresh(ticket)
    assert ticket.is_restricted and ticket.about_unit_id == unit(session).id
    assert ticket.unit_id == unit(session, "VPUB").id
    assert client.get(f"/console/tickets/{ticket.reference}").status_code == 404
    assert corrections(session) == [("conduct", "no", "yes")]


def test_another_kind_is_one_key_and_stands_beside_the_first_guess(client, session, agent, now):
    ticket = told(session, "Rác không ai gom và đèn đường hư ở phường Sài Gòn", now)

    press(client, ticket, "category:rubbish")

    assert corrections(session)[0][2] == "rubbish"


def test_a_press_that_says_nothing_we_know_changes_nothing(client, session, agent, now):
    ticket = told(session, RUBBISH, now)

    answers = [press(client, ticket, said).status_code for said in ("", "danger", "category:", "category:x'--", "🙂")]

    assert all(400 <= status < 500 for status in answers) and corrections(session) == []


def test_a_month_shows_of_each_rule_how_often_it_was_wrong_and_what_was_missed(client, session, now):
    right, wrong, missed = (told(session, RUBBISH, now) for _ in range(3))
    sign_in(client, session, role=Role.SUPERVISOR, unit=unit(session, "TTDH"), now=now)
    press(client, wrong, "category:pothole")
    press(client, missed, "danger-yes")
    assert right.category_id is not None

    page = client.get("/supervisor/reading").text

    assert "67" in page and "Ổ gà" in page.replace("ổ gà", "Ổ gà")
    assert client.get("/supervisor/reading?month=2026-13").status_code == 400
    assert client.get("/supervisor/reading?month=%F0%9F%99%82").status_code == 400


def test_figures_tell_nobody_of_a_matter_they_may_not_see(client, session, now):
    told(session, "Cán bộ phường Sài Gòn vòi tiền 5 triệu mới chịu ký hồ sơ", now)
    sign_in(client, session, role=Role.SUPERVISOR, unit=unit(session), now=now)

    with_it = client.get("/supervisor/reading").text

    assert "tiền bạc" not in with_it and "money" not in with_it
