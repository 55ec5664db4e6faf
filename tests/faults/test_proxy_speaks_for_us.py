"""G9: no process of ours answers, and the caller still hears a voice: by nginx and by HAProxy as `deploy/` has them."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.cli.fallback_document import HALVES, PAGE, PROBLEM, documents
from app.cli.fallback_document import run as print_documents
from app.settings import ROOT

Answer = tuple[int, str, str]
NGINX = ROOT / "deploy" / "nginx" / "hotline.conf"
HAPROXY = ROOT / "deploy" / "haproxy" / "haproxy.cfg"
SPOKEN = ("voice", "menu", "place", "queue", "dial", "voicemail", "callback", "fallback", "hold", "a-later-step")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that `fallback-document --into` fills."""
    monkeypatch.setenv("HOTLINE_PUBLIC_BASE_URL", "https://hotline.example.gov.vn")
    monkeypatch.setenv("HOTLINE_SECRET_KEY", "a-test-key-of-sufficient-length-0123456789abcdef")
    monkeypatch.setenv("HOTLINE_DATABASE_URL", "postgresql://nobody@127.0.0.1/none")
    monkeypatch.setenv("HOTLINE_OWNER_DATABASE_URL", "postgresql://owner@127.0.0.1/none")
    monkeypatch.setenv("HOTLINE_CITY_LINE", "+842838000000")
    monkeypatch.setenv("HOTLINE_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("HOTLINE_TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    monkeypatch.setenv("HOTLINE_TWILIO_AUTH_TOKEN", "0" * 32)
    monkeypatch.setenv("HOTLINE_TWILIO_DECISION", "12/QĐ-UBND")
    folder = tmp_path / "fallback"
    parsed = {"data": str(tmp_path), "account": None, "thanks_url": None, "thanks": False, "into": str(folder)}
    assert print_documents(type("Arguments", (), parsed)()) == 0
    return folder


Started = Callable[..., int]
"""Web port, live port, patience with an answer to the provider (1s) → the port on which the proxy listens."""


@pytest.fixture(params=["nginx", "haproxy"])
def proxy(request: pytest.FixtureRequest, halves: Path, tmp_path: Path) -> Iterator[Started]:
    """Either proxy with its shipped configuration, but for addresses, certificates and patience."""
    program = shutil.which(request.param) or shutil.which(f"/usr/sbin/{request.param}")
    if program is None:
        pytest.skip(f"{request.param} is not installed")
    running: list[subprocess.Popen[bytes]] = []

    def start(web: int, live: int, patience: str = "1s") -> int:
        port = free_port()
        config = tmp_path / f"{request.param}.conf"
        made = of_nginx if request.param == "nginx" else of_haproxy
        shipped = made(web, live, port, halves, tmp_path)
        assert " 8s" in shipped
        config.write_text(
            shipped.replace(" 8s", f" {patience}").replace("inter 2s fall 5", f"inter {patience}"), "utf-8"
        )
        arguments = ["-c", str(config)] if request.param == "nginx" else ["-f", str(config)]
        running.append(subprocess.Popen([program, *arguments]))
        wait_for(port)
        return port

    yield start
    for process in running:
        process.terminate()
        process.wait(20)


def of_nginx(web: int, live: int, port: int, halves: Path, folder: Path) -> str:
    shipped = NGINX.read_text("utf-8")
    plain = re.sub(r"server \{\n    listen 80;.*?\n\}\n", "", shipped, count=1, flags=re.DOTALL)
    plain = re.sub(r"    listen \[::\]:443[^\n]*\n|    ssl_[^\n]*\n", "", plain)
    plain = plain.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port};")
    return (
        # The workers may read a folder of ours only as whom we are; an installation's is readable for all.
        f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; pid {folder}/pid;\n"
        f"error_log {folder}/errors.log; events {{ }}\n"
        f"http {{ client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;\n"
        f"uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        + moved(plain, web, live, halves).replace("/var/log/nginx", str(folder))
        + "}\n"
    )


def of_haproxy(web: int, live: int, port: int, halves: Path, _folder: Path) -> str:
    # It can become another user only where root starts it.
    left_out = r"    bind :443[^\n]*\n|    http-request redirect scheme[^\n]*\n|    (?:user|group) haproxy\n"
    shipped = re.sub(left_out, "", HAPROXY.read_text("utf-8"))
    return moved(shipped, web, live, halves).replace("bind :80", f"bind 127.0.0.1:{port}")


def moved(config: str, web: int, live: int, halves: Path) -> str:
    for old, new in (("127.0.0.1:8000", f"127.0.0.1:{web}"), ("127.0.0.1:8001", f"127.0.0.1:{live}")):
        assert old in config
        config = config.replace(old, new)
    return config.replace("/etc/hotline/fallback", str(halves))


def wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the proxy did not start")


def ask(port: int, path: str, *, data: bytes | None = None) -> Answer:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers.get("Content-Type", ""), refused.read().decode()


@pytest.fixture
def hung() -> Iterator[int]:
    """A web process that takes connections and says nothing."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        yield int(silent.getsockname()[1])


@pytest.fixture
def well() -> Iterator[int]:
    """A process that answers every request with what it was asked, and with its headers."""

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = f"{self.path} {self.rfile.read(length).decode()} {dict(self.headers)}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("fault", ["dead", "hung"])
def test_a_caller_hears_the_fail_safe_document_whatever_is_broken_behind_the_proxy(
    proxy: Started, hung: int, fault: str
) -> None:
    first, thanks = documents(None, None, None)
    port = proxy(hung if fault == "hung" else free_port(), free_port())
    steps = SPOKEN if fault == "dead" else SPOKEN[:2]

    for step in steps:
        answers = [ask(port, f"/webhooks/twilio/{step}?turn=3", data=b"CallSid=CA1"), ask(port, f"/webhooks/x/{step}")]
        for status, kind, body in answers:
            assert (status, body) == (200, first), step
            assert kind.startswith("text/xml"), step
    status, _kind, body = ask(port, "/webhooks/twilio/failsafe-thanks", data=b"RecordingUrl=x")

    assert (status, body) == (200, thanks)


def test_what_nobody_hears_stays_a_fault_and_people_and_programs_are_told_what_to_do(proxy: Started) -> None:
    port = proxy(free_port(), free_port())

    told = [ask(port, f"/webhooks/twilio/{kind}", data=b"x=1")[0] for kind in ("status", "recording", "sms")]
    page, sent, api = ask(port, "/"), ask(port, "/", data=b"words=x"), ask(port, "/api/v1/tickets", data=b"{}")

    assert all(status in (502, 503, 504) for status in told)
    assert {status for status, _kind, _body in (page, sent, api)} == {503}
    for _status, kind, body in (page, sent):
        assert kind.startswith("text/html")
        assert "Trang này tạm thời chưa mở được" in body
        assert "it counts once" in body
        assert "028 3800 0000" in body
    assert api[1] == "application/problem+json"
    assert json.loads(api[2])["status"] == 503


def test_a_process_that_is_well_is_asked_and_learns_who_asks(proxy: Started, well: int) -> None:
    port = proxy(well, well)
    time.sleep(3)  # HAProxy asks twice after its health before it trusts a server that was just started

    status, _kind, body = ask(port, "/webhooks/twilio/menu?turn=2", data=b"Digits=1")
    live = ask(port, "/live")

    assert status == 200
    assert body.startswith("/webhooks/twilio/menu?turn=2 Digits=1")
    assert "'X-Forwarded-For': '127.0.0.1'" in re.sub("x-forwarded-for", "X-Forwarded-For", body)
    assert re.search(r"'x-request-id': '[0-9A-Za-z]{8,}", body, re.IGNORECASE)
    assert live[2].startswith("/live")


def test_figures_are_for_this_machine_alone(proxy: Started, well: int) -> None:
    shipped = {"nginx": NGINX.read_text("utf-8"), "haproxy": HAPROXY.read_text("utf-8")}

    assert "allow 127.0.0.1;" in shipped["nginx"]
    assert "deny all;" in shipped["nginx"]
    assert "deny_status 403 if { path /metrics } !{ src 127.0.0.1 ::1 }" in shipped["haproxy"]
    assert ask(proxy(well, well), "/metrics")[0] in (200, 503)


def test_what_is_heard_and_what_is_read_is_written_for_either_proxy(halves: Path) -> None:
    names = {path.name for path in halves.iterdir()}

    own = {f"{name}.xml" for name in HALVES} | {f"{PAGE}.html", f"{PROBLEM}.json"}
    assert names == own | {f"{name}.http" for name in (*HALVES, PAGE, PROBLEM)}
