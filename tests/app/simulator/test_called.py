"""Whoever the hotline calls presses one key after the other, each as the answer to what is said then."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

from app.simulator.called import press
from telephony.provider.account import ProviderAccount, ProviderKind
from tests.faults.nodes import wait_until

ASKS = "<Response><Gather action='{url}'><Say>…</Say></Gather></Response>"


@contextmanager
def listening(pressed: list[str]) -> Iterator[str]:
    """A web process that says everything again after 0, and has nothing to ask after any other key."""

    class Web(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            pressed.extend(form["Digits"])
            said = ASKS.format(url=url) if form["Digits"] == ["0"] else "<Response><Say>…</Say></Response>"
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_said: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Web) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield url
        server.shutdown()


def test_every_key_is_heard_until_nothing_is_asked_any_more() -> None:
    account = ProviderAccount("sim", ProviderKind.TWILIO, "AC0", "a-token")
    pressed: list[str] = []
    with listening(pressed) as url:
        call = {"sid": "CA1", "from": "+842812345678", "to": "+84901234567", "twiml": ASKS.format(url=url)}

        press(account, call, keys=("0", "2", "1"))

        assert wait_until(lambda: len(pressed) == 2)
        assert not wait_until(lambda: len(pressed) > 2, seconds=1.5)
    assert pressed == ["0", "2"]
