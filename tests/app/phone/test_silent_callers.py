"""Who waits and is not heard: the provider is asked; the dead are let go, the living fetched back to their place."""

import json
import threading
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from app.clock import utc_now
from app.phone.answers import Phones
from app.phone.silent_callers import AskedFor, ask_for_silent_callers
from app.reference import Reference
from app.settings import Settings
from app.web.factory import create_app
from telephony.floor import offers, presence
from tests.app.web.provider_events.waiting.waiting_scene import door_of
from tests.conftest import NOW
from tests.factories import staff
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.city import day_of
from tickets.schema import Call, CallbackRequest, Line
from tickets.states import CallState, Role

LATER = NOW + timedelta(minutes=3)


@pytest.fixture
def provider():
    """A real HTTP server that knows how each call stands, and is told where to lead it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self._answer(self.server.calls.get(self._sid()))

        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.server.led.append((self._sid(), form.get("Url", [""])[0]))
            self._answer("in-progress")

        def _sid(self):
            return urlsplit(self.path).path.rsplit("/", 1)[-1].removesuffix(".json")

        def _answer(self, status):
            self.send_response(500 if self.server.broken else 200 if status else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps({"sid": self._sid(), "status": status}).encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.broken, server.calls, server.led = False, {}, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def app(committed, settings, tmp_path):
    own = Settings(**{**settings.model_dump(), "database_url": committed.url, "data_dir": tmp_path}, _env_file=None)
    app = create_app(own)
    # The first request of a process reads places and rules; that is not what is told here.
    with app.sessions() as session:
        door_of(app).phones.reference.places(session, on=day_of(utc_now()))
    return app


@pytest.fixture
def ask(committed, app, provider):
    """One round of the leader's job, three minutes later."""
    settings = app.settings
    phones = Phones(settings, Reference.from_settings(settings))
    account = replace(phones.accounts["sim"], api_base_url=f"http://127.0.0.1:{provider.server_port}")
    phones._books[:] = [replace(phones.book, accounts={"sim": account})]
    return lambda: ask_for_silent_callers(committed.factory, phones, now=LATER)


@pytest.fixture
def agent(committed):
    with committed.factory() as session:
        agent = staff(session, role=Role.AGENT, at="26740").id
        session.commit()
    return agent


@pytest.fixture
def phone(app, committed, agent):
    """A caller in the queue of a ward whose agent is not at the desk, unheard for three minutes."""
    with committed.factory() as session:
        line = session.scalars(select(Line).where(Line.is_city)).first().phone
    phone = Phone(app.test_client(), app.settings, to=line).ring().press("1").speak("phường Sài Gòn")
    silent_since(committed, NOW)
    return phone


def silent_since(committed, at):
    with committed.factory() as session:
        call = session.scalars(select(Call)).one()
        call.detail = {**call.detail, "seen_at": at.isoformat()}
        call.queued_at, call.state = NOW, CallState.QUEUED
        session.commit()


def state_of(committed):
    with committed.factory() as session:
        return session.scalars(select(Call.state)).one()


def rings(committed, agent):
    """Whether the agent, back at the desk, is rung for this caller."""
    with committed.factory() as session:
        presence.go_available(session, agent, now=LATER)
        offers.offer_waiting_calls(session, now=LATER)
        session.commit()
        return open_offer_of(session, agent) is not None


def test_who_hung_up_without_anybody_telling_us_is_let_go_and_called_back(committed, phone, agent, provider, ask):
    provider.calls[phone.sid] = "completed"

    assert ask() == AskedFor(gone=1)

    assert state_of(committed) is CallState.ENDED
    assert not rings(committed, agent)
    with committed.factory() as session:
        assert session.scalars(select(CallbackRequest.phone)).all() == [phone.number]


def test_who_is_still_on_the_line_is_fetched_back_to_their_place_and_rung_for(committed, phone, agent, provider, ask):
    provider.calls[phone.sid] = "in-progress"
    assert not rings(committed, agent), "nobody is rung for who may be gone"

    assert ask() == AskedFor(fetched=1)
    [(led, url)] = provider.led
    assert led == phone.sid
    phone.post(url)

    assert "người tiếp theo" in phone.said or phone.document.find("Gather") is not None
    silent_since(committed, LATER)
    assert rings(committed, agent)


def test_who_is_heard_is_not_asked_about(committed, phone, provider, ask):
    silent_since(committed, LATER - timedelta(seconds=30))
    provider.calls[phone.sid] = "completed"

    assert ask() == AskedFor()
    assert state_of(committed) is CallState.QUEUED


@pytest.mark.parametrize("broken", [True, False])
def test_a_provider_that_does_not_know_or_answer_ends_nobodys_call(committed, phone, provider, ask, broken):
    provider.broken = broken

    assert ask() == AskedFor()
    assert state_of(committed) is CallState.QUEUED
