"""Whether this process lives, and whether the product works: truthful, with the reason when it does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.phone.accounts import undecided
from app.settings import Settings
from app.storage.database_faults import passes
from app.storage.known_schema import KnownSchema
from app.storage.play_progress import noted
from app.storage.schema_state import SchemaFault, is_missing_table, schema_differences
from app.storage.secret_keys import KeyState, key_state
from app.web.frame.access import asks_nobody
from app.web.frame.current import hotline, settings
from app.web.monitoring.canary_check import canary_check
from app.web.monitoring.clock_checks import clock_check
from app.web.monitoring.held_check import held_check
from app.web.monitoring.latest_answer import PATIENCE_SECONDS, LatestAnswer
from app.web.monitoring.leader_checks import job_check, leader_check
from app.web.monitoring.media_check import media_check
from app.web.monitoring.message_checks import message_checks, reconciliation_check
from tickets.process_beats import SILENT_AFTER
from tickets.queries.lacks import BLOCKING, Lack, lacking
from tickets.schema import PlannedStep, ProcessBeat

blueprint = Blueprint("health", __name__)

# Levels fire 15 s late at most (G4); told of 45 s after one was due, whoever is on call knows within the minute.
_LATE_AFTER = timedelta(seconds=45)
NEEDED = ("scheduler", "worker")
_WRONG_SCHEMA = "is missing or of another version; run ./hotline migrate"


@blueprint.get("/health/live")
@asks_nobody
def live() -> ResponseReturnValue:
    """The process answers; nothing else is asked."""
    return jsonify({"status": "ok"})


@blueprint.get("/health/ready")
@asks_nobody
def ready() -> ResponseReturnValue:
    """200 when contacts are registered and promises kept; 503 with the reasons when not, within two seconds."""
    judged = _judged_in_time()
    checks = judged.checks | media_check(hotline())
    reasons = {name: state for name, state in checks.items() if state != "ok"}
    body = {"status": "ready" if not reasons else "not ready", "checks": checks, "reasons": reasons}
    # What a city needs but a contact does not: no reason to send citizens elsewhere, and none to call it complete.
    response = jsonify({**body, "lacks": [*judged.lacks, *_undecided()], **_demonstration()})
    response.status_code = 200 if not reasons else 503
    return response


@dataclass(frozen=True, slots=True)
class Judged:
    """Each check's name with `ok` or what is wrong; what the city lacks besides."""

    checks: dict[str, str]
    lacks: tuple[Lack, ...] = ()


def _judged_in_time() -> Judged:
    """The state of things now; a database that says nothing is said to be silent, whatever it said before."""
    app, tables = hotline(), known_schema()
    if app.is_bound:
        return judged(g.session, app.settings, tables, now=g.now)
    last: LatestAnswer[Judged] = app.extensions.setdefault("ready", LatestAnswer())
    sessions, here, now = app.monitoring_sessions, app.settings, g.now

    def work() -> Judged:
        with sessions() as session:
            return judged(session, here, tables, now=now)

    if last.ask(work, patience_seconds=PATIENCE_SECONDS) and last.value:
        return last.value
    before = f", last heard {round(last.age_seconds)} s ago" if last.age_seconds is not None else ""
    return Judged({"database": f"does not answer within {PATIENCE_SECONDS} s{before}"})


def known_schema() -> KnownSchema:
    """What this process found of the tables a moment ago."""
    app = hotline()
    found: KnownSchema = KnownSchema() if app.is_bound else app.extensions.setdefault("known_schema", KnownSchema())
    return found


def judged(session: Session, here: Settings, tables: KnownSchema, *, now: datetime) -> Judged:
    """The state of things as this session shows it; trouble with it is one of the checks, and it is rolled back."""
    checks: dict[str, str] = {}
    lacks: tuple[Lack, ...] = ()
    try:
        checks |= _database_check(session)
        checks |= _schema_check(session, tables, now=now)
        checks |= key_check(session, here)
        lacks = lacking(session, now=now)
        checks |= content_checks(lacks)
        checks |= process_checks(session, now=now)
        checks |= leader_check(session, now=now)
        checks |= job_check(session, now=now)
        checks |= clock_check(session)
        checks |= held_check(session, now=now)
        checks |= backlog_checks(session, now=now)
        checks |= reconciliation_check(session, here, now=now)
        checks |= canary_check(session)
    except SQLAlchemyError as trouble:
        session.rollback()
        checks |= _trouble(trouble)
    return Judged(checks, lacks)


def _database_check(session: Session) -> dict[str, str]:
    """A standby, or a database that was closed to writers, answers every question and keeps nothing."""
    keeps_nothing = session.scalar(text("select current_setting('transaction_read_only') = 'on'"))
    return {"database": "is read-only: nothing can be kept" if keeps_nothing else "ok"}


def _undecided() -> list[str]:
    """Accounts by which nothing is sent, because data of citizens lie abroad and nobody has decided it."""
    return [f"decision for account {one.name}" for one in undecided(settings())] if settings().production else []


def _demonstration() -> dict[str, dict[str, object]]:
    """How far the demonstration is that is played behind the pages; for information, it makes nothing unready."""
    if not settings().demo:
        return {}
    playing = noted(settings().data_dir)
    if playing is None:
        return {"demonstration": {"complete": True, "percent": 100}}
    return {"demonstration": {"complete": False, "percent": playing.percent, "failed": playing.failed}}


def _trouble(trouble: SQLAlchemyError) -> dict[str, str]:
    if is_missing_table(trouble):
        return {"schema": _WRONG_SCHEMA}
    return {"database": "does not answer" if passes(trouble) else "refuses our questions"}


def _schema_check(session: Session, tables: KnownSchema, *, now: datetime) -> dict[str, str]:
    """`ok` when this build can work with the tables, or what is wrong with them."""
    fault = tables.fault(session.connection(), now=now)
    if fault is None:
        return {"schema": "ok"}
    if fault in (SchemaFault.EMPTY, SchemaFault.OLDER):
        return {"schema": _WRONG_SCHEMA}
    if fault is SchemaFault.UNREADABLE:
        return {"schema": "may not be read by the application's role; run ./hotline migrate"}
    return {"schema": f"is {fault}: {'; '.join(schema_differences(session.connection())[:5])}"}


def key_check(session: Session, here: Settings) -> dict[str, str]:
    """`ok`, or that the data were made under another secret key."""
    wrong = key_state(session, here) is KeyState.WRONG
    return {"secret_key": "is not that of the data; see ./hotline key show" if wrong else "ok"}


def content_checks(lacks: Sequence[Lack]) -> dict[str, str]:
    """`ok`, or the command that loads what no contact can be taken without."""
    return {"directory": "is empty; run ./hotline migrate" if BLOCKING.intersection(lacks) else "ok"}


def process_checks(session: Session, *, now: datetime) -> dict[str, str]:
    """`ok`, or since when no scheduler or worker has given a sign of life."""
    rows = session.execute(select(ProcessBeat.kind, func.max(ProcessBeat.beat_at)).group_by(ProcessBeat.kind))
    beats = {kind: beat for kind, beat in rows}
    found = {}
    for kind in NEEDED:
        beat = beats.get(kind)
        if beat is None:
            found[kind] = "has never run"
        elif now - beat > SILENT_AFTER:
            found[kind] = f"silent since {beat.isoformat()}"
        else:
            found[kind] = "ok"
    return found


def backlog_checks(session: Session, *, now: datetime) -> dict[str, str]:
    """`ok`, or how late the oldest due escalation step and the oldest unsent message are, and whose account fails."""
    step = session.scalar(select(func.min(PlannedStep.planned_at)).where(PlannedStep.fired_at.is_(None)))
    return {"escalation": _lateness(step, now), **message_checks(session, now=now)}


def _lateness(due: datetime | None, now: datetime) -> str:
    if due is None or now - due <= _LATE_AFTER:
        return "ok"
    return f"late since {due.isoformat()}"
