"""A web process as production runs it, for benchmarks that measure over HTTP."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from app.bench.measure import MeasuredNothing, processor_of
from app.engines.identity import die_with_parent
from app.processes.commands import environment_of
from app.settings import ROOT, Settings

START_SECONDS = 30.0


@contextmanager
def web_process(
    settings: Settings, *, application: str = "app.processes.wsgi:application", path: str = "/health/live"
) -> Iterator[str]:
    """gunicorn with the workers and threads of `./hotline up`; yields its address once it answers.

    Raises MeasuredNothing when somebody else has the port: their answers would be measured for ours.
    """
    with counted_web_process(settings, application=application, path=path) as (address, _):
        yield address


@contextmanager
def counted_web_process(
    settings: Settings, *, application: str = "app.processes.wsgi:application", path: str = "/health/live"
) -> Iterator[tuple[str, Callable[[], float]]]:
    """As `web_process`, and beside the address who tells how many seconds of processor its workers have used."""
    _refuse_taken(settings.port)
    address = f"127.0.0.1:{settings.port}"
    command = [
        sys.executable, "-m", "gunicorn", "--no-control-socket", "--chdir", str(ROOT), "--bind", address,
        "--worker-class", "gthread", "--preload", "--workers", "2", "--threads", "16", "--timeout", "60",
        "--keep-alive", "30", application,
    ]  # fmt: skip
    parent = os.getpid()
    process = subprocess.Popen(
        command,
        env=environment_of(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: die_with_parent(signal.SIGTERM, parent=parent),  # noqa: PLW1509  (it takes no lock)
    )
    try:
        _wait(f"http://{address}{path}", process)
        yield f"http://{address}", lambda: sum(processor_of(worker) for worker in _workers(process.pid))
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()


def _workers(master: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        # As gunicorn binds: an ended server's last connections do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as taken:
            raise MeasuredNothing(f"port {port} is taken ({taken.strerror}); choose another with --port") from None


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the web process ended with {process.returncode}")
        with suppress(requests.RequestException):
            if requests.get(url, timeout=2).status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError("the web process did not answer")
