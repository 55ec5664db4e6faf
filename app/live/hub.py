"""The greenlet that looks for changes, and the queues of the browsers that wait for them."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import gevent
from gevent.queue import Empty, Full, Queue
from sqlalchemy.orm import Session, sessionmaker

from app.live.changes import LiveChange, Marks, changes_since, concerns, first_marks
from app.recurring.jobs import RecurringJobs
from app.storage.carried_time import CarriedTime
from app.storage.database import transaction
from app.web.frame.session_cookie import look_up, still_signed_in, token_hash
from tickets.people.roles import Viewer

_LOOK_EVERY_SECONDS = 1.0
_LOOK_LIMIT_SECONDS = 60.0
_WRITE_EVERY = timedelta(seconds=5)
_KEEP_ALIVE_SECONDS = 20.0
# Longer than a look takes on a busy machine: from then on who listens is told that the database tells us nothing.
_BLIND_AFTER = timedelta(seconds=10)
# Events and no comments: a page hears them, and knows that the line is dead when it no longer does.
_ALIVE, _BLIND = b"event: alive\ndata: 1\n\n", b"event: blind\ndata: 1\n\n"
# Whether those who listen are still signed in, and as what, is asked again this often.
_JUDGE_EVERY = timedelta(seconds=3)
# A stream ends after this and the browser comes back with its cookie.
_LIFETIME = timedelta(minutes=5)
_QUEUE_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Listener:
    """Whoever listens: the hash of their session's token, and what they may be told."""

    token_hash: str
    viewer: Viewer


class Hub:
    """All open streams of one live process."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        jobs: RecurringJobs | None = None,
        *,
        blind_after: timedelta = _BLIND_AFTER,
    ) -> None:
        self._sessions = sessions
        self._jobs = jobs or RecurringJobs()
        self._blind_after = blind_after
        self._marks: Marks | None = None
        self._queues: dict[Queue, Listener] = {}
        self._time = CarriedTime()
        self._judged_at = self._written_at = self._looked_at = self._time.now()
        self._started = self._is_blind = False

    @property
    def listeners(self) -> list[Listener]:
        return list(self._queues.values())

    def listener_of(self, token: str) -> Listener | None:
        with transaction(self._sessions) as session:
            person = look_up(session, token, now=self._time.read(session))
            return Listener(token_hash(token), person.viewer) if person is not None and person.wholly else None

    def stream(self, listener: Listener) -> Iterator[bytes]:
        """Server-sent events for one browser until its lifetime is over, or its session or account ends."""
        if not self._started:
            self._started = True
            self._looked_at = self._time.now()
            gevent.spawn(self._look_for_ever)
            gevent.spawn(self._see_for_ever)
        queue = Queue(_QUEUE_LENGTH)
        self._queues[queue] = listener
        until = self._time.now() + _LIFETIME
        try:
            yield b"retry: 2000\n\n"
            if self._is_blind:
                yield _BLIND
            yield from self._events(queue, until)
        finally:
            self._queues.pop(queue, None)

    def _events(self, queue: Queue, until: datetime) -> Iterator[bytes]:
        while self._time.now() < until:
            try:
                names = set(queue.get(timeout=_KEEP_ALIVE_SECONDS))
                if queue not in self._queues:
                    return
            except Empty:
                names = set()
            while not queue.empty():
                names.update(queue.get_nowait())
            if not names:
                yield _BLIND if self._is_blind else _ALIVE
                continue
            yield f"event: changed\ndata: {json.dumps({'names': sorted(names)})}\n\n".encode()

    def _look_for_ever(self) -> None:
        while True:
            self._jobs.run("look for changes", self._look, limit_seconds=_LOOK_LIMIT_SECONDS)
            if self._time.now() - self._written_at >= _WRITE_EVERY:
                self._written_at = self._time.now()
                self._jobs.run("count troubles", self._count, limit_seconds=_LOOK_LIMIT_SECONDS)
            self._jobs.watchdog.expect("live updates", again_within_seconds=2 * _LOOK_LIMIT_SECONDS)
            gevent.sleep(_LOOK_EVERY_SECONDS)

    def _see_for_ever(self) -> None:
        """Apart from the looks, because one that waits for a database that went silent says nothing."""
        while True:
            gevent.sleep(_LOOK_EVERY_SECONDS)
            is_blind = self._time.now() - self._looked_at >= self._blind_after
            if is_blind is not self._is_blind:
                self._is_blind = is_blind
                self._wake()

    def _wake(self) -> None:
        for queue in list(self._queues):
            with suppress(Full):
                queue.put_nowait(())

    def _look(self) -> None:
        with transaction(self._sessions) as session:
            now = self._time.read(session)
            marks = self._marks or first_marks(session, now=now)
            changes, marks = changes_since(session, marks, now=now)
            if now - self._judged_at >= _JUDGE_EVERY:
                self.judge_again(session, now=now)
        self._marks, self._looked_at = marks, self._time.now()
        self._tell(changes)

    def _count(self) -> None:
        self._jobs.write_troubles(self._sessions)

    def judge_again(self, session: Session, *, now: datetime) -> None:
        """End the streams of sessions that ended, and tell the others by the roles held today."""
        self._judged_at = now
        people = still_signed_in(session, {one.token_hash for one in self.listeners}, now=now)
        for queue, listener in list(self._queues.items()):
            person = people.get(listener.token_hash)
            if person is not None and person.wholly:
                self._queues[queue] = Listener(listener.token_hash, person.viewer)
            else:
                self._end(queue)

    def _end(self, queue: Queue) -> None:
        self._queues.pop(queue, None)
        with suppress(Full):
            # Wakes whoever waits for the next event, and finds the queue gone.
            queue.put_nowait(())

    def _tell(self, changes: list[LiveChange]) -> None:
        for queue, listener in list(self._queues.items()):
            names = {name for change in changes if concerns(change, listener.viewer) for name in change.names}
            if not names:
                continue
            try:
                queue.put_nowait(tuple(names))
            except Full:
                # A browser that does not read is dropped; it reconnects and reloads everything once.
                self._end(queue)
