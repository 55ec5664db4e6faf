"""What kind of fault is this? One table by SQLSTATE and exception, for everybody who meets the database."""

from enum import StrEnum

from psycopg import Error as DriverError
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class DatabaseSilent(Exception):
    """Not asked at all: others of this process wait in vain for the server's word."""


class DatabaseFault(StrEnum):
    """All but the last pass: trying later may help."""

    # No connection could be had, or the one we had has gone.
    AWAY = "away"
    # Our own connections are all in use; the server was not asked.
    CROWDED = "crowded"
    # It answers, and can keep nothing: a standby, no disk or memory left, or no number for another transaction.
    READ_ONLY = "read_only"
    # The statement took longer than it may.
    TOO_SLOW = "too_slow"
    # Somebody else's lock was in the way: the database is well, and the next try may succeed.
    LOCKED = "locked"
    # Two waited for each other and this one gave way; it can be tried again at once.
    DEADLOCK = "deadlock"
    # The statement itself, or what is in it: our mistake, however often it comes.
    REFUSED = "refused"


# The first that the SQLSTATE begins with; https://www.postgresql.org/docs/18/errcodes-appendix.html
_BY_STATE = (
    ("08", DatabaseFault.AWAY),  # connection lost
    ("57P", DatabaseFault.AWAY),  # shutdown, crash, starting up, dropped, idle too long
    ("25P03", DatabaseFault.AWAY),  # our transaction was idle for too long, and its connection ended
    ("25P04", DatabaseFault.AWAY),  # it lasted too long
    ("53300", DatabaseFault.AWAY),  # too many connections
    ("53", DatabaseFault.READ_ONLY),  # disk full, out of memory
    ("58", DatabaseFault.READ_ONLY),  # the disk fails
    ("25006", DatabaseFault.READ_ONLY),
    ("57", DatabaseFault.TOO_SLOW),  # 57014: statement timeout
    ("55P03", DatabaseFault.LOCKED),
    ("40P01", DatabaseFault.DEADLOCK),
    ("40001", DatabaseFault.DEADLOCK),  # could not serialize
)
# Where the server refuses a new number of a transaction until its tables are vacuumed. Its SQLSTATE (54000) is that of
# a value too long for an index too, and its words are in the server's language; the name of the function is neither.
_HAVE_NO_NUMBER = frozenset({"GetNewTransactionId", "GetNewMultiXactId"})
# Two events of a call that nobody knew yet write it at once; who comes second finds it at the next try.
_WRITTEN_BY_WHOEVER_COMES_FIRST = frozenset({"uq_call_account_call_sid"})
# As what passing faults may be raised, for whoever must choose by class before asking for the kind.
PASSING_EXCEPTIONS = (OperationalError, InterfaceError, InternalError, PoolTimeout, DatabaseSilent)


def fault_of(error: BaseException) -> DatabaseFault | None:
    """None for what does not come from the database."""
    if isinstance(error, DatabaseSilent):
        return DatabaseFault.AWAY
    if isinstance(error, PoolTimeout):
        return DatabaseFault.CROWDED
    if isinstance(error, PendingRollbackError) and error.__context__ is not None:
        # Somebody went on with a session whose connection had failed: the fault is what failed.
        return fault_of(error.__context__)
    told = error.orig if isinstance(error, DBAPIError) else error
    return _told_by(told) if isinstance(told, DriverError) else None


def _told_by(told: DriverError) -> DatabaseFault:
    if told.sqlstate is None:
        # Without a state the server was never reached.
        return DatabaseFault.AWAY
    if told.diag.source_function in _HAVE_NO_NUMBER:
        return DatabaseFault.READ_ONLY
    if told.diag.constraint_name in _WRITTEN_BY_WHOEVER_COMES_FIRST:
        return DatabaseFault.DEADLOCK
    state = told.sqlstate
    return next((fault for beginning, fault in _BY_STATE if state.startswith(beginning)), DatabaseFault.REFUSED)


# The database as a whole cannot be worked with: what fails by these fails for everybody.
OF_EVERYBODY = frozenset({DatabaseFault.AWAY, DatabaseFault.CROWDED, DatabaseFault.READ_ONLY})


def passes(error: BaseException) -> bool:
    """Whether trying later may help."""
    return fault_of(error) not in (None, DatabaseFault.REFUSED)
