"""A telephone provider's REST side on loopback: only the wire is fake. It can misbehave as the real one does."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class FakeCarrier:
    """What was received, and how to answer: `answers` are used up one by one, then 201."""

    url: str = ""
    received: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    # (HTTP status, Twilio error code)
    answers: list[tuple[int, int]] = field(default_factory=list)
    delay_seconds: float = 0.0
    # Said with every refusal, as a real one asks for patience.
    retry_after: str = ""
    # Accept the message, then break the connection before answering.
    reset_after_accept: int = 0
    # A text that holds these words is never taken, for a reason that may pass.
    refuses: str = ""
    # Its lists cannot be had; how often they were asked for.
    lists_nothing: bool = False
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def bodies(self) -> list[str]:
        return [message.get("Body", "") for message in self.received]


@contextmanager
def fake_carrier(port: int = 0) -> Iterator[FakeCarrier]:
    """Serve until the block ends."""
    carrier = FakeCarrier()
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(carrier))
    carrier.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield carrier
    finally:
        server.shutdown()
        server.server_close()


def _arrived(handler: BaseHTTPRequestHandler) -> dict[str, str]:
    """The fields; raises ConnectionAbortedError where whoever sent them was killed in the middle."""
    length = int(handler.headers.get("Content-Length", 0))
    body = handler.rfile.read(length)
    if len(body) < length:
        raise ConnectionAbortedError
    return {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}


def _handler(carrier: FakeCarrier) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = _arrived(self)
            time.sleep(carrier.delay_seconds)
            with carrier.lock:
                status, code = carrier.answers.pop(0) if carrier.answers else (201, 0)
                if carrier.refuses and carrier.refuses in form.get("Body", ""):
                    status, code = 503, 20503
                if status < 400:
                    carrier.received.append(form)
                    carrier.paths.append(self.path)
                number = len(carrier.received)
                resets = carrier.reset_after_accept > 0
                carrier.reset_after_accept -= resets
            if resets:
                self.connection.close()
                return
            self._answer(status, _body(status, code, form, number))

        def do_GET(self) -> None:
            """The texts or calls it has taken for a phone, as a real one lists them."""
            query = parse_qs(urlsplit(self.path).query)
            with carrier.lock:
                carrier.asked += 1
                if carrier.lists_nothing:
                    self._answer(503, _body(503, 20503, {}, 0))
                    return
                self._answer(200, {**_list_of(carrier, self.path, query), "next_page_uri": None})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            encoded = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if status >= 400 and carrier.retry_after:
                self.send_header("Retry-After", carrier.retry_after)
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *_: object) -> None:
            return

    return Handler


def _body(status: int, code: int, form: dict[str, str], number: int) -> dict[str, Any]:
    if status >= 400:
        return {"status": status, "code": code, "message": "refused", "more_info": ""}
    return {"sid": f"SM{number:032}", "status": "queued", "to": form.get("To"), "body": form.get("Body")}


def _list_of(carrier: FakeCarrier, path: str, query: dict[str, list[str]]) -> dict[str, Any]:
    """Every room runs that is asked for."""
    if "/Conferences" in path:
        room = {"sid": f"CF{7:032}", "friendly_name": query["FriendlyName"][0], "status": "in-progress"}
        return {"conferences": [room]}
    kind, mark = ("calls", "Twiml") if "/Calls" in path else ("messages", "Body")
    taken = [_listed(number, form) for number, form in enumerate(carrier.received, 1) if mark in form]
    return {kind: [one for one in taken if one["to"] in query.get("To", [one["to"]])]}


def _listed(number: int, form: dict[str, str]) -> dict[str, Any]:
    told = {"sid": f"SM{number:032}", "status": "sent", "direction": "outbound-api"}
    return {**told, "to": form.get("To"), "from": form.get("From"), "body": form.get("Body")}
