"""`/health/ready` says what keeps contacts out, with the command that mends it, and what else is not there."""

from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.phone.known_accounts import known_accounts
from app.phone.reconciliation import ASKING
from app.settings import Settings
from app.storage.database import make_engine
from app.storage.play_progress import PlayProgress, forget, note
from app.web.factory import create_app
from app.web.monitoring.health import backlog_checks
from telephony.provider.kept_accounts import account_of, switch
from telephony.reconciliation_marks import note_round
from tests.conftest import Committed
from tests.escalation.scene import ticket, ward
from tests.readiness import when_heard
from tests.telephony.provider.account_rows import add
from tickets import leader_jobs, leadership
from tickets.keys import account_keys
from tickets.people.actor import SYSTEM
from tickets.schema import PlannedStep
from tickets.states import Priority


def test_an_empty_directory_is_not_ready_and_names_the_command(client: FlaskClient, session: Session) -> None:
    session.execute(text("delete from queue"))

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.get_json()["reasons"]["directory"] == "is empty; run ./hotline migrate"
    assert {"queues", "triage"} <= set(answer.get_json()["lacks"])


def test_what_only_the_city_misses_is_told_without_sending_citizens_away(client: FlaskClient, session: Session) -> None:
    session.execute(text("update policy_version set retired_at = now()"))

    told = client.get("/health/ready").get_json()

    assert told["checks"]["directory"] == "ok"
    assert {"promises", "administrator"} <= set(told["lacks"])
    assert "promises" not in told["reasons"]


def test_a_schema_of_another_version_is_not_taken_for_a_lost_database(committed: Committed, settings: Settings) -> None:
    owner = make_engine(committed.owner_url, pool_size=1)
    with owner.begin() as connection:
        connection.execute(text("drop table alembic_version; alter table planned_step rename planned_at to planned"))
    owner.dispose()

    answer = when_heard(create_app(settings, engine=committed.engine).test_client())

    assert answer.status_code == 503
    assert "./hotline migrate" in answer.get_json()["reasons"]["schema"]
    assert answer.get_json()["checks"]["database"] == "ok"


def test_a_demonstration_that_is_being_played_is_told_on_every_page_until_it_is_there(
    client: FlaskClient, settings: Settings
) -> None:
    note(settings.data_dir, PlayProgress(40))
    during = client.get("/", headers={"Accept-Language": "vi"}).get_data(as_text=True)
    told = client.get("/health/ready").get_json()["demonstration"]
    forget(settings.data_dir)
    after = client.get("/", headers={"Accept-Language": "vi"}).get_data(as_text=True)

    assert "Đang nạp dữ liệu trình diễn: <span data-percent>40</span>%" in during
    assert told == {"complete": False, "percent": 40, "failed": False}
    assert "dữ liệu trình diễn" not in after
    assert client.get("/health/ready").get_json()["demonstration"]["complete"]


def test_the_job_that_is_overdue_is_named_and_so_is_a_lease_that_nobody_renews(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    leader_jobs.announce(session, {"seal audit trail": 20, "clear away": 600}, now=now - timedelta(minutes=5))
    leadership.take(session, holder="scheduler:lost:1", now=now - timedelta(minutes=5))

    reasons = client.get("/health/ready").get_json()["reasons"]
    leader_jobs.note_success(session, "seal audit trail", now=now)
    leadership.renew(session, epoch=1, now=now)
    after = client.get("/health/ready").get_json()["reasons"]

    assert reasons["jobs"] == "overdue: seal audit trail (last success never)"
    assert reasons["leader"] == f"silent since {(now - timedelta(minutes=5)).isoformat()}"
    assert not {"jobs", "leader"} & set(after)


def test_a_leader_that_ended_in_order_is_missed_only_when_nobody_follows(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    """A release is exchanged while citizens call: no node may be called unready for the second between two leaders."""
    ended = now - timedelta(seconds=10)
    leadership.take(session, holder="scheduler:one:1", now=now - timedelta(minutes=5))
    leadership.give_up(session, epoch=1, now=ended)

    at_once = client.get("/health/ready").get_json()["checks"]["leader"]
    leadership.give_up(session, epoch=1, now=ended - timedelta(minutes=1))
    later = client.get("/health/ready").get_json()["checks"]["leader"]

    assert at_once == "ok"
    assert later == f"silent since {(ended - timedelta(minutes=1)).isoformat()}"


def test_a_provider_that_does_not_tell_what_it_never_reported_is_named(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    leader_jobs.announce(session, {ASKING: 300}, now=now - timedelta(minutes=20))
    never = client.get("/health/ready").get_json()["reasons"]["provider"]
    metric = client.get("/metrics").get_data(as_text=True)

    for kind in ("calls", "missed", "texts", "recordings"):
        note_round(session, account="sim", kind=kind, began_at=now)
    note_round(session, account="of last year", kind="calls", began_at=now - timedelta(days=300))
    after = client.get("/health/ready").get_json()["reasons"]
    note_round(session, account="sim", kind="texts", began_at=now - timedelta(minutes=17))
    behind = client.get("/health/ready").get_json()["reasons"]["provider"]

    assert never == f"has not told all it has: sim since {(now - timedelta(minutes=20)).isoformat()}"
    assert 'hotline_provider_asked_seconds{account="sim",kind="texts"} 1200.0' in metric
    assert "provider" not in after
    assert behind.endswith((now - timedelta(minutes=17)).isoformat())


def test_an_account_that_is_switched_off_owes_nothing_and_one_on_again_is_waited_for_anew(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    leader_jobs.announce(session, {ASKING: 300}, now=now - timedelta(days=30))
    for kind in ("calls", "missed", "texts", "recordings"):
        note_round(session, account="sim", kind=kind, began_at=now)
        note_round(session, account="trunk", kind=kind, began_at=now - timedelta(hours=9))
    here = client.application.settings
    row = add(session, here, "trunk")

    def said_of_it(*, is_on: bool, for_so_long: timedelta) -> tuple[bool, bool]:
        switch(session, row, is_on=is_on, actor=SYSTEM, now=now - for_so_long)
        row.changed_at = now - for_so_long
        session.flush()
        known_accounts(here)._take((account_of(row, account_keys(here.secret_key)),))
        ready = client.get("/health/ready").get_json()["reasons"].get("provider", "")
        return "trunk" in ready, 'account="trunk"' in client.get("/metrics").get_data(as_text=True)

    assert said_of_it(is_on=True, for_so_long=timedelta(minutes=17)) == (True, True)
    assert said_of_it(is_on=False, for_so_long=timedelta(minutes=17)) == (False, False)
    assert said_of_it(is_on=True, for_so_long=timedelta(minutes=2)) == (False, True), "it has just been asked again"
    known_accounts(here)._take(())


def test_metrics_tell_how_old_the_last_success_of_each_job_is(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    leader_jobs.announce(session, {"seal audit trail": 20}, now=now - timedelta(hours=1))
    leader_jobs.note_success(session, "seal audit trail", now=now - timedelta(minutes=3))

    page = client.get("/metrics").get_data(as_text=True)

    assert 'hotline_leader_job_age_seconds{work="seal audit trail"} 180.0' in page
    assert 'hotline_leader_job_overdue{work="seal audit trail"} 1.0' in page


def test_whoever_is_on_call_reads_within_the_minute_that_levels_do_not_fire(session: Session, now: datetime) -> None:
    ticket(session, ward(session), arrived_at=now, priority=Priority.URGENT)
    due = session.scalars(select(func.min(PlannedStep.planned_at))).one()

    said = [backlog_checks(session, now=due + timedelta(seconds=late))["escalation"] for late in (0, 45, 46, 59)]

    assert said[:2] == ["ok", "ok"]
    assert said[2:] == [f"late since {due.isoformat()}"] * 2
