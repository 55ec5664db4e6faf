"""The greenlet that looks for changes, and the queues of the browsers that wait for them."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import gevent
import structlog
from gevent.queue import Empty, Full, Queue
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.clock import utc_now
from app.live.changes import Change, Marks, changes_since, concerns, first_marks
from app.storage.database import transaction
from app.storage.database_faults import fault_of
from app.web.frame.access import SECOND_FACTOR_ROLES
from app.web.frame.session_cookie import look_up
from tickets.people.roles import Viewer

log = structlog.get_logger()

_LOOK_EVERY_SECONDS = 1.0
_KEEP_ALIVE_SECONDS = 20.0
# A stream ends after this and the browser comes back with its cookie: rights that were taken away end with it.
_LIFETIME = timedelta(minutes=5)
_QUEUE_LENGTH = 100


class Hub:
    """All open streams of one live process."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self._queues: dict[Queue, Viewer] = {}
        self._started = False

    def viewer_of(self, token: str) -> Viewer | None:
        with transaction(self._sessions) as session:
            person = look_up(session, token, now=utc_now())
            if person is None or (not person.second_factor and person.viewer.roles & SECOND_FACTOR_ROLES):
                return None
            return person.viewer

    def stream(self, viewer: Viewer) -> Iterator[bytes]:
        """Server-sent events for one browser until its lifetime is over."""
        if not self._started:
            self._started = True
            gevent.spawn(self._look_for_ever)
        queue = Queue(_QUEUE_LENGTH)
        self._queues[queue] = viewer
        until = utc_now() + _LIFETIME
        try:
            yield b"retry: 2000\n\n"
            yield from self._events(queue, until)
        finally:
            self._queues.pop(queue, None)

    def _events(self, queue: Queue, until: datetime) -> Iterator[bytes]:
        while utc_now() < until:
            try:
                names = set(queue.get(timeout=_KEEP_ALIVE_SECONDS))
            except Empty:
                # An event and not a comment: a page hears it, and knows that the line is dead when it no longer does.
                yield b"event: alive\ndata: 1\n\n"
                continue
            while not queue.empty():
                names.update(queue.get_nowait())
            yield f"event: changed\ndata: {json.dumps({'names': sorted(names)})}\n\n".encode()

    def _look_for_ever(self) -> None:
        marks: Marks | None = None
        while True:
            try:
                with transaction(self._sessions) as session:
                    now = utc_now()
                    if marks is None:
                        marks = first_marks(session, now=now)
                    changes, marks = changes_since(session, marks, now=now)
                self._tell(changes)
            except SQLAlchemyError as error:
                log.warning("live updates cannot reach the database", reason=fault_of(error))
            gevent.sleep(_LOOK_EVERY_SECONDS)

    def _tell(self, changes: list[Change]) -> None:
        for queue, viewer in list(self._queues.items()):
            names = {name for change in changes if concerns(change, viewer) for name in change.names}
            if not names:
                continue
            try:
                queue.put_nowait(tuple(names))
            except Full:
                # A browser that does not read is dropped; it reconnects and reloads everything once.
                self._queues.pop(queue, None)
