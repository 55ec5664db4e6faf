"""Administration, hourly trial: the test telephone is chosen there, one is begun at once, and results are said."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.canary.runs import end_run, newest_runs, note_progress
from tests.app.web.administration.desk import HERE, NOW, audited, post, shown
from tickets.directory.trial_recipient import recipient
from tickets.schema import CanaryRun, Ticket
from tickets.states import CanaryStage

TRIAL = f"{HERE}/trial"


def choose(browser: FlaskClient, phone: str = "0912 345 678"):
    return post(browser, f"{TRIAL}/phone", phone=phone)


def test_a_telephone_is_chosen_and_a_trial_begun_with_it(browser: FlaskClient, session: Session) -> None:
    assert "Choose one below" in shown(browser, TRIAL)
    choose(browser)
    post(browser, f"{TRIAL}/begin")

    to = recipient(session)
    assert to is not None
    assert to.phone == "+84912345678"
    [run] = newest_runs(session, limit=2)
    ticket = session.get_one(Ticket, run.ticket_id)
    assert ticket.is_canary
    assert run.due_at - run.opened_at == timedelta(minutes=2)
    assert "under way" in shown(browser, TRIAL)
    assert len(audited(session, "canary.phone_chosen")) == 1


def test_pressing_twice_begins_one(browser: FlaskClient, session: Session) -> None:
    choose(browser)
    for _ in range(2):
        post(browser, f"{TRIAL}/begin")

    assert len(session.scalars(select(CanaryRun)).all()) == 1
    assert "A trial is under way already." in shown(browser, TRIAL)


@pytest.mark.parametrize(("typed", "said"), [("12", "not a phone number"), ("028 3829 1234", "takes no text messages")])
def test_what_takes_no_texts_is_refused_and_stays_in_the_field(
    browser: FlaskClient, session: Session, typed: str, said: str
) -> None:
    answer = choose(browser, typed)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert said in page
    assert f'value="{typed}"' in page
    assert newest_runs(session, limit=1) == []


def test_the_page_says_which_part_was_not_reached_and_how_late_the_report_was(
    browser: FlaskClient, session: Session
) -> None:
    choose(browser)
    post(browser, f"{TRIAL}/begin")
    [run] = newest_runs(session, limit=1)
    note_progress(run, fired_at=run.due_at + timedelta(seconds=4), sent_at=None, delivered_at=None)
    end_run(run, missing=CanaryStage.SENT, now=NOW)
    session.commit()

    page = shown(browser, TRIAL)

    assert "the message did not leave" in page
    assert "4 seconds after the deadline" in page
    assert "The last trial failed." in page


def test_its_post_and_its_chain_are_offered_for_no_real_matter(browser: FlaskClient, session: Session) -> None:
    choose(browser)
    post(browser, f"{TRIAL}/begin")

    chains, rota = shown(browser, f"{HERE}/chains"), shown(browser, "/rota")
    draft = shown(browser, f"{HERE}/chains/0/edit")

    assert 'value="ward_chair"' in draft
    assert 'value="canary"' not in draft
    assert 'value="canary"' not in chains and "canary" not in chains
    assert "hourly trial" not in rota
