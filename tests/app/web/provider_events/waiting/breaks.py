"""All that can break while a caller is about to be told something, and the carrier that is asked afterwards."""

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from app.clock import utc_now
from app.phone.reconciliation import QUIET_FOR, reconcile
from app.storage.carried_time import CarriedTime
from app.web.factory import create_app
from telephony.sweep import Hearing, sweep
from tests.app.web.provider_events.waiting.waiting_scene import door_of, is_hold, row_locked, stopped
from tests.telephony.phone import Phone

AWAY_SECONDS = 60


class LaterTime(CarriedTime):
    """The time for a process, so much later than it is."""

    def __init__(self, by):
        super().__init__()
        self.by = by

    def now(self):
        return utc_now() + self.by

    def believed(self, database_at):
        return database_at + self.by

    def refresh(self, session):
        pass


class AskedCarrier:
    """The carrier's side over real HTTP: which calls it knows, with their state, and what it has recorded."""

    def __init__(self):
        self.calls, self.recordings = {}, []
        carrier = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, told = carrier.answer(urlsplit(self.path).path)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(told).encode())

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path):
        asked, _, name = path.removesuffix(".json").rpartition("/")
        if asked.endswith("/Calls"):
            status = self.calls.get(name)
            return (200, {"sid": name, "status": status}) if status else (404, {"code": 20404, "status": 404})
        rows = {"Recordings": self.recordings}.get(name, [])
        return 200, {name.lower(): rows, "next_page_uri": None}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Scene:
    """One call about to be told something, and all that can be broken."""

    phone: Phone
    heard: dict
    committed: object
    servers: object
    settings: object
    carrier: AskedCarrier

    @property
    def app(self):
        return self.phone.client.application

    @property
    def now(self):
        return self.app.time.now()

    def let_pass(self, by):
        self.app.time = LaterTime(self.now - utc_now() + by)

    @contextmanager
    def database_stopped(self):
        with stopped(self.servers, self.committed):
            yield


def asked_twice(scene):
    """The provider did not hear us the first time, nor the second."""
    action = scene.phone.next_action()
    answers = {scene.phone.post(action, scene.heard).data for _ in range(3)}
    assert len(answers) == 1, "a request told again gets the same bytes"


def told_late(scene):
    """An earlier request comes once more, behind the one that followed it."""
    earlier = scene.phone.next_action()
    told = scene.phone.post(earlier, scene.heard).data
    document = scene.phone.document
    scene.phone.follow()
    if scene.phone.next_action() == document.find("Redirect"):
        return
    now_at = scene.phone.document
    assert scene.phone.post(earlier, scene.heard).data == told
    scene.phone.document = now_at


def row_in_other_hands(scene):
    """Somebody of ours works on the caller's row for three seconds."""
    with row_locked(scene.committed, scene.phone, seconds=3):
        scene.phone.post(scene.phone.next_action(), scene.heard)


def database_away(scene):
    """Its server is stopped while the request is answered, and is back a moment later."""
    with scene.database_stopped():
        scene.phone.post(scene.phone.next_action(), scene.heard)
        time.sleep(0.5)


def database_away_for_a_minute(scene):
    """As long as its provider pauses, round after round; no console beats and nothing is swept meanwhile."""
    gone = 0
    with scene.database_stopped():
        scene.phone.post(scene.phone.next_action(), scene.heard)
        while gone < AWAY_SECONDS and scene.phone.document.find("Redirect") is not None:
            assert is_hold(scene.phone.document) or is_hold(scene.phone.document, "en"), scene.phone.said
            gone += int(scene.phone.document.find("Pause").get("length"))
            scene.phone.post(scene.phone.document.find("Redirect").text)
    scene.let_pass(timedelta(seconds=gone))


def process_killed(scene):
    """The process dies with the request in its hands; another one, which knows nothing of it, gets the next."""
    with row_locked(scene.committed, scene.phone, seconds=20):
        scene.phone.post(scene.phone.next_action(), scene.heard)
    scene.phone.client = create_app(scene.settings).test_client()


def answer_lost(scene):
    """We answered, and it never arrived: the provider asks the fallback address."""
    action = scene.phone.next_action().split("#")[0]
    scene.phone.post(action, scene.heard)
    scene.phone.post("fallback", scene.heard, ErrorCode="11200", ErrorUrl=action)


def leg_told_first(scene):
    """An agent's leg is said to be down before the step that follows from it; said of no leg at all, it is nothing."""
    action = scene.phone.next_action()
    leg = {"CallSid": f"{scene.phone.sid}-leg", "ParentCallSid": scene.phone.sid}
    scene.phone.post("status", leg, CallStatus="completed")
    scene.phone.post(action, scene.heard)


def reconciled_meanwhile(scene):
    """The provider is asked about a call that was quiet for long: it is still there, and what it said is recorded."""
    scene.carrier.calls[scene.phone.sid] = "in-progress"
    if sid := scene.heard.get("RecordingSid"):
        scene.carrier.recordings.append(
            {
                "sid": sid, "call_sid": scene.phone.sid, "status": "completed", "duration": "12",
                "date_created": format_datetime(scene.now),
            }
        )  # fmt: skip
    reconciled(scene)
    scene.phone.post(scene.phone.next_action(), scene.heard)


def reconciled(scene):
    after_silence = scene.now + QUIET_FOR + timedelta(minutes=1)
    return reconcile(scene.committed.factory, door_of(scene.app).phones, now=after_silence)


def swept(scene):
    """As the scheduler does it first after an outage: silence until now was ours."""
    hearing = Hearing()

    def desk_of(account):
        with scene.committed.factory() as session:
            return door_of(scene.app).phones.desk(session, account, now=scene.now)

    with scene.committed.factory() as session:
        sweep(session, desk_of, now=scene.now, hearing_since=hearing.since(scene.now))
        session.commit()


BREAKS = [
    asked_twice, told_late, row_in_other_hands, database_away, database_away_for_a_minute, process_killed, answer_lost,
    leg_told_first, reconciled_meanwhile,
]  # fmt: skip
