"""What systemd is told of a process that it started with `Type=notify` and `WatchdogSec=`; silent where nobody asked.

A process that is stopped, or whose interpreter is held by a library, cannot end itself: systemd ends it when the word
that it lives no longer comes. The protocol: sd_notify(3), systemd.service(5).
"""

import os
import socket
import threading
import time
from contextlib import suppress

_WORDS_PER_LIMIT = 3


def tell_started() -> None:
    """The process judged its settings and its database fit and begins to work."""
    _tell("READY=1")
    tell_alive()


def tell_alive() -> None:
    """Counts only from the process that systemd started, and starts its limit anew; never raises."""
    if os.environ.get("WATCHDOG_USEC") and os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid()):
        _tell("WATCHDOG=1")


def keep_telling_alive() -> None:
    """From a thread of its own, three times in the limit, for a process whose work is to look after others."""
    if limit := int(os.environ.get("WATCHDOG_USEC") or 0):
        threading.Thread(
            target=_repeat, args=(limit / 1_000_000 / _WORDS_PER_LIMIT,), daemon=True, name="alive"
        ).start()


def _repeat(pause_seconds: float) -> None:
    while True:
        tell_alive()
        time.sleep(pause_seconds)


def _tell(state: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # A name that begins with @ lies in no folder; the kernel writes that as a zero byte.
    name = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.settimeout(1)
        told.sendto(state.encode(), name)
