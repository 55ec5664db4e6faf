"""The sealer goes on from its mark, and still links an entry whose transaction ended long after younger ones."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.storage.database import transaction
from tests.conftest import Committed
from tickets.audit import entries, unsealed
from tickets.people.actor import SYSTEM
from tickets.schema import AuditEntry, AuditSeal, AuditSealMark


def write(session: Session, subject: int, *, now: datetime) -> int:
    entries.record(session, actor=SYSTEM, action="ticket.claimed", subject_kind="ticket", subject_id=subject, now=now)
    return session.scalars(select(AuditEntry.id).where(AuditEntry.subject_id == subject)).one()


def seal(committed: Committed, now: datetime) -> int:
    with transaction(committed.factory) as session:
        return entries.seal(session, now=now, settled_before=now)


def is_sealed(committed: Committed, entry_id: int) -> bool:
    with transaction(committed.factory) as session:
        return session.get(AuditSeal, entry_id) is not None


def mark(committed: Committed) -> AuditSealMark:
    with transaction(committed.factory) as session:
        found = session.get(AuditSealMark, 1)
        assert found is not None
        session.expunge(found)
        return found


def test_an_entry_that_commits_long_after_younger_ones_is_linked(committed: Committed, now: datetime) -> None:
    seal(committed, now)
    slow = committed.factory()
    late_id = write(slow, 1_000_001, now=now)
    with transaction(committed.factory) as session:
        younger_id = write(session, 1_000_002, now=now)

    for minute in range(1, 6):
        seal(committed, now + timedelta(minutes=minute))
    assert is_sealed(committed, younger_id)
    assert mark(committed).entry_id < late_id
    slow.commit()
    slow.close()
    seal(committed, now + timedelta(minutes=6))

    assert is_sealed(committed, late_id)
    with transaction(committed.factory) as session:
        assert unsealed.count(session) == 0
        assert entries.verify(session).broken_entry_id is None


def test_the_mark_follows_once_nothing_older_runs(committed: Committed, now: datetime) -> None:
    with transaction(committed.factory) as session:
        entry_id = write(session, 1_000_003, now=now)

    for minute in range(1, 4):
        seal(committed, now + timedelta(minutes=minute))

    assert mark(committed).entry_id == entry_id


def test_an_entry_too_young_to_be_sealed_is_not_passed_over(committed: Committed, now: datetime) -> None:
    with transaction(committed.factory) as session:
        young_id = write(session, 1_000_004, now=now + timedelta(hours=1))
        write(session, 1_000_005, now=now)
    for minute in range(1, 5):
        seal(committed, now + timedelta(minutes=minute))
    assert not is_sealed(committed, young_id)

    seal(committed, now + timedelta(hours=2))

    assert is_sealed(committed, young_id)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(
            "settling_xid = 1000000000000000", id="made in another cluster, whose transactions were further on"
        ),
        pytest.param("whole_at = whole_at - interval '25 hours'", id="a day after the last whole look"),
    ],
)
def test_what_lies_behind_the_mark_is_found_by_a_whole_look(committed: Committed, now: datetime, wrong: str) -> None:
    with transaction(committed.factory) as session:
        hidden_id = write(session, 1_000_006, now=now)
        seal_state = session.execute(text("select max(id) from audit_entry")).scalar_one()
    seal(committed, now - timedelta(hours=1))
    with transaction(committed.factory) as session:
        session.execute(
            text(f"update audit_seal_mark set entry_id = :far, settling_id = :far, {wrong}"), {"far": seal_state}
        )

    seal(committed, now + timedelta(minutes=1))

    assert is_sealed(committed, hidden_id)


def test_the_mark_follows_a_backlog_so_that_no_batch_reads_again_what_is_sealed(
    committed: Committed, now: datetime
) -> None:
    for minute in range(3):
        seal(committed, now + timedelta(minutes=minute))
    with transaction(committed.factory) as session:
        ids = [write(session, 1_000_010 + number, now=now) for number in range(40)]

    begun_after = []
    for _batch in range(4):
        with transaction(committed.factory) as session:
            begun_after.append(unsealed.begin(session, now=now).after_id)
            entries.seal(session, now=now, settled_before=now, limit=10)

    assert [is_sealed(committed, entry_id) for entry_id in (ids[0], ids[-1])] == [True, True]
    assert begun_after[-1] >= ids[9]
