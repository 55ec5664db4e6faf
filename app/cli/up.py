"""`./hotline up`: everything on one machine, from an empty folder to sign-in links."""

import argparse
import fcntl
import json
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.cli.commands import CommandRefused, Commands
from app.cli.terminal import Signals, Voice, stop_by_signal
from app.engines import start_engines
from app.engines.connected import running_up, with_engines
from app.engines.folders import write_private
from app.processes.commands import end_leftovers
from app.processes.supervisor import Supervisor
from app.settings import Settings, load_settings

READY_WITHIN_SECONDS = 90
HOPELESS_AFTER_CRASHES = 3


def register(commands: Commands) -> None:
    """Add `up`."""
    parser = commands.add_parser("up", help="prepare everything and run it until Ctrl-C")
    parser.add_argument("--port", type=int, help="web on this port (8000), live updates on the next")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--data", metavar="DIR", help="folder for engines, secrets and media (.hotline)")
    parser.add_argument("--no-demo", action="store_true", help="no demonstration data; one link for the administrator")
    parser.add_argument("--tickets", type=int, metavar="N", help="how many demonstration tickets to load")
    parser.add_argument("--json", action="store_true", help="print one JSON line when ready")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Start, say where it is, and keep it running; returns after a signal."""
    settings = _settings(arguments)
    say = Voice(arguments.json)
    with _only_one(settings.data_dir), stop_by_signal() as signals:
        _note_of(settings).unlink(missing_ok=True)
        end_leftovers(settings.data_dir, patience_seconds=5)
        _refuse_busy_ports(settings)
        supervisor = Supervisor(settings, engines=None, say=say.aside)
        try:
            _prepare(supervisor, arguments, say)
            signals.ask_only()
            _start_and_announce(supervisor, say, signals)
            _keep_running(supervisor, signals)
        except KeyboardInterrupt:
            pass
        finally:
            signals.ignore()
            say.aside("Stopping …")
            supervisor.stop()
            _note_of(settings).unlink(missing_ok=True)
    return 0


def _settings(arguments: argparse.Namespace) -> Settings:
    given = {
        "port": arguments.port,
        "host": arguments.host,
        "data_dir": Path(arguments.data).absolute() if arguments.data else None,
        "demo": not arguments.no_demo,
    }
    return load_settings(**{name: value for name, value in given.items() if value is not None})


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Hold the lock of this data folder; the kernel frees it however we end."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data_dir / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CommandRefused(
            f"The data folder {data_dir} cannot be written ({error.strerror}). Choose another with --data, or run as "
            "the user it belongs to."
        ) from error
    if not _locked(descriptor):
        os.close(descriptor)
        where = f" at {note['url']} (process {note['pid']})" if (note := running_up(data_dir)) else ""
        raise CommandRefused(
            f"Hotline already runs on the data in {data_dir}{where}. Stop it first, or choose another folder with "
            "--data and another --port."
        )
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    # Other commands look at the lock for an instant to learn whether we run, hence the second look.
    for pause_seconds in (0.3, 0.3, 0.0):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(pause_seconds)
    return False


def _refuse_busy_ports(settings: Settings) -> None:
    for port in (settings.port, settings.port + 1):
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError as error:
                raise CommandRefused(
                    f"Hotline cannot listen on {settings.host} port {port} ({error.strerror}). Choose another pair of "
                    f"ports: ./hotline up --port {settings.port + 10}"
                ) from None


def _prepare(supervisor: Supervisor, arguments: argparse.Namespace, say: Voice) -> None:
    settings = supervisor.settings
    if not (settings.database_url and settings.redis_url):
        say.aside("Starting the embedded engines …")
        engines = start_engines(settings.data_dir, postgres=not settings.database_url, valkey=not settings.redis_url)
        supervisor.engines = engines
        settings = with_engines(settings, engines)
        supervisor.settings = settings

    # They need the database only once they are asked, and load while it is brought up to date.
    supervisor.start("web", "live")

    from app import seeding
    from app.storage import database

    say.aside("Bringing the database up to date …")
    try:
        database.migrate(settings.migrations_url, settings.database_url)
        engine = database.make_engine(settings.database_url, pool_size=1)
        database.refuse_unsafe(engine)
        if settings.production:
            database.refuse_demonstration(engine)
        engine.dispose()
    except database.UnsafeDatabase as unsafe:
        raise CommandRefused(str(unsafe)) from None
    seeding.prepare(settings, demo=settings.demo, tickets=arguments.tickets, progress=say.aside)


def _start_and_announce(supervisor: Supervisor, say: Voice, signals: Signals) -> None:
    from app.accounts import demo_links

    settings = supervisor.settings
    say.aside("Starting web, live, worker and scheduler …")
    supervisor.start("worker", "scheduler")
    _wait_until_ready(supervisor, signals)
    if signals.asked:
        return
    note = {
        "url": settings.base_url,
        "live_url": settings.live_base_url,
        "pid": os.getpid(),
        "data": str(settings.data_dir),
        "links": demo_links.make(settings),
        "host": settings.host,
        "port": settings.port,
        "demo": settings.demo,
        "pids": supervisor.pids,
    }
    write_private(_note_of(settings), json.dumps(note))
    say.ready(note)


def _keep_running(supervisor: Supervisor, signals: Signals) -> None:
    noted = supervisor.pids
    while not signals.asked:
        time.sleep(0.2)
        supervisor.tick()
        if supervisor.pids != noted:
            # The note stays true after a restart, for operators and for tests that kill processes.
            noted = supervisor.pids
            path = _note_of(supervisor.settings)
            write_private(path, json.dumps({**json.loads(path.read_text()), "pids": noted}))


def _note_of(settings: Settings) -> Path:
    return settings.data_dir / "up.json"


def _wait_until_ready(supervisor: Supervisor, signals: Signals) -> None:
    settings = supervisor.settings
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)
    shown = f"[{host}]" if ":" in host else host
    waiting = [f"http://{shown}:{settings.port}/health/ready", f"http://{shown}:{settings.port + 1}/health/live"]
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    last = "no answer"
    while waiting and not signals.asked:
        supervisor.tick()
        last = _trouble_at(waiting[0])
        if not last:
            waiting.pop(0)
            continue
        if broken := next((child for child in supervisor.children if child.crashes >= HOPELESS_AFTER_CRASHES), None):
            raise CommandRefused(f"{broken.name} cannot start: {broken.last_words()}\nIts log is {broken.log}.")
        if time.monotonic() > deadline:
            raise CommandRefused(
                f"{waiting[0]} was not ready within {READY_WITHIN_SECONDS} s ({last}). The logs are in "
                f"{settings.data_dir / 'logs'}."
            )
        time.sleep(0.05)


def _trouble_at(address: str) -> str:
    try:
        # No proxy: the address is this machine's, whatever http_proxy says.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(address, timeout=3):
            return ""
    except urllib.error.HTTPError as error:
        return f"{error.code}: {error.read(500).decode(errors='replace')}"
    except OSError as error:
        return str(error)
