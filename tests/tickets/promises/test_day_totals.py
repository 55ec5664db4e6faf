"""Totals of finished days are what the clocks say: when counted, after late changes, and when somebody spoilt them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from tests.factories import NOW, open_ticket, staff
from tickets.city import wall_clock
from tickets.people.actor import SYSTEM, Actor, staff_actor
from tickets.promises import day_totals
from tickets.promises.figures import Kept, promises_kept
from tickets.promises.proof import Differences, correct, differences
from tickets.schema import AuditEntry, DoneDay, PromiseDay, Ticket
from tickets.states import Disposition, Role
from tickets.work.assignment import claim
from tickets.work.resolution import mark_spam, reopen, resolve
from tickets.work.suspicion import heed_words

DAY = timedelta(days=1)
MIDNIGHT = wall_clock(NOW).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def agent(session: Session) -> Actor:
    return staff_actor(staff(session, role=Role.AGENT, at="26740").id)


@pytest.fixture
def past(session: Session, agent: Actor) -> list[int]:
    """Tickets of one ward: two in time, two late, one not valid, one still open and long overdue; all days counted."""
    opened_at = NOW - 5 * DAY
    ids = [open_ticket(session, now=opened_at, unit_code="26740").ticket_id for _ in range(6)]
    for number, ticket_id in enumerate(ids[:5]):
        claim(session, ticket_id, actor=agent, now=opened_at + timedelta(minutes=5))
        at = opened_at + timedelta(hours=1) if number < 2 else NOW - 2 * DAY
        if number < 4:
            answered = {"disposition": Disposition.FIXED, "answer": "Đã xong."}
            resolve(session, ticket_id, **answered, actor=agent, now=at)
    mark_spam(session, ids[4], reason="Gọi nhầm.", actor=agent, now=opened_at + timedelta(minutes=10))
    while day_totals.count_next_day(session, now=NOW):
        pass
    return ids


def kept(session: Session, *, days: int = 30, to_at: datetime = MIDNIGHT) -> list[Kept]:
    return promises_kept(session, from_at=to_at - days * DAY, to_at=to_at, now=NOW)


def from_clocks(session: Session, figures: Callable[[Session], list[Kept]] = kept) -> list[Kept]:
    with session.begin_nested() as aside:
        session.execute(delete(DoneDay))
        found = figures(session)
        aside.rollback()
    return found


def test_days_that_are_over_are_counted_once_and_say_what_the_clocks_say(session: Session, past: list[int]) -> None:
    counted = session.scalar(select(func.count()).select_from(DoneDay).where(DoneDay.work == "count promises"))
    totals = session.execute(select(func.sum(PromiseDay.met), func.sum(PromiseDay.missed))).one()

    assert counted == day_totals.KEPT_DAYS
    assert min(totals) >= 2
    assert kept(session) == from_clocks(session) != []
    to_now = lambda session: kept(session, days=3, to_at=NOW)  # noqa: E731  (the same question twice)
    assert to_now(session) == from_clocks(session, to_now)
    assert differences(session, now=NOW) == Differences()


def test_a_promise_that_goes_on_after_its_day_was_counted_takes_its_verdict_along(
    session: Session, past: list[int], agent: Actor
) -> None:
    before = kept(session)

    reopen(session, past[0], reason="Vẫn còn rác.", actor=agent, now=NOW)
    session.flush()

    assert kept(session) == from_clocks(session) != before
    assert day_totals.count_next_day(session, now=NOW) == 1
    assert day_totals.count_next_day(session, now=NOW) == 0
    assert kept(session) == from_clocks(session)


def test_what_became_restricted_is_counted_no_more_and_its_days_are_counted_anew(
    session: Session, past: list[int], agent: Actor
) -> None:
    reopen(session, past[0], reason="Vẫn còn rác.", actor=agent, now=NOW)
    while day_totals.count_next_day(session, now=NOW):
        pass
    before = sum(one.counted for one in kept(session))

    ticket = session.get_one(Ticket, past[0])
    heed_words(session, ticket, "Cán bộ phường đòi tôi đưa tiền mới giải quyết.", now=NOW)
    session.flush()

    assert ticket.is_restricted
    assert sum(one.counted for one in kept(session)) < before
    assert day_totals.count_next_day(session, now=NOW) == 1
    assert kept(session) == from_clocks(session)
    assert differences(session, now=NOW).days == ()


def test_a_total_that_was_spoilt_is_found_corrected_and_audited(session: Session, past: list[int]) -> None:
    right = kept(session)
    with_some = select(PromiseDay.on_day).where(PromiseDay.met > 0).distinct().order_by(PromiseDay.on_day)
    days = tuple(session.scalars(with_some))
    session.execute(update(PromiseDay).values(met=PromiseDay.met + 7).where(PromiseDay.met > 0))

    spoilt, found = kept(session), differences(session, now=NOW)
    corrected = correct(session, found, actor=SYSTEM, now=NOW)

    assert spoilt != right == kept(session)
    assert corrected == found
    assert found.days == days != ()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "kept_figures.corrected")).one()
    assert entry.params == {"days": [day.isoformat() for day in found.days], "tickets": 0}
