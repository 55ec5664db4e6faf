"""What a fault of the database is called in the terminal: what it is, and what to do now."""

from app.cli.finding import Finding
from app.storage.database_faults import DatabaseFault, fault_of

_IN_WORDS: dict[DatabaseFault, str] = {
    DatabaseFault.AWAY: "does not answer, or does not let us in ({said}); start PostgreSQL, or mend the address in "
    "HOTLINE_DATABASE_URL and HOTLINE_OWNER_DATABASE_URL: host, port, name, role and password",
    DatabaseFault.CROWDED: "has no connection left for us ({said}); end what holds them, see pg_stat_activity",
    DatabaseFault.READ_ONLY: "answers and keeps nothing ({said}), so no contact can be taken; {remedy}",
    DatabaseFault.TOO_SLOW: "answers too slowly ({said}); see pg_stat_activity for what keeps it busy",
    DatabaseFault.LOCKED: "has a table that somebody keeps locked ({said}); find them by pg_blocking_pids in "
    "pg_stat_activity and end their transaction",
    DatabaseFault.DEADLOCK: "let us give way to others again and again ({said}); try again in a minute",
    DatabaseFault.REFUSED: "refuses what we ask ({said}); ./hotline migrate gives the application's role its rights",
}
_ELSEWHERE = "name the one that may be written to in HOTLINE_DATABASE_URL, or end its default_transaction_read_only"
# A table, a column or a right is missing: the schema is an older one, or nobody has given the role its rights.
_NOT_AS_WE_KNOW_IT = "42"
# By the beginning of the SQLSTATE.
_REMEDIES = {
    "25006": _ELSEWHERE,
    "53100": "make room on its disk",
    "53": "give it memory",
    "54": "it has no number left for another transaction: let a superuser vacuum the database that it names",
    "58": "its disk fails: see its log, and take the standby",
}


def database_finding(subject: str, trouble: Exception) -> Finding:
    """The fault as a finding; raises what is none of the database's."""
    fault = fault_of(trouble)
    if fault is None:
        raise trouble
    return Finding(subject, "failed", _in_words(fault, trouble))


def database_sentence(trouble: Exception) -> str | None:
    """For a command that met it; None for what is none of the database's, or what we asked of it wrongly."""
    fault = fault_of(trouble)
    if fault is None or (fault is DatabaseFault.REFUSED and not _state_of(trouble).startswith(_NOT_AS_WE_KNOW_IT)):
        return None
    undone = "" if fault is DatabaseFault.AWAY else " What this command had begun is undone: run it again then."
    return f"The database {_in_words(fault, trouble)}.{undone}"


def _in_words(fault: DatabaseFault, trouble: BaseException) -> str:
    state = _state_of(trouble)
    remedy = next((words for beginning, words in _REMEDIES.items() if state.startswith(beginning)), _ELSEWHERE)
    return _IN_WORDS[fault].format(said=_first_line(_told(trouble)), remedy=remedy)


def _told(trouble: BaseException) -> BaseException:
    return getattr(trouble, "orig", None) or trouble


def _state_of(trouble: BaseException) -> str:
    return getattr(_told(trouble), "sqlstate", None) or ""


def _first_line(told: BaseException) -> str:
    return str(told).strip().partition("\n")[0] or type(told).__name__
