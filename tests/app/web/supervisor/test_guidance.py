"""A guidance goes from a draft to everybody's answer: by hands that may, with a name, a number and a date."""

import pytest
from sqlalchemy import select

from tests.app.web.steering import LIGHT, csrf_of
from tests.app.web.supervisor.guidance_rows import WORDS, drafted, issued, submitted
from tests.factories import open_ticket, staff, unit
from tests.signing_in import sign_in
from tickets.schema import AuditEntry, Guidance, GuidanceUse, Ticket, TicketAccess
from tickets.states import GuidanceState, Role

HERE = "/supervisor/guidance"


def page(browser, path=HERE):
    # Pages that only show may do so by rules that are some seconds old; here they are not.
    browser.application.reference._asked_at = 0.0
    return browser.get(path).get_data(as_text=True)


def send(browser, path, **fields):
    return browser.post(path, data={"csrf_token": csrf_of(browser, LIGHT), **fields})


def signed_in(client, session, role, *, at="79", now):
    person = staff(session, role=role, at=at)
    sign_in(client, session, staff=person, now=now)
    return person


def test_from_draft_to_everybodys_answer_with_name_number_and_date(client, session, now):
    signed_in(client, session, Role.CITY_OFFICE, now=now)
    assert send(client, f"{HERE}/new", **WORDS).status_code == 303
    one = session.scalars(select(Guidance)).one()
    assert client.get(f"/answers/{one.id}").status_code == 404, "a draft is nobody's answer"
    send(client, f"{HERE}/{one.id}/submit")
    boss = signed_in(client, session, Role.LEADER, now=now)
    send(client, f"{HERE}/{one.id}/approve", decision_no="12/HD", decided_on=now.date().isoformat())
    assert client.get(f"/answers/{one.id}").status_code == 404, "approved is not issued"
    signed_in(client, session, Role.CITY_OFFICE, now=now)
    send(client, f"{HERE}/{one.id}/issue")
    client.delete_cookie("hotline_session")

    html = page(client, f"/answers/{one.id}")
    assert "Bảy ngày làm việc" in html and boss.name in html and "12/HD" in html
    assert "Cấp đổi sổ đỏ" in page(client, "/answers?q=so do CAP doi")
    assert "Cấp đổi sổ đỏ" not in page(client, "/answers?q=khai sinh")
    [item] = client.get("/api/v1/answers?text=so%20do").get_json()["items"]
    assert (item["answer"]["en"], item["decision_no"]) == ("Seven working days, filed at the ward.", "12/HD")
    done = session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject_kind == "guidance").order_by(AuditEntry.id)
    )
    assert list(done) == [f"guidance.{step}" for step in ("drafted", "submitted", "approved", "issued")]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("answer_en", ""),
        ("area", "Atlantis"),
        ("spoken_vi", "xin ông bà chú ý rằng " * 11),
        ("spoken_vi", "Bảy ngày."),
        ("words", ""),
        ("words", "o"),
        ("category", "atlantis"),
        ("procedure", "atlantis"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_typed_is_lost(client, session, now, field, typed):
    signed_in(client, session, Role.SUPERVISOR, now=now)

    answer = send(client, f"{HERE}/new", **{**WORDS, field: typed})

    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'class="error"' in html and "nộp tại phường" in html
    assert session.scalars(select(Guidance)).all() == []


def test_nobody_approves_their_own_and_only_leaders_approve(client, session, now):
    one = submitted(session, now=now)
    signed = {"decision_no": "1/HD", "decided_on": now.date().isoformat()}
    signed_in(client, session, Role.SUPERVISOR, now=now)
    assert send(client, f"{HERE}/{one.id}/approve", **signed).status_code == 403
    signed_in(client, session, Role.LEADER, at="26740", now=now)
    assert send(client, f"{HERE}/{one.id}/approve", **signed).status_code == 403, "of one ward alone"
    boss = signed_in(client, session, Role.LEADER, now=now)
    one.submitted_by_id = boss.id
    session.commit()

    assert send(client, f"{HERE}/{one.id}/approve", **signed).status_code == 422
    session.refresh(one)
    assert one.state is GuidanceState.SUBMITTED


@pytest.mark.parametrize("day", ["2199-01-01", "gestern", ""])
def test_a_decision_has_a_day_that_has_come(client, session, now, day):
    one = submitted(session, now=now)
    signed_in(client, session, Role.LEADER, now=now)

    answer = send(client, f"{HERE}/{one.id}/approve", decision_no="77/HD", decided_on=day)

    assert answer.status_code == 422 and "77/HD" in answer.get_data(as_text=True)


def test_a_leader_gives_it_back_with_a_reason_and_it_is_worded_anew(client, session, now):
    one = submitted(session, now=now)
    signed_in(client, session, Role.LEADER, now=now)
    assert send(client, f"{HERE}/{one.id}/return", reason="").status_code == 422
    send(client, f"{HERE}/{one.id}/return", reason="Thiếu căn cứ")
    signed_in(client, session, Role.CITY_OFFICE, now=now)
    assert "Thiếu căn cứ" in page(client, f"{HERE}/{one.id}")

    send(client, f"{HERE}/{one.id}/change", **{**WORDS, "answer_vi": "Mười ngày."})

    session.refresh(one)
    assert (one.state, one.answer_vi) == (GuidanceState.DRAFTED, "Mười ngày.")


def test_what_a_leader_reads_or_has_signed_is_not_changed_any_more(client, session, now):
    one = issued(session, now=now)
    signed_in(client, session, Role.CITY_OFFICE, now=now)

    answer = send(client, f"{HERE}/{one.id}/change", **{**WORDS, "answer_vi": "Hai năm."})

    session.refresh(one)
    assert answer.status_code == 422 and one.answer_vi.startswith("Bảy ngày")


def test_withdrawn_is_gone_from_everywhere_at_once(client, session, now):
    one, ticket = issued(session, now=now), open_ticket(session, body="Hỏi về sổ đỏ", now=now)
    signed_in(client, session, Role.CITY_OFFICE, now=now)
    assert "Bảy ngày" in page(client, f"/console/tickets/{ticket.reference}")

    send(client, f"{HERE}/{one.id}/withdraw", reason="Luật mới")

    assert client.get(f"/answers/{one.id}").status_code == 404
    assert "Bảy ngày" not in page(client, f"/console/tickets/{ticket.reference}")
    assert client.get("/api/v1/answers").get_json()["items"] == []


def test_it_stands_beside_matching_tickets_alone_and_is_counted_once_for_each(client, session, now):
    one = issued(session, now=now)
    fitting, other = (open_ticket(session, body=body, now=now) for body in ("Sổ đỏ bao lâu?", "Rác chưa lấy"))
    signed_in(client, session, Role.AGENT, now=now)

    for _ in range(3):
        assert "Bảy ngày" in page(client, f"/console/tickets/{fitting.reference}")
    assert "Bảy ngày" not in page(client, f"/console/tickets/{other.reference}")

    [used] = session.scalars(select(GuidanceUse)).all()
    assert (used.guidance_id, used.number) == (one.id, 1)


def test_beside_a_restricted_ticket_nothing_is_counted(client, session, now):
    issued(session, now=now)
    ticket = session.get_one(Ticket, open_ticket(session, body="Sổ đỏ bao lâu?", now=now).ticket_id)
    ticket.is_restricted = True
    person = signed_in(client, session, Role.CITY_OFFICE, now=now)
    session.add(TicketAccess(ticket_id=ticket.id, staff_id=person.id, reason="named", created_at=now))
    session.commit()

    assert "Bảy ngày" in page(client, f"/console/tickets/{ticket.reference}")
    assert session.scalars(select(GuidanceUse)).all() == []


def test_an_agent_reads_it_while_typing_what_a_caller_says(client, session, now):
    issued(session, now=now)
    signed_in(client, session, Role.AGENT, now=now)

    said = client.post("/console/new/advice", data={"csrf_token": csrf_of(client, "/console"), "body": "hoi ve so do"})

    assert "Bảy ngày" in said.get_data(as_text=True)


def test_readers_are_counted_and_those_who_steer_it_are_none(client, session, now):
    one = issued(session, now=now)
    for _ in range(3):
        client.get(f"/answers/{one.id}")
    signed_in(client, session, Role.CITY_OFFICE, now=now)
    client.get(f"/answers/{one.id}")

    assert session.scalars(select(GuidanceUse.number)).all() == [3]
    assert "3 lượt người dân đọc" in page(client)


def test_two_in_force_on_one_matter_are_named_and_old_ones_too(client, session, now):
    first, second = issued(session, now=now), issued(session, now=now, question_vi="Sổ đỏ nộp ở đâu?")
    first.issued_at = now.replace(year=now.year - 1)
    session.flush()
    signed_in(client, session, Role.CITY_OFFICE, now=now)

    listed = page(client)
    assert "cùng có hiệu lực" in listed and "đã quá sáu tháng" in listed
    assert f"{HERE}/{first.id}" in page(client, f"{HERE}/{second.id}").split('id="against"')[1]


def test_a_wards_supervisor_drafts_for_their_ward_alone(client, session, now):
    signed_in(client, session, Role.SUPERVISOR, at="26740", now=now)

    assert send(client, f"{HERE}/new", **WORDS).status_code == 422
    assert send(client, f"{HERE}/new", **WORDS, area="Phường Sài Gòn").status_code == 303
    assert session.scalars(select(Guidance)).one().unit_ids == [unit(session).id]
    of_the_city = drafted(session, now=now)
    assert send(client, f"{HERE}/{of_the_city.id}/submit").status_code == 403
