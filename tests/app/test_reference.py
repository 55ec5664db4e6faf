"""What a process keeps between requests, and what that costs the requests."""

import gc
from datetime import datetime

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from app import reference
from app.accounts.enrolment import add_token
from app.clock import utc_now
from app.phone.answers import Phones
from app.reference import Reference
from app.seeding.imports import bring_in
from app.settings import Settings
from app.storage.database import make_engine, session_factory, transaction
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from tests.conftest import Committed, Servers
from tests.factories import KEYS
from tests.read_once import AS_IT_IS, LEAVING_OUT
from tests.statements import counted
from tickets.directory.places import resolve
from tickets.people.actor import SYSTEM
from tickets.states import Priority


@pytest.fixture(autouse=True)
def as_a_process_reads(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "_read_once", AS_IT_IS)
    monkeypatch.setattr(reference, "_leave_out_of_collections", LEAVING_OUT)


ONE_MINUTE = """
name: Một phút
match: {category: rubbish}
rows:
  - {priority: normal, clock: resolve, target_seconds: 60, calendar: 24x7}
"""


def test_a_full_collection_does_not_walk_the_places_again(session: Session, now: datetime) -> None:
    reference = Reference(KEYS)

    places = reference.places(session, on=now.date())

    walked = len(gc.get_objects())
    assert resolve(places, "phường Bến Nghé quận 1", on=now.date()).candidates
    assert walked < gc.get_freeze_count() / 10


def ticket_by_api(app: HotlineApp, token: str, **facts: str) -> dict:
    told = {"subject": "Rác", "body": "Rác không ai lấy", "channel": "api", "category": "rubbish", **facts}
    answer = app.test_client().post("/api/v1/tickets", json=told, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.get_json()


def resolve_seconds(told: dict) -> float:
    due = next(clock["due_at"] for clock in told["clocks"] if clock["kind"] == "resolve")
    return (datetime.fromisoformat(due) - datetime.fromisoformat(told["opened_at"])).total_seconds()


@pytest.fixture
def two_processes(committed: Committed, settings: Settings) -> tuple[HotlineApp, str]:
    """A web process that has known its rules for a while, and a token; the other is whoever commits beside it."""
    app = create_app(settings, engine=committed.engine)
    with transaction(committed.factory) as session:
        token = add_token(session, name="reader", scopes=["tickets:write"], unit_code="", now=utc_now())
    ticket_by_api(app, token)
    return app, token


def test_a_promise_imported_by_another_process_holds_for_the_very_next_contact(
    committed: Committed, two_processes: tuple[HotlineApp, str]
) -> None:
    app, token = two_processes

    with transaction(committed.factory) as session:
        bring_in(session, "policies", ONE_MINUTE, actor=SYSTEM, now=utc_now())

    # Opened and due are told in whole seconds.
    assert 59 <= resolve_seconds(ticket_by_api(app, token)) <= 60


def test_a_unit_renamed_by_another_process_is_found_by_its_new_name_at_once(
    committed: Committed, two_processes: tuple[HotlineApp, str]
) -> None:
    app, token = two_processes

    with transaction(committed.factory) as session:
        renamed = "update unit set name = 'Phường Hoa Phượng Tím' where code = '26740' and valid_to is null"
        session.execute(text(renamed))

    told = ticket_by_api(app, token, place="phường Hoa Phượng Tím")
    assert told["unit"] == {"code": "26740", "name": "Phường Hoa Phượng Tím"}


def test_a_call_is_judged_by_the_line_that_was_published_a_moment_ago(committed: Committed, settings: Settings) -> None:
    app = create_app(settings, engine=committed.engine)
    phones = Phones(app.settings, app.reference)
    with transaction(committed.factory) as session:
        before = phones.desk(session, "sim", now=utc_now()).line("+842899999999")

    with transaction(committed.factory) as session:
        session.execute(text("update line set phone = '+842899999999' where is_city"))

    with transaction(committed.factory) as session:
        assert before is None
        assert phones.desk(session, "sim", now=utc_now()).line("+842899999999") is not None


def test_nothing_is_read_again_while_nothing_changes(committed: Committed, settings: Settings) -> None:
    reference = create_app(settings, engine=committed.engine).reference
    with transaction(committed.factory) as session:
        kept = reference.rules(session, on=utc_now().date())
        with counted(session) as statements:
            again = reference.rules(session, on=utc_now().date())

    assert again is kept
    assert len(statements) == 1


def test_rules_that_were_rolled_back_are_judged_by_no_more(committed: Committed, settings: Settings) -> None:
    reference = create_app(settings, engine=committed.engine).reference
    today = utc_now().date()
    with committed.factory() as session:
        bring_in(session, "policies", ONE_MINUTE, actor=SYSTEM, now=utc_now())
        given_up = reference.rules(session, on=today)
        session.rollback()

    with transaction(committed.factory) as session:
        bring_in(session, "policies", ONE_MINUTE, actor=SYSTEM, now=utc_now())
        in_force = reference.rules(session, on=today)

    assert in_force is not given_up


# Versions, units, queues, categories, procedures, lines and hints; then the promises and the places.
@pytest.mark.parametrize("at", range(1, 19, 2))
def test_what_is_published_at_once_is_judged_by_as_a_whole(committed: Committed, at: int) -> None:
    """A category made an emergency with the promise for it, published between any two statements of a reading."""
    reader, seen = make_engine(committed.url), 0

    def publish() -> None:
        with transaction(committed.factory) as session:
            session.execute(text("update category set default_priority = 'emergency' where code = 'rubbish'"))
            bring_in(session, "policies", ONE_MINUTE.replace("normal", "emergency"), actor=SYSTEM, now=utc_now())

    @event.listens_for(reader, "before_cursor_execute")
    def publish_before(*_statement: object) -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            publish()

    reference = Reference(KEYS)
    with session_factory(reader)() as session:
        rules = reference.rules(session, on=utc_now().date())
    reader.dispose()

    assert seen > at, "nothing was read any more when the rules were published"
    urgent = {c.code: c.priority for c in rules.routing.categories.values()}["rubbish"] is Priority.EMERGENCY
    promised = "Một phút" in {policy.name for policy in rules.promises.policies}
    assert urgent == promised
