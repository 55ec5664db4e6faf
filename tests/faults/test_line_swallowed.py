"""Connections that stood are swallowed and new ones pass: every process works again within seconds, and says why."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests
from sqlalchemy import func, select

from app.storage.database import transaction
from tests.faults.breakable import Place
from tests.faults.line import line_to, postgres_socket, settings_over, valkey_socket
from tests.faults.logged import Logged, logged
from tests.faults.nodes import HANG_SECONDS, LONG, alive, wait_until
from tests.faults.promised import within
from tests.faults.test_escalation_exactly_once import OF_THE_TRIAL, due_soon
from tickets.outbox.posting import post_email
from tickets.schema import OutboundMessage, PlannedStep
from tickets.states import OutboundState

pytestmark = pytest.mark.fault

PROMISED_SECONDS = 30.0
TIMES = 2 if LONG else 1


def unfired(place: Place) -> int:
    with place.factory() as session:
        is_due = PlannedStep.planned_at <= datetime.now(UTC)
        due = select(func.count()).where(PlannedStep.fired_at.is_(None), is_due, PlannedStep.id.not_in(OF_THE_TRIAL))
        return session.scalar(due) or 0


def unsent(place: Place) -> int:
    with place.factory() as session:
        left = OutboundMessage.state.in_((OutboundState.SENT, OutboundState.DELIVERED))
        return session.scalar(select(func.count()).where(~left)) or 0


def post(place: Place, key: str) -> None:
    with transaction(place.factory) as session:
        post_email(
            session, to="a@b.vn", template="ticket_opened", params={"reference": "2600421733"}, locale="vi",
            dedup_key=key, now=datetime.now(UTC) - timedelta(seconds=1),
        )  # fmt: skip


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=25).ok
    except requests.RequestException:
        return False


def assert_soon(what: str, holds: Callable[[], bool]) -> None:
    with within(PROMISED_SECONDS, f"connections swallowed: {what}"):
        assert wait_until(holds), f"{what}: not within {HANG_SECONDS:.0f} s"


def test_every_process_works_again_after_its_connections_were_swallowed(place: Place):
    with (
        line_to(postgres_socket(place.settings.database_url)) as database,
        line_to(valkey_socket(place.settings.redis_url)) as redis,
    ):
        settings = settings_over(place.settings, database=database, redis=redis)
        page = f"{settings.base_url}/directory"
        with logged(settings, "web", "worker", "scheduler") as node:
            assert wait_until(lambda: alive(place.factory, "scheduler") + alive(place.factory, "worker") == 2)
            assert wait_until(lambda: answers(page))

            for number in range(TIMES):
                post(place, f"before-{number}")
                assert wait_until(lambda: unsent(place) == 0)
                assert database.swallow() > 5
                assert redis.swallow() > 0
                with transaction(place.factory) as session:
                    due_soon(session, count=2, first_in=0, apart=0.1, spread=0.1, seed=number)
                post(place, f"after-{number}")
                assert_soon("pages answer", lambda: answers(page))
                assert_soon("steps fire", lambda: unfired(place) == 0)
                assert_soon("messages leave", lambda: unsent(place) == 0)

            assert_somebody_said_why(node)


def assert_somebody_said_why(node: dict[str, Logged]) -> None:
    for name in ("worker", "scheduler"):
        told = [*node[name].said("job.failed"), *node[name].said("job.failed")]
        assert "away" in {entry.get("reason") for entry in told}, node[name].words[-2000:]
