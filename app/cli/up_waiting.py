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

HOPELESS_AFTER_CRASHES = 3
TELLS_EVERY_SECONDS = 15.0
# Nothing computed, nothing written, nothing different said for so long: it hangs. A slow machine computes.
STUCK_AFTER_SECONDS = 180.0
# The system works although these are behind: what fell due while it was off is being worked through.
CATCHING_UP = frozenset({"escalation", "outbox"})


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
    answer = Readiness({})
    watch = _Watch(supervisor)
    for address in _addresses(supervisor.settings):
        while not asked_to_stop():
            supervisor.tick()
            answer = _asked(address)
            if answer.serves:
                break
            _refuse_broken(supervisor)
            watch.look(answer.words)
            time.sleep(0.05)
    return answer


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
