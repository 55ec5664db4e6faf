"""A provider that is asked how its calls stand and told where to lead them, an application that asks it, an agent."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from app.clock import utc_now
from app.settings import Settings
from app.web.factory import create_app
from telephony.floor import offers, presence
from tests.app.phone.asked.asked_scene import LEG
from tests.app.web.console.console_scene import agent_at
from tests.app.web.provider_events.waiting.waiting_scene import door_of
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.city import day_of
from tickets.schema import Call, Line


@pytest.fixture
def provider():
    """A real HTTP server that knows how each call stands, and is told where to lead it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self._answer(self.server.calls.get(self._sid()))

        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.server.led.append((self._sid(), form.get("Url", [""])[0]))
            self._answer("in-progress", refusal=self.server.refusal)

        def _sid(self):
            return urlsplit(self.path).path.rsplit("/", 1)[-1].removesuffix(".json")

        def _answer(self, status, *, refusal=0):
            self.send_response(500 if self.server.broken else refusal or (200 if status else 404))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps({"sid": self._sid(), "status": status}).encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.broken, server.calls, server.led = False, {}, []
    # With which status it refuses whatever it is told to do; 0: it does it.
    server.refusal = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def app(committed, settings, tmp_path, provider):
    """The built-in carrier's requests go to the provider of this test."""
    ours = {
        "database_url": committed.url,
        "data_dir": tmp_path,
        "public_base_url": f"http://127.0.0.1:{provider.server_port}",
    }
    own = Settings(**{**settings.model_dump(), **ours}, _env_file=None)
    app = create_app(own)
    # The first request of a process reads places and rules; that is not what is told here.
    with app.sessions() as session:
        door_of(app).phones.reference.places(session, on=day_of(utc_now()))
    return app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def agent(committed, client):
    with committed.factory() as session:
        agent = agent_at(client, session, utc_now()).id
        session.commit()
    return agent


@pytest.fixture
def talk(committed, app, agent):
    """An agent and a caller who have talked for two minutes; the provider told when the agent's leg was answered."""
    with committed.factory() as session:
        line = session.scalars(select(Line).where(Line.is_city)).first().phone
        presence.go_available(session, agent, now=utc_now())
        session.commit()
    phone = Phone(app.test_client(), app.settings, to=line).ring().press("1").speak("phường Sài Gòn")
    with committed.factory() as session:
        offers.offer_waiting_calls(session, now=utc_now())
        offers.accept(session, open_offer_of(session, agent).id, staff_id=agent, now=utc_now())
        session.commit()
    phone.wait()
    phone.post("status", CallSid=LEG, ParentCallSid=phone.sid, CallStatus="in-progress")
    with committed.factory() as session:
        session.scalars(select(Call)).one().answered_at = utc_now() - timedelta(minutes=2)
        session.commit()
    return phone
