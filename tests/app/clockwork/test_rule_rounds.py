"""New rules, and time given back, come to open tickets by jobs of the scheduler; one refused or held stops no other."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.clockwork.node import Node, make_node
from app.clockwork.rule_rounds import apply_new_rules, give_time_back
from app.processes.signs_of_life import database_now
from app.recurring.aside import SomePutAside
from app.seeding.imports import bring_in
from app.settings import Settings
from app.storage.database import transaction
from tests.app.clockwork.test_batches import somebody, trigger
from tests.conftest import Committed
from tests.factories import staff, ticket
from tickets.people.actor import SYSTEM, staff_actor
from tickets.promises import exclusions
from tickets.promises.applying import begin_applying, progress_of
from tickets.promises.exclusions import Wanted
from tickets.schema import Clock, ExclusionCredit, ExclusionWindow
from tickets.states import ClockKind, Role

DAY = """
name: Rác
match: {category: rubbish}
rows: [{priority: normal, clock: resolve, target_seconds: 86400, calendar: 24x7}]
"""


def begun(committed: Committed) -> tuple[int, list[int]]:
    """An application to four tickets that came just now."""
    with transaction(committed.factory) as session:
        now = database_now(session)
        ids = [ticket(session, now=now, category_code="rubbish").id for _ in range(4)]
        changed = bring_in(session, "policies", DAY, actor=SYSTEM, now=now).changed
        return begin_applying(session, changed, actor=SYSTEM, now=now).id, ids


def changed(committed: Committed) -> set[int]:
    with committed.factory() as session:
        days = select(Clock.ticket_id).where(Clock.kind == ClockKind.RESOLVE, Clock.target_seconds == 86_400)
        return set(session.scalars(days))


def tried(job: Callable[[Node], None], node: Node, trouble: str) -> None:
    """What is refused has to be mended by somebody, so that the job counts as failed; what is held is let go."""
    with pytest.raises(SomePutAside) if trouble == "refused" else nullcontext():
        job(node)


def left(committed: Committed, application_id: int) -> tuple[int, int, bool]:
    with committed.factory() as session:
        progress = progress_of(session, application_id)
        assert progress is not None
        return progress.left, progress.in_vain, progress.application.ended_at is not None


@pytest.mark.parametrize("trouble", ["refused", "held"])
def test_one_that_is_refused_or_held_waits_alone_and_is_reached_later(
    committed: Committed, settings: Settings, trouble: str
) -> None:
    application_id, ids = begun(committed)
    node, bad = make_node(settings, committed.engine), ids[0]
    refusing = trigger(committed, "clock", f"if new.ticket_id = {bad} then raise exception 'no'; end if")
    holding = somebody(committed, f"update ticket set subject = subject where id = {bad}")

    with refusing if trouble == "refused" else holding:
        tried(apply_new_rules, node, trouble)
        meanwhile, waiting = changed(committed), left(committed, application_id)
    apply_new_rules(node)

    assert meanwhile == set(ids[1:])
    assert waiting == (1, 1, False)
    assert changed(committed) == set(ids)
    assert left(committed, application_id) == (0, 0, True)


def test_a_later_application_does_not_wait_for_one_of_which_a_ticket_is_refused_for_ever(
    committed: Committed, settings: Settings
) -> None:
    first, ids = begun(committed)
    node, bad = make_node(settings, committed.engine), ids[0]
    longer = DAY.replace("86400", "172800")

    with trigger(committed, "clock", f"if new.ticket_id = {bad} then raise exception 'no'; end if"):
        tried(apply_new_rules, node, "refused")
        with transaction(committed.factory) as session:
            now = database_now(session)
            policies = bring_in(session, "policies", longer, actor=SYSTEM, now=now).changed
            second = begin_applying(session, policies, actor=SYSTEM, now=now).id
        for _ in range(3):  # rounds of the scheduler
            tried(apply_new_rules, node, "refused")

    with committed.factory() as session:
        days = select(Clock.ticket_id).where(Clock.kind == ClockKind.RESOLVE, Clock.target_seconds == 172_800)
        assert set(session.scalars(days)) == set(ids[1:])
    assert [left(committed, one) for one in (first, second)] == [(1, 1, False), (1, 1, False)]


@pytest.mark.parametrize("trouble", ["refused", "held"])
def test_time_is_given_back_to_the_others_while_one_is_refused_or_held_and_to_that_one_later(
    committed: Committed, settings: Settings, trouble: str
) -> None:
    window_id, ids = gap(committed)
    node, bad = make_node(settings, committed.engine), ids[0]
    refusing = trigger(committed, "clock", f"if new.ticket_id = {bad} then raise exception 'no'; end if")
    holding = somebody(committed, f"update ticket set subject = subject where id = {bad}")

    with refusing if trouble == "refused" else holding:
        for _ in range(2):
            tried(give_time_back, node, trouble)
        meanwhile = given_back(committed, window_id)
    give_time_back(node)

    assert meanwhile == (set(ids[1:]), False)
    assert given_back(committed, window_id) == (set(ids), True)


def gap(committed: Committed) -> tuple[int, list[int]]:
    """An outage that is over and to be given back, in which four tickets ran day and night."""
    with transaction(committed.factory) as session:
        now = database_now(session)
        bring_in(session, "policies", DAY, actor=SYSTEM, now=now - timedelta(hours=5))
        ids = [ticket(session, now=now - timedelta(hours=4), category_code="rubbish").id for _ in range(4)]
        wanted = Wanted(now - timedelta(hours=2), now - timedelta(hours=1), "Mất điện", [ClockKind.RESOLVE], False)
        asking, deciding = (staff_actor(staff(session, role=Role.ADMINISTRATOR, at="79").id) for _ in range(2))
        window = exclusions.ask(session, wanted, actor=asking, now=now)
        exclusions.decide(session, window.id, is_approved=True, actor=deciding, now=now)
        return window.id, ids


def given_back(committed: Committed, window_id: int) -> tuple[set[int], bool]:
    with committed.factory() as session:
        credits = select(ExclusionCredit.ticket_id).where(ExclusionCredit.window_id == window_id)
        is_over = session.get_one(ExclusionWindow, window_id).applied_at is not None
        return set(session.scalars(credits)), is_over
