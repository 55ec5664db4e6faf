"""Keeps the four processes and the embedded engines alive until told to stop, then ends all of them."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from app.engines import Engines, EngineTrouble
from app.processes.commands import end_leftovers, spawn
from app.settings import Settings

LONGEST_PAUSE_SECONDS = 30.0
MOST_TRIES = 3
STEADY_AFTER_SECONDS = 60.0
STOP_PATIENCE_SECONDS = 5.0
LARGEST_LOG_BYTES = 50_000_000


@dataclass
class Child:
    """One process and the record of its crashes."""

    name: str
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    crashes: int = 0
    next_start_at: float = 0.0
    arguments: tuple[str, ...] = ()
    ends: bool = False
    """Whether its end is the end of its work, not a crash; `status` is then its exit code."""
    status: int | None = None

    def pause_seconds(self) -> float:
        """How long to wait before the next start: it doubles with every crash in a row."""
        return min(LONGEST_PAUSE_SECONDS, 0.25 * float(2**self.crashes))

    def last_words(self) -> str:
        """The last line of its log, which for a crash names the reason."""
        with suppress(OSError):
            for line in reversed(self.log.read_text(errors="replace").splitlines()[-20:]):
                if line.strip():
                    return line.strip()
        return "it left no word"


@dataclass
class Supervisor:
    """`say` receives one sentence per event, for the terminal."""

    settings: Settings
    engines: Engines | None
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    stopping: bool = False

    def start(self, *names: str) -> None:
        """Start processes by name; they find their own way to the engines."""
        logs = self.settings.data_dir / "logs"
        logs.mkdir(exist_ok=True)
        for name in names:
            child = Child(name, logs / f"{name}.log")
            self.children.append(child)
            self._spawn(child)

    def start_once(self, name: str, *arguments: str) -> Child:
        """Start a process that ends by itself when its work is done; one that was killed before begins it again."""
        child = Child(name, self.settings.data_dir / "logs" / f"{name}.log", arguments=arguments, ends=True)
        child.log.parent.mkdir(exist_ok=True)
        self.children.append(child)
        self._spawn(child)
        return child

    def tick(self) -> None:
        """Bring back what died; to be called a few times a second."""
        self._revive_engines()
        now = time.monotonic()
        for child in list(self.children):
            self._look_after(child, now)

    def stop(self) -> None:
        """End every process, then the engines, within ten seconds altogether."""
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + STOP_PATIENCE_SECONDS
        for child in self.children:
            if child.process is None:
                continue
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(timeout=max(0.05, deadline - time.monotonic()))
            if child.process.poll() is None:
                child.process.kill()
                child.process.wait()
        # Grandchildren (a job being worked on, a web worker of a killed master) are not ours to wait for.
        end_leftovers(self.settings.data_dir, patience_seconds=0.5)
        if self.engines is not None:
            self.engines.stop()

    @property
    def pids(self) -> dict[str, int]:
        """Living processes by name, engines included."""
        lasting = [child for child in self.children if not child.ends]
        own = {child.name: child.process.pid for child in lasting if child.process is not None}
        return own | (self.engines.pids if self.engines is not None else {})

    def _look_after(self, child: Child, now: float) -> None:
        if child.process is not None:
            status = child.process.poll()
            if status is None:
                if now - child.started_at > STEADY_AFTER_SECONDS:
                    child.crashes = 0
                _keep_small(child.log)
                return
            child.process = None
            if child.ends and (status == 0 or child.crashes + 1 >= MOST_TRIES):
                child.status = status
                self.children.remove(child)
                self._tell_end(child, status)
                return
            child.next_start_at = now + child.pause_seconds()
            child.crashes += 1
            self.say(f"{child.name} ended ({_ending(status)}); starting it again. Its log is {child.log}.")
        if now >= child.next_start_at:
            self._spawn(child)

    def _tell_end(self, child: Child, status: int) -> None:
        if status == 0:
            self.say(f"{child.name}: {child.last_words()}")
        else:
            self.say(f"{child.name} ended before its end ({_ending(status)}): {child.last_words()} Log: {child.log}.")

    def _spawn(self, child: Child) -> None:
        child.process = spawn(child.name, self.settings, *child.arguments, log=child.log)
        child.started_at = time.monotonic()

    def _revive_engines(self) -> None:
        if self.engines is None:
            return
        try:
            for name in self.engines.revive():
                self.say(f"{name} had ended and was started again.")
        except EngineTrouble as trouble:
            self.say(str(trouble))
            time.sleep(1)


def _ending(status: int) -> str:
    if status < 0:
        with suppress(ValueError):
            return signal.Signals(-status).name
    return f"exit code {status}"


def _keep_small(log: Path) -> None:
    """Begin a log anew once it is large; the process writes on, because it appends."""
    with suppress(OSError):
        if log.stat().st_size > LARGEST_LOG_BYTES:
            log.with_suffix(".log.1").write_bytes(log.read_bytes())
            os.truncate(log, 0)
