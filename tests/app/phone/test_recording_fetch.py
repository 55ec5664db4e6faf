"""No recording is lost: fetched until it is whole, verified, and only then deleted at the provider (G10)."""

import threading
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select

from app.phone.accounts import simulated_account
from app.phone.recording_fetch import fetch_due
from app.simulator.carrier import silence
from app.storage.media import path_of
from telephony.recordings import MOST_FETCHES, Announced, announce
from tests.conftest import NOW
from tickets.schema import Recording
from tickets.states import RecordingKind, RecordingState

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
def fetch(committed, settings, provider, tmp_path):
    account = replace(simulated_account(settings), api_base_url=f"http://127.0.0.1:{provider.server_port}")
    told = Announced("sim", "RE1", "completed", 2, RecordingKind.VOICEMAIL)
    with committed.factory() as session:
        announce(session, told, call=None, now=NOW)
        session.commit()

    def round_at(minutes=0.0):
        now = NOW + timedelta(minutes=minutes)
        return fetch_due(committed.factory, {"sim": account}, media=tmp_path, now=now)

    return round_at


def row(committed):
    with committed.factory() as session:
        return session.scalars(select(Recording)).one()


def test_a_recording_is_kept_verified_and_then_deleted_there(committed, fetch, provider, tmp_path):
    fetch()
    kept = row(committed)
    assert (kept.state, kept.size_bytes, kept.provider_deleted_at) == (RecordingState.FETCHED, len(SOUND), None)
    assert path_of(tmp_path, kept.storage_key).read_bytes() == SOUND

    fetch()

    assert row(committed).provider_deleted_at is not None
    assert [method for method, _, _ in provider.seen] == ["GET", "DELETE"]
    assert provider.seen[0][1].endswith("/Recordings/RE1.wav")


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


def test_two_jobs_at_once_fetch_a_recording_once(committed, fetch, provider):
    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([method for method, _, _ in provider.seen if method == "GET"]) == 1
