"""Who waits and is not heard, and whose talk an agent ends: the provider is asked whether there is anybody.

The dead are let go, the living fetched back to their place.
"""

import json
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from app.clock import utc_now
from app.phone.accounts import provider_accounts
from app.phone.answers import Phones
from app.phone.ended_talks import take_down_again
from app.phone.known_accounts import known_accounts
from app.phone.silent_callers import AskedFor, ask_for_silent_callers
from app.settings import Settings
from app.web.factory import create_app
from telephony.call.untold_talks import note_lasting_talks
from telephony.floor import offers, presence
from telephony.floor.telephones import ChosenTelephone, choose
from tests.app.web.console.console_scene import agent_at, page_of, send
from tests.app.web.provider_events.waiting.waiting_scene import door_of
from tests.conftest import NOW
from tests.factories import unit
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tests.telephony.provider.account_rows import add
from tickets.city import day_of
from tickets.people.actor import SYSTEM
from tickets.schema import Call, CallbackRequest, Line, TimelineEntry
from tickets.states import CallState, TelephoneKind, TimelineKind

LATER = NOW + timedelta(minutes=3)
DESK = "sip:desk@exchange.test"


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
def ask(committed, app, provider):
    """One round of the leader's job, three minutes later."""
    phones = Phones(app.settings, app.reference)
    return lambda: ask_for_silent_callers(committed.factory, phones, now=LATER)


@pytest.fixture
def ask_again(committed, app, provider):
    """One round of the leader's job, a minute from now."""
    phones = Phones(app.settings, app.reference)
    return lambda: take_down_again(committed.factory, phones, now=utc_now() + timedelta(minutes=1))


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


LEG = "CA" + "f" * 32


def ends(committed, client, *, held=False):
    """What the bar says when the agent has pressed the button."""
    with committed.factory() as session:
        call_id = session.scalars(select(Call.id)).one()
    if held:
        send(client, "/console", f"/console/calls/{call_id}/hold")
    assert send(client, "/console", f"/console/calls/{call_id}/end").status_code == 303
    return page_of(client, "/console/call-bar")


def soon(is_so):
    until = time.monotonic() + 20
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)
    return is_so()


def talked_of(committed):
    with committed.factory() as session:
        return session.scalars(select(TimelineEntry.params).where(TimelineEntry.kind == TimelineKind.CALL)).all()


def test_a_talk_whose_caller_went_without_a_word_is_over_as_soon_as_the_agent_ends_it(
    committed, talk, client, provider
):
    provider.calls[talk.sid] = "completed"

    bar = ends(committed, client)

    assert "ready again in" in bar, "the agent writes it down at once"
    assert soon(lambda: state_of(committed) is CallState.ENDED), "and so does nobody wait for the next round"
    assert (LEG, "") in provider.led, "the agent's own leg is taken down"
    assert [one["seconds"] >= 120 for one in talked_of(committed)] == [True]


def test_an_agent_writes_down_while_a_provider_is_away_and_the_call_is_over_when_it_is_back(
    committed, talk, client, provider, ask_again
):
    provider.broken = True

    assert "ready again in" in ends(committed, client)
    assert ask_again() == 0 and state_of(committed) is CallState.TALKING

    provider.broken, provider.calls[talk.sid] = False, "in-progress"
    assert ask_again() == 0, "who is still there is no ghost"
    _, url = provider.led[-1]
    talk.post(url)
    assert talk.document.find("Hangup") is not None, "they hear our goodbye"

    provider.calls[talk.sid] = "completed"
    assert ask_again() == 1 and state_of(committed) is CallState.ENDED
    assert len(talked_of(committed)) == 1


def test_a_caller_whose_talk_ends_on_hold_hears_the_goodbye_at_once(committed, talk, client, provider):
    provider.calls[talk.sid] = "in-progress"

    assert "ready again in" in ends(committed, client, held=True)

    assert soon(lambda: len(provider.led) == 2), "led into the hold loop, and out of it"
    talk.post(provider.led[-1][1])
    assert talk.document.find("Hangup") is not None


def test_who_was_not_connected_yet_when_the_agent_ends_the_call_is_in_line_again(committed, app, agent, client, phone):
    with committed.factory() as session:
        call = session.scalars(select(Call)).one()
        call.detail = {**call.detail, "seen_at": utc_now().isoformat()}
        presence.go_available(session, agent, now=utc_now())
        offers.offer_waiting_calls(session, now=utc_now())
        offers.accept(session, open_offer_of(session, agent).id, staff_id=agent, now=utc_now())
        session.commit()

    ends(committed, client)

    assert state_of(committed) is CallState.QUEUED
    phone.wait()
    assert phone.document.find("Gather") is not None, "neither let go, nor connected to who did not want it"


class TrunkPhone(Phone):
    """Calls by the city's own server, which tells nothing of an agent's leg and leads nobody out of a talk."""

    def post(self, path, fields=None, **more):
        path = path if path.startswith("http") else f"{self.base}/webhooks/trunk/{path}"
        return super().post(path, fields, **more)


@pytest.fixture
def trunk_talk(committed, app, client, agent, provider):
    """Accepted on the bar, and the telephone on the agent's desk rings."""
    with committed.factory() as session:
        add(session, app.settings, "trunk", api_base_url=f"http://127.0.0.1:{provider.server_port}")
        choose(session, agent, ChosenTelephone(TelephoneKind.SIP, DESK), actor=SYSTEM, now=utc_now())
        presence.go_available(session, agent, phone=DESK, now=utc_now())
        line = session.scalars(select(Line).where(Line.is_city)).first().phone
        session.commit()
    known_accounts(app.settings).renew(app.sessions, at_once=True)
    phone = TrunkPhone(app.test_client(), app.settings, to=line, sid="11111111-0000-4000-8000-000000000001")
    phone.account = provider_accounts(app.settings)["trunk"]
    provider.calls[phone.sid] = "in-progress"
    phone.ring().press("0")
    with committed.factory() as session:
        session.scalars(select(Call)).one().unit_id = unit(session, "26740").id
        session.commit()
        offers.offer_waiting_calls(session, now=utc_now())
        offers.accept(session, open_offer_of(session, agent).id, staff_id=agent, now=utc_now())
        session.commit()
    phone.wait()
    assert phone.document.find("Dial") is not None
    return phone


def lasts(committed, phones):
    """The next sweep after a minute."""
    with committed.factory() as session:
        later = utc_now() + timedelta(minutes=1)
        noted = note_lasting_talks(session, lambda name: phones.desk(session, name, now=later), now=later)
        session.commit()
        return noted


def bar_of(client):
    return page_of(client, "/console/call-bar")


def test_that_a_talk_has_begun_is_known_from_the_telephone_where_the_provider_does_not_tell(
    committed, trunk_talk, client
):
    assert "Connecting…" in bar_of(client) and "Pass on" not in bar_of(client)

    assert beat_of(client, "talking").status_code == 204

    assert "Connecting…" not in bar_of(client) and "Pass on" in bar_of(client)
    trunk_talk.hang_up()
    assert "ready again in" in bar_of(client), "the agent writes it down"
    with committed.factory() as session:
        assert session.scalars(select(CallbackRequest.id)).all() == [], "and nobody is rung for what was talked about"


def beat_of(client, telephone):
    token = page_of(client, "/console").split('name="csrf_token" value="')[1].split('"')[0]
    return client.post("/console/presence/beat", data={"csrf_token": token}, headers={"X-Telephone": telephone})


def test_a_talk_that_lasts_longer_than_a_telephone_rings_has_begun(committed, app, trunk_talk, client):
    phones = Phones(app.settings, app.reference)

    assert lasts(committed, phones) == 1
    assert lasts(committed, phones) == 0

    assert "Pass on" in bar_of(client)
    trunk_talk.hang_up()
    assert "ready again in" in bar_of(client)


def test_an_agent_who_ends_a_trunks_talk_takes_the_callers_leg_down_and_their_own_with_it(
    committed, app, trunk_talk, client, provider
):
    lasts(committed, Phones(app.settings, app.reference))

    assert "ready again in" in ends(committed, client)

    assert soon(lambda: (trunk_talk.sid, "") in provider.led)
    assert all(not url for _sid, url in provider.led), "nobody is led to where they would never be"


def test_a_trunks_caller_is_on_hold_once_the_telephone_is_down_and_talks_on_with_the_same_agent(
    committed, app, trunk_talk, client
):
    lasts(committed, Phones(app.settings, app.reference))
    with committed.factory() as session:
        call_id = session.scalars(select(Call.id)).one()

    send(client, "/console", f"/console/calls/{call_id}/hold")
    assert "until then the caller hears you" in bar_of(client) and "data-put-down" in bar_of(client)
    trunk_talk.post(trunk_talk.next_action(), DialCallStatus="completed", DialCallDuration="60")

    assert trunk_talk.document.find(".//Play") is not None, "music"
    assert "Resume the call" in bar_of(client) and "ready again in" not in bar_of(client)
    send(client, "/console", f"/console/calls/{call_id}/take-back")
    trunk_talk.wait()
    assert trunk_talk.document.find("Dial") is not None
    assert "until then" not in bar_of(client)
