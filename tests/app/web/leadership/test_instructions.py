"""The leader's list of what was instructed, the unit's answer on the ticket's page, and asking a colleague."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.acknowledging.acknowledge import acknowledge
from tests.app.web.steering import Climb, climb, csrf_of, enter
from tests.escalation.scene import unit_by_code, with_role
from tickets.directory.absences import WantedLeave, take_leave
from tickets.people.actor import SYSTEM
from tickets.promises import ledger
from tickets.schema import Delegation, Draft, Instruction, PostHolding, Staff, TicketAccess
from tickets.states import Role
from tickets.work.ticket import lock_ticket

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
Enter = Callable[[Staff], FlaskClient]


@pytest.fixture
def climbed(session: Session) -> Climb:
    return climb(session, opened_at=MONDAY, level=3)


@pytest.fixture
def browser_of(app: HotlineApp, session: Session, climbed: Climb) -> Iterator[Enter]:
    now = climbed.at + timedelta(minutes=10)

    def browser(who: Staff) -> FlaskClient:
        client = app.test_client()
        client.set_cookie("locale", "en")
        enter(client, session, who, now=now)
        return client

    with app.bound_to(session, now):
        yield browser


@pytest.fixture
def instructed(session: Session, climbed: Climb) -> Instruction:
    step_id = climbed.step(session, 3).id
    acknowledge(
        session, step_id, staff_id=climbed.people[3].id, instruction="Dọn trong ngày", via="web", now=climbed.at
    )
    return session.scalars(select(Instruction)).one()


def test_the_list_says_to_whom_by_when_and_that_it_waits(browser_of, climbed, instructed):
    page = browser_of(climbed.people[3]).get("/leadership/instructions").get_data(as_text=True)

    assert "Dọn trong ngày" in page
    assert climbed.unit.name_en in page
    assert "waits for an answer" in page


def test_the_number_of_a_matter_leads_to_its_page_for_whoever_may_see_it(browser_of, climbed, instructed):
    here = f"/console/tickets/{climbed.ticket.reference}"
    leader = browser_of(climbed.people[3])

    assert f'href="{here}"' in leader.get("/leadership/instructions").get_data(as_text=True)
    assert leader.get(here).status_code == 200


def test_the_number_of_a_restricted_matter_leads_nobody_there_who_may_not_see_it(
    browser_of, climbed, instructed, session
):
    climbed.ticket.is_restricted = True
    session.execute(delete(TicketAccess).where(TicketAccess.ticket_id == climbed.ticket.id))
    session.flush()

    page = browser_of(climbed.people[3]).get("/leadership/instructions").get_data(as_text=True)

    assert f'href="/console/tickets/{climbed.ticket.reference}"' not in page


def test_the_unit_answers_on_the_tickets_page_and_the_leader_reads_it(browser_of, climbed, instructed):
    here = f"/console/tickets/{climbed.ticket.reference}"
    unit = browser_of(climbed.people[1])
    assert "Dọn trong ngày" in unit.get(here).get_data(as_text=True)

    form = {"csrf_token": csrf_of(unit, here), "instruction": str(instructed.id), "answer": "Đã dọn xong."}
    page = unit.post(f"{here}/instruction", data=form, follow_redirects=True).get_data(as_text=True)

    assert "Answered. Whoever gave the instruction has been told." in page
    assert "Answer the instruction" not in page
    leader = browser_of(climbed.people[3]).get("/leadership/instructions").get_data(as_text=True)
    assert "Đã dọn xong." in leader
    assert "waits for an answer" not in leader


def test_without_script_one_of_two_instructions_is_answered_and_the_other_answer_stays_begun(
    browser_of, climbed, instructed, session
):
    here, step_id = f"/console/tickets/{climbed.ticket.reference}", climbed.step(session, 3).id
    later = climbed.at + timedelta(minutes=5)
    acknowledge(session, step_id, staff_id=climbed.people[3].id, instruction="Báo lại dân", via="web", now=later)
    other = session.scalars(select(Instruction.id).where(Instruction.id != instructed.id)).one()
    unit = browser_of(climbed.people[1])
    shown = unit.get(here).get_data(as_text=True)

    form = {
        "csrf_token": csrf_of(unit, here),
        f"instructed-{instructed.id}.instruction": str(instructed.id), f"instructed-{instructed.id}.answer": "Đang dọn",
        f"instructed-{other}.instruction": str(other), f"instructed-{other}.answer": "Đã gọi cho dân.",
    }  # fmt: skip
    page = unit.post(f"{here}/instruction?form=instructed-{other}", data=form, follow_redirects=True)

    assert f'name="instructed-{other}.answer"' in shown
    session.expire_all()
    assert (session.get_one(Instruction, other).answer, session.get_one(Instruction, instructed.id).answer) == (
        "Đã gọi cho dân.", "",
    )  # fmt: skip
    assert "Đang dọn</textarea>" in page.get_data(as_text=True)


def test_an_answer_without_words_is_refused_in_words(browser_of, climbed, instructed):
    here = f"/console/tickets/{climbed.ticket.reference}"
    unit = browser_of(climbed.people[1])

    form = {"csrf_token": csrf_of(unit, here), "instruction": str(instructed.id), "answer": " "}
    answer = unit.post(f"{here}/instruction", data=form)

    assert answer.status_code == 400
    assert "This field is required." in answer.get_data(as_text=True)


def test_a_colleague_is_asked_by_the_page_and_both_have_it_on_their_lists(browser_of, climbed, session):
    colleague = with_role(session, Role.CITY_OFFICE, unit_by_code(session, "VPUB"), now=MONDAY)
    absent = with_role(session, Role.CITY_OFFICE, unit_by_code(session, "VPUB"), now=MONDAY)
    wanted = WantedLeave(absent.id, None, climbed.at, climbed.at + timedelta(days=2))
    take_leave(session, wanted, actor=SYSTEM, now=climbed.at)
    leader = browser_of(climbed.people[3])
    step_id = climbed.step(session, 3).id
    here = f"/leadership/steps/{step_id}/delegate"
    offered = leader.get(here).get_data(as_text=True)
    assert re.search(rf"{absent.name} \(on leave until [^)]+\)</option>\s*</select>", offered), "last, and named so"
    assert here in leader.get("/leadership").get_data(as_text=True)
    assert colleague.name in leader.get(here).get_data(as_text=True)

    form = {"csrf_token": csrf_of(leader, here), "to": str(colleague.id), "reason": "đi họp"}
    page = leader.post(f"/leadership/steps/{step_id}/delegate", data=form, follow_redirects=True)

    assert f"{colleague.name} is asked and told." in page.get_data(as_text=True)
    assert session.scalars(select(Delegation.to_id)).one() == colleague.id
    assert f'id="step-{step_id}"' in leader.get("/leadership").get_data(as_text=True)
    theirs = browser_of(colleague)
    asked = theirs.get("/leadership").get_data(as_text=True)
    assert (
        f'id="step-{step_id}"' in asked and f"{climbed.people[3].name} has asked you to answer: <q>đi họp</q>" in asked
    )
    # What became of it: read by now, and then given back with a reason.
    assert "has read it" in leader.get("/leadership").get_data(as_text=True)
    back = {"csrf_token": csrf_of(theirs, "/leadership"), "reason": ""}
    assert theirs.post(f"/leadership/steps/{step_id}/decline", data=back).status_code == 400
    theirs.post(f"/leadership/steps/{step_id}/decline", data={**back, "reason": "không rõ vụ việc"})
    assert f"/steps/{step_id}/decline" not in theirs.get("/leadership").get_data(as_text=True)
    assert "<q>không rõ vụ việc</q>" in leader.get("/leadership").get_data(as_text=True)


def test_without_a_reason_nobody_is_asked_and_the_choice_is_kept(browser_of, climbed, session):
    colleague = with_role(session, Role.CITY_OFFICE, unit_by_code(session, "VPUB"), now=MONDAY)
    leader = browser_of(climbed.people[3])

    form = {"csrf_token": csrf_of(leader, "/leadership"), "to": str(colleague.id), "reason": ""}
    answer = leader.post(f"/leadership/steps/{climbed.step(session, 3).id}/delegate", data=form)

    assert answer.status_code == 400
    assert f'value="{colleague.id}" selected' in answer.get_data(as_text=True)
    assert session.scalars(select(Delegation)).all() == []


def test_what_is_typed_for_a_colleague_is_there_again_and_gone_with_the_asking(browser_of, climbed, session):
    colleague = with_role(session, Role.CITY_OFFICE, unit_by_code(session, "VPUB"), now=MONDAY)
    leader = browser_of(climbed.people[3])
    here = f"/leadership/steps/{climbed.step(session, 3).id}/delegate"
    form = {"csrf_token": csrf_of(leader, here), "to": str(colleague.id), "reason": "đi họp ở Hà Nội", "once": "a-form"}

    told = leader.post(f"{here}/draft", data=form)
    back = browser_of(climbed.people[3]).get(here).get_data(as_text=True)
    draft = session.scalars(select(Draft)).one()
    leader.post(here, data=form)
    late = leader.post(f"{here}/draft", data=form)

    assert (told.status_code, late.status_code) == (204, 410)
    assert "đi họp ở Hà Nội</textarea>" in back and f'value="{colleague.id}" selected' in back
    assert f'data-draft-url="{here}/draft"' in back
    assert draft.ticket_id == climbed.ticket.id, "erased with its ticket"
    assert session.scalars(select(Draft)).all() == []


def test_nobody_keeps_words_about_a_level_that_was_not_raised_to_them(browser_of, climbed, session):
    stranger = browser_of(with_role(session, Role.SUPERVISOR, climbed.unit, now=MONDAY))
    form = {"csrf_token": csrf_of(stranger, "/my/duty"), "reason": "x"}

    answer = stranger.post(f"/leadership/steps/{climbed.step(session, 3).id}/delegate/draft", data=form)

    assert answer.status_code == 404
    assert session.scalars(select(Draft)).all() == []


def test_whom_a_level_was_not_raised_to_does_not_learn_that_it_was(browser_of, climbed, session):
    stranger = with_role(session, Role.SUPERVISOR, climbed.unit, now=MONDAY)

    assert browser_of(stranger).get(f"/leadership/steps/{climbed.step(session, 3).id}/delegate").status_code == 404


@pytest.mark.parametrize("deed", ["", "/pass-up", "/decline", "/delegate"])
@pytest.mark.parametrize("meanwhile", ["it was settled", "it went to somebody else"])
def test_what_was_typed_for_a_level_that_is_over_or_somebody_elses_is_shown_again(
    browser_of, climbed, session, deed, meanwhile
):
    chair, step_id = climbed.people[2], climbed.step(session, 2).id
    client = browser_of(chair)
    form = {"csrf_token": csrf_of(client, "/leadership"), "reason": "Tôi đang ở xa", "instruction": "Tôi đang ở xa"}
    if meanwhile == "it was settled":
        ledger.on_resolved(session, lock_ticket(session, climbed.ticket.id), now=climbed.at + timedelta(minutes=1))
        ledger.on_reopened(session, lock_ticket(session, climbed.ticket.id), now=climbed.at + timedelta(minutes=2))
    else:
        session.execute(update(PostHolding).where(PostHolding.staff_id == chair.id).values(valid_to=climbed.at))

    answer = client.post(f"/leadership/steps/{step_id}{deed}", data=form)

    page = answer.get_data(as_text=True)
    assert answer.status_code == (400 if meanwhile == "it was settled" else 409)
    assert "Tôi đang ở xa" in page
    assert ("taken up again" if meanwhile == "it was settled" else "no longer yours to answer") in page


def test_declining_tells_nobody_else_that_a_level_is_over(browser_of, climbed, session):
    leader, stranger = climbed.people[3], with_role(session, Role.SUPERVISOR, climbed.unit, now=MONDAY)
    step_id = climbed.step(session, 3).id
    ledger.on_resolved(session, lock_ticket(session, climbed.ticket.id), now=climbed.at + timedelta(minutes=1))
    ledger.on_reopened(session, lock_ticket(session, climbed.ticket.id), now=climbed.at + timedelta(minutes=2))

    def declined(who: Staff, level: int) -> int:
        client = browser_of(who)
        form = {"csrf_token": csrf_of(client, "/my/duty"), "reason": "x"}
        return client.post(f"/leadership/steps/{level}/decline", data=form).status_code

    assert declined(leader, step_id) == 400, "who was told of it hears why"
    assert declined(stranger, step_id) == declined(stranger, 987654321) == 404
