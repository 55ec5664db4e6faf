"""`/metrics`: what Prometheus reads, and that nobody else reads it, however the request came here."""

import os
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from app.settings import Settings
from app.storage.database import make_engine
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from app.web.frame.node_counts import NodeCounts
from app.web.frame.pool_watch import watch_pools
from app.web.monitoring.readiness_metrics import KeptReadiness
from tests.factories import open_ticket, unit
from tests.statements import counted
from tickets.directory import going_live
from tickets.people.actor import SYSTEM

TOKEN = "a-token-for-the-monitoring-0123456789"


def samples(page: str) -> dict[str, float]:
    told = [line for line in page.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in told)}


@pytest.fixture(params=["loopback", "production"])
def guarded(request: pytest.FixtureRequest, settings: Settings, database, session, now) -> Iterator[FlaskClient]:
    """The product with a metrics token, on this machine alone and on a public address."""
    public = {"public_base_url": "https://hotline.example.vn", "demo": False} if request.param == "production" else {}
    app = create_app(settings.model_copy(update={"metrics_token": TOKEN, **public}), engine=database)
    with app.bound_to(session, now):
        yield app.test_client()


def test_the_figures_are_those_of_the_rows(client: FlaskClient, session) -> None:
    before = samples(client.get("/metrics").get_data(as_text=True))
    open_ticket(session)
    open_ticket(session)

    after = samples(client.get("/metrics").get_data(as_text=True))

    tickets = 'hotline_tickets_unfinished{status="new"}'
    assert after[tickets] - before.get(tickets, 0) == 2
    assert after["hotline_audit_unsealed"] > before["hotline_audit_unsealed"]


def test_this_machine_reads_them_without_a_token(guarded: FlaskClient) -> None:
    for name in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000"):
        answer = guarded.get("/metrics", base_url=f"http://{name}")

        assert answer.status_code == 200, name
        assert "hotline_tickets_overdue" in answer.get_data(as_text=True)


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.8", "2001:db8::7"])
def test_another_machine_needs_the_token(guarded: FlaskClient, address: str) -> None:
    from_there = {"REMOTE_ADDR": address}

    without = guarded.get("/metrics", environ_overrides=from_there)
    wrong = guarded.get("/metrics", environ_overrides=from_there, headers={"Authorization": f"Bearer {TOKEN}x"})
    empty = guarded.get("/metrics", environ_overrides=from_there, headers={"Authorization": "Bearer "})
    right = guarded.get("/metrics", environ_overrides=from_there, headers={"Authorization": f"Bearer {TOKEN}"})

    assert [answer.status_code for answer in (without, wrong, empty, right)] == [403, 403, 403, 200]


@pytest.mark.parametrize(
    "passed_on",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": "203.0.113.7, 127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Host": "localhost"},
        {"Via": "1.1 proxy"},
        {"Host": "hotline.example.vn"},
    ],
    ids=lambda passed_on: " ".join(map(": ".join, passed_on.items())),
)
def test_what_a_proxy_on_this_machine_passes_on_is_not_local(guarded: FlaskClient, passed_on: dict[str, str]) -> None:
    without = guarded.get("/metrics", headers=passed_on)
    right = guarded.get("/metrics", headers={**passed_on, "Authorization": f"Bearer {TOKEN}"})

    assert (without.status_code, right.status_code) == (403, 200)


def test_without_a_token_in_the_settings_no_token_opens_them(client: FlaskClient) -> None:
    from_there = {"REMOTE_ADDR": "203.0.113.7"}

    for given in ("", "Bearer", "Bearer ", "Bearer x"):
        answer = client.get("/metrics", environ_overrides=from_there, headers={"Authorization": given})

        assert answer.status_code == 403, given


# Rows of these grow with the city's years; whoever counts them reads them all.
GROWING = {
    "ticket", "outbound_message", "audit_entry", "call", "planned_step", "webhook_refusal", "callback_request", "clock",
    "timeline_entry", "message", "citizen", "webhook_event", "recording",
}  # fmt: skip


def scrape(client: FlaskClient) -> dict[str, float]:
    return samples(client.get("/metrics").get_data(as_text=True))


def test_every_request_is_counted_by_group_status_and_time(
    settings: Settings, database: Engine, session: Session, now: datetime, tmp_path: Path
) -> None:
    """In a folder of its own: whoever else counts in the shared one would be in both scrapes, or in one of them."""
    app = create_app(settings.model_copy(update={"data_dir": tmp_path}), engine=database)
    with app.bound_to(session, now):
        _each_group_is_counted(app.test_client())


def _each_group_is_counted(client: FlaskClient) -> None:
    before = scrape(client)

    client.get("/directory")
    client.get("/no-such-page")
    client.get("/administration")
    # Refused before any view: a form that stands on another site.
    client.post("/sign-in", headers={"Origin": "https://elsewhere.example"})

    after = scrape(client)
    grown = {name for name, value in after.items() if value > before.get(name, 0.0)}
    assert 'hotline_http_requests_total{group="public",status="2xx"}' in grown
    assert 'hotline_http_requests_total{group="none",status="4xx"}' in grown
    assert 'hotline_http_requests_total{group="administration",status="3xx"}' in grown
    assert 'hotline_http_requests_total{group="sign_in",status="4xx"}' in grown
    assert 'hotline_http_request_seconds_bucket{group="public",le="+Inf"}' in grown
    assert 'hotline_http_request_seconds_sum{group="public"}' in grown


def test_statements_are_counted_for_the_group_that_sent_them(settings: Settings, tmp_path: Path) -> None:
    """On connections of the product's own: those of a test are made elsewhere."""
    app = create_app(settings.model_copy(update={"data_dir": tmp_path}))

    app.test_client().get("/directory")
    let_warm_up_end()

    # An answer of Redis that comes late is told as none; on a busy machine one of several is in time.
    scrapes = (scrape(app.test_client()) for _ in range(20))
    told = next(told for told in scrapes if told["hotline_redis_answers"] == 1)
    assert told['hotline_http_statements_total{group="public"}'] > 0
    assert told['hotline_pool_in_use{pool="pages"}'] == 0
    assert told['hotline_pool_limit{pool="pages"}'] == 20
    assert told["hotline_redis_answer_seconds"] > 0


def let_warm_up_end() -> None:
    """A process's first request makes it read places and rules beside it, on a connection of the pages."""
    for thread in threading.enumerate():
        if thread.name == "warm-up":
            thread.join(60)


def in_a_process_of_its_own(work: Any) -> None:
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def told_by(counts: NodeCounts) -> dict[str, float]:
    return {
        sample.name + str(sorted(sample.labels.items())): sample.value
        for family in counts.collect()
        for sample in family.samples
    }


def test_one_process_tells_what_all_of_its_node_counted(tmp_path: Path) -> None:
    counts, name = NodeCounts(tmp_path), ("hotline_some", "Words")
    counts.add(*name, {"group": "public"}, 2)

    def another() -> None:
        counts.add(*name, {"group": "public"}, 3)
        counts.observe("hotline_some_seconds", "Words", {}, 0.2, bounds=(0.1, 1.0))
        counts.set_highest("hotline_some_now", "Words", {}, 9)

    in_a_process_of_its_own(another)
    in_a_process_of_its_own(another)

    told = told_by(counts)
    assert told["hotline_some_total[('group', 'public')]"] == 8
    assert told["hotline_some_seconds_bucket[('le', '1.0')]"] == 2
    assert "hotline_some_now[]" not in told, "what an ended process used is free"
    counts.begin_anew()
    assert told_by(NodeCounts(tmp_path)) == {}


def test_connections_in_use_are_told_until_they_are_given_back(settings: Settings, tmp_path: Path) -> None:
    counts, engine = NodeCounts(tmp_path), make_engine(settings.database_url, pool_size=2)
    watch_pools(counts, {"pages": engine})

    with engine.connect(), engine.connect():
        during = told_by(counts)

    pages = "hotline_pool_in_use[('pool', 'pages')]"
    assert (during[pages], told_by(counts)[pages]) == (2, 0)
    engine.dispose()


def test_connections_given_back_at_the_same_moment_are_all_told_as_free(settings: Settings, tmp_path: Path) -> None:
    counts, engine = NodeCounts(tmp_path), make_engine(settings.database_url, pool_size=8)
    watch_pools(counts, {"pages": engine})
    at_once = threading.Barrier(8)

    def take_and_give_back() -> None:
        for _ in range(20):
            with engine.connect():
                at_once.wait(30)

    threads = [threading.Thread(target=take_and_give_back) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert told_by(counts)["hotline_pool_in_use[('pool', 'pages')]"] == 0
    engine.dispose()


def test_without_redis_it_is_said_and_everything_else_told(
    app: HotlineApp, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "settings", app.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))

    told = scrape(client)

    assert told["hotline_redis_answers"] == 0
    assert told["hotline_database_answers"] == 1
    assert told["hotline_disk_free_bytes"] > 0


def test_a_scrape_counts_no_table_that_grows(app: HotlineApp, client: FlaskClient, session: Session) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(session.connection(), "before_cursor_execute", note)
    client.get("/metrics")
    event.remove(session.connection(), "before_cursor_execute", note)

    # Where there are few rows the planner reads them all; forbidden that, it shows whether there is another way.
    session.execute(text("set local enable_seqscan = off"))
    session.execute(text("set local enable_bitmapscan = off"))
    partial = set(session.scalars(text("select indexrelid::regclass::text from pg_index where indpred is not null")))
    dear = [
        (node["Relation Name"], node["Node Type"], statement[:200])
        for statement, parameters in asked
        if statement.lstrip().lower().startswith(("select", "with"))
        for node in nodes(plan(session, statement, parameters))
        if node.get("Relation Name") in GROWING and reads_all(node, partial)
    ]

    assert len(asked) > 15
    assert dear == []


def plan(session: Session, statement: str, parameters: Any) -> dict[str, Any]:
    found = session.connection().exec_driver_sql(f"explain (format json) {statement}", parameters).scalar_one()
    shown: dict[str, Any] = found[0]["Plan"]
    return shown


def nodes(node: dict[str, Any], limited: bool = False) -> Iterator[dict[str, Any]]:
    """All of a plan; below a limit each knows that it is asked for its first row alone."""
    limited = limited or node["Node Type"] == "Limit"
    yield {**node, "limited": limited}
    for inner in node.get("Plans", ()):
        yield from nodes(inner, limited)


def reads_all(node: dict[str, Any], partial: set[str]) -> bool:
    by_index = "Index Cond" in node or node.get("Index Name") in partial
    return not (by_index or (node["limited"] and "Index Name" in node))


def test_how_ready_units_are_is_looked_at_every_few_minutes_and_told_with_its_age(session: Session, now) -> None:
    known = KeptReadiness()

    def scraped(at: datetime) -> tuple[dict[str, float], int]:
        with counted(session) as sent:
            told = {
                sample.name: sample.value
                for family in known.metrics(session, now=at)
                for sample in family.samples
                if not sample.labels
            }
        return told, len(sent)

    live, age = "hotline_units_live", "hotline_readiness_age_seconds"
    first, _ = scraped(now)
    going_live.take_back(session, [unit(session).id], reason="Chưa xong", actor=SYSTEM, now=now)
    soon, again = scraped(now + timedelta(minutes=2))
    later, anew = scraped(now + timedelta(minutes=6))

    assert (first[age], soon[age], later[age]) == (0, 120, 0)
    assert soon[live] == first[live] > later[live]
    assert again == 0 < anew
