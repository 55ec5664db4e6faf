"""What a drafted chain would have brought in the last month, beside what was really told: of promises as they ran."""

import re
from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.firing.sweep import tick
from tests.app.web.administration.desk import NOW, post, shown
from tests.app.web.administration.test_rules_by_hand import CHAIN, count_now, rule, typed
from tests.escalation.scene import full_house, ward
from tests.factories import open_ticket, staff
from tickets.people.actor import staff_actor
from tickets.schema import Clock, PlannedStep, RuleDraft, Ticket
from tickets.states import ClockKind, StepKind
from tickets.work.assignment import claim

TEN_MINUTES = timedelta(minutes=10)


def brought(session: Session, at: datetime) -> Ticket:
    opened = open_ticket(session, category_code="rubbish", arrived_at=at, now=at)
    return session.get_one(Ticket, opened.ticket_id)


def climbed_to_its_second_level(session: Session, matter: Ticket) -> None:
    """Nobody accepts it until ten minutes after the second level was told."""
    clock = session.scalars(select(Clock).where(Clock.ticket_id == matter.id, Clock.kind == ClockKind.ACCEPT)).one()
    own = (PlannedStep.clock_id == clock.id, PlannedStep.kind == StepKind.LEVEL)
    levels = session.scalars(select(PlannedStep.planned_at).where(*own).order_by(PlannedStep.rank)).all()
    for at in levels[:2]:
        tick(session, now=at + timedelta(seconds=1))
    agent = staff(session, at="26740")
    claim(session, matter.id, actor=staff_actor(agent.id), now=levels[1] + TEN_MINUTES)


def drafted(browser: FlaskClient, session: Session, **changed: str) -> str:
    form = rule(session, CHAIN)
    draft = post(browser, form, **(typed(shown(browser, form)) | changed), do="preview").location
    count_now(session)
    return shown(browser, draft)


def counted(page: str) -> dict[str, list[str]]:
    """Each row of the two tables of the last month: what stands first, then the rest."""
    part = page.partition('id="last-month"')[2].partition("Left out:")[0]
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in part.split("<tr>")]
    told = [[" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in row] for row in rows if row]
    return {row[0]: row[1:] for row in told}


def test_a_level_that_comes_later_would_not_have_been_told_where_the_promise_ended_before(
    browser: FlaskClient, session: Session
) -> None:
    unit = ward(session)
    people = full_house(session, unit, now=NOW - timedelta(days=20))
    for days in (6, 4):
        climbed_to_its_second_level(session, brought(session, NOW - timedelta(days=days)))

    as_it_is = counted(drafted(browser, session, **{"s0-when": "after_due", "s0-amount": "1", "s0-unit": "minutes"}))
    later = counted(drafted(browser, session, **{"s1-when": "after_due", "s1-amount": "5", "s1-unit": "hours"}))

    assert as_it_is["1"] == ["2", "2"] and as_it_is["2"] == ["2", "2"]
    assert later["1"] == ["2", "2"] and later["2"] == ["2", "0"]
    assert later[people[2].name][-2:] == ["2", "0"]


def test_restricted_tickets_and_older_months_are_not_counted(browser: FlaskClient, session: Session) -> None:
    unit = ward(session)
    full_house(session, unit, now=NOW - timedelta(days=60))
    for days, restricted in ((45, False), (5, True)):
        matter = brought(session, NOW - timedelta(days=days))
        climbed_to_its_second_level(session, matter)
        matter.is_restricted = restricted
    session.commit()

    page = drafted(browser, session, **{"s0-when": "after_due", "s0-amount": "1", "s0-unit": "minutes"})

    assert "It has not been counted yet" not in page
    assert 'id="last-month"' not in page
    assert session.scalars(select(RuleDraft)).all() != []
