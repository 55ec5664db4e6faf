"""What `up` says, and the signals that end it."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any


class Voice:
    """Writes for people or for programs; a closed terminal is no reason to fail."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def aside(self, words: str) -> None:
        """Progress and events: never among the JSON."""
        with suppress(OSError):
            print(words, file=sys.stderr if self.as_json else sys.stdout, flush=True)

    def ready(self, note: dict[str, Any]) -> None:
        """The addresses and sign-in links."""
        with suppress(OSError):
            if self.as_json:
                shown = {name: note[name] for name in ("url", "live_url", "pid", "data", "links")}
                print(json.dumps(shown, ensure_ascii=False), flush=True)
                return
            print(f"\nHotline is ready: {note['url']}\n")
            for role, link in note["links"].items():
                print(f"  {role:<14} {link}")
            print("\nEach link signs in once. Ctrl-C ends everything.", flush=True)


class Signals:
    """SIGINT, SIGTERM and SIGHUP: an interruption while preparing, a request while running, nothing while stopping."""

    WHICH = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.asked = False
        # `nohup ./hotline up &` is meant to outlive the terminal.
        outlives = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        self.which = [which for which in self.WHICH if not (outlives and which is signal.SIGHUP)]

    def interrupt(self) -> None:
        """From now on a signal raises KeyboardInterrupt."""
        self._set(signal.default_int_handler)

    def ask_only(self) -> None:
        """From now on a signal only sets `asked`, so that starting and noting a child is never torn apart."""
        self._set(self._ask)

    def ignore(self) -> None:
        """From now on signals are dropped."""
        self._set(signal.SIG_IGN)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True

    def _set(self, reaction: Any) -> None:
        for which in self.which:
            signal.signal(which, reaction)


@contextmanager
def stop_by_signal() -> Iterator[Signals]:
    before = {which: signal.getsignal(which) for which in Signals.WHICH}
    signals = Signals()
    signals.interrupt()
    try:
        yield signals
    finally:
        for which, reaction in before.items():
            signal.signal(which, reaction)
