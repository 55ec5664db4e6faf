"""Telling a database that is lost, away or held up from a statement it refuses."""

from psycopg import Error as DriverError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# SQLSTATE classes: connection lost, no resources, operator intervention (shutdown, statement timeout).
_AWAY = ("08", "53", "57")
# The server ended the connection or takes none: shutdown, crash, starting up, too many connections.
_LOST = ("08", "57P01", "57P02", "57P03", "53300")
# A lock was not to be had, or two waited for each other.
_HELD_UP = ("55P03", "40P01", "40001")


def is_away(error: BaseException) -> bool:
    """Whether trying later may help. A statement refused for what is in it is our mistake, however often it comes."""
    if isinstance(error, PoolTimeout):
        return True
    if not _is_drivers(error):
        return False
    state = _state(error)
    # Without a state the server was never reached.
    return state is None or state.startswith(_AWAY) or state == "25006"


def is_held_up(error: BaseException) -> bool:
    """Whether somebody else's lock was in the way: the database is well, and the next try may succeed."""
    return _is_drivers(error) and (_state(error) or "").startswith(_HELD_UP)


def is_lost(error: BaseException) -> bool:
    """Whether no connection could be had, or the one we had has gone. Slow answers and waits for a lock are none."""
    if not _is_drivers(error):
        return False
    state = _state(error)
    return state is None or state.startswith(_LOST)


def was_reached(error: BaseException) -> bool:
    """Whether the server itself answered, be it with a refusal."""
    return _is_drivers(error) and not is_lost(error)


def _is_drivers(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and isinstance(error.orig, DriverError)


def _state(error: BaseException) -> str | None:
    assert isinstance(error, DBAPIError) and isinstance(error.orig, DriverError)  # noqa: S101 - asked before
    return error.orig.sqlstate
