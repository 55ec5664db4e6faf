"""A domestic SMS gateway for development and tests: `python -m tools.sms_gateway --help`.

It takes texts as docs/operate/sms-gateway.md says, prints them, tells how they were delivered, and sends its own.
"""

import argparse
import itertools
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from telephony.provider.gateway_signing import TIME_HEADER, digest

HEADER = "X-Hotline-Digest"
_TAKEN, _BUSY, _WRONG_SECRET, _NO_TEMPLATE, _TOO_LONG = 0, 10, 30, 22, 23


@dataclass
class Gateway:
    """One account of the gateway. `codes` are said to the next texts instead of "taken"."""

    secret: str
    hotline: str = ""
    templates: Sequence[str] = ()
    longest: int = 480
    reports: Sequence[str] = ()
    received: list[dict[str, Any]] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)
    ids: Any = field(default_factory=lambda: itertools.count(1))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, told: dict[str, Any]) -> dict[str, Any]:
        """A text that comes again under the same reference is the same text."""
        with self.lock:
            known = self.taken.get(str(told.get("reference")))
            if known:
                return {"code": _TAKEN, "id": known}
            code = self.codes.pop(0) if self.codes else self._judged(told)
            if code != _TAKEN:
                return {"code": code, "error": f"refused: {code}"}
            id = f"mt-{next(self.ids)}"
            self.taken[str(told.get("reference"))] = id
            self.received.append(told | {"id": id})
        for state in self.reports:
            self.tell(str(told["report_to"]), {"id": id, "state": state, "code": 0})
        return {"code": _TAKEN, "id": id}

    def _judged(self, told: dict[str, Any]) -> int:
        if len(str(told.get("text", ""))) > self.longest:
            return _TOO_LONG
        if self.templates and told.get("template") not in self.templates:
            return _NO_TEMPLATE
        return _TAKEN

    def text(self, sender: str, words: str, to: str = "1022") -> int:
        """Somebody writes to us."""
        told = {"id": f"mo-{next(self.ids)}-{time.time_ns()}", "from": sender, "to": to, "text": words}
        return self.tell(f"{self.hotline}/sms", told)

    def tell(self, url: str, told: dict[str, Any], *, secret: str = "") -> int:
        body, at = json.dumps(told).encode(), str(int(time.time()))
        headers = {"Content-Type": "application/json", TIME_HEADER: at}
        headers[HEADER] = digest(secret or self.secret, at, url, body)
        asked = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310  (of whoever started it)
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code


def serve(gateway: Gateway, port: int = 0) -> ThreadingHTTPServer:
    """Listening on loopback, not yet answering: call `serve_forever`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            url = f"http://127.0.0.1:{self.server.server_port}{self.path}"  # type: ignore[attr-defined]
            right = digest(gateway.secret, self.headers.get(TIME_HEADER, ""), url, body)
            if self.headers.get(HEADER) != right:
                return self._say(401, {"code": _WRONG_SECRET, "error": "wrong digest"})
            if self.path == "/account":
                return self._say(200, {"code": _TAKEN})
            return self._say(200, gateway.take(json.loads(body)))

        def _say(self, status: int, told: dict[str, Any]) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_: object) -> None:
            """What it takes is printed instead."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


class Printing(Gateway):
    """For people: says what it takes."""

    def take(self, told: dict[str, Any]) -> dict[str, Any]:
        given = super().take(told)
        print(f"{told.get('to')} <- {told.get('brand')} [{told.get('template', '-')}] {told.get('text')}  {given}")
        return given


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tools.sms_gateway")
    parser.add_argument("--port", type=int, default=8790)
    parser.add_argument("--secret", required=True, help="the token of the account")
    parser.add_argument("--hotline", required=True, metavar="URL", help="…/webhooks/<account> of the product")
    parser.add_argument("--text", metavar="WORDS", help="send one text from --from to the product, and end")
    parser.add_argument("--from", dest="sender", default="+84901234567")
    arguments = parser.parse_args()
    gateway = Printing(arguments.secret, arguments.hotline.rstrip("/"), reports=("sent", "delivered"))
    if arguments.text:
        status = gateway.text(arguments.sender, arguments.text)
        print(f"answered {status}")
        return 0 if status == 200 else 1
    print(f"Gateway at http://127.0.0.1:{arguments.port}; end with Ctrl-C.", file=sys.stderr)
    serve(gateway, arguments.port).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
