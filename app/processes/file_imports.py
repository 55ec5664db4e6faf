"""Files that somebody handed in on a page: judged, written once confirmed, undone when asked for, by the worker."""

import time as clock
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from threading import Event, Thread

import structlog
from sqlalchemy.orm import Session

from app.processes.signs_of_life import database_now
from app.seeding.file_kinds import TABLE_KINDS
from app.seeding.imports import (
    ACCEPTABLE,
    FileRefused,
    judged_file,
    plan_file,
    record_import,
    write_plan,
)
from app.storage.bounded_connection import within_more
from app.storage.database_faults import OF_EVERYBODY, fault_of
from tickets.audit.entries import record
from tickets.directory.exchange import history
from tickets.directory.exchange.history import BroughtFile
from tickets.directory.exchange.undoing import NotUndone, undo
from tickets.people.actor import SYSTEM, Actor, staff_actor

log = structlog.get_logger()

_LONGEST_STATEMENT_SECONDS = 300
_SAID_EVERY_SECONDS = 1.0
_HEARD_EVERY_SECONDS = 20.0

_Transaction = Callable[[], AbstractContextManager[Session]]


def do_next_file(transaction: _Transaction) -> bool:
    """Whether there was one."""
    with transaction() as session:
        file = history.take_next_file(session, now=database_now(session))
    if file is None:
        return False
    try:
        with _heard(transaction, file):
            _DEEDS[file.state](transaction, file)
    except Exception as trouble:  # whoever waits is told, and may try again
        if fault_of(trouble) in OF_EVERYBODY:
            raise
        log.exception("files.import_failed", kind=file.kind, state=file.state)
        with transaction() as session:
            history.note_failed(session, file.id, now=database_now(session))
    return True


def _judge(transaction: _Transaction, file: BroughtFile) -> None:
    """Everything that is wrong, or what it would do: written for real and taken back, so that both cannot differ."""
    with transaction() as session:
        now = _longer(session)
        attempt = session.begin_nested()
        say = _saying(transaction, file)
        plan = judged_file(session, file.kind, file.content, actor=_actor(file), now=now, say=say)
        refused = any(one.code not in ACCEPTABLE for one in plan.errors)
        if not refused:
            write_plan(plan)
        attempt.rollback()
    with transaction() as session:
        history.note_judged(
            session, file.id, plan.changes, plan.errors, plan.table.read, refused=refused, now=database_now(session)
        )


def _write(transaction: _Transaction, file: BroughtFile) -> None:
    try:
        with transaction() as session:
            now = _longer(session)
            actor = _actor(file)
            plan = plan_file(session, file.kind, file.content, accept=file.accepted, actor=actor, now=now)
            write_plan(plan)
            record_import(session, file.kind, plan.outcome(), actor=actor, now=now)
            history.note_done(session, file.id, plan.changes, now=now)
    except FileRefused:
        # Something it names has changed since it was looked at.
        _judge(transaction, file)


def _undo(transaction: _Transaction, file: BroughtFile) -> None:
    try:
        with transaction() as session:
            now = _longer(session)
            by_id = history.one_import(session, file.id).undone_by_id
            actor = staff_actor(by_id) if by_id else SYSTEM
            changes = history.kept_changes(session, file.id)
            undo(TABLE_KINDS[file.kind](session, actor=actor, now=now), changes)
            record(
                session,
                actor=actor,
                action="directory.import_undone",
                subject_kind=file.kind,
                subject_id=file.id,
                params={"changed": len(changes)},
                now=now,
            )
            history.note_undone(session, file.id, by_id=by_id, now=now)
    except NotUndone as kept:
        with transaction() as session:
            history.note_not_undone(session, file.id, kept.errors)


_DEEDS: dict[str, Callable[[_Transaction, BroughtFile], None]] = {
    "waiting": _judge,
    "confirmed": _write,
    "undoing": _undo,
}


def _actor(file: BroughtFile) -> Actor:
    return staff_actor(file.staff_id, file.request_id) if file.staff_id else SYSTEM


def _longer(session: Session) -> datetime:
    within_more(session.connection(), statement_seconds=_LONGEST_STATEMENT_SECONDS)
    return database_now(session)


@contextmanager
def _heard(transaction: _Transaction, file: BroughtFile) -> Iterator[None]:
    """While a large file is written or undone, says that somebody works on it: silence would give it to another."""
    over = Event()

    def beat() -> None:
        while not over.wait(_HEARD_EVERY_SECONDS):
            try:
                with transaction() as session:
                    history.note_heard(session, file.id, now=database_now(session))
            except Exception:  # the deed itself meets the same trouble, and tells it
                log.warning("files.not_heard", import_id=file.id)

    beating = Thread(target=beat, name="file-import-heard", daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()


def _saying(transaction: _Transaction, file: BroughtFile) -> Callable[[int, int], None]:
    """In transactions of their own, at most one a second."""
    said = [0.0]

    def say(done: int, rows: int) -> None:
        if clock.monotonic() - said[0] < _SAID_EVERY_SECONDS:
            return
        said[0] = clock.monotonic()
        with transaction() as session:
            history.note_progress(session, file.id, done=done, rows=rows, now=database_now(session))

    return say
