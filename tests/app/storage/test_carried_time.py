"""Pages, calls and messages go by the database's time, whatever their machine shows, and through its jumps."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.clock import utc_now
from app.processes.signs_of_life import database_now
from app.storage.believed_clock import BelievedClock
from app.storage.carried_time import CarriedTime
from app.storage.database import transaction
from app.web.factory import create_app
from app.web.public.signed import form_key, new_form_token
from tests.conftest import Committed
from tests.faults.clocks import database_clock

SOON = timedelta(seconds=20)


def two_hours_ahead():
    return utc_now() + timedelta(hours=2)


def now_of(committed: Committed):
    with committed.factory() as session:
        return database_now(session)


def read(committed: Committed, time: CarriedTime):
    with transaction(committed.factory) as session:
        return time.read(session)


def test_on_a_machine_whose_clock_is_wrong_the_databases_time_is_told(committed: Committed):
    time = CarriedTime(BelievedClock(node_clock=two_hours_ahead), look_every_seconds=0)

    assert abs(read(committed, time) - now_of(committed)) < SOON
    assert abs(time.now() - now_of(committed)) < SOON


@pytest.mark.parametrize("jump", [7200, -7200])
def test_while_the_databases_clock_jumps_the_time_goes_on_as_before(committed: Committed, jump: int):
    ahead, time = database_clock(committed), CarriedTime(look_every_seconds=0)
    before = read(committed, time)

    ahead.set_ahead(jump)
    during = [read(committed, time) for _ in range(3)]
    ahead.set_ahead(0)

    assert all(timedelta(0) <= one - before < SOON for one in during)
    assert abs(read(committed, time) - now_of(committed)) < SOON


def test_a_database_that_does_not_answer_changes_nothing(committed: Committed):
    time = CarriedTime(look_every_seconds=0)
    before = read(committed, time)

    with committed.factory() as session, committed.factory() as other:
        other.execute(text("lock table process_beat in access exclusive mode"))
        session.execute(text("set local lock_timeout = '100ms'"))
        time.refresh(session)
        assert session.scalar(text("select 1")) == 1

    assert timedelta(0) <= time.now() - before < SOON


def test_pages_go_by_it_and_so_does_what_they_decide(committed: Committed, settings):
    ahead = database_clock(committed)
    app = create_app(settings, engine=committed.engine)
    app.time = CarriedTime(look_every_seconds=0)
    client = app.test_client()
    client.get("/directory")
    assert app.time.is_known

    ahead.set_ahead(7200)
    client.get("/directory")

    ahead.set_ahead(0)
    assert abs(app.time.now() - now_of(committed)) < SOON


def test_what_was_signed_where_a_clock_is_two_hours_ahead_is_good_elsewhere(committed: Committed, settings):
    apps = []
    for node_clock in (two_hours_ahead, utc_now):
        app = create_app(settings, engine=committed.engine)
        app.time = CarriedTime(BelievedClock(node_clock=node_clock))
        app.test_client().get("/directory")
        apps.append(app)

    with apps[0].test_request_context():
        token = new_form_token()
        cookie = apps[0].session_interface.get_signing_serializer(apps[0]).dumps({"browser": "x"})
    with apps[1].test_request_context():
        serializer = apps[1].session_interface.get_signing_serializer(apps[1])

        assert form_key(token) is not None
        assert serializer.loads(cookie, max_age=60) == {"browser": "x"}
