"""The audit trail: sealed in order, and a changed row is found."""

from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.storage.database import transaction
from tests.conftest import Committed
from tickets.audit import entries
from tickets.people.actor import SYSTEM


def written(session: Session, count: int, now: datetime) -> None:
    for number in range(count):
        entries.record(
            session, actor=SYSTEM, action="ticket.claimed", subject_kind="ticket", subject_id=number, now=now
        )


def test_a_sealed_chain_verifies(session: Session, now: datetime) -> None:
    entries.seal(session, now=now, settled_before=now + timedelta(days=1), limit=1_000_000)
    before = entries.verify(session).checked
    written(session, 5, now)

    entries.seal(session, now=now + timedelta(seconds=5), settled_before=now)

    assert entries.verify(session) == entries.Verification(before + 5, None)


def test_an_entry_changed_by_the_superuser_is_found(committed: Committed, now: datetime) -> None:
    with transaction(committed.factory) as session:
        entries.seal(session, now=now, settled_before=now + timedelta(days=1), limit=1_000_000)
        written(session, 5, now)
        entries.seal(session, now=now, settled_before=now)

    with psycopg.connect(committed.superuser_url.replace("+psycopg", ""), autocommit=True) as superuser:
        changed = superuser.execute(
            "update audit_entry set action = 'ticket.ignored' where subject_id = 3 and action = 'ticket.claimed'"
            " returning id"
        ).fetchone()

    with transaction(committed.factory) as session:
        assert changed is not None
        assert entries.verify(session).broken_entry_id == changed[0]


def test_the_applications_own_role_cannot_change_what_is_audited(committed: Committed, now: datetime) -> None:
    with transaction(committed.factory) as session:
        written(session, 1, now)

    for statement in ("update audit_entry set action = ''", "delete from audit_entry", "truncate audit_entry"):
        with pytest.raises(ProgrammingError), transaction(committed.factory) as session:
            session.execute(text(statement))
