"""Whether events reach us from outside is asked at our own address, and nowhere that it may lead to."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.cli.public_address import signed_round_trip


@pytest.fixture
def proxy():
    """A real server at our address that sends everybody elsewhere or answers 200, and notes what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer()

        def _answer(self):
            self.server.seen.append(self.path)
            sends_away = self.path.startswith("/webhooks/") and not self.server.speaks_for_us
            self.send_response(302 if sends_away else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        do_GET = _answer

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.seen = []
    server.speaks_for_us = False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_an_address_that_sends_providers_elsewhere_is_named_and_our_signature_is_not_carried_there(settings, proxy):
    here = settings.model_copy(update={"public_base_url": f"http://127.0.0.1:{proxy.server_port}"})

    found = signed_round_trip(here)

    assert found.verdict == "failed"
    assert "answered 302 to a genuine" in found.words
    assert "/elsewhere" not in proxy.seen


def test_a_proxy_that_speaks_the_fail_safe_document_for_us_is_told_from_one_that_spoils_the_address(settings, proxy):
    here = settings.model_copy(update={"public_base_url": f"http://127.0.0.1:{proxy.server_port}"})
    proxy.speaks_for_us = True

    found = signed_round_trip(here)

    assert found.verdict == "failed"
    assert "while no ./hotline web runs" in found.words
