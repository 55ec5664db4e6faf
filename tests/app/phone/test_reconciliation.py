"""What a provider forgot to tell is asked for, and created through the same door under the same keys."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from app.phone.answers import Phones
from app.phone.reconciliation import reconcile
from app.reference import Reference
from app.settings import Settings
from telephony.calls import new_call
from tests.conftest import NOW
from tickets.schema import Call, InboundSms, Recording, Ticket
from tickets.states import CallState

SID = "AC" + "0" * 32


@pytest.fixture
def provider():
    """A real HTTP server with the provider's lists."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = urlsplit(self.path).path.removeprefix(f"/2010-04-01/Accounts/{SID}/")
            answer = self.server.answers.get(path)
            self.send_response(
                200 if answer is not None and not self.server.broken else 500 if self.server.broken else 404
            )
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer or {"code": 20404, "message": "x", "status": 404}).encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.broken = False
    server.answers = {
        "Messages.json": {"messages": [], "next_page_uri": None},
        "Recordings.json": {"recordings": [], "next_page_uri": None},
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def ask(committed, settings, provider, tmp_path):
    own = Settings(
        **{
            **settings.model_dump(),
            "twilio_account_sid": SID,
            "twilio_auth_token": "0123456789abcdef0123456789abcdef",
            "twilio_base_url": f"http://127.0.0.1:{provider.server_port}",
            "demo": False,
            "data_dir": tmp_path,
        },
        _env_file=None,
    )
    phones = Phones(own, Reference.from_settings(own))
    return lambda: reconcile(committed.factory, phones, now=NOW)


def test_a_call_whose_end_was_never_told_is_ended(committed, provider, ask):
    with committed.factory() as session:
        new_call(session, {"account": "twilio", "call_sid": "CA1", "state": CallState.QUEUED}, now=NOW.replace(hour=1))
        new_call(session, {"account": "twilio", "call_sid": "CA2", "state": CallState.QUEUED}, now=NOW.replace(hour=1))
        session.commit()
    provider.answers |= {
        "Calls/CA1.json": {"sid": "CA1", "status": "completed"},
        "Calls/CA2.json": {"sid": "CA2", "status": "in-progress"},
    }

    repairs = ask()

    assert repairs.calls == 1
    with committed.factory() as session:
        states = dict(session.execute(select(Call.call_sid, Call.state)).all())
        assert states == {"CA1": CallState.ENDED, "CA2": CallState.QUEUED}


def test_a_text_that_never_reached_us_becomes_its_ticket_once(committed, provider, ask):
    text = {
        "sid": "SM1",
        "direction": "inbound",
        "from": "+84901234567",
        "to": "+842838000000",
        "date_sent": "Mon, 23 Nov 2026 01:50:00 +0000",
    }
    provider.answers["Messages.json"]["messages"] = [
        {**text, "body": "Rác ở phường Bến Thành không ai lấy"},
        {**text, "sid": "SM2", "direction": "outbound-api", "body": "ours"},
    ]

    first, second = ask(), ask()

    assert (first.texts, second.texts) == (1, 0)
    with committed.factory() as session:
        assert session.scalars(select(InboundSms.message_sid)).all() == ["SM1"]
        assert session.scalars(select(Ticket.opened_at)).all() == [NOW - timedelta(minutes=10)]


def test_a_recording_nobody_announced_is_found_by_listing(committed, provider, ask):
    provider.answers["Recordings.json"]["recordings"] = [
        {"sid": "RE1", "call_sid": "CA9", "status": "completed", "duration": "12"}
    ]

    assert ask().recordings == 1
    assert ask().recordings == 0
    with committed.factory() as session:
        assert session.scalars(select(Recording.duration_seconds)).all() == [12]


def test_a_provider_that_does_not_answer_costs_nothing(provider, ask):
    provider.broken = True

    assert ask().total == 0
