"""A real server of S3-compatible storage (rclone, from PyPI) on loopback, and servers that behave badly."""

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from app.settings import Settings
from tests.faults.nodes import wait_until

ACCESS_KEY, SECRET_KEY, BUCKET = "city-key", "city-secret-of-the-store", "city-media"


def with_bucket(settings: Settings, endpoint: str, *, secret_key: str = SECRET_KEY) -> Settings:
    """The same installation with its media in the bucket, below a prefix."""
    return settings.model_copy(
        update={
            "media_url": f"s3://{BUCKET}/hotline",
            "media_endpoint": endpoint,
            "media_access_key": ACCESS_KEY,
            "media_secret_key": secret_key,
        }
    )


@contextmanager
def object_server(folder: Path) -> Iterator[str]:
    """Its address; what it keeps lies as files below `folder`."""
    (folder / BUCKET).mkdir(parents=True)
    program = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    assert program, "rclone is missing: install requirements-dev.txt"
    port = free_port()
    process = subprocess.Popen(
        [
            program, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}",
            "--config", "/dev/null", str(folder),
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert wait_until(lambda: answers(port), seconds=60)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def broken_server(status: int) -> Iterator[str]:
    """Answers everything with this status, and with 0 says nothing at all."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            if not status:
                ended.wait(60)
                return
            body = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>" if status == 403 else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = answer

        def log_message(self, *_: object) -> None:
            pass

    ended = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
