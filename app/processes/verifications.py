"""The audit trail proved for whoever asked on a page: by the worker, part by part, while the page says how far."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from app.processes.signs_of_life import database_now
from app.storage.bounded_connection import within_more
from app.storage.database_faults import OF_EVERYBODY, DatabaseFault, fault_of
from escalation.queries.proof import changed_since_written
from tickets.audit import entries
from tickets.audit.entries import NOTHING_VERIFIED, Verification
from tickets.audit.verifications import (
    AskedVerification,
    end_verification,
    note_verified,
    take_next_verification,
)
from tickets.people.actor import staff_actor

log = structlog.get_logger()

# About a second of computing: the page moves, and no snapshot of the database is held for long.
LINKS_AT_ONCE = 20_000
_QUIET_BETWEEN_PARTS = timedelta(seconds=60)
# All facts are compared by one statement, which says nothing until it is done.
_LONGEST_STATEMENT_SECONDS = 1200
_QUIET_OVER_FACTS = timedelta(seconds=_LONGEST_STATEMENT_SECONDS * 2)

_Transaction = Callable[[], AbstractContextManager[Session]]


def verify_next(transaction: _Transaction, *, links_at_once: int = LINKS_AT_ONCE) -> bool:
    """Prove the trail for the next who waits for it; whether there was one."""
    with transaction() as session:
        asked = take_next_verification(session, quiet=_QUIET_BETWEEN_PARTS, now=database_now(session))
    if asked is None:
        return False
    try:
        _verify(transaction, asked, links_at_once)
    except Exception as trouble:  # whoever waits is told, and may ask again
        kind = fault_of(trouble)
        if kind in OF_EVERYBODY:
            raise
        log.exception("audit.verification_failed")
        with transaction() as session:
            fault = "too_slow" if kind is DatabaseFault.TOO_SLOW else "failed"
            end_verification(session, asked, fault=fault, now=database_now(session))
    return True


def _verify(transaction: _Transaction, asked: AskedVerification, links_at_once: int) -> None:
    found = _chain(transaction, asked, links_at_once)
    with transaction() as session:
        within_more(session.connection(), statement_seconds=_LONGEST_STATEMENT_SECONDS)
        changed = len(changed_since_written(session))
    with transaction() as session:
        now = database_now(session)
        if end_verification(
            session, asked, checked=found.checked, broken_entry_id=found.broken_entry_id, changed_facts=changed, now=now
        ):
            entries.record(
                session,
                actor=staff_actor(asked.staff_id, asked.request_id),
                action="audit.verified",
                subject_kind="audit",
                subject_id=found.broken_entry_id,
                params={
                    "checked": found.checked,
                    "intact": found.broken_entry_id is None and not changed,
                    "changed": changed,
                },
                now=now,
            )


def _chain(transaction: _Transaction, asked: AskedVerification, links_at_once: int) -> Verification:
    """The whole chain as it ends now. What is sealed is never changed, so parts may be read one after the other."""
    found = NOTHING_VERIFIED
    while True:
        with transaction() as session:
            within_more(session.connection(), statement_seconds=_LONGEST_STATEMENT_SECONDS)
            before, found = found, entries.verify(session, after=found, limit=links_at_once)
        is_over = found.broken_entry_id is not None or found.checked - before.checked < links_at_once
        quiet = _QUIET_OVER_FACTS if is_over else _QUIET_BETWEEN_PARTS
        with transaction() as session:
            note_verified(session, asked, checked=found.checked, quiet=quiet, now=database_now(session))
        if is_over:
            return found
