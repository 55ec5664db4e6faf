"""A bench part that does not do its work says so: a page without rows, a search without finds, a tick without steps."""

import socket

import pytest
from sqlalchemy import select

from app.bench import climbing, desk, growth
from app.bench.measure import MeasuredNothing
from app.bench.web_process import web_process
from app.settings import Settings
from app.storage.database import transaction
from tests.conftest import NOW, Committed
from tests.factories import LONG_AGO, open_ticket, staff
from tickets.schema import RoleAssignment, Unit
from tickets.states import Role, UnitKind

SAID = "Đèn đường trước hẻm nhà tôi tắt đã ba đêm."


@pytest.fixture
def stage(committed: Committed, tmp_path) -> Settings:
    """An agent of the city's desk, and nothing that they could see."""
    with transaction(committed.factory) as session:
        office = session.scalars(select(Unit).where(Unit.kind == UnitKind.OFFICE)).first()
        person = staff(session, role=None)
        session.add(RoleAssignment(staff_id=person.id, role=Role.AGENT, unit_id=office.id, valid_from=LONG_AGO))
    return Settings(
        database_url=committed.url,
        owner_database_url=committed.owner_url,
        secret_key="a-test-key-of-sufficient-length-0123456789abcdef",
        data_dir=tmp_path,
        demo=True,
        _env_file=None,
    )


def open_tickets(committed: Committed, count: int, *, body: str) -> None:
    with transaction(committed.factory) as session:
        for _ in range(count):
            open_ticket(session, body=body, now=NOW)


def test_the_desk_is_measured_over_full_pages_alone(committed: Committed, stage: Settings) -> None:
    open_tickets(committed, 3, body=SAID)
    with pytest.raises(MeasuredNothing, match=r"/console\?view=all shows 3 of 50"):
        desk.run(stage, stage, rounds=1)

    open_tickets(committed, 47, body="Rác ba ngày nay chưa ai lấy.")
    with pytest.raises(MeasuredNothing, match="/console/search"):
        desk.run(stage, stage, rounds=1)

    open_tickets(committed, 47, body=SAID)
    names = [figure.name for figure in desk.run(stage, stage, rounds=1) if not figure.name.startswith(" ")]
    assert names == ["console list, 50 rows", "one ticket with 20 messages", "search for two words"]


def test_what_a_page_fetches_after_itself_is_found_however_it_is_asked_for() -> None:
    page = """<p hx-get="/a?b=1&amp;c=2" hx-trigger="load">x</p><p hx-trigger="load, every 10s" hx-post="/seen">y</p>
        <p hx-get="/in-view" hx-trigger="revealed">z</p><p hx-get="/later" hx-trigger="live">w</p>"""

    assert desk.fetched_with(page) == [("GET", "/a?b=1&c=2"), ("POST", "/seen"), ("GET", "/in-view")]


def test_escalation_is_measured_over_ten_thousand_steps_or_not_at_all(committed: Committed, stage: Settings) -> None:
    open_tickets(committed, 3, body=SAID)

    with pytest.raises(MeasuredNothing, match="3 steps are due, not 10000"):
        climbing.run(stage, open_tickets=3, say=lambda _words: None)


def test_nobody_elses_server_is_measured_for_ours(stage: Settings) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = stage.model_copy(update={"port": busy.getsockname()[1]})

        with pytest.raises(MeasuredNothing, match="is taken"):
            with web_process(taken):
                pytest.fail("it was started")


def test_growth_is_counted_over_pages_that_somebody_can_open(stage: Settings) -> None:
    with pytest.raises(MeasuredNothing, match="nobody is supervisor"):
        growth.run(stage, stage)
