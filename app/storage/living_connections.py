"""No connection is handed out whose server has gone; the server is asked only where there is a reason to doubt.

Asking before every use, as pools offer it, costs each request a journey to the database and back.
"""

import select
import time
from typing import Any

from psycopg import Connection
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

# A server that ends says so on the socket. A network that swallows connections says nothing: it is asked after a pause.
_ASK_AFTER_SECONDS = 10.0
_GIVEN_BACK_AT = "given_back_at"


def hand_out_only_living(engine: Engine) -> None:
    """One connection found dead ends all that are as old: the request that asked gets a new one and notices nothing."""
    dialect = engine.dialect

    def note_time(_connection: Any, record: Any) -> None:
        record.info[_GIVEN_BACK_AT] = time.monotonic()

    def look(connection: Any, record: Any, _proxy: Any) -> None:
        given_back_at = record.info.get(_GIVEN_BACK_AT)
        is_rested = given_back_at is not None and time.monotonic() - given_back_at > _ASK_AFTER_SECONDS
        if not (is_rested or has_something_to_say(connection)):
            return
        try:
            with connection.expected_at_once():
                dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            if not dialect.is_disconnect(error, connection, None):
                raise
            raise InvalidatePoolError from error

    event.listen(engine, "checkin", note_time)
    event.listen(engine, "checkout", look)


def has_something_to_say(connection: "Connection[Any]") -> bool:
    """Whether an idle connection's server has sent something, which is its end more often than not."""
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN | select.POLLPRI)
    return bool(waiting.poll(0))
