"""Start the embedded engines for one data folder, join those that already run there, and keep them alive."""

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from app.engines.folders import home_for, passwords_for, write_private
from app.engines.postgres import APP, OWNER, SUPERUSER, database_url, start_postgres
from app.engines.trouble import EngineTrouble
from app.engines.valkey import redis_url, start_valkey

START_WAIT_SECONDS = 120
# With the children before them, everything ends within ten seconds; a killed engine recovers at its next start.
ENGINE_STOP_PATIENCE_SECONDS = 3.5


@dataclass
class Engines:
    """Running engines. One that joined somebody else's engines has no processes, and stops nothing."""

    database_url: str
    """The application's role; like the others below empty when that engine was not asked for."""
    owner_database_url: str
    superuser_database_url: str
    redis_url: str
    data_dir: Path
    bin_dir: Path
    """PostgreSQL's own tools of the same version (`pg_dump`, `psql` …)."""
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _starters: dict[str, Callable[[], subprocess.Popen[bytes]]] = field(default_factory=dict)
    _sockets: Path = field(default_factory=Path)
    _lock: int | None = None

    @property
    def pids(self) -> dict[str, int]:
        """The server processes we own, by engine."""
        return {name: process.pid for name, process in self._processes.items()}

    def revive(self) -> list[str]:
        """Start again whatever died, and name it. Recovery from the log makes this safe after any kill."""
        dead = [name for name, process in self._processes.items() if process.poll() is not None]
        for name in dead:
            self._processes[name] = self._starters[name]()
        if dead:
            self._record()
        return dead

    def stop(self) -> None:
        """Stop the engines we own; harmless when called twice."""
        for name, process in self._processes.items():
            process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
        deadline = time.monotonic() + ENGINE_STOP_PATIENCE_SECONDS
        for process in self._processes.values():
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        if self._lock is not None:
            _record_of(self.data_dir).unlink(missing_ok=True)
            with suppress(OSError):
                self._sockets.rmdir()
            os.close(self._lock)
            self._lock = None

    def _record(self) -> None:
        """Leave a note for `join`, and for an operator who looks for the processes."""
        note = {
            "supervisor": os.getpid(),
            "pids": self.pids,
            "database_url": self.database_url,
            "owner_database_url": self.owner_database_url,
            "superuser_database_url": self.superuser_database_url,
            "redis_url": self.redis_url,
            "bin_dir": str(self.bin_dir),
        }
        write_private(_record_of(self.data_dir), json.dumps(note))


def start_engines(data_dir: Path, *, postgres: bool = True, valkey: bool = True) -> Engines:
    """Start PostgreSQL and Valkey on `data_dir`, or join the ones another living process has started there.

    Orphans of a supervisor that was killed are ended first. Raises EngineTrouble with a sentence for the terminal.
    """
    data_dir = data_dir.resolve()
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(data_dir / "engines.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EngineTrouble(
            f"The data folder {data_dir} cannot be written ({error.strerror}). Choose another with --data, or run as "
            "the user it belongs to."
        ) from error
    deadline = time.monotonic() + START_WAIT_SECONDS
    while time.monotonic() < deadline:
        if _locked(lock):
            try:
                return _start(data_dir, lock, postgres=postgres, valkey=valkey)
            except BaseException:
                os.close(lock)
                raise
        if joined := _join(data_dir):
            os.close(lock)
            return joined
        time.sleep(0.1)
    os.close(lock)
    raise EngineTrouble(f"Another process has been starting the engines in {data_dir} for two minutes. Look at it.")


def running_engines(data_dir: Path) -> Engines | None:
    """Join the engines another living process has started on `data_dir`; None when there is none."""
    data_dir = data_dir.resolve()
    try:
        lock = os.open(data_dir / "engines.lock", os.O_RDWR)
    except OSError:
        return None
    try:
        return None if _locked(lock) else _join(data_dir)
    finally:
        os.close(lock)


def _start(data_dir: Path, lock: int, *, postgres: bool, valkey: bool) -> Engines:
    _record_of(data_dir).unlink(missing_ok=True)
    home, passwords = home_for(data_dir), passwords_for(data_dir)
    starters: dict[str, Callable[[], subprocess.Popen[bytes]]] = {}
    if postgres:
        starters["postgres"] = lambda: start_postgres(home, passwords)
    if valkey:
        starters["valkey"] = lambda: start_valkey(home, passwords)
    engines = Engines(
        database_url=database_url(home, APP, passwords.app) if postgres else "",
        owner_database_url=database_url(home, OWNER, passwords.owner) if postgres else "",
        superuser_database_url=database_url(home, SUPERUSER, passwords.superuser) if postgres else "",
        redis_url=redis_url(home, passwords) if valkey else "",
        data_dir=data_dir,
        bin_dir=home.binaries.postgres_bin,
        _starters=starters,
        _sockets=home.sockets,
    )
    try:
        for name, start in starters.items():
            engines._processes[name] = start()
    except BaseException:
        engines.stop()
        raise
    engines._lock = lock
    engines._record()
    return engines


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _join(data_dir: Path) -> Engines | None:
    try:
        note = json.loads(_record_of(data_dir).read_text())
    except (OSError, ValueError):
        return None
    return Engines(
        database_url=note["database_url"],
        owner_database_url=note["owner_database_url"],
        superuser_database_url=note["superuser_database_url"],
        redis_url=note["redis_url"],
        data_dir=data_dir,
        bin_dir=Path(note["bin_dir"]),
    )


def _record_of(data_dir: Path) -> Path:
    return data_dir / "engines.json"
