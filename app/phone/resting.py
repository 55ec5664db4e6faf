"""Longer pauses over capacity: a waiting caller for whom nothing rings hears the music once more.

Nobody is let go for load. A turn of the hold loop that finds too many before it costs a tenth of one that is worked on,
and what is saved goes to whoever arrives, presses a key, or is being connected.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from telephony.ivr.queue import CALM
from telephony.provider.held_turn import tells_something
from telephony.provider.webhook_inbox import Webhook

# Of the sixteen threads of a web process (app/processes/commands.py); far below its capacity there is one at work.
MANY_AT_WORK = 8
# A round lasts as long as the music, twenty seconds. Who is not heard for ninety is taken to have hung up.
MOST_RESTS = 2


class AtWork:
    """How many events of providers a process works on at this moment; also those that nobody waits for any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0

    @contextmanager
    def one_more(self) -> Iterator[None]:
        with self._lock:
            self._number += 1
        try:
            yield
        finally:
            with self._lock:
                self._number -= 1

    @property
    def are_many(self) -> bool:
        return self._number >= MANY_AT_WORK


def may_rest(webhook: Webhook) -> bool:
    """A turn of the hold loop in which nothing rang and nothing was pressed, and not one that was put off before."""
    return (
        webhook.kind == "queue" and CALM in webhook.query and webhook.held < MOST_RESTS and not tells_something(webhook)
    )
