"""What everybody reads of promises kept: written once a night, again when a day of it changes, few rows to read."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW, open_ticket, staff
from tickets.people.actor import Actor, staff_actor
from tickets.promises import day_totals
from tickets.promises.published import publish, published
from tickets.states import ClockKind, Disposition, Role
from tickets.work.assignment import claim
from tickets.work.resolution import reopen, resolve

DAY = timedelta(days=1)


def count_days(session: Session) -> None:
    while day_totals.count_next_day(session, now=NOW):
        pass


def answered(session: Session, number: int, actor: Actor) -> list[int]:
    ids = [open_ticket(session, now=NOW - 5 * DAY, unit_code="26740").ticket_id for _ in range(number)]
    for ticket_id in ids:
        claim(session, ticket_id, actor=actor, now=NOW - 5 * DAY + timedelta(minutes=5))
        resolve(
            session, ticket_id, disposition=Disposition.FIXED, answer="Đã xong.", actor=actor,
            now=NOW - 5 * DAY + timedelta(hours=1),
        )  # fmt: skip
    return ids


def met(session: Session) -> int:
    return sum(one.met for one in published(session, now=NOW)[1] if one.kind is ClockKind.RESOLVE)


@pytest.fixture
def agent(session: Session) -> Actor:
    return staff_actor(staff(session, role=Role.AGENT, at="26740").id)


def test_what_is_published_is_what_is_counted_and_stands_until_a_day_of_it_changes(
    session: Session, agent: Actor
) -> None:
    ids = answered(session, 3, agent)
    count_days(session)
    counted_live = published(session, now=NOW)

    first, again = publish(session, now=NOW), publish(session, now=NOW)
    written = published(session, now=NOW)
    reopen(session, ids[0], reason="Vẫn còn rác.", actor=agent, now=NOW)
    session.flush()
    before_the_next_run = met(session)
    count_days(session)
    once_more = publish(session, now=NOW)

    assert (first, again, once_more) == (True, False, True)
    assert written == counted_live
    assert (before_the_next_run, met(session)) == (3, 2)


def test_until_yesterday_is_counted_the_figures_of_the_day_before_are_shown_with_their_day(
    session: Session, agent: Actor
) -> None:
    answered(session, 1, agent)
    count_days(session)
    publish(session, now=NOW)

    yesterday = day_totals.last_settled(NOW)
    after_midnight = day_totals.bounds(yesterday)[1] + DAY + timedelta(minutes=10)

    assert published(session, now=NOW)[0] == yesterday
    assert published(session, now=after_midnight)[0] == yesterday
    assert published(session, now=after_midnight + 2 * DAY)[0] > yesterday
