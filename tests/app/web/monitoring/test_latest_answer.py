"""An answer that is worked out behind the request: what keeps it from coming is said once, not at every question."""

from psycopg import OperationalError
from structlog.testing import capture_logs

from app.web.monitoring.latest_answer import LatestAnswer


def test_a_database_that_stays_away_is_told_once_without_a_traceback_and_again_after_it_was_back() -> None:
    latest: LatestAnswer[str] = LatestAnswer()

    def away() -> str:
        raise OperationalError("connection refused")

    def mistaken() -> str:
        raise ValueError("ours")

    with capture_logs() as said:
        answered = [
            latest.ask(work, patience_seconds=5) for work in (away, away, lambda: "here", away, mistaken, mistaken)
        ]

    assert answered == [False, False, True, False, False, False]
    assert [(one["reason"], one["exc_info"]) for one in said] == [
        ("OperationalError", False), ("OperationalError", False), ("ValueError", True),
    ]  # fmt: skip
