"""Telling a database that is away or too slow from a statement it refuses."""

from psycopg import Error as DriverError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# SQLSTATE classes: connection lost, no resources, operator intervention (shutdown, statement timeout).
_AWAY = ("08", "53", "57")


def is_away(error: BaseException) -> bool:
    """Whether trying later may help. A statement refused for what is in it is our mistake, however often it comes."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError) or not isinstance(error.orig, DriverError):
        return False
    state = error.orig.sqlstate
    # Without a state the server was never reached.
    return state is None or state.startswith(_AWAY) or state == "25006"
