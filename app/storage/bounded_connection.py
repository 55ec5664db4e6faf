"""Connections to PostgreSQL that wait for nobody for ever: how each is opened, and how long its server may be silent.

A server's own limits help only while it can be heard. One that is frozen, or a network that swallows what stood and
lets new connections pass, says nothing at all; then our side ends the wait, and the next connection is a new one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from time import monotonic
from traceback import clear_frames
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import Diagnostic
from sqlalchemy import Connection, Engine, event, text

from app.storage.several_hosts import last_one_first, remember

RV = TypeVar("RV")

# What the server did not acknowledge for 15 s, or a peer that answers no probe for 19 s, is lost; Linux waits from 15
# minutes to two hours. Where the address is a socket's they mean nothing and do no harm.
TCP = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
LOCK_TIMEOUT_MS = 10_000
# After its own limit has passed, a server has so long to say so.
_GRACE_SECONDS = 3.0
# A transaction of ours that asks nothing for so long beyond the statements' limit has lost its process or its network;
# what it has locked others wait for.
_IDLE_BEYOND_MS = 10_000
_POLL_SECONDS = 0.1
# The SQLSTATE of a warning without one of its own, as "canceling wait for synchronous replication" is.
_PLAIN_WARNING = "01000"
_AT_ONCE_SECONDS = 3.0
# A statement may need minutes, and its server say nothing meanwhile. After so much silence it is asked beside it, again
# and again; one that leaves us twice without a word is frozen or lost.
ASK_AFTER_SECONDS = 20.0
TIMES_IN_VAIN = 2
_ASKED_FOR_SECONDS = 5

_SET = "set_config('statement_timeout', %(statement)s, {local}), set_config('lock_timeout', %(lock)s, {local}), \
set_config('idle_in_transaction_session_timeout', %(idle)s, {local}), set_config('timezone', 'UTC', {local})"
_FOR_THE_SESSION = f"select {_SET.format(local='false')}"
_FOR_THE_TRANSACTION = f"select {_SET.format(local='true')}"
_LONGER = text("select set_config('statement_timeout', :statement, true)")
_TIGHTER = text("select set_config('statement_timeout', :statement, true), set_config('lock_timeout', :lock, true)")


# Of this process: when each connection that waits began to, and when any was last heard from.
_waiting_since: dict[int, float] = {}
_heard = {"at": 0.0}
# One slow question is no silence; when so many have waited for so long and nobody heard a word, it is.
_WAITING_IN_VAIN = 4
_IN_VAIN_SECONDS = 2.0


def is_silent() -> bool:
    """Whether the server has not said a word lately to any of several of us: whoever asks now would wait as well."""
    since = monotonic() - _IN_VAIN_SECONDS
    if _heard["at"] > since:
        return False
    return sum(began < since for began in list(_waiting_since.values())) >= _WAITING_IN_VAIN


class ServerSilent(psycopg.OperationalError):
    """The server has said nothing for longer than it may; the connection is closed."""


class KeptByOneServer(psycopg.OperationalError):
    """Committed by the primary alone, though a standby has to keep it too: it may be lost, and is not acknowledged."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`statement_ms` of 0 means that statements may take as long as they need, while their server answers others."""

    statement_ms: int = 15_000
    connect_seconds: int = 5

    @property
    def silence_seconds(self) -> float | None:
        return self.statement_ms / 1000 + _GRACE_SECONDS if self.statement_ms else None

    @property
    def configured(self) -> dict[str, str]:
        idle = self.statement_ms + _IDLE_BEYOND_MS if self.statement_ms else 0
        return {"statement": str(self.statement_ms), "lock": str(LOCK_TIMEOUT_MS), "idle": str(idle)}


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that gives up a server which has been silent for `longest_silence` seconds, or to everybody."""

    longest_silence: float | None = None
    is_there: Callable[[], bool] = staticmethod(lambda: True)
    # What the present transaction was given instead, where its statements take long.
    longer_for_now: float = 0.0
    # Between us and the server stands a pool of transactions (PgBouncer): nothing may be left on a connection.
    is_pooled = False
    _is_kept_by_one = False

    def hear(self, said: Diagnostic) -> None:
        """Note what the server warns of while it commits."""
        if said.severity_nonlocalized == "WARNING" and said.sqlstate == _PLAIN_WARNING:
            self._is_kept_by_one = True

    def commit(self) -> None:
        """Commit; raises KeptByOneServer where PostgreSQL did so without the standby it was to wait for.

        Who cancels a COMMIT that waits for a lost standby makes the primary say that it was committed, with a warning.
        If the primary is cut off, the standby is promoted without what we would have called kept.
        """
        self._is_kept_by_one, self.longer_for_now = False, 0.0
        super().commit()
        if self._is_kept_by_one:
            self.close()
            raise KeptByOneServer("committed without the standby, which did not answer in time")

    def rollback(self) -> None:
        self.longer_for_now = 0.0
        super().rollback()

    def wait(self, gen: PQGen[RV], interval: float = _POLL_SECONDS, timeout: float | None = None) -> RV:
        seconds = inf
        if self.longest_silence is not None:
            seconds = max(self.longest_silence, self.longer_for_now)
            _waiting_since[id(self)] = monotonic()
        try:
            return super().wait(_unless_silent(gen, seconds, self.is_there), interval, timeout)
        except ServerSilent:
            self.close()
            raise
        finally:
            _waiting_since.pop(id(self), None)

    @contextmanager
    def expected_at_once(self) -> Iterator[None]:
        """For a question that a living server answers without thinking."""
        before, self.longest_silence = self.longest_silence, _AT_ONCE_SECONDS
        try:
            yield
        finally:
            self.longest_silence = before


def _unless_silent(gen: PQGen[RV], seconds: float, is_there: Callable[[], bool]) -> PQGen[RV]:
    heard_at = asked_at = monotonic()
    in_vain = 0
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                heard_at = asked_at = _heard["at"] = monotonic()
                in_vain = 0
            elif monotonic() - asked_at > ASK_AFTER_SECONDS:
                in_vain = 0 if is_there() else in_vain + 1
                asked_at = monotonic()
            if monotonic() - heard_at > seconds or in_vain == TIMES_IN_VAIN:
                raise ServerSilent(f"the server has said nothing for {monotonic() - heard_at:.0f} s")
            wanted = gen.send(ready)
    except StopIteration as done:
        value: RV = done.value
        return value


def _opened(conninfo: str, parameters: dict[str, Any]) -> BoundedConnection:
    try:
        return BoundedConnection.connect(conninfo, **parameters)
    except psycopg.Error as trouble:
        # The frames of the failure keep what was half open; its place at a server that wakes up is taken for a minute.
        clear_frames(trouble.__traceback__)
        raise


def answers(conninfo: str = "", **parameters: Any) -> bool:
    """Whether the server says anything to somebody who comes now; a refusal is an answer."""
    try:
        beside = _opened(conninfo, {**parameters, "connect_timeout": _ASKED_FOR_SECONDS})
        beside.longest_silence = _ASKED_FOR_SECONDS
        with beside:
            beside.execute("select 1")
    except (ServerSilent, psycopg.errors.ConnectionTimeout):
        return False
    except psycopg.Error:
        return True
    return True


def this_server(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """The one of several servers, and of the addresses of one name, that this connection is on.

    That another answers, or refuses, says nothing about a question that was put to this one.
    """
    info = connection.info
    return {"host": info.host, "hostaddr": info.hostaddr or None, "port": info.port}


def connect(conninfo: str = "", *, limits: Limits, **parameters: Any) -> BoundedConnection:
    """Connect as every process of ours does. Raises psycopg.Error.

    The limits are set by statements: a pool such as PgBouncer refuses `options`. Behind one they are set in every
    transaction (`keep_within`), for a session is shared there; it is known by naming another backend than it leads to.
    """
    given = {"connect_timeout": limits.connect_seconds, **TCP, **parameters, "autocommit": True}
    connection = _opened(conninfo, last_one_first(given))
    remember(given, connection)
    connection.add_notice_handler(connection.hear)
    connection.is_there = partial(answers, conninfo, **{**given, **this_server(connection)})
    try:
        connection.longest_silence = limits.silence_seconds
        with connection.cursor() as cursor:
            found = cursor.execute("select pg_backend_pid()").fetchone()
            connection.is_pooled = found is None or found[0] != connection.info.backend_pid
            if connection.is_pooled:
                connection.prepare_threshold = None
            else:
                cursor.execute(_FOR_THE_SESSION, limits.configured)
        connection.autocommit = False
    except BaseException:
        connection.close()
        raise
    return connection


def keep_within(engine: Engine, limits: Limits) -> None:
    """Let every connection of the engine be opened by `connect`, and every transaction have its limits."""

    def open_bounded(*arguments: Any, **parameters: Any) -> Any:
        return connect(*arguments, limits=limits, **parameters)

    def set_limits(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        if isinstance(driver, BoundedConnection) and driver.is_pooled:
            connection.exec_driver_sql(_FOR_THE_TRANSACTION, limits.configured)

    engine.dialect.connect = open_bounded  # type: ignore[method-assign]
    event.listen(engine, "begin", set_limits)


def within_less(connection: Connection, *, statement_ms: int, lock_ms: int) -> None:
    """Give the present transaction shorter limits than its engine's."""
    connection.execute(_TIGHTER, {"statement": str(statement_ms), "lock": str(lock_ms)})


def within_more(connection: Connection, *, statement_seconds: int) -> None:
    """Let statements of the present transaction take longer than its engine's, and their server be silent meanwhile.

    Raising the server's limit alone would be no use: our side would give it up as lost.
    """
    connection.execute(_LONGER, {"statement": f"{statement_seconds}s"})
    driver = connection.connection.driver_connection
    if isinstance(driver, BoundedConnection):
        driver.longer_for_now = statement_seconds + _GRACE_SECONDS
