"""Rules that would quietly do nothing are refused when they are saved, and one that changes takes effect (R2, R12)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.seeding.imports import FileRefused, bring_in
from tests.factories import NOW, open_ticket
from tickets.people.actor import SYSTEM
from tickets.schema import Clock, PlannedStep, Ticket
from tickets.states import ClockKind, ClockStatus, Priority, StepKind
from tickets.work.assignment import change_category

ROW = "target_seconds: 60, calendar: 24x7"
EARLIER_CHAIR = """
chains:
  - name: to-head-of-unit
    steps:
      - {level: 1, post: unit_lead, offset_seconds: 7}
"""


def refused(session: Session, text: str, now) -> list[tuple[str, str]]:
    with pytest.raises(FileRefused) as caught:
        bring_in(session, "policies", text, actor=SYSTEM, now=now)
    return [(one.code, one.detail) for one in caught.value.errors]


def chain(name: str, *steps: str) -> str:
    return f"chains:\n  - {{name: {name}, steps: [{', '.join(f'{{{step}}}' for step in steps)}]}}\n"


@pytest.mark.parametrize("clock", ["accept", "next"])
@pytest.mark.parametrize("level", [4, 5])
def test_taking_a_ticket_and_answering_again_never_climb_to_the_citys_leaders(session, now, clock, level):
    text = f"name: x\nrows: [{{priority: emergency, clock: {clock}, {ROW}, chain: high}}]\n" + chain(
        "high", "level: 1, post: unit_lead, offset_seconds: 0", f"level: {level}, post: city_leader, offset_seconds: 9"
    )

    assert refused(session, text, now) == [("climbs_too_high", f"high: {level}")]


def test_a_chain_in_force_may_not_grow_higher_than_its_clocks_climb(session, now):
    text = chain(
        "to-head-of-unit",
        "level: 1, post: unit_lead, offset_seconds: 0",
        "level: 5, post: city_chair, offset_seconds: 9",
    )

    assert {code for code, _ in refused(session, text, now)} == {"climbs_too_high"}


def test_a_chain_in_force_may_not_get_levels_that_fall_together_under_its_targets(session, now):
    text = chain(
        "to-head-of-unit",
        "level: 1, post: unit_lead, offset_percent: 50",
        "level: 2, post: ward_chair, offset_seconds: 9000",
    )

    assert {code for code, _ in refused(session, text, now)} == {"offsets_do_not_increase"}


def test_a_level_that_tells_by_no_way_is_refused(session, now):
    text = chain("mute", "level: 1, post: unit_lead, offset_seconds: 0, channels: []")

    assert refused(session, text, now) == [("no_channel", "")]


def test_a_promise_whose_emergencies_nothing_speaks_of_is_refused(session, now):
    rows = "{priority: normal, clock: resolve, target_seconds: 60, calendar: 24x7}"

    assert ("no_emergency", "Mặc định: resolve") in refused(session, f"name: Mặc định\nrows: [{rows}]\n", now)


def test_a_promise_of_a_unit_names_no_post_that_neither_it_nor_the_city_has(session, now):
    text = f"name: x\nmatch: {{unit: '26740'}}\nrows: [{{priority: emergency, clock: resolve, {ROW}, chain: odd}}]\n"
    steps = chain("odd", "level: 1, post: department_director, offset_seconds: 0")

    assert refused(session, text + steps, now) == [("unit_lacks_post", "odd: 1: department_director")]


def test_a_file_of_a_chain_alone_holds_for_the_next_ticket(session: Session, now):
    outcome = bring_in(session, "policies", EARLIER_CHAIR, actor=SYSTEM, now=now)

    matter = session.get_one(Ticket, open_ticket(session).ticket_id)
    accept = session.scalars(select(Clock).where(Clock.ticket_id == matter.id, Clock.kind == ClockKind.ACCEPT)).one()
    [level] = session.scalars(
        select(PlannedStep).where(PlannedStep.clock_id == accept.id, PlannedStep.kind == StepKind.LEVEL)
    )
    assert (level.planned_at - accept.due_at).total_seconds() == 7
    assert outcome.changed[0] == "to-head-of-unit" and "Mặc định" in outcome.changed


def three(clock: str) -> str:
    return "".join(f"\n      - {{priority: {one}, clock: {clock}, {ROW}}}" for one in Priority)


def test_another_kind_of_matter_begins_what_only_it_is_promised_and_ends_what_it_is_not(session: Session, now):
    lean = f"policies:\n  - name: Mặc định\n    rows:{three('resolve')}\n"
    lights = f"  - name: Đèn\n    match: {{category: street_light}}\n    rows:{three('accept')}\n"
    bring_in(session, "policies", lean + lights, actor=SYSTEM, now=now)
    matter = open_ticket(session, category_code="rubbish").ticket_id

    seen = [accept_of(session, matter)]
    for kind in ("street_light", "rubbish", "street_light"):
        now += timedelta(seconds=10)
        change_category(session, matter, category_code=kind, actor=SYSTEM, now=now)
        seen.append(accept_of(session, matter))

    began, running, ended = NOW, ClockStatus.RUNNING, ClockStatus.CANCELLED
    assert seen == [None, (began, running, ""), (began, ended, "not_promised"), (began, running, "")]


def test_what_is_broken_stays_broken_when_the_next_kind_of_matter_is_not_promised_it(session: Session, now):
    lean = f"policies:\n  - name: Mặc định\n    rows:{three('resolve')}\n"
    lights = f"  - name: Đèn\n    match: {{category: street_light}}\n    rows:{three('accept')}\n"
    bring_in(session, "policies", lean + lights, actor=SYSTEM, now=now)
    matter = open_ticket(session, category_code="street_light").ticket_id

    change_category(session, matter, category_code="rubbish", actor=SYSTEM, now=now + timedelta(seconds=61))

    assert accept_of(session, matter) == (NOW, ClockStatus.RUNNING, "")


def accept_of(session: Session, ticket_id: int) -> tuple[datetime, ClockStatus, str] | None:
    clock = session.scalars(select(Clock).where(Clock.ticket_id == ticket_id, Clock.kind == ClockKind.ACCEPT)).first()
    return None if clock is None else (clock.started_at, clock.status, clock.cancel_reason)
