"""No recording is lost: fetched until it is whole, verified, and only then deleted at the provider (G10)."""

import re
import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select, update

from app.phone import recording_fetch
from app.phone.accounts import simulated_account
from app.phone.answers import Phones, answer
from app.phone.recording_fetch import fetch_due
from app.reference import Reference
from app.simulator.carrier import silence
from app.storage.database import transaction
from app.storage.media_folder import FolderStore
from telephony.calls import new_call
from telephony.provider.webhook_inbox import Webhook
from telephony.recordings import MOST_FETCHES, Announced, announce
from tests.app.clockwork.test_batches import trigger
from tests.conftest import NOW
from tickets.schema import Call, Recording
from tickets.states import CallState, RecordingKind, RecordingState

SOUND = silence(2)


@pytest.fixture
def provider():
    """A real HTTP server that answers GETs from a list of behaviours and notes what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            how = self.server.answers.pop(0) if self.server.answers else "whole"
            self.server.seen.append(("GET", self.path, self.headers.get("Authorization")))
            if how in ("404", "500", "302"):
                self.send_response(int(how))
                if how == "302":
                    self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere.wav")
                self.end_headers()
                return
            if how == "drip":
                self.send_response(200)
                self.end_headers()
                for _ in range(40):
                    time.sleep(0.05)
                    self.wfile.write(b"R")
                return
            body = {"whole": SOUND, "cut": SOUND[:4000], "words": b"<html>sorry</html>"}[how]
            self.send_response(200)
            self.send_header("Content-Length", str(len(SOUND) if how == "cut" else len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_DELETE(self):
            self.server.seen.append(("DELETE", self.path, self.headers.get("Authorization")))
            self.send_response(self.server.delete_status)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answers, server.seen, server.delete_status = [], [], 204
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def stranger():
    """Another server, whose address a webhook names."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def was_asked(listener) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.fixture
def media_hosts():
    """To which hosts the account says it may send us on."""
    return []


@pytest.fixture
def fetch(committed, settings, provider, tmp_path, media_hosts):
    account = replace(simulated_account(settings), api_base_url=f"http://127.0.0.1:{provider.server_port}")
    told = Announced("sim", "RE1", "completed", 2, RecordingKind.VOICEMAIL)
    with committed.factory() as session:
        call = new_call(session, {"account": "sim", "call_sid": "CA1", "state": CallState.VOICEMAIL}, now=NOW)
        announce(session, told, call=call, now=NOW)
        session.commit()

    def round_at(minutes=0.0):
        now = NOW + timedelta(minutes=minutes)
        of_now = replace(account, media_hosts=tuple(media_hosts))
        return fetch_due(committed.factory, {"sim": of_now}, media=FolderStore(tmp_path), now=now)

    return round_at


def row(committed):
    with committed.factory() as session:
        return session.scalars(select(Recording)).one()


def test_one_whose_row_is_refused_holds_up_no_other_and_is_fetched_when_it_can_be(committed, fetch) -> None:
    with committed.factory() as session:
        call = session.scalars(select(Call)).one()
        for sid in ("RE2", "RE3"):
            announce(session, Announced("sim", sid, "completed", 2, RecordingKind.VOICEMAIL), call=call, now=NOW)
        session.commit()

    def here():
        with committed.factory() as session:
            fetched = select(Recording.recording_sid).where(Recording.state == RecordingState.FETCHED)
            return set(session.scalars(fetched))

    refused = "if new.recording_sid = 'RE1' and new.state = 'fetched' then raise exception 'no'; end if"
    with trigger(committed, "recording", refused):
        fetch()
        meanwhile = here()
    fetch(6)

    assert (meanwhile, here()) == ({"RE2", "RE3"}, {"RE1", "RE2", "RE3"})


def test_a_recording_is_kept_verified_and_then_deleted_there(committed, fetch, provider, tmp_path):
    fetch()
    kept = row(committed)
    assert (kept.state, kept.size_bytes, kept.provider_deleted_at) == (RecordingState.FETCHED, len(SOUND), None)
    assert FolderStore(tmp_path).path_of(kept.storage_key).read_bytes() == SOUND

    fetch()

    assert row(committed).provider_deleted_at is not None
    assert [method for method, _, _ in provider.seen] == ["GET", "DELETE"]
    assert provider.seen[0][1].endswith("/Recordings/RE1.wav")


def test_a_media_host_of_the_account_hands_the_sound_over_and_is_never_told_who_we_are(
    committed, fetch, provider, media_hosts
):
    provider.answers = ["302"]
    media_hosts.append("127.0.0.1")

    fetch()

    assert row(committed).state is RecordingState.FETCHED
    (asked, sent_on) = provider.seen
    assert asked[2] is not None and sent_on[1:] == ("/elsewhere.wav", None)


def test_a_media_host_that_sends_on_once_more_is_not_followed(committed, fetch, provider, media_hosts):
    provider.answers = ["302", "302"]
    media_hosts.append("127.0.0.1")

    fetch()

    assert row(committed).state is not RecordingState.FETCHED
    assert len(provider.seen) == 2


def test_what_belongs_to_no_call_that_we_know_is_fetched_and_never_deleted_there(committed, fetch, provider):
    with committed.factory() as session:
        session.execute(update(Recording).values(call_id=None))
        session.commit()

    for minutes in (0, 10, 60, 600):
        fetch(minutes)

    assert row(committed).state is RecordingState.FETCHED
    assert [method for method, _, _ in provider.seen] == ["GET"]


@pytest.mark.parametrize("trouble", ["404", "500", "cut", "words", "302"])
def test_what_is_not_whole_is_fetched_again_and_never_deleted_there(committed, fetch, provider, tmp_path, trouble):
    provider.answers = [trouble]

    fetch()
    after = row(committed)
    assert (after.state, after.storage_key) == (RecordingState.COMPLETED, None)
    assert [method for method, _, _ in provider.seen] == ["GET"]
    assert list((tmp_path / "recordings").rglob("*.wav")) == []

    fetch(30)
    assert row(committed).state is RecordingState.FETCHED


def test_credentials_follow_no_redirect(fetch, provider):
    provider.answers = ["302"]

    fetch()

    assert [path for _, path, _ in provider.seen if "elsewhere" in path] == []


def test_a_recording_is_fetched_from_the_provider_alone_whatever_address_a_webhook_names(
    committed, settings, fetch, provider, stranger
):
    elsewhere = f"127.0.0.1:{stranger.getsockname()[1]}"
    phones = Phones(settings, Reference.from_settings(settings))
    named = {"RecordingUrl": f"http://{elsewhere}/a", "MediaUrl0": f"http://{elsewhere}/b", "NumMedia": "1"}
    sids = ("RE2", f"@{elsewhere}/RE3", "../../../../RE4?x=", f"http://{elsewhere}/RE5#")
    call = {"call_sid": "CA1", "from": "+84901234567", "to": "+842838000000", "call_status": "in-progress"}
    with transaction(committed.factory) as session:
        answer(session, Webhook("sim", "voice", call, {}), phones, received_at=NOW, now=NOW)
        for sid in sids:
            form = {**call, **named, "recording_sid": sid, "recording_status": "completed", "recording_seconds": "2"}
            answer(session, Webhook("sim", "recording", form, {}), phones, received_at=NOW, now=NOW)
        text = {"message_sid": "SM1", "from": "+84901234567", "to": "+842838000000", "body": "Rác ở phường Sài Gòn"}
        answer(session, Webhook("sim", "sms", {**text, **named}, {}), phones, received_at=NOW, now=NOW)

    fetch(1)

    assert not was_asked(stranger)
    asked = [path for _, path, _ in provider.seen]
    assert len(asked) == 1 + len(sids)
    account = simulated_account(settings).account_sid
    inside = re.compile(rf"/2010-04-01/Accounts/{account}/Recordings/[A-Za-z0-9-]+\.wav")
    assert [path for path in asked if not inside.fullmatch(path)] == []


@pytest.mark.parametrize(
    ("limit", "value", "how"), [("MOST_BYTES", 4000, "whole"), ("LONGEST_FETCH_SECONDS", 0.2, "drip")]
)
def test_a_recording_without_an_end_is_given_up_and_nothing_of_it_stays(
    committed, fetch, provider, tmp_path, monkeypatch, limit, value, how
):
    monkeypatch.setattr(recording_fetch, limit, value)
    provider.answers = [how]

    fetch()

    assert row(committed).state is RecordingState.COMPLETED
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_copy_that_cannot_be_deleted_there_is_tried_again_and_ours_stays(committed, fetch, provider):
    provider.delete_status = 500

    fetch()
    fetch()
    kept = row(committed)
    provider.delete_status = 204
    fetch(30)

    assert (kept.state, kept.provider_deleted_at) == (RecordingState.FETCHED, None)
    assert row(committed).provider_deleted_at is not None


def test_a_recording_that_never_comes_becomes_a_failure_people_see(committed, fetch, provider):
    provider.answers = ["404"] * (MOST_FETCHES + 1)

    for number in range(MOST_FETCHES + 1):
        fetch(number * 120)

    assert row(committed).state is RecordingState.FAILED
    assert len(provider.seen) == MOST_FETCHES


def test_our_own_storage_may_be_away_for_days_and_no_recording_is_given_up(committed, fetch, provider, tmp_path):
    (tmp_path / "recordings").write_text("a file where the folder should be: nothing can be written")

    for number in range(3 * MOST_FETCHES):
        fetch(number * 60)
    during = row(committed)
    (tmp_path / "recordings").unlink()
    fetch(3 * MOST_FETCHES * 60)

    assert (during.state, during.storage_key) == (RecordingState.COMPLETED, None)
    assert row(committed).state is RecordingState.FETCHED
    assert "DELETE" not in [method for method, _, _ in provider.seen]


def test_two_jobs_at_once_fetch_a_recording_once(committed, fetch, provider):
    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([method for method, _, _ in provider.seen if method == "GET"]) == 1
