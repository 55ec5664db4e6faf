"""The client under the provider's SDK goes where it is told, in time, and nowhere else."""

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from twilio.rest import Client

from telephony.provider.http_client import RebasingHttpClient, rebase, retry_after


@pytest.mark.parametrize(
    ("url", "base", "result"),
    [
        ("https://api.twilio.com/2010-04-01/A?x=1", "http://127.0.0.1:8060", "http://127.0.0.1:8060/2010-04-01/A?x=1"),
        ("https://api.twilio.com/2010-04-01/A", "https://x.signalwire.com/api/laml/", "https://x.signalwire.com/api/laml/2010-04-01/A"),
        ("https://api.twilio.com/2010-04-01/A", "", "https://api.twilio.com/2010-04-01/A"),
    ],
)  # fmt: skip
def test_an_address_moves_to_the_other_host_and_keeps_its_path(url, base, result):
    assert rebase(url, base) == result


@pytest.fixture
def carrier():
    """A real HTTP server that notes what reaches it and answers as each path says."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.seen.append((self.path, self.headers.get("Authorization")))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.server.mode == "silent":
                self.server.released.wait(5)
            while self.server.mode == "drip the head" and not self.server.released.wait(0.05):
                try:
                    self.wfile.write(b"H")
                except OSError:
                    return
            redirected = self.server.mode == "redirect"
            self.send_response(307 if redirected else 201)
            if redirected:
                self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
            self.end_headers()
            for _ in range({"drip": 100, "flood": 400}.get(self.server.mode, 0)):
                self.server.released.wait(0.05 if self.server.mode == "drip" else 0)
                try:
                    self.wfile.write(b" " if self.server.mode == "drip" else b" " * 64 * 1024)
                except OSError:
                    return
            self.wfile.write(b'{"sid": "SM1", "status": "queued"}')

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.mode, server.released = [], "answer", threading.Event()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


def sdk(carrier, **limits):
    base = f"http://127.0.0.1:{carrier.server_port}"
    return Client("AC1", "token", http_client=RebasingHttpClient(base, **limits))


def test_the_official_client_sends_through_it(carrier):
    message = sdk(carrier).messages.create(to="+84901234567", from_="+842838000000", body="Chào")

    assert (message.sid, message.status) == ("SM1", "queued")
    assert carrier.seen[0][0] == "/2010-04-01/Accounts/AC1/Messages.json"
    assert carrier.seen[0][1].startswith("Basic ")


def test_a_redirect_is_an_answer_and_never_followed_with_our_credentials(carrier):
    carrier.mode = "redirect"

    answer = RebasingHttpClient(f"http://127.0.0.1:{carrier.server_port}").request(
        "POST", "https://x/y", auth=("a", "b")
    )

    assert answer.status_code == 307
    assert [path for path, _ in carrier.seen] == ["/y"]


def test_a_provider_that_does_not_answer_is_given_up(carrier):
    carrier.mode = "silent"

    with pytest.raises(requests.Timeout):
        sdk(carrier, read_seconds=0.2).messages.create(to="+84901234567", from_="+842838000000", body="x")


@pytest.mark.parametrize("mode", ["drip the head", "drip", "flood"])
def test_an_answer_that_comes_by_drops_or_has_no_end_is_given_up(carrier, mode):
    carrier.mode = mode

    with pytest.raises(requests.RequestException):
        sdk(carrier, whole_seconds=0.3).messages.create(to="+84901234567", from_="+842838000000", body="x")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120), ("Wed, 21 Oct 2026 07:30:00 GMT", 1800), ("Wed, 21 Oct 2026 06:00:00 GMT", 0), ("-5", 0), ("", 0),
        ("9" * 400, 3600), ("Wed, 21 Oct 99999 07:30:00 GMT", 0), ("Wed, 21 Oct 2026 07:30:00 +" + "9" * 20, 0),
    ],
)  # fmt: skip
def test_patience_that_is_asked_for_is_a_number_or_a_date_an_hour_at_most_and_nonsense_is_none(said, seconds):
    assert retry_after(said, now=datetime(2026, 10, 21, 7, tzinfo=UTC)) == seconds
