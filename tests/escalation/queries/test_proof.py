"""A6: no fact can be edited, an edit by whoever owns the tables is found, and a month is proved by its file."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.storage.database import transaction
from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.instruction_tasks import answer_instruction, break_overdue
from escalation.firing.pursue import pursue
from escalation.firing.sweep import tick
from escalation.queries.ledger import EXPORT_HEADINGS, as_codes
from escalation.queries.month_proof import differences, former_categories, levels_between, levels_covered
from escalation.queries.proof import Edit, changed_since_written
from tests.conftest import Committed
from tests.escalation.scene import clock, full_house, level_at, step, ticket, ward
from tests.factories import open_ticket, staff
from tickets.people.actor import SYSTEM, staff_actor
from tickets.promises import exclusions, ledger
from tickets.promises.crediting import give_back_next
from tickets.promises.exclusions import Wanted
from tickets.schema import Clock, ExclusionCredit, Instruction, PlannedStep, Ticket
from tickets.states import Channel, ClockKind, Priority, Role, TicketStatus
from tickets.work.assignment import change_category, change_priority
from tickets.work.ticket import lock_ticket

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MONTH = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)

# What is done past the product, as which kind and deed it is found, and what is said of it; `:step` is the level's.
EDITS = [
    ("update clock set first_breach_at = first_breach_at + interval '1 day' where first_breach_at is not null",
     "breach", Edit.CHANGED, "first_breach_at: "),
    ("update clock set first_breach_at = first_breach_at + interval '1 day', due_at = due_at + interval '1 day';"
     " update promise_breach set due_at = due_at + interval '1 day', breached_at = breached_at + interval '1 day'",
     "breach", Edit.CHANGED, "due_at: "),
    ("delete from promise_breach", "breach", Edit.REMOVED, ""),
    ("update planned_step set result = 'superseded' where id = :step", "level", Edit.CHANGED,
     "result: notified → superseded"),
    ("update planned_step set due_at = due_at + interval '1 day' where id = :step", "level", Edit.CHANGED, "due_at: "),
    ("delete from planned_step where id = :step", "level", Edit.REMOVED, ""),
    ("insert into planned_step (ticket_id, clock_id, plan, kind, rank, planned_at, due_at, fired_at, result)"
     " select ticket_id, clock_id, 9, kind, 4, planned_at, due_at, fired_at, result from planned_step where id = :step",
     "level", Edit.ADDED, ""),
    ("delete from step_recipient where step_id = :step", "recipients", Edit.REMOVED, "Người"),
    ("insert into step_recipient (step_id, staff_id, capacity, told_at, reply_code)"
     " select :step, min(id), 'holder', now(), '000000' from staff", "recipients", Edit.ADDED, ""),
    ("update escalation_attempt set state = 'delivered' where step_id = :step and state = 'planned'", "attempt",
     Edit.CHANGED, "state: planned → delivered"),
    ("delete from escalation_attempt where step_id = :step", "attempt", Edit.REMOVED, ""),
    ("insert into escalation_attempt (step_id, staff_id, method, state, why, at)"
     " select :step, min(id), 'sms', 'delivered', '', now() from staff", "attempt", Edit.ADDED, ""),
    ("update acknowledgement set at = at - interval '1 hour'", "answer", Edit.CHANGED, "at: "),
    ("delete from acknowledgement", "answer", Edit.REMOVED, ""),
    ("update acknowledgement set instruction = 'Không cần làm gì'", "answer", Edit.CHANGED, "instruction"),
]  # fmt: skip
# Those that the application's own role is kept from by its rights or by a trigger.
FORBIDDEN = [edit for edit, *_ in EDITS if edit.startswith(("update", "delete"))]


class Undone(Exception):
    """Ends a transaction whose edit must not stay."""


@contextmanager
def by_the_owner(committed: Committed) -> Iterator[Session]:
    """Whoever may do everything, past every trigger; nothing of it stays."""
    engine = create_engine(make_url(committed.superuser_url).set(drivername="postgresql+psycopg"))
    with pytest.raises(Undone), engine.connect() as connection, Session(connection) as session:
        session.execute(text("set session_replication_role = replica"))
        yield session
        raise Undone
    engine.dispose()


def happened(session: Session) -> tuple[int, int]:
    """Two levels that fired, the second told further and answered; its step and the clock."""
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    matter = ticket(session, unit, arrived_at=MONDAY, priority=Priority.URGENT)
    for level in (1, 2):
        tick(session, now=level_at(session, matter, level))
        pursue(session, now=level_at(session, matter, level) + timedelta(minutes=11))
    answered = step(session, matter, 2)
    at = answered.fired_at + timedelta(hours=1)
    acknowledge(session, answered.id, staff_id=people[2].id, new_due_at=at + timedelta(days=2), via="web", now=at)
    session.flush()
    return answered.id, clock(session, matter).id


def test_what_was_written_down_is_as_it_was_written_and_no_edit_of_it_is_possible_or_unseen(committed: Committed):
    with transaction(committed.factory) as session:
        step_id, clock_id = happened(session)
        reference = session.scalars(select(Ticket.reference)).one()
        assert changed_since_written(session) == []

    for edit, kind, deed, said in EDITS:
        where = {"step": step_id} if ":step" in edit else {}
        with by_the_owner(committed) as session:
            for statement in edit.split(";"):
                session.execute(text(statement), where if ":step" in statement else {})
            found = changed_since_written(session)
            assert {(one.kind, one.deed, one.reference) for one in found} == {(kind, deed, reference)}, edit
            assert any(said in one.what for one in found), (edit, found)
            assert {one.id for one in found} <= {step_id, clock_id} or deed is Edit.ADDED


@pytest.mark.parametrize("edit", FORBIDDEN)
def test_the_application_itself_cannot_edit_what_an_auditor_relies_on(session: Session, edit: str):
    step_id, _ = happened(session)

    with pytest.raises(DBAPIError, match=r"permission denied|is a fact"):
        for statement in edit.split(";"):
            session.execute(text(statement), {"step": step_id} if ":step" in statement else {})


@pytest.mark.parametrize(
    "edit",
    [
        "delete from ticket",
        "delete from clock",
        "update timeline_entry set body = 'khác'",
        "delete from timeline_entry",
        "update instruction set due_at = due_at + interval '1 year'",
        "update instruction set words = 'khác'",
        "update instruction set broken_at = null",
        "update instruction set answer = 'khác'",
        "delete from instruction",
        "delete from delegation",
        "update policy_row set target_seconds = target_seconds * 2",
        "update policy_version set level = 'city'",
        "update policy_version set created_at = created_at - interval '1 year'",
        "update policy_version set retired_at = now(); update policy_version set retired_at = null",
        "update chain_step set post = 'unit_lead'",
        "update chain_version set version = 9",
        "update calendar_version set spec = '{}'",
    ],
)
def test_nor_what_was_promised_said_and_instructed_once_it_stands(session: Session, edit: str):
    happened(session)
    [task] = session.scalars(select(Instruction))
    break_overdue(session, now=task.due_at)
    actor = staff_actor(task.given_by_id)
    answer_instruction(session, lock_ticket(session, task.ticket_id), task.id, words="Xong", actor=actor, now=MONDAY)
    session.flush()

    with pytest.raises(DBAPIError, match=r"permission denied|is a fact"):
        session.execute(text(edit))


def test_a_date_that_was_moved_past_the_product_is_found_before_anything_breaks_and_one_moved_by_it_is_not(
    committed: Committed,
):
    with transaction(committed.factory) as session:
        opened = open_ticket(session, phone="+84901234567", channel=Channel.WEB, now=MONDAY)
        later = MONDAY + timedelta(hours=1)
        change_priority(session, opened.ticket_id, priority=Priority.URGENT, reason="Trẻ em", actor=SYSTEM, now=later)
        assert changed_since_written(session) == []
    with by_the_owner(committed) as session:
        session.execute(text("update clock set due_at = due_at + interval '1 year' where kind = 'resolve'"))
        session.execute(text("delete from planned_step"))
        [found] = changed_since_written(session)
        assert (found.kind, found.clock, found.deed) == ("due", "resolve", Edit.CHANGED)
        assert found.reference == opened.reference and found.what.startswith("due_at: 20")
    with by_the_owner(committed) as session:
        session.execute(text("delete from clock where kind = 'accept'"))
        assert [(one.kind, one.clock, one.deed) for one in changed_since_written(session)] == [
            ("due", "accept", Edit.REMOVED)
        ]
    with by_the_owner(committed) as session:
        session.execute(text("delete from ticket"))
        assert ("ticket", Edit.REMOVED) in {(one.kind, one.deed) for one in changed_since_written(session)}


RECKONED = [
    "update clock_interval set from_at = from_at - interval '3 hours' where clock_id = :clock",
    "delete from clock_interval where clock_id = :clock and to_at is not null",
    "update clock set target_seconds = target_seconds + 3600 where id = :clock",
    "update clock set granted_seconds = granted_seconds + 60 where id = :clock",
    """update calendar_version set spec = jsonb_set(spec, '{weekly}', cast('{"mon": ["10:00-11:00"]}' as jsonb))""",
]


@pytest.mark.parametrize("edit", RECKONED)
def test_a_date_that_no_longer_follows_from_what_it_is_counted_by_is_found(committed: Committed, edit: str):
    with transaction(committed.factory) as session:
        opened = open_ticket(session, phone="+84901234567", channel=Channel.WEB, now=MONDAY)
        waited, went_on = MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=6)
        matter = session.get_one(Ticket, opened.ticket_id)
        for status, at in ((TicketStatus.PENDING_CITIZEN, waited), (TicketStatus.OPEN, went_on)):
            matter.status = status
            ledger.on_status(session, matter, now=at)
        of = session.scalars(select(Clock.id).where(Clock.kind == ClockKind.RESOLVE)).one()
        assert changed_since_written(session) == []

    with by_the_owner(committed) as session:
        session.execute(text(edit), {"clock": of} if ":clock" in edit else {})
        found = changed_since_written(session)

    assert (of, "reckoning", "resolve", opened.reference) in {(f.id, f.kind, f.clock, f.reference) for f in found}


GIVEN_BACK = [
    ("update exclusion_credit set seconds = seconds + 3600", "credit", Edit.CHANGED, "seconds: 7200 → 10800"),
    ("delete from exclusion_credit", "credit", Edit.REMOVED, ""),
    ("update exclusion_window set to_at = to_at + interval '1 hour'", "window", Edit.CHANGED, "to_at: "),
]


def test_time_that_was_given_back_and_the_window_it_is_for_are_proved_too(committed: Committed):
    with transaction(committed.factory) as session:
        matter = ticket(session, ward(session), arrived_at=MONDAY, priority=Priority.URGENT)
        asks, decides = (staff_actor(staff(session, role=Role.ADMINISTRATOR, at="79").id) for _ in range(2))
        hours = MONDAY + timedelta(hours=2), MONDAY + timedelta(hours=4)
        window = exclusions.ask(session, Wanted(*hours, "Bảo trì", (ClockKind.RESOLVE,), False), actor=asks, now=MONDAY)
        exclusions.decide(session, window.id, is_approved=True, actor=decides, now=MONDAY)
        while give_back_next(session, failed=_refused, now=MONDAY):
            pass
        assert session.scalars(select(ExclusionCredit.seconds)).all() == [7200]
        assert changed_since_written(session) == []
        reference = matter.reference

    for edit, kind, deed, said in GIVEN_BACK:
        with by_the_owner(committed) as session:
            session.execute(text(edit))
            [found] = changed_since_written(session)
        assert (found.kind, found.deed, found.reference) == (kind, deed, reference if kind == "credit" else "")
        assert said in found.what


def _refused(_ticket_id: int, trouble: Exception) -> None:
    raise trouble


@pytest.mark.parametrize("deed", ["delete from planned_step where id = :step", "update clock set history = '[]'"])
def test_a_level_that_fired_and_the_dates_before_are_not_removed(session: Session, deed: str):
    step_id, _ = happened(session)
    past = """[{"at": "2026-11-23", "due_at": "2026-11-24", "cause": "manual", "staff_id": null}]"""
    session.execute(text("update clock set history = history || cast(:past as jsonb)"), {"past": past})

    with pytest.raises(DBAPIError, match="fact"):
        session.execute(text(deed), {"step": step_id} if ":step" in deed else {})


def lines(session: Session) -> list[dict[str, str]]:
    return [dict(zip(EXPORT_HEADINGS, as_codes(one), strict=True)) for one in levels_between(session, *MONTH)]


def test_a_file_that_was_exported_before_the_kind_of_matter_was_changed_still_proves_its_month(session: Session):
    happened(session)
    exported = lines(session)
    matter = session.scalars(select(Ticket)).one()
    change_category(session, matter.id, category_code="street_light", actor=SYSTEM, now=matter.updated_at)
    levels = list(levels_between(session, *MONTH))

    assert {one.category for one in levels} != {line["category"] for line in exported}
    assert differences(levels, exported, former_categories(session, levels)) == []
    restricted = [{**line, "category": ""} for line in exported]
    assert differences(levels, restricted, former_categories(session, levels)) == []


def test_a_file_that_was_taken_within_the_month_proves_what_had_fired_until_then(session: Session):
    happened(session)
    whole = lines(session)
    early = whole[:1]
    levels = list(levels_between(session, *MONTH))
    covered = levels_covered(levels, early)

    assert len(covered) < len(levels) and differences(covered, early) == []
    [added] = differences(levels_covered(levels, whole[1:]), whole[1:])
    assert (added.level, added.in_file) == ("1", ""), "one that fired before the last line belongs into the file"
    assert levels_covered(levels, []) == levels, "a file of nothing proves nothing"


def test_a_month_is_proved_by_the_file_that_was_exported_before_and_whatever_was_edited_in_it_is_named(
    session: Session,
):
    step_id, _ = happened(session)
    exported = lines(session)
    session.execute(text("update step_recipient set read_at = now() where read_at is null"))
    session.expire_all()
    reference = session.scalars(select(Ticket.reference)).one()

    assert differences(levels_between(session, *MONTH), exported) == []

    edited = [{**line, "told": line["told"] + "; Người lạ"} if line["level"] == "2" else line for line in exported]
    [told_otherwise] = differences(levels_between(session, *MONTH), edited)
    assert (told_otherwise.reference, told_otherwise.level, told_otherwise.column) == (reference, "2", "told")
    [kind] = differences(levels_between(session, *MONTH), [*exported[:-1], {**exported[-1], "category": "Cấp nước"}])
    assert (kind.reference, kind.column, kind.in_file) == (reference, "category", "Cấp nước")
    [missing] = differences(levels_between(session, *MONTH), exported[1:])
    assert (missing.level, missing.column, missing.in_file) == ("1", None, "")
    fired_at = session.get_one(PlannedStep, step_id).fired_at.isoformat()
    assert [one["fired_at"] for one in exported if one["level"] == "2"] == [fired_at]
    unnamed = [{**line, "reference": ""} for line in exported]
    assert differences(levels_between(session, *MONTH), unnamed) == [], "an auditor's file names no restricted matter"
    [late] = differences(levels_between(session, *MONTH), [*unnamed[:-1], {**unnamed[-1], "result": "nobody"}])
    assert (late.reference, late.column, late.in_file) == (reference, "result", "nobody")
