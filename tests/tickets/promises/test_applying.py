"""R21: new rules for open tickets: foreseen as they then come, each ticket once, also when it is interrupted."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from escalation.firing.actions import ACTIONS
from tests.factories import NOW, open_ticket
from tickets.people.actor import SYSTEM
from tickets.promises import ledger
from tickets.promises.applying import apply_some, begin_applying, progress_of
from tickets.promises.foresight import Foresight, foresee, foreseeing, parts_of_open
from tickets.promises.loading import load_rulebook
from tickets.promises.policies import import_policies, known_names
from tickets.promises.policy_file import parse_policies
from tickets.schema import AuditEntry, Clock, PlannedStep, RuleApplicationTicket, Ticket, TimelineEntry
from tickets.states import ClockKind, StepKind, TicketStatus, TimelineKind

DEFAULT = "Mặc định"
LATER = NOW + timedelta(days=3)
NIGHT = LATER + timedelta(hours=20)


def shorter(hours: int, *, chain: str = "to-city-leadership") -> str:
    rows = "\n".join(
        f"  - {{priority: {priority}, clock: resolve, target_seconds: {hours * 3600}, "
        f"calendar: working, chain: {chain}}}"
        for priority in ("emergency", "urgent", "normal")
    )
    return f"name: Rác\nmatch: {{category: rubbish}}\nrows:\n{rows}\n"


def publish(session: Session, text: str) -> tuple[str, ...]:
    wanted = parse_policies(text, known=known_names(session, actions=ACTIONS))
    return import_policies(session, wanted, actor=SYSTEM, now=LATER).policies


def city(session: Session) -> list[int]:
    """Matters that came on different days, one waiting for its citizen, one that did, and one of another kind."""
    ids = [
        open_ticket(session, category_code="rubbish", now=NOW - timedelta(hours=hours)).ticket_id
        for hours in (0, 5, 30, 100, 200, 400)
    ]
    wait(session, ids[0], TicketStatus.PENDING_CITIZEN, now=NOW + timedelta(hours=1))
    wait(session, ids[1], TicketStatus.PENDING_CITIZEN, now=NOW + timedelta(hours=1))
    wait(session, ids[1], TicketStatus.OPEN, now=NOW + timedelta(hours=30))
    open_ticket(session, category_code="street_light")
    return ids


def wait(session: Session, ticket_id: int, status: TicketStatus, *, now: datetime) -> None:
    ticket = session.get_one(Ticket, ticket_id)
    ticket.status = status
    ledger.on_status(session, ticket, now=now)


def foreseen(session: Session, policies: tuple[str, ...]) -> Foresight:
    """Counted in small parts, of which the last is not full."""
    asked = foreseeing(session, load_rulebook(session), policies, night_ends=NIGHT, now=LATER)
    assert asked is not None
    parts = parts_of_open(session, size=2)
    return sum((foresee(session, asked, part=part) for part, _tickets in parts), Foresight())


def dues(session: Session) -> dict[int, datetime | None]:
    rows = session.execute(select(Clock.id, Clock.due_at).where(Clock.kind == ClockKind.RESOLVE))
    return {row.id: row.due_at for row in rows}


def apply_all(session: Session, *, limit: int = 2) -> None:
    def failed(_ticket_id: int, trouble: Exception) -> None:
        raise trouble

    while apply_some(session, limit=limit, failed=failed, now=LATER):
        pass


def levels_tonight(session: Session, clock_ids: list[int]) -> int:
    """Levels that are planned until the night ends; of those that are due at once the highest of a promise."""
    planned = select(PlannedStep.clock_id, PlannedStep.planned_at).where(
        PlannedStep.kind == StepKind.LEVEL,
        PlannedStep.fired_at.is_(None),
        PlannedStep.planned_at <= NIGHT,
        PlannedStep.clock_id.in_(clock_ids),
    )
    rows = session.execute(planned).all()
    return len({row.clock_id for row in rows if row.planned_at <= LATER}) + sum(row.planned_at > LATER for row in rows)


@pytest.mark.parametrize("hours", [2, 12, 17, 39, 41, 60, 400])
def test_r21_what_was_foreseen_is_what_then_happens(session: Session, hours: int) -> None:
    city(session)
    policies = publish(session, shorter(hours))
    before = dues(session)

    seen = foreseen(session, policies)
    begun = begin_applying(session, policies, actor=SYSTEM, now=LATER)
    apply_all(session)
    after = dues(session)

    moved = {clock for clock in before if before[clock] != after[clock]}
    late = {clock for clock in moved if after[clock] == LATER.replace(microsecond=0)}
    assert (seen.tickets, seen.promises) == (6, 6)
    assert (seen.later + seen.earlier, seen.overdue) == (len(moved) - len(late), len(late))
    assert sum(seen.after.values()) == levels_tonight(session, touched_by(session, policies[0]))
    progress = progress_of(session, begun.id)
    assert progress is not None and progress.left == 0
    assert (begun.dates_moved, begun.overdue) == (len(moved), len(late))


def touched_by(session: Session, policy: str) -> list[int]:
    book = load_rulebook(session)
    rows = [row.id for row in book.rows.values() if row.policy == policy]
    return list(session.scalars(select(Clock.id).where(Clock.policy_row_id.in_(rows))))


def test_r21_what_is_broken_keeps_its_date_and_climbs_on_by_the_new_chain(session: Session) -> None:
    [old] = [open_ticket(session, category_code="rubbish", now=NOW - timedelta(days=30)).ticket_id]
    before = dues(session)

    policies = publish(session, shorter(400, chain="to-city-office"))
    seen = foreseen(session, policies)
    begin_applying(session, policies, actor=SYSTEM, now=LATER)
    apply_all(session)

    assert (seen.promises, seen.later, seen.earlier, seen.overdue) == (1, 0, 0, 0)
    assert dues(session) == before
    steps = select(PlannedStep.rank).where(PlannedStep.ticket_id == old, PlannedStep.kind == StepKind.LEVEL)
    resolve = steps.join(Clock, Clock.id == PlannedStep.clock_id).where(Clock.kind == ClockKind.RESOLVE)
    assert sorted(session.scalars(resolve)) == [1, 2, 3]


def test_r21_interrupted_in_the_middle_it_goes_on_and_every_ticket_is_changed_once(session: Session) -> None:
    city(session)
    policies = publish(session, shorter(60))
    begun = begin_applying(session, policies, actor=SYSTEM, now=LATER)

    apply_some(session, limit=4, failed=lambda *_: None, now=LATER)
    with session.begin_nested() as killed:
        apply_some(session, limit=1, failed=lambda *_: None, now=LATER)
        killed.rollback()
    left = session.scalar(select(func.count()).select_from(RuleApplicationTicket))
    apply_all(session)

    told = select(TimelineEntry.ticket_id).where(TimelineEntry.kind == TimelineKind.DUE_CHANGED)
    changed = list(session.scalars(told))
    assert left == 2
    assert len(changed) == len(set(changed)) == begun.dates_moved
    assert begun.ended_at == LATER
    begun_or_done = select(AuditEntry.action).where(AuditEntry.subject_kind == "rule_application")
    actions = session.scalars(begun_or_done.order_by(AuditEntry.id))
    assert list(actions) == ["rules.application_begun", "rules.applied"]
