"""How `up` waits: for as long as anything moves, saying for what, and no longer than that."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.cli.commands import CommandRefused
from app.processes.supervisor import Supervisor
from app.settings import Settings
from app.storage import backlog_note

HOPELESS_AFTER_CRASHES = 3
TELLS_EVERY_SECONDS = 15.0
# Nothing computed, nothing written, nothing different said for so long: it hangs. A slow machine computes.
STUCK_AFTER_SECONDS = 180.0
# The system works although these are behind: what fell due while it was off is being worked through.
CATCHING_UP = frozenset({"escalation", "outbox", "jobs"})
_LOOKS_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a process says of itself: `reasons` why it is not ready, in its words; none when it is."""

    reasons: dict[str, str]

    @property
    def serves(self) -> bool:
        return self.reasons.keys() <= CATCHING_UP

    @property
    def words(self) -> str:
        return "; ".join(f"{name} {state}".strip() for name, state in self.reasons.items())


def wait_until_it_serves(supervisor: Supervisor, *, asked_to_stop: Callable[[], bool]) -> Readiness:
    """Until pages, live updates and the other processes work; raises CommandRefused when one cannot or all stand still.

    The answer may hold a backlog: it is no reason to keep the addresses back.
    """
    behind: dict[str, str] = {}
    watch = _Watch(supervisor)
    for address in _addresses(supervisor.settings):
        while not asked_to_stop():
            supervisor.tick()
            answer = _asked(address)
            if answer.serves:
                behind |= answer.reasons
                break
            _refuse_broken(supervisor)
            watch.look(answer.words)
            time.sleep(0.05)
    return Readiness(behind)


class Backlog:
    """What fell due while the system was off: said in the terminal and above every page until it is worked off."""

    def __init__(
        self,
        settings: Settings,
        tell: Callable[[str], None],
        *,
        answer: Readiness,
        look_every_seconds: float = _LOOKS_EVERY_SECONDS,
    ) -> None:
        self._settings, self._tell, self._every = settings, tell, look_every_seconds
        self._address = _addresses(settings)[0]
        self._is_there = bool(answer.reasons)
        self._looked_at = time.monotonic()
        if self._is_there:
            backlog_note.note(settings.data_dir)
            tell(f"Working through what fell due while it was off: {answer.words}.")

    def look(self) -> None:
        """Every few seconds while there is any; it is over once nothing is late."""
        if not self._is_there or time.monotonic() - self._looked_at < self._every:
            return
        answer = _asked(self._address)
        self._looked_at = time.monotonic()
        if not answer.reasons:
            self._is_there = False
            backlog_note.forget(self._settings.data_dir)
            self._tell("What fell due while it was off has been worked through.")


class _Watch:
    """Tells what is waited for every few seconds, and gives up when nothing has moved for long."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._told_at = self._moved_at = time.monotonic()
        self._last: tuple[object, ...] = ()

    def look(self, words: str) -> None:
        now = time.monotonic()
        state = (words, *(_computed_seconds(pid) for pid in self._supervisor.pids.values()))
        if state != self._last:
            self._last, self._moved_at = state, now
        if now - self._moved_at > STUCK_AFTER_SECONDS:
            logs = self._supervisor.settings.data_dir / "logs"
            raise CommandRefused(f"Nothing moves any more: {words}. The logs are in {logs}.")
        if now - self._told_at > TELLS_EVERY_SECONDS:
            self._told_at = now
            self._supervisor.say(f"  … still waiting: {words}")


def _computed_seconds(pid: int) -> int:
    """Whole seconds of processor time a process and its ended children have used."""
    with suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(ticks) for ticks in fields[11:15]) // os.sysconf("SC_CLK_TCK")
    return 0


def _refuse_broken(supervisor: Supervisor) -> None:
    for child in supervisor.children:
        if child.crashes >= HOPELESS_AFTER_CRASHES:
            raise CommandRefused(f"{child.name} cannot start: {child.last_words()}\nIts log is {child.log}.")


def _addresses(settings: Settings) -> tuple[str, str]:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{settings.port}/health/ready", f"http://{shown}:{settings.port + 1}/health/live"


def _asked(address: str) -> Readiness:
    try:
        # No proxy: the address is this machine's, whatever http_proxy says.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(address, timeout=3):
            return Readiness({})
    except urllib.error.HTTPError as error:
        with suppress(ValueError, TypeError, OSError):
            reasons = json.loads(error.read())["reasons"]
            return Readiness({str(name): str(state) for name, state in reasons.items()})
        return Readiness({address: f"answers {error.code}"})
    except OSError as error:
        return Readiness({address: str(error)})
