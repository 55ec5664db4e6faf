"""What suddenly many report is proposed with its evidence; people make something of it; nothing restricted is told."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.app.web.steering import LIGHT, csrf_of
from tests.app.web.supervisor.guidance_rows import WORDS
from tests.factories import open_ticket, staff
from tests.signing_in import sign_in
from tickets.problems.waves import find_waves
from tickets.queries.reported import reported_lately
from tickets.schema import ArisingProblem, AuditEntry, Category, GuidanceTicket, OutboundMessage, ProblemTicket, Ticket
from tickets.states import ProblemState, Role
from tickets.work.problems import propose

HERE = "/supervisor/problems"


def page(browser, path=HERE):
    return browser.get(path).get_data(as_text=True)


def send(browser, path, **fields):
    return browser.post(path, data={"csrf_token": csrf_of(browser, LIGHT), **fields})


def signed_in(client, session, role, *, at="79", now):
    person = staff(session, role=role, at=at)
    sign_in(client, session, staff=person, now=now)
    return person


def wave(session, now, people=9, *, unit_code="26740", category="rubbish"):
    category_id = session.scalars(select(Category.id).where(Category.code == category)).one()
    ids = []
    for number in range(people):
        ticket_id = open_ticket(
            session, unit_code=unit_code, phone=f"09012{unit_code[-2:]}{number:03d}", now=now - timedelta(hours=number)
        ).ticket_id
        session.get_one(Ticket, ticket_id).category_id = category_id
        ids.append(ticket_id)
    session.flush()
    return ids


def notice(session, *, now):
    propose(session, find_waves(reported_lately(session, now=now), now=now), now=now)
    return session.scalars(select(ArisingProblem).order_by(ArisingProblem.id)).all()


def test_a_wave_is_proposed_once_with_its_tickets_and_what_is_usual(client, session, now):
    wave(session, now)
    [one] = notice(session, now=now)
    assert notice(session, now=now + timedelta(hours=1)) == [one], "an hour later it is the same"
    signed_in(client, session, Role.CITY_OFFICE, now=now)

    listed, html = page(client), page(client, f"{HERE}/{one.id}")

    assert f"{HERE}/{one.id}" in listed and "Phường Sài Gòn" in listed
    assert "9 phiếu" in html and "của 9 người" in html and "Phường Sài Gòn: 9" in html
    assert session.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "problem")).all() == [
        "problem.proposed"
    ]


def test_an_ordinary_day_proposes_nothing(session, now):
    wave(session, now, people=3)

    assert notice(session, now=now) == []


def test_what_is_restricted_is_no_evidence_and_makes_no_wave(client, session, now):
    ids = wave(session, now, people=6)
    for ticket_id in ids[:2]:
        session.get_one(Ticket, ticket_id).is_restricted = True
    session.flush()
    assert notice(session, now=now) == [], "four are no wave"
    session.get_one(Ticket, ids[0]).is_restricted = False
    session.get_one(Ticket, ids[1]).is_restricted = False
    session.flush()
    [one] = notice(session, now=now)
    hidden = session.get_one(Ticket, ids[3])
    hidden.is_restricted = True
    session.flush()
    signed_in(client, session, Role.CITY_OFFICE, now=now)

    html = page(client, f"{HERE}/{one.id}")

    assert "5 phiếu" in html and "5 phiếu" in page(client)
    assert hidden.reference not in html
    send(client, f"{HERE}/{one.id}/report")
    told = session.scalars(select(OutboundMessage.params).where(OutboundMessage.template == "problem_reported"))
    assert all(params["people"] == 5 for params in told)


def test_matters_about_officials_are_never_a_wave(session, now):
    conduct = session.scalars(select(Category.code).where(Category.conduct != "")).first()
    wave(session, now, category=conduct)

    assert notice(session, now=now) == []


def test_somebody_takes_it_on_reports_it_and_closes_it(client, session, now):
    boss = staff(session, role=Role.LEADER, at="79")
    wave(session, now)
    [one] = notice(session, now=now)
    person = signed_in(client, session, Role.CITY_OFFICE, now=now)

    send(client, f"{HERE}/{one.id}/take-on")
    send(client, f"{HERE}/{one.id}/report")
    session.refresh(one)
    assert (one.state, one.owner_id, one.reported_at) == (ProblemState.OPEN, person.id, now)
    told = select(OutboundMessage.params).where(OutboundMessage.staff_id == boss.id)
    assert {params["people"] for params in session.scalars(told)} == {9}
    assert send(client, f"{HERE}/{one.id}/close", reason="").status_code == 422
    send(client, f"{HERE}/{one.id}/close", reason="Đã thu gom")

    session.refresh(one)
    assert (one.state, one.reason) == (ProblemState.CLOSED, "Đã thu gom")
    assert send(client, f"{HERE}/{one.id}/take-on").status_code == 422, "it has ended"


def test_what_is_said_to_be_none_is_not_proposed_again_within_a_week(client, session, now):
    wave(session, now)
    [one] = notice(session, now=now)
    signed_in(client, session, Role.CITY_OFFICE, now=now)
    send(client, f"{HERE}/{one.id}/dismiss", reason="Chiến dịch của trường học")

    assert len(notice(session, now=now + timedelta(hours=2))) == 1


def test_a_guidance_drafted_for_it_has_its_tickets_linked(client, session, now):
    ids = wave(session, now)
    [one] = notice(session, now=now)
    signed_in(client, session, Role.CITY_OFFICE, now=now)
    assert 'value="Phường Sài Gòn"' in page(client, f"/supervisor/guidance/new?problem={one.id}")

    send(client, f"/supervisor/guidance/new?problem={one.id}", **WORDS, category="rubbish")

    session.refresh(one)
    assert one.guidance_id is not None
    assert sorted(session.scalars(select(GuidanceTicket.ticket_id))) == sorted(ids)


@pytest.mark.parametrize(("at", "seen"), [("26740", True), ("26824", False)])
def test_a_ward_sees_and_decides_its_own_alone(client, session, now, at, seen):
    wave(session, now)
    [one] = notice(session, now=now)
    signed_in(client, session, Role.SUPERVISOR, at=at, now=now)

    assert (f"{HERE}/{one.id}" in page(client)) is seen
    assert client.get(f"{HERE}/{one.id}").status_code == (200 if seen else 404)
    assert send(client, f"{HERE}/{one.id}/take-on").status_code == (303 if seen else 404)


def test_what_nobody_reports_any_more_is_forgotten(session, now):
    wave(session, now)
    [one] = notice(session, now=now)

    notice(session, now=now + timedelta(days=8))

    assert one.state is ProblemState.DISMISSED and one.owner_id is None
    assert session.scalar(select(ProblemTicket.id).limit(1)) is not None


def test_what_goes_on_for_days_stays_one_problem(session, now):
    said = "Rác ở đầu hẻm {} nhiều ngày chưa ai lấy, chó bới tung ra đường, hôi thối không chịu nổi"
    texts = [said.format(number) for number in range(16)]
    for number, body in enumerate(texts):
        at = now + timedelta(hours=6 * number)
        open_ticket(session, body=body, phone=f"0901299{number:03d}", now=at)
    found = [notice(session, now=now + timedelta(hours=hours)) for hours in (40, 70, 93)]

    assert [len(one) for one in found] == [1, 1, 1], "the first reports are out of sight, and it is the same"
