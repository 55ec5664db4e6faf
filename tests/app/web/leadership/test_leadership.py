"""The leader's page: what reached me, my answer to it, the ledger."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.firing.sweep import tick
from tests.app.web.steering import Climb, climb, csrf_of, enter
from tests.escalation.scene import clock, holder, ticket, unit_by_code, ward, with_role
from tests.statements import counted, of_the_page
from tickets.promises import standing_levels
from tickets.schema import Acknowledgement, AuditEntry, Category, Draft, StepRecipient
from tickets.states import ClockStatus, Priority, Role, TicketStatus

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def climbed(session: Session) -> Climb:
    return climb(session, opened_at=MONDAY)


@pytest.fixture
def browser(app: HotlineApp, session: Session, climbed: Climb) -> Iterator[FlaskClient]:
    """The leader's own browser, ten minutes after the fourth level fired."""
    now = climbed.at + timedelta(minutes=10)
    with app.bound_to(session, now):
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, climbed.people[4], now=now)
        yield client


def give(client: FlaskClient, step_id: int, **form: str) -> object:
    return client.post(f"/leadership/steps/{step_id}", data={"csrf_token": csrf_of(client, "/leadership"), **form})


def test_what_reached_me_is_said_in_one_sentence_with_its_delay(
    browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    page = browser.get("/leadership").get_data(as_text=True)

    sentence = page.split('class="leader-sentence">')[1].split("</p>")[0]
    assert "has not settled" in sentence
    assert ", since 08:00 " in sentence
    assert "it needs somebody to take it" in sentence
    assert climbed.unit.name_en in sentence
    assert "overdue by" in sentence
    assert "reported to you at" in sentence


def test_an_instruction_that_was_begun_is_there_again_and_gone_when_sent(
    browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    step_id = session.query(StepRecipient.step_id).filter_by(staff_id=climbed.people[4].id).scalar()
    token = {"csrf_token": csrf_of(browser, "/leadership")}

    told = browser.post(f"/leadership/steps/{step_id}/draft", data={**token, "instruction": "Send a crew."})
    begun = browser.get("/leadership").get_data(as_text=True)
    give(browser, step_id, instruction="Send a crew today.", once="k")
    late = browser.post(f"/leadership/steps/{step_id}/draft", data={**token, "instruction": "Send a", "once": "k"})

    assert (told.status_code, late.status_code) == (204, 410)
    assert "Send a crew.</textarea>" in begun
    assert session.query(Draft).all() == []


def test_nobody_begins_an_instruction_for_a_level_that_did_not_reach_them(
    browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    stranger = with_role(session, Role.SUPERVISOR, ward(session, "Phường Thủ Đức"), now=climbed.at)
    enter(browser, session, stranger, now=climbed.at)
    token = {"csrf_token": csrf_of(browser, "/leadership")}
    foreign = climbed.step(session, 4).id

    told = browser.post(f"/leadership/steps/{foreign}/draft", data={**token, "instruction": "Send a crew."})

    assert told.status_code == 404
    assert session.query(Draft).all() == []


def test_showing_the_list_marks_it_read_for_me_alone(browser: FlaskClient, climbed: Climb, session: Session) -> None:
    browser.get("/leadership")

    rows = session.query(StepRecipient).populate_existing().all()
    assert [row.staff_id for row in rows if row.read_at is not None] == [climbed.people[4].id]


def test_a_level_below_mine_is_not_in_my_list(browser: FlaskClient, climbed: Climb, session: Session) -> None:
    page = browser.get("/leadership").get_data(as_text=True)

    assert f'id="step-{climbed.step(session, 4).id}"' in page
    assert f'id="step-{climbed.step(session, 2).id}"' not in page


def test_an_instruction_is_written_down_and_moves_the_matter_below(
    browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    step_id = climbed.step(session, 4).id

    answer = give(browser, step_id, instruction="Xử lý xong trong hôm nay, báo cáo tôi.")

    assert answer.status_code == 303
    assert session.get_one(Acknowledgement, step_id).instruction == "Xử lý xong trong hôm nay, báo cáo tôi."
    page = browser.get("/leadership").get_data(as_text=True)
    assert "Nothing is waiting for you." in page
    assert "Answered, still running" in page
    assert "Xử lý xong trong hôm nay" in page
    assert "Nothing has been done since." in page


def test_what_is_said_after_the_first_answer_is_sent_and_stands_below_it(
    browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    step_id = climbed.step(session, 4).id
    give(browser, step_id)

    give(browser, step_id, instruction="Cử người đến ngay.")
    give(browser, step_id, instruction="Báo lại trước 11 giờ.")

    page = browser.get("/leadership").get_data(as_text=True)
    assert page.index("Cử người đến ngay.</q>") < page.index("Báo lại trước 11 giờ.</q>")
    assert page.count("added,") == 2
    assert "Further instruction or date" in page


def test_a_double_click_acknowledges_once(browser: FlaskClient, climbed: Climb, session: Session) -> None:
    step_id = climbed.step(session, 4).id
    token = csrf_of(browser, "/leadership")

    answers = [browser.post(f"/leadership/steps/{step_id}", data={"csrf_token": token}).status_code for _ in "12"]

    assert answers == [303, 303]
    assert session.query(AuditEntry).filter_by(action="escalation.acknowledged").count() == 1


def test_a_new_date_holds_the_level_above_and_leaves_the_broken_promise_as_it_was(
    browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    step_id = climbed.step(session, 4).id

    answer = give(browser, step_id, new_due_at="2026-11-28T09:00", instruction="Gia hạn.")

    assert answer.status_code == 303
    assert clock(session, climbed.ticket).due_at == climbed.step(session, 4).due_at
    # The Chair's level follows a working day after the date that was given, Saturday at 09:00: on Monday at 17:00.
    assert climbed.step(session, 5).planned_at == datetime(2026, 11, 30, 10, 0, tzinfo=UTC)


def test_the_page_says_whether_a_date_moves_the_promise_before_and_after_it_is_given(
    browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    step_id = climbed.step(session, 4).id

    before = browser.get("/leadership").get_data(as_text=True)
    give(browser, step_id, new_due_at="2026-11-28T09:00", instruction="Gia hạn.")
    after = browser.get("/leadership").get_data(as_text=True)

    assert "The promise is broken, which no date undoes." in before
    assert "the promise does not move" in after


def test_a_date_of_the_head_whose_own_unit_owes_the_promise_is_said_not_to_move_it(
    app: HotlineApp, climbed: Climb, session: Session
) -> None:
    head, told = climbed.people[2], climbed.step(session, 2)
    due_at = clock(session, climbed.ticket).due_at
    client = app.test_client()
    client.set_cookie("locale", "en")
    with app.bound_to(session, climbed.at):
        enter(client, session, head, now=climbed.at)
        before = client.get("/leadership").get_data(as_text=True)
        give(client, told.id, new_due_at="2026-11-28T09:00", instruction="Xin lùi.")
        after = client.get("/leadership").get_data(as_text=True)

    assert "which does not move" in before
    assert "(the promise does not move)" in after
    assert clock(session, climbed.ticket).due_at == due_at


def test_a_date_that_has_passed_is_refused_and_what_was_typed_is_kept(
    browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    step_id = climbed.step(session, 4).id

    answer = give(browser, step_id, new_due_at="2026-11-01T09:00", instruction="Làm ngay & báo cáo")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "This date has passed." in page
    assert "Làm ngay &amp; báo cáo" in page
    assert session.get(Acknowledgement, step_id) is None


def test_a_level_told_to_somebody_else_looks_like_none(app: HotlineApp, session: Session, climbed: Climb) -> None:
    other = with_role(session, Role.LEADER, ward(session, "Phường Bến Thành"), now=MONDAY)
    with app.bound_to(session, climbed.at):
        client = app.test_client()
        enter(client, session, other, now=climbed.at)
        token = csrf_of(client, "/leadership")

        theirs = client.post(f"/leadership/steps/{climbed.step(session, 4).id}", data={"csrf_token": token})
        nobodys = client.post("/leadership/steps/999999999", data={"csrf_token": token})

    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert session.get(Acknowledgement, climbed.step(session, 4).id) is None


def test_an_answer_without_the_form_is_refused(browser: FlaskClient, climbed: Climb, session: Session) -> None:
    answer = browser.post(f"/leadership/steps/{climbed.step(session, 4).id}", data={})

    assert answer.status_code == 400
    assert session.get(Acknowledgement, climbed.step(session, 4).id) is None


def test_a_colleague_who_was_faster_is_named(app: HotlineApp, session: Session, climbed: Climb) -> None:
    city = with_role(session, Role.LEADER, unit_by_code(session, "79"), now=MONDAY)
    with app.bound_to(session, climbed.at):
        first, second = app.test_client(), app.test_client()
        enter(first, session, climbed.people[4], now=climbed.at)
        enter(second, session, city, now=climbed.at)
        give(first, climbed.step(session, 4).id, instruction="Làm ngay")

        answer = give(second, climbed.step(session, 4).id)

    assert answer.status_code == 409
    assert session.get_one(Acknowledgement, climbed.step(session, 4).id).staff_id == climbed.people[4].id


def test_somebody_of_the_city_office_sees_theirs(app: HotlineApp, session: Session, climbed: Climb) -> None:
    with app.bound_to(session, climbed.at):
        client = app.test_client()
        enter(client, session, climbed.people[3], now=climbed.at)

        page = client.get("/leadership").get_data(as_text=True)

    assert f'id="step-{climbed.step(session, 3).id}"' in page


def test_a_matter_whose_ticket_is_not_open_to_me_is_told_without_the_citizens_words(
    app: HotlineApp, session: Session, climbed: Climb
) -> None:
    climbed.ticket.subject = "Ông Tám nhà số 7 lấn chiếm vỉa hè"
    session.flush()
    with app.bound_to(session, climbed.at):
        client = app.test_client()
        # Whoever stands in for the head of the section works elsewhere: the ticket itself is not open to them.
        deputy = with_role(session, Role.AGENT, ward(session, "Phường Bến Thành"), now=MONDAY)
        holder(session, "section_head", climbed.unit, kind="deputy", staff=deputy, now=MONDAY)
        told = climbed.step(session, 1)
        session.add(
            StepRecipient(step_id=told.id, staff_id=deputy.id, capacity="deputy", told_at=climbed.at, reply_code="0000")
        )
        standing_levels.refresh(session, [climbed.ticket.id])
        enter(client, session, deputy, now=climbed.at)

        page = client.get("/leadership").get_data(as_text=True)

    assert "Ông Tám" not in page
    assert f"/console/tickets/{climbed.ticket.reference}" not in page
    category = session.get_one(Category, climbed.ticket.category_id)
    assert category.name in page


def test_a_matter_that_was_settled_is_followed_to_its_end(
    browser: FlaskClient, climbed: Climb, session: Session
) -> None:
    give(browser, climbed.step(session, 4).id, instruction="Xong trong hôm nay")
    running = clock(session, climbed.ticket)
    running.status, running.stopped_at = ClockStatus.MISSED, climbed.at + timedelta(minutes=5)
    climbed.ticket.status = TicketStatus.RESOLVED
    session.flush()

    page = browser.get("/leadership").get_data(as_text=True)

    assert "Settled in the last 14 days" in page
    assert "Xong trong hôm nay" in page
    assert "Answered, still running" not in page


@pytest.mark.parametrize("matters", [1, 30])
def test_the_list_takes_sixteen_statements_whatever_its_length_and_counts_what_is_on_its_pages(
    browser: FlaskClient, climbed: Climb, session: Session, matters: int
) -> None:
    for _ in range(matters - 1):
        ticket(session, climbed.unit, arrived_at=MONDAY, priority=Priority.URGENT)
    tick(session, now=climbed.at)
    browser.get("/leadership")
    session.expire_all()

    with counted(session) as statements:
        page = browser.get("/leadership").get_data(as_text=True)

    # One names what stands, so that the others read by number; one reads what the leader has typed and not sent; one
    # tells of all levels at once whom passing them up would reach.
    assert len(of_the_page(statements)) <= 16, "\n".join(statements)
    on_it = page.count('<li class="panel" id="step-')
    further = re.search(r'href="(/leadership\?after=[^"]+)" rel="next"', page)
    if further:
        on_it += browser.get(further[1]).get_data(as_text=True).count('<li class="panel" id="step-')
    assert (on_it, bool(further)) == (matters, matters > 25)
    assert f'Waiting for my answer <span class="count">{matters}</span>' in page
    assert page.count(f'Reported to me</span><span class="count">{matters}</span>') == 2


def test_the_ledger_shows_every_level_with_its_proof(browser: FlaskClient, climbed: Climb, session: Session) -> None:
    browser.get("/leadership/ledger")
    with counted(session) as statements:
        page = browser.get("/leadership/ledger").get_data(as_text=True)

    assert page.count("<tr>") == 1 + 4
    assert climbed.people[4].name in page
    # One names what stands, so that the others read by number; one reads what the leader has typed and not sent.
    assert len(of_the_page(statements)) <= 16, "\n".join(statements)


def test_the_ledger_is_filtered_by_level_and_answer(browser: FlaskClient, climbed: Climb, session: Session) -> None:
    give(browser, climbed.step(session, 4).id, instruction="Đã rõ")

    answered = browser.get("/leadership/ledger?answered=yes").get_data(as_text=True)
    second = browser.get("/leadership/ledger?level=2").get_data(as_text=True)
    nothing = browser.get("/leadership/ledger?from=2027-01-01").get_data(as_text=True)

    assert answered.count("<tr>") == 1 + 1
    assert "Đã rõ" in answered
    assert second.count("<tr>") == 1 + 1
    assert "Nothing matches." in nothing


def test_a_downloaded_ledger_holds_no_formula(browser: FlaskClient, climbed: Climb, session: Session) -> None:
    give(browser, climbed.step(session, 4).id, instruction='=HYPERLINK("http://evil")')

    text = browser.get("/leadership/ledger.csv").get_data(as_text=True)

    assert "'=HYPERLINK" in text
    assert ",=HYPERLINK" not in text
    assert ',"=HYPERLINK' not in text


def test_strange_filters_are_harmless(browser: FlaskClient, climbed: Climb, session: Session) -> None:
    for query in ("unit=-1", "level=99999999999999999999", "from=0001-01-01", "after=%00", "clock=x", "to=9999-12-31"):
        assert browser.get(f"/leadership/ledger?{query}").status_code == 200, query


def test_nobody_of_another_ward_finds_a_level_in_the_ledger(app: HotlineApp, session: Session, climbed: Climb) -> None:
    other = with_role(session, Role.SUPERVISOR, ward(session, "Phường Bến Thành"), now=MONDAY)
    with app.bound_to(session, climbed.at):
        client = app.test_client()
        enter(client, session, other, now=climbed.at)

        page = client.get("/leadership/ledger").get_data(as_text=True)
        text = client.get("/leadership/ledger.csv").get_data(as_text=True)

    assert climbed.ticket.reference not in page + text


def test_an_auditor_reads_the_ledger_of_their_units_and_not_a_word_of_the_tickets(
    app: HotlineApp, session: Session, climbed: Climb
) -> None:
    climbed.ticket.is_restricted = True
    auditors = {name: with_role(session, Role.AUDITOR, unit_by_code(session, "79"), now=MONDAY) for name in ("city",)}
    auditors["elsewhere"] = with_role(session, Role.AUDITOR, ward(session, "Phường Bến Thành"), now=MONDAY)

    pages = {}
    with app.bound_to(session, climbed.at):
        for name, person in auditors.items():
            client = app.test_client()
            client.set_cookie("locale", "en")
            enter(client, session, person, now=climbed.at)
            answers = [client.get(f"/leadership/{file}") for file in ("ledger", "ledger.csv")]
            assert [answer.status_code for answer in answers] == [200, 200]
            pages[name] = "".join(answer.get_data(as_text=True) for answer in answers)
            ticket_page = client.get(f"/console/tickets/{climbed.ticket.reference}")
            assert ticket_page.status_code in (403, 404)

    assert climbed.ticket.reference not in pages["elsewhere"]
    assert climbed.people[4].name in pages["city"]
    # Of a restricted ticket not even its number, like in the trail of what was done.
    assert climbed.ticket.reference not in pages["city"]
    assert climbed.ticket.subject not in pages["city"]
