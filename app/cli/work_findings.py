"""Whether the work gets done, for `./hotline doctor`: levels fire, messages leave, our accounts are not refused."""

from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from app.cli.finding import Finding
from app.processes.signs_of_life import database_now
from app.settings import Settings
from app.storage.database import make_engine, session_factory, transaction
from app.storage.database_faults import fault_of
from app.web.monitoring.health import backlog_checks

_WHAT_TO_DO = {
    "escalation": "./hotline clock, and the scheduler's log; docs/operate/runbook.md, HotlineEscalationLate",
    "outbox": "administration, Messages, has the carrier's words; docs/operate/runbook.md, HotlineUrgentMessageLate",
    "sending_account": "nothing is lost and all of it leaves by itself; docs/operate/runbook.md, HotlineAccountRefused",
}


def work_findings(settings: Settings) -> Iterator[Finding]:
    """What `/health/ready` says of the same, with what to do."""
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with transaction(session_factory(engine)) as session:
            checks = backlog_checks(session, now=database_now(session))
    except SQLAlchemyError as trouble:
        yield Finding("work", "failed", f"what is due cannot be read now ({fault_of(trouble)})")
        return
    finally:
        engine.dispose()
    wrong = {name: state for name, state in checks.items() if state != "ok"}
    for name, state in wrong.items():
        yield Finding("work", "failed", f"{name} {state}: {_WHAT_TO_DO[name]}")
    if not wrong:
        yield Finding("work", "ok", "levels fire and messages leave in time")
