"""The four processes of a node: how each is started, and how those that outlived a killed supervisor are ended."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from app.engines.identity import die_with_parent
from app.settings import ROOT, Settings

MARK = "HOTLINE_SUPERVISED_DATA"
"""A variable every child of a supervisor carries: it names the data folder, so that orphans can be told."""

DEMONSTRATION = "demonstration"


def command_of(name: str, settings: Settings) -> list[str]:
    """The command line of `web`, `live`, `worker`, `scheduler`, or of the demonstration that is played behind them."""
    python = [sys.executable, "-m"]
    gunicorn = [*python, "gunicorn", "--no-control-socket", "--chdir", str(ROOT), "--graceful-timeout", "4"]
    commands = {
        "web": [
            *gunicorn, "--bind", _address(settings.host, settings.port), "--worker-class", "gthread",
            # Loaded once and forked: a worker that was killed is back at once, and the start needs half the time.
            "--preload", "--workers", "2", "--threads", "16", "--timeout", "60",
            "--config", "python:app.processes.web_workers", "app.processes.wsgi:application",
        ],
        "live": [
            *gunicorn, "--bind", _address(settings.host, settings.port + 1), "--worker-class", "gevent",
            "--workers", "1", "--worker-connections", "2000",
            "--config", "python:app.processes.masters", "app.processes.wsgi_live:application",
        ],
        "worker": [*python, "app.processes.worker"],
        "scheduler": [*python, "app.clockwork.scheduler"],
        DEMONSTRATION: [*python, "app.seeding.demonstrate"],
    }  # fmt: skip
    return commands[name]


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment that hands `settings` to a child, whatever `.env` or the caller's environment say."""
    handed = {
        "DATABASE_URL": settings.database_url,
        "OWNER_DATABASE_URL": settings.owner_database_url,
        "REDIS_URL": settings.redis_url,
        "HOST": settings.host,
        "PORT": str(settings.port),
        "DATA_DIR": str(settings.data_dir),
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_PREVIOUS": settings.secret_key_previous,
        "DEMO": str(settings.demo),
        "EMBEDDED": str(settings.embedded),
    }
    ours = {f"HOTLINE_{name}": value for name, value in handed.items()}
    return {**os.environ, **ours, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def spawn(name: str, settings: Settings, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
    """Start a process that writes to `log` and is told to stop (SIGTERM) should we die."""
    parent = os.getpid()
    with log.open("ab") as output:
        return subprocess.Popen(
            [*command_of(name, settings), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**environment_of(settings), MARK: str(settings.data_dir.resolve())},
            # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which then stops all in order.
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(signal.SIGTERM, parent=parent),  # noqa: PLW1509  (it takes no lock)
        )


def end_leftovers(data_dir: Path, *, patience_seconds: float) -> None:
    """End every process that a supervisor of this data folder has left behind, gently first."""
    deadline = time.monotonic() + patience_seconds
    told: set[int] = set()
    while pids := _marked(data_dir):
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                elif pid not in told:
                    told.add(pid)
                    os.kill(pid, signal.SIGTERM)
        time.sleep(0.05)


def _marked(data_dir: Path) -> list[int]:
    wanted = f"{MARK}={data_dir.resolve()}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found
