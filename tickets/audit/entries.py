"""The audit trail: one row in every changing transaction, sealed into a hash chain in order by a job."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from tickets.audit import unsealed
from tickets.people.actor import Actor
from tickets.schema import AuditEntry, AuditSeal
from tickets.schema.rows import insert_many

_GENESIS = "0" * 64
_INSERT = insert(AuditEntry.__table__)
_SEALING = 7_301_002


def record(
    session: Session,
    *,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: int | None,
    ticket_id: int | None = None,
    params: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write who did `action` (dotted, e.g. `ticket.claimed`) to what; params hold no texts and no whole phones."""
    row = entry(
        actor=actor,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        ticket_id=ticket_id,
        params=params,
        now=now,
    )
    session.execute(_INSERT, row)


def entry(
    *,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: int | None,
    ticket_id: int | None = None,
    params: Mapping[str, Any] | None = None,
    now: datetime,
) -> dict[str, Any]:
    """The row that `record` writes, for those who write it with others."""
    return {
        "at": now,
        "actor_kind": actor.kind,
        "staff_id": actor.staff_id,
        "action": action,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "ticket_id": ticket_id,
        "request_id": actor.request_id,
        "params": dict(params or {}),
    }


def record_all(session: Session, rows: Sequence[Mapping[str, Any]], *, actor: Actor, now: datetime) -> None:
    """Write many rows at once; each gives action, subject_kind, subject_id, ticket_id and params as for `record`."""
    if not rows:
        return
    said_by = {"at": now, "actor_kind": actor.kind, "staff_id": actor.staff_id, "request_id": actor.request_id}
    session.flush()
    insert_many(session, AuditEntry, [{**said_by, **row} for row in rows])


def entry_hash(entry: AuditEntry, previous_hash: str) -> str:
    """SHA-256 over the previous link and every column of the entry, in one canonical JSON form."""
    facts = [
        previous_hash,
        entry.id,
        entry.at.timestamp(),
        str(entry.actor_kind),
        entry.staff_id,
        entry.action,
        entry.subject_kind,
        entry.subject_id,
        entry.ticket_id,
        entry.request_id,
        entry.params,
    ]
    canonical = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def seal(session: Session, *, now: datetime, settled_before: datetime, limit: int = 5000) -> int:
    """Add links for entries older than `settled_before`, oldest first; returns how many.

    Ids are drawn before commit, so a younger entry may appear before an older one: an entry that commits late is
    linked after its neighbours, in the order of sealing (`number`), and nothing is ever skipped.
    """
    # The application's role may not lock the rows of a table it cannot change, so sealers queue on a lock of their own.
    session.execute(select(func.pg_advisory_xact_lock(_SEALING)))
    last = session.scalars(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1)).one_or_none()
    number, previous = (last.number, last.hash) if last else (0, _GENESIS)
    look = unsealed.begin(session, now=now)
    found = unsealed.read(session, look, settled_before=settled_before, limit=limit)
    links = []
    for entry in found:
        number += 1
        link = entry_hash(entry, previous)
        links.append(
            {"entry_id": entry.id, "number": number, "previous_hash": previous, "hash": link, "sealed_at": now}
        )
        previous = link
    if links:
        session.execute(insert(AuditSeal), links)
    up_to_id = found[-1].id if len(found) == limit else None
    unsealed.end(session, look, up_to_id=up_to_id, settled_before=settled_before, now=now)
    return len(links)


@dataclass(frozen=True, slots=True)
class Verification:
    """How many links hold; `broken_entry_id` is the first entry whose link does not, or that is missing."""

    checked: int
    broken_entry_id: int | None
    # Where the next part goes on.
    last_hash: str = field(default=_GENESIS, compare=False)


NOTHING_VERIFIED = Verification(0, None)


def verify(session: Session, *, after: Verification = NOTHING_VERIFIED, limit: int | None = None) -> Verification:
    """Recompute the chain from the entries as they stand now: all of it, or the next `limit` links `after` a part."""
    previous, checked = after.last_hash, after.checked
    for link, entry in session.execute(_links(after, limit)):
        intact = (
            entry is not None
            and link.number == checked + 1
            and link.previous_hash == previous
            and link.hash == entry_hash(entry, previous)
        )
        if not intact:
            return Verification(checked, link.entry_id, previous)
        previous, checked = link.hash, checked + 1
    return Verification(checked, None, previous)


def _links(after: Verification, limit: int | None) -> Select[AuditSeal, AuditEntry]:
    statement = (
        select(AuditSeal, AuditEntry)
        .outerjoin(AuditEntry, AuditSeal.entry_id == AuditEntry.id)
        .order_by(AuditSeal.number)
        .limit(limit)
        .execution_options(yield_per=1000)
    )
    # The first part has no lower bound: a link that was put before the first is found too.
    return statement.where(AuditSeal.number > after.checked) if after.checked else statement
