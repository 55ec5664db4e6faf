"""How `up` comes up with a backlog: it serves, and says what it works through until that is done."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask.testing import FlaskClient

from app.cli.up_waiting import Backlog, wait_until_it_serves
from app.processes.supervisor import Supervisor
from app.settings import Settings

LATE = {"outbox": "late since 2026-11-28T19:00:00+00:00", "jobs": "overdue: seal audit trail"}
WORDS = "đang xử lý những việc đến hạn trong lúc ngừng"


@dataclass
class Processes:
    """The answers of web and live, as their own addresses give them: the web has `reasons` why it is not ready."""

    settings: Settings
    reasons: dict[str, str] = field(default_factory=lambda: dict(LATE))


@pytest.fixture
def processes(settings: Settings) -> Iterator[Processes]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reasons = running.reasons if self.path == "/health/ready" else {}
            self.send_response(503 if reasons else 200)
            self.end_headers()
            self.wfile.write(json.dumps({"reasons": reasons}).encode())

        def log_message(self, *_words: object) -> None:
            """Nothing: pytest shows what matters."""

    for _attempt in range(20):
        web = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        try:
            live = ThreadingHTTPServer(("127.0.0.1", web.server_port + 1), Answer)
            break
        except OSError:
            web.server_close()
    running = Processes(settings.model_copy(update={"host": "127.0.0.1", "port": web.server_port}))
    for server in (web, live):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield running
    for server in (web, live):
        server.shutdown()
        server.server_close()


def test_a_backlog_is_said_in_the_terminal_and_above_every_page_until_it_is_worked_off(
    processes: Processes, client: FlaskClient
) -> None:
    said: list[str] = []
    supervisor = Supervisor(processes.settings, engines=None, say=said.append)

    answer = wait_until_it_serves(supervisor, asked_to_stop=lambda: False)
    backlog = Backlog(processes.settings, said.append, answer=answer, look_every_seconds=0)
    backlog.look()
    page_meanwhile, told_meanwhile = client.get("/").get_data(as_text=True), list(said)
    processes.reasons.clear()
    backlog.look()
    backlog.look()

    assert answer.reasons == LATE
    assert len(told_meanwhile) == 1
    assert all(reason in told_meanwhile[0] for reason in LATE.values())
    assert WORDS in page_meanwhile
    assert said[1:] == ["What fell due while it was off has been worked through."]
    assert WORDS not in client.get("/").get_data(as_text=True)


def test_nothing_is_said_when_nothing_fell_due(processes: Processes, client: FlaskClient) -> None:
    processes.reasons.clear()
    said: list[str] = []

    answer = wait_until_it_serves(Supervisor(processes.settings, None, said.append), asked_to_stop=lambda: False)
    Backlog(processes.settings, said.append, answer=answer, look_every_seconds=0).look()

    assert said == []
    assert WORDS not in client.get("/").get_data(as_text=True)
