"""`./hotline up`: everything on one machine, from an empty folder to sign-in links."""

import argparse
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.cli.commands import CommandRefused, Commands
from app.cli.terminal import Signals, Voice, stop_by_signal
from app.cli.up_waiting import Backlog, Readiness, wait_until_it_serves
from app.engines import start_engines
from app.engines.connected import running_up, with_engines
from app.engines.folders import write_private
from app.processes.commands import DEMONSTRATION, end_leftovers
from app.processes.supervisor import Child, Supervisor
from app.settings import Settings, load_settings
from app.storage import backlog_note, play_progress


def register(commands: Commands) -> None:
    """Add `up`."""
    parser = commands.add_parser("up", help="prepare everything and run it until Ctrl-C")
    parser.add_argument("--port", type=int, help="web on this port (8000), live updates on the next")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--data", metavar="DIR", help="folder for engines, secrets and media (.hotline)")
    parser.add_argument("--no-demo", action="store_true", help="no demonstration data; one link for the administrator")
    parser.add_argument("--tickets", type=int, metavar="N", help="at least so many demonstration tickets, loaded first")
    parser.add_argument("--json", action="store_true", help="print one JSON line when ready")
    parser.set_defaults(repeatable=False, run=run)


def run(arguments: argparse.Namespace) -> int:
    """Start, say where it is, and keep it running; returns after a signal."""
    settings = _settings(arguments)
    say = Voice(arguments.json)
    with _only_one(settings.data_dir), stop_by_signal() as signals:
        _note_of(settings).unlink(missing_ok=True)
        play_progress.forget(settings.data_dir)
        backlog_note.forget(settings.data_dir)
        end_leftovers(settings.data_dir, patience_seconds=5)
        _refuse_busy_ports(settings)
        supervisor = Supervisor(settings, engines=None, say=say.aside)
        try:
            to_play = _prepare(supervisor, arguments, say)
            signals.ask_only()
            backlog = _start_and_announce(supervisor, say, signals, to_play=to_play)
            _keep_running(supervisor, say, signals, backlog)
        except KeyboardInterrupt:
            pass
        finally:
            signals.ignore()
            say.aside("Stopping …")
            supervisor.stop()
            _note_of(settings).unlink(missing_ok=True)
            play_progress.forget(settings.data_dir)
            backlog_note.forget(settings.data_dir)
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


def _prepare(supervisor: Supervisor, arguments: argparse.Namespace, say: Voice) -> bool:
    """Engines, pages, data; whether the demonstration is still to be played behind them."""
    settings = supervisor.settings
    if not (settings.database_url and settings.redis_url):
        say.aside("Starting the embedded engines …")
        engines = start_engines(settings.data_dir, postgres=not settings.database_url, valkey=not settings.redis_url)
        supervisor.engines = engines
        settings = with_engines(settings, engines)
        supervisor.settings = settings

    # They need the database only once they are asked, and load while it is brought up to date.
    supervisor.start("web", "live")

    from app.cli.up_data import bring_up_to_date
    from app.seeding import prepare

    say.aside("Bringing the database up to date …")
    bring_up_to_date(settings, say=say.aside)
    to_play = settings.demo and prepare.needs_playing(settings)
    if settings.demo and arguments.tickets:
        _play_first(supervisor, str(arguments.tickets), say)
        return False
    if to_play:
        # The very first page says already that more is coming.
        play_progress.note(settings.data_dir, play_progress.PlayProgress(0))
    return to_play


def _play_first(supervisor: Supervisor, tickets: str, say: Voice) -> None:
    """With a volume to copy, which wants the database for itself, the other processes wait for it."""
    say.aside(f"Loading the demonstration with {int(tickets):,} tickets, before anybody works beside it …")
    child = supervisor.start_once(DEMONSTRATION, tickets)
    follower = _Follower(supervisor, say, child=child)
    while child in supervisor.children:
        supervisor.tick()
        follower.tell()
        time.sleep(0.2)
    if child.status:
        raise CommandRefused(f"The demonstration could not be loaded: {child.last_words()}\nIts log is {child.log}.")


def _start_and_announce(supervisor: Supervisor, say: Voice, signals: Signals, *, to_play: bool) -> Backlog:
    from app.accounts import demo_links

    settings = supervisor.settings
    say.aside("Starting web, live, worker and scheduler …")
    supervisor.start("worker", "scheduler")
    answer = wait_until_it_serves(supervisor, asked_to_stop=lambda: signals.asked)
    if signals.asked:
        return Backlog(settings, say.aside, answer=Readiness({}))
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
    backlog = Backlog(settings, say.aside, answer=answer)
    if to_play:
        say.aside("The demonstration is being loaded behind the pages; every page says how far it is.")
        supervisor.start_once(DEMONSTRATION)
    return backlog


def _keep_running(supervisor: Supervisor, say: Voice, signals: Signals, backlog: Backlog) -> None:
    noted = supervisor.pids
    follower = _Follower(supervisor, say)
    while not signals.asked:
        time.sleep(0.2)
        supervisor.tick()
        follower.tell()
        backlog.look()
        if supervisor.pids != noted:
            # The note stays true after a restart, for operators and for tests that kill processes.
            noted = supervisor.pids
            path = _note_of(supervisor.settings)
            write_private(path, json.dumps({**json.loads(path.read_text()), "pids": noted}))


class _Follower:
    """Says in the terminal how far the demonstration is: every tenth of it, and each line of a copy."""

    def __init__(self, supervisor: Supervisor, say: Voice, *, child: Child | None = None) -> None:
        self._data_dir, self._say, self._child = supervisor.settings.data_dir, say, child
        self._tenth, self._line = 0, ""

    def tell(self) -> None:
        progress = play_progress.noted(self._data_dir)
        if progress is not None and progress.percent // 10 > self._tenth:
            self._tenth = progress.percent // 10
            self._say.aside(f"  … demonstration: {self._tenth * 10} %")
        if self._child is not None and "tickets added" in (line := self._child.last_words()) and line != self._line:
            self._line = line
            self._say.aside(f"  … {line}")


def _note_of(settings: Settings) -> Path:
    return settings.data_dir / "up.json"
