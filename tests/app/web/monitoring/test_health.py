"""`/health/ready` says what keeps contacts out, with the command that mends it, and what else is not there."""

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.settings import Settings
from app.storage.database import make_engine
from app.web.factory import create_app
from tests.conftest import Committed


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

    answer = create_app(settings, engine=committed.engine).test_client().get("/health/ready")

    assert answer.status_code == 503
    assert "./hotline migrate" in answer.get_json()["reasons"]["schema"]
    assert answer.get_json()["checks"]["database"] == "ok"
