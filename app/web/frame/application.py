"""The application as a class: one request is one transaction, and the gate is asked before any view."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from apiflask import APIFlask
from flask import g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.recurring.watchdog import Watchdog
from app.reference import Reference
from app.settings import ROOT, Settings
from app.storage.bounded_connection import is_silent
from app.storage.carried_time import CarriedTime
from app.storage.database import AGAIN_AT_ONCE, session_factory
from app.storage.database_faults import DatabaseFault, DatabaseSilent, fault_of
from app.web.frame.announcements import Announcements
from app.web.frame.giving_way import Turns
from app.web.frame.limits import MeasuredRequest
from app.web.frame.node_counts import NodeCounts
from app.web.frame.page_templates import PageEnvironment
from app.web.frame.signed_time import SharedTimeSessions
from app.web.frame.starting_over import StartingOver
from tickets.work.judged_at import BELIEVES

# Blueprints of providers: shorter database limits, no CSRF, never rate limited.
WEBHOOK_BLUEPRINTS = frozenset({"webhooks"})

# Every statement and every wait of a request has a limit; one that takes longer than all of them together hangs.
_ANSWER_LIMIT_SECONDS = 180.0

# They tell how the database is, or play what lies on this node, also when it says nothing.
_WITHOUT_DATABASE = frozenset({"health", "metrics", "sounds"})

# None when the request may go on; else the answer it gets instead.
Gate = Callable[[Callable[..., Any] | None], ResponseReturnValue | None]


class HotlineApp(APIFlask):
    """Flask with our transaction around every view, and `gate` before it, which says who may call it.

    `reference`, `monitoring_sessions` and `counts` are set by `create_app`.
    """

    settings: Settings
    reference: Reference
    # Connections that no page may use up: they tell how the others are.
    monitoring_sessions: sessionmaker[Session]
    # What all processes of this node count together.
    counts: NodeCounts
    request_class = MeasuredRequest
    jinja_environment = PageEnvironment
    session_interface = SharedTimeSessions()

    def __init__(self, settings: Settings, engine: Engine, webhook_engine: Engine, *, gate: Gate) -> None:
        super().__init__(
            "app",
            title="Hotline",
            version="1",
            spec_path=None,
            docs_path=None,
            json_errors=False,
            static_folder=str(ROOT / "app" / "static"),
            template_folder=str(ROOT / "templates"),
            root_path=str(ROOT / "app"),
        )
        self.settings = settings
        self.gate = gate
        self.time = CarriedTime()
        self.announcements = Announcements()
        self.sessions = session_factory(engine)
        self.webhook_sessions = session_factory(webhook_engine)
        # Armed by the process's entry: what hangs in a request ends the process, whose master starts another.
        self.watchdog = Watchdog(is_armed=False)
        self.turns = Turns()
        self.after_commit: list[Callable[[Session], None]] = []
        self._bound = threading.local()

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view in one transaction: returning commits, raising rolls back. Steering pages take turns.

        A request that had to give way to another (a deadlock) is run again at once, twice at most.
        """
        before = StartingOver()
        with (
            self.turns.taken(self.view_functions.get(request.endpoint or ""), request.method),
            self.watchdog.watching(f"answer {request.endpoint}", limit_seconds=_ANSWER_LIMIT_SECONDS),
        ):
            for _ in range(AGAIN_AT_ONCE):
                try:
                    return self._answer_in_transaction()
                except Exception as trouble:
                    gave_way = fault_of(trouble) is DatabaseFault.DEADLOCK
                    if not gave_way or self.is_bound or not before.go_back():
                        raise
            return self._answer_in_transaction()

    def _answer_in_transaction(self) -> ResponseReturnValue:
        """Pages that would only wait for a silent database are refused: threads are left for what needs none."""
        if is_silent() and self._needs_database():
            raise DatabaseSilent
        with self.open_session() as session:
            g.session = session
            try:
                refusal = self.gate(self.view_functions.get(request.endpoint or ""))
                answer = super().dispatch_request() if refusal is None else refusal
                has_asked = session.in_transaction()
                session.commit()
            except BaseException:
                session.rollback()
                raise
            for hook in self.after_commit:
                hook(session)
            if has_asked and not self.is_bound:
                self._look_at_the_time(session)
            return answer

    def _look_at_the_time(self, session: Session) -> None:
        """After an answer that the database had part in: it lives, and nobody's words depend on it any more."""
        with suppress(SQLAlchemyError):
            self.time.refresh(session)
            self.announcements.refresh(session, now=g.now)
            session.commit()

    def _needs_database(self) -> bool:
        """Whether this is a page: events of a provider have a deadline and a breaker, and some have their own way."""
        endpoint = request.endpoint or ""
        return request.blueprint not in WEBHOOK_BLUEPRINTS and endpoint.partition(".")[0] not in _WITHOUT_DATABASE

    @contextmanager
    def open_session(self) -> Iterator[Session]:
        """A session of this request, in which nothing is committed unless whoever opened it does so; sets `g.now`."""
        bound: tuple[Session, datetime] | None = getattr(self._bound, "value", None)
        if bound:
            g.now = bound[1]
            yield bound[0]
            return
        is_webhook = request.blueprint in WEBHOOK_BLUEPRINTS
        with (self.webhook_sessions if is_webhook else self.sessions)() as session:
            g.now = self.time.now()
            session.info[BELIEVES] = self.time.believed
            yield session

    @property
    def is_bound(self) -> bool:
        """Whether this thread's requests run on a given session, which no other thread may use meanwhile."""
        return getattr(self._bound, "value", None) is not None

    @contextmanager
    def bound_to(self, session: Session, now: datetime) -> Iterator[None]:
        """Let requests of this thread run on a given session at a given time: how tests see uncommitted rows."""
        before = getattr(self._bound, "value", None)
        self._bound.value = (session, now)
        try:
            yield
        finally:
            self._bound.value = before
