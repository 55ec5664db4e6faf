"""Error reports leave the installation only where a DSN is set, and then without personal data."""

import gzip
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

from app.settings import ROOT

_SCRIPT = """
import sys
from app.error_reports import report_errors
from app.settings import Settings
report_errors(Settings(sentry_dsn=sys.argv[1], _env_file=None), process="web")
try:
    phone = "+84901234567"
    raise RuntimeError("the matter broke")
except RuntimeError as error:
    if sys.argv[1]:
        import sentry_sdk
        sentry_sdk.capture_exception(error)
        sentry_sdk.flush(5)
print("sentry_sdk" in sys.modules)
"""


class _Collector(BaseHTTPRequestHandler):
    got: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        self.got.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        return


def run(dsn: str) -> str:
    command = [sys.executable, "-c", _SCRIPT, dsn]
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=60, check=True).stdout.strip()


def test_without_a_dsn_the_reporter_is_not_even_loaded() -> None:
    assert run("") == "False"


def test_with_a_dsn_an_error_is_reported_without_the_values_it_stood_beside() -> None:
    server = HTTPServer(("127.0.0.1", 0), _Collector)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        run(f"http://key@127.0.0.1:{server.server_port}/1")
    finally:
        server.shutdown()
        server.server_close()

    bodies = [gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body for body in _Collector.got]
    assert any(b"the matter broke" in body for body in bodies)
    assert not any(b"84901234567" in body for body in bodies)
