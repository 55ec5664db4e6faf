"""The live process answers with the same care as the web process: what it sends is read by our pages and by nobody."""

import socket
from datetime import timedelta

import pytest
import requests

from app.clock import utc_now
from app.settings import Settings
from app.web.frame.response_headers import stream_headers
from app.web.frame.session_cookie import SESSION_COOKIE, token_hash
from tests.faults.nodes import running, wait_until
from tests.signing_in import person_with
from tickets.schema import WebSession
from tickets.states import Role


@pytest.fixture
def live(committed, tmp_path):
    """The address of a live process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings(
        database_url=committed.url,
        redis_url=committed.redis_url,
        secret_key="a-test-key-of-sufficient-length-0123456789abcdef",
        public_base_url=f"http://127.0.0.1:{port - 1}",
        port=port - 1,
        data_dir=tmp_path,
        demo=True,
        _env_file=None,
    )
    address = f"http://127.0.0.1:{port}"
    with running("live", settings):
        assert wait_until(lambda: answers(address), seconds=40)
        yield address


def answers(address):
    try:
        return requests.get(f"{address}/health/live", timeout=2).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def test_every_answer_of_the_live_process_carries_the_security_headers(committed, live):
    now = utc_now()
    with committed.factory() as session:
        person = person_with(session, role=Role.AGENT, now=now)
        session.add(
            WebSession(
                token_hash=token_hash("a-session"), staff_id=person.id, created_at=now, last_seen_at=now,
                expires_at=now + timedelta(hours=8), second_factor_at=now,
            )
        )  # fmt: skip
        session.commit()

    told = {
        200: requests.get(f"{live}/health/live", timeout=5),
        401: requests.get(f"{live}/live", timeout=5),
        404: requests.get(f"{live}/else", timeout=5),
    }
    with requests.get(f"{live}/live", cookies={SESSION_COOKIE: "a-session"}, stream=True, timeout=5) as stream:
        first = next(stream.iter_lines())

    assert {status: answer.status_code for status, answer in told.items()} == {200: 200, 401: 401, 404: 404}
    assert (stream.status_code, stream.headers["Content-Type"], first) == (200, "text/event-stream", b"retry: 2000")
    for answer in (*told.values(), stream):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in answer.headers, "this one is not reached by https"


def test_the_live_process_behind_https_asks_for_https_as_the_web_process_does():
    assert dict(stream_headers(secure=True))["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
