"""What a fault of the database is called in `doctor`: what it is, and what to do now."""

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
    DatabaseFault.DEADLOCK: "let this question give way to another ({said}); run doctor again",
    DatabaseFault.REFUSED: "refuses what we ask ({said}); ./hotline migrate gives the application's role its rights",
}
_ELSEWHERE = "name the one that may be written to in HOTLINE_DATABASE_URL, or end its default_transaction_read_only"
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
    told = getattr(trouble, "orig", None) or trouble
    state = getattr(told, "sqlstate", None) or ""
    remedy = next((words for beginning, words in _REMEDIES.items() if state.startswith(beginning)), _ELSEWHERE)
    return Finding(subject, "failed", _IN_WORDS[fault].format(said=_first_line(told), remedy=remedy))


def _first_line(told: BaseException) -> str:
    return str(told).strip().partition("\n")[0] or type(told).__name__
