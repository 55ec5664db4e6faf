"""Totals of finished days are what the clocks say: when counted, after late changes, and when somebody spoilt them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from app.bench.pages_read import read_by, statements_sent
from escalation.firing.sweep import note_late
from tests.factories import NOW, open_ticket, staff
from tickets.city import wall_clock
from tickets.people.actor import SYSTEM, Actor, citizen_actor, staff_actor
from tickets.promises import day_totals, open_breaches
from tickets.promises.figures import Kept, promises_kept
from tickets.promises.proof import Differences, correct, differences
from tickets.schema import AuditEntry, Clock, DoneDay, OpenBreachChange, PromiseDay, Ticket
from tickets.states import ClockKind, ClockStatus, Disposition, Role
from tickets.work.assignment import claim
from tickets.work.resolution import mark_spam, reopen, resolve, withdraw
from tickets.work.suspicion import heed_words

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
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


def today(session: Session, *, now: datetime = NOW, **narrowed: Any) -> list[Kept]:
    return promises_kept(session, from_at=MIDNIGHT, to_at=now, now=now, **narrowed)


@pytest.fixture
def of_today(session: Session, agent: Actor) -> list[int]:
    """Tickets of one ward that were answered at two in the night, at five, ten minutes ago, and not yet."""
    ids = [open_ticket(session, now=MIDNIGHT + HOUR, unit_code="26740").ticket_id for _ in range(4)]
    for ticket_id, at in zip(ids, (MIDNIGHT + 2 * HOUR, MIDNIGHT + 5 * HOUR, NOW - HOUR / 6), strict=False):
        claim(session, ticket_id, actor=agent, now=at)
        resolve(session, ticket_id, disposition=Disposition.FIXED, answer="Đã xong.", actor=agent, now=at)
    session.flush()
    return ids


def go_on(session: Session, ticket_id: int, actor: Actor) -> None:
    reopen(session, ticket_id, reason="Vẫn còn rác.", actor=actor, now=NOW)


def hide(session: Session, ticket_id: int, actor: Actor) -> None:
    go_on(session, ticket_id, actor)
    heed_words(session, session.get_one(Ticket, ticket_id), "Cán bộ phường đòi tôi đưa tiền mới làm.", now=NOW)


def end(session: Session, ticket_id: int, actor: Actor) -> None:
    withdraw(session, ticket_id, reason="Đã tự xử lý.", actor=citizen_actor(), now=NOW)


# What happens then to which of the tickets, and whether what was counted of today holds no longer.
MEANWHILE = [(go_on, 0, True), (go_on, 2, False), (hide, 1, True), (end, 3, False)]


@pytest.mark.parametrize(("happens", "to", "is_forgotten"), MEANWHILE)
def test_today_is_counted_until_an_hour_ago_and_says_what_the_clocks_say(
    session: Session, of_today: list[int], agent: Actor, happens: Callable[..., None], to: int, is_forgotten: bool
) -> None:
    before = today(session)

    first, again = (day_totals.count_so_far(session, now=NOW) for _ in range(2))
    counted = today(session)
    happens(session, of_today[to], agent)
    session.flush()

    assert (first, again) == (True, False)
    assert counted == before != []
    assert today(session) == from_clocks(session, today) != counted
    ward = {"unit_ids": [session.get_one(Ticket, of_today[0]).unit_id], "kinds": [ClockKind.RESOLVE]}
    assert today(session, **ward) == from_clocks(session, lambda s: today(s, **ward)) != []
    assert differences(session, now=NOW).days == ()
    assert day_totals.count_so_far(session, now=NOW) == is_forgotten
    assert today(session) == from_clocks(session, today)


def test_what_was_counted_of_today_moves_on_and_is_of_no_other_day(session: Session, of_today: list[int]) -> None:
    early, later, tomorrow = MIDNIGHT + HOUR / 2, NOW + 2 * HOUR, NOW + DAY
    in_the_first_hour = day_totals.count_so_far(session, now=early)
    day_totals.count_so_far(session, now=NOW)

    moved_on = day_totals.count_so_far(session, now=later)
    so_far = partial(today, now=later)
    of_yesterday = partial(today, now=tomorrow)
    next_day = partial(kept, days=2, to_at=MIDNIGHT + DAY + HOUR)

    assert (in_the_first_hour, moved_on) == (False, True)
    assert so_far(session) == from_clocks(session, so_far)
    assert of_yesterday(session) == from_clocks(session, of_yesterday) != []
    assert next_day(session) == from_clocks(session, next_day)
    while day_totals.count_next_day(session, now=tomorrow):
        pass
    assert next_day(session) == from_clocks(session, next_day)
    assert differences(session, now=tomorrow).days == ()


def test_a_page_of_today_reads_what_ended_since_it_was_counted(session: Session, of_today: list[int]) -> None:
    others = [column.name for column in Clock.__table__.columns if column.name not in ("id", "cycle", "stopped_at")]
    columns = ", ".join(others)
    session.execute(
        text(
            f"insert into clock ({columns}, cycle, stopped_at) select {columns}, 100 + n, "
            " stopped_at + n * interval '1 second' from clock, generate_series(1, 12000) n"
            " where ticket_id = :ticket and kind = 'resolve'"
        ),
        {"ticket": of_today[0]},
    )

    def pages() -> int:
        with statements_sent(session.connection()) as sent:
            today(session)
        return read_by(session.connection(), sent).pages

    before, figures = pages(), today(session)
    day_totals.count_so_far(session, now=NOW)

    assert pages() * 4 < before
    assert today(session) == figures


def test_a_total_of_today_that_was_spoilt_is_found_and_corrected(session: Session, of_today: list[int]) -> None:
    day_totals.count_so_far(session, now=NOW)
    right = today(session)
    session.execute(update(PromiseDay).values(met=PromiseDay.met + 7).where(PromiseDay.met > 0))

    spoilt, found = today(session), differences(session, now=NOW)
    correct(session, found, actor=SYSTEM, now=NOW)

    assert spoilt != right == today(session)
    assert found.days == (MIDNIGHT.date(),)


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
    assert entry.params == {"days": [day.isoformat() for day in found.days], "tickets": 0, "units": 0}


def overdue(session: Session) -> int:
    session.flush()
    return sum(one.overdue for one in kept(session, to_at=NOW))


def test_what_is_broken_and_open_is_as_the_clocks_say_whatever_becomes_of_it(
    session: Session, past: list[int], agent: Actor
) -> None:
    unnoted = overdue(session)
    note_late(session, now=NOW)
    noted = overdue(session)
    reopen(session, past[2], reason="Vẫn còn rác.", actor=agent, now=NOW)
    assert open_breaches.units_that_differ(session, now=NOW) == []
    reopened = overdue(session)
    ticket = session.get_one(Ticket, past[5])
    ticket.is_restricted = True
    hidden = overdue(session)
    ticket.is_restricted = False
    shown = overdue(session)
    withdraw(session, past[5], reason="Đã tự xử lý.", actor=citizen_actor(), now=NOW)
    ended = overdue(session)

    assert unnoted == noted >= 1
    assert reopened >= noted
    assert hidden == reopened - noted
    assert shown == reopened
    assert ended == hidden
    assert open_breaches.units_that_differ(session, now=NOW) == []
    assert differences(session, now=NOW).unit_ids == ()


# To now, to the midnights that are told apart, and to instants that are none of these.
INSTANTS = (NOW, MIDNIGHT, MIDNIGHT - DAY, NOW - timedelta(minutes=5), MIDNIGHT - 3 * DAY, NOW - 6 * DAY)


def broken_before(session: Session, instant: datetime) -> int:
    found = open_breaches.broken_open(session, before=instant, now=NOW)
    return sum(tally.overdue for tally in found.values())


def broken_by_the_clocks(session: Session, instant: datetime) -> int:
    is_open = Clock.status.in_([ClockStatus.RUNNING, ClockStatus.PAUSED])
    return session.scalar(select(func.count()).where(Clock.first_breach_at < instant, is_open)) or 0


def test_many_changes_are_gathered_into_one_number_each_and_say_the_same(session: Session, past: list[int]) -> None:
    note_late(session, now=NOW)
    unit_id = session.get_one(Ticket, past[5]).unit_id
    same = [{"unit_id": unit_id, "kind": ClockKind.RESOLVE, "broken_at": NOW, "change": change} for change in (1, -1)]
    before = overdue(session)
    session.execute(insert(OpenBreachChange), same * 600)
    said = [broken_before(session, instant) for instant in INSTANTS]

    assert open_breaches.gather(session, now=NOW)

    assert overdue(session) == before
    assert [broken_before(session, instant) for instant in INSTANTS] == said
    assert said == [broken_by_the_clocks(session, instant) for instant in INSTANTS]
    assert len(set(said)) > 1
    assert (session.scalar(select(func.count()).select_from(OpenBreachChange)) or 0) <= before
    assert not open_breaches.gather(session, now=NOW), "a few are left alone"


def test_a_number_of_broken_promises_that_was_spoilt_is_found_and_corrected(session: Session, past: list[int]) -> None:
    note_late(session, now=NOW)
    unit_id, right = session.get_one(Ticket, past[5]).unit_id, overdue(session)
    session.execute(update(OpenBreachChange).values(change=OpenBreachChange.change + 7))

    spoilt, found = overdue(session), differences(session, now=NOW)
    corrected = correct(session, found, actor=SYSTEM, now=NOW)

    assert spoilt > right == overdue(session)
    assert found.unit_ids == corrected.unit_ids == (unit_id,)
