"""What the public reads of each unit: released by the City Office, or returned to the unit with a reason.

The directory an installation begins with, or has when it is upgraded, counts as released (`begin`); from then on
public pages stand on what was released last, whatever is entered meanwhile.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from tickets.audit.entries import record
from tickets.city import day_of
from tickets.directory.entries_now import DirectoryEntry, entries_now, locked_entry
from tickets.directory.going_live import bodies
from tickets.errors import InvalidInput
from tickets.people.actor import SYSTEM, Actor
from tickets.schema import DirectoryRelease, Staff
from tickets.schema.base import Json
from tickets.schema.rows import insert_many
from tickets.typed_text import clean_text

LONGEST_REASON_TO_RETURN = 500
_ONE_BEGINS = 0x4469_7265  # the advisory lock of whoever begins


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as pages tell it; `by` is empty for the directory that was there from the beginning."""

    is_released: bool
    content: Json
    reason: str
    by: str
    at: datetime
    number: int

    @property
    def entry(self) -> DirectoryEntry:
        return DirectoryEntry(self.content)


def are_kept(session: Session) -> bool:
    """Whether releases count here; before the first one, everything that is entered is public."""
    return bool(session.scalar(select(exists().select_from(DirectoryRelease))))


def begin(session: Session, *, now: datetime) -> int:
    """What is entered now counts as released; nothing where anything was ever decided. Returns for how many bodies."""
    if are_kept(session):
        return 0
    session.execute(select(func.pg_advisory_xact_lock(_ONE_BEGINS)))
    everybody = bodies(session, on=day_of(now))
    if are_kept(session) or not everybody:
        return 0
    found = entries_now(session, everybody, on=day_of(now))
    insert_many(session, DirectoryRelease, [_row(one, found[one], "", SYSTEM, now) for one in everybody])
    params = {"count": len(everybody)}
    record(
        session, actor=SYSTEM, action="directory.begun", subject_kind="unit", subject_id=None, params=params, now=now
    )
    return len(everybody)


def release(session: Session, seen: Mapping[int, str], *, actor: Actor, now: datetime) -> int:
    """Let the public read what is entered of these units; `seen`: the fingerprint that was read of each.

    Returns of how many something changed. Raises InvalidInput when one has been changed since it was read.
    """
    begin(session, now=now)
    read = {one: _as_read(session, one, seen[one], now=now) for one in sorted(seen)}
    last = last_released(session, read)
    fresh = [one for one, entry in read.items() if one not in last or last[one].content != entry.content]
    insert_many(session, DirectoryRelease, [_row(one, read[one], "", actor, now) for one in fresh])
    for unit_id in fresh:
        _note(session, "directory.released", unit_id, "", actor=actor, now=now)
    return len(fresh)


def give_back(session: Session, seen: Mapping[int, str], *, reason: str, actor: Actor, now: datetime) -> list[int]:
    """Tell units what to mend, one decision each; returns which. The public goes on reading what it read.

    Raises InvalidInput without a reason, and when one has been changed since it was read.
    """
    said = clean_text(reason, LONGEST_REASON_TO_RETURN, field="reason").strip()
    if not said:
        raise InvalidInput("reason", "missing")
    begin(session, now=now)
    read = {one: _as_read(session, one, seen[one], now=now) for one in sorted(seen)}
    insert_many(session, DirectoryRelease, [_row(one, entry, said, actor, now) for one, entry in read.items()])
    for unit_id in read:
        _note(session, "directory.returned", unit_id, said, actor=actor, now=now)
    return list(read)


def corrected(session: Session, unit_ids: Collection[int], mend: Callable[[Json], Json], *, now: datetime) -> None:
    """The system takes out of what the public reads what turned out to be nobody's word; the rest of it stays."""
    last = last_released(session, unit_ids)
    mended = {one: DirectoryEntry(mend(decided.content)) for one, decided in last.items()}
    fresh = {one: entry for one, entry in mended.items() if entry.content != last[one].content}
    insert_many(session, DirectoryRelease, [_row(one, entry, "", SYSTEM, now) for one, entry in fresh.items()])


def release_all(session: Session, *, now: datetime) -> None:
    """Of the demonstration, whose lines came after its directory: everything that is entered is public."""
    found = entries_now(session, bodies(session, on=day_of(now)), on=day_of(now))
    insert_many(session, DirectoryRelease, [_row(one, entry, "", SYSTEM, now) for one, entry in found.items()])


def last_released(session: Session, unit_ids: Collection[int]) -> dict[int, Decided]:
    """What the public reads of each; nothing of whoever was never released."""
    return _last(session, unit_ids, only_released=True)


def last_decided(session: Session, unit_ids: Collection[int]) -> dict[int, Decided]:
    """The last word on each, released or returned."""
    return _last(session, unit_ids, only_released=False)


def first_released(session: Session, unit_ids: Collection[int]) -> dict[int, datetime]:
    """Since when each is public: whoever came this month is asked from the next one."""
    rows = session.execute(
        select(DirectoryRelease.unit_id, func.min(DirectoryRelease.decided_at))
        .where(DirectoryRelease.unit_id.in_(unit_ids), DirectoryRelease.is_released)
        .group_by(DirectoryRelease.unit_id)
    )
    return {unit_id: at for unit_id, at in rows if at is not None}


def decisions_on_entry(session: Session, unit_id: int) -> list[Decided]:
    """The latest first."""
    statement = select(DirectoryRelease, Staff.name).outerjoin(Staff, Staff.id == DirectoryRelease.decided_by_id)
    statement = statement.where(DirectoryRelease.unit_id == unit_id).order_by(DirectoryRelease.id.desc()).limit(50)
    return [_told(row, name) for row, name in session.execute(statement)]


def hidden_procedures(session: Session) -> frozenset[int]:
    """Procedures that came into the catalogue since their department's list was released, and are not public yet."""
    return frozenset(session.scalars(_HIDDEN)) if are_kept(session) else frozenset()


_HIDDEN = text("""
    with last as (
        select distinct on (unit_id) unit_id, content from directory_release where is_released order by unit_id, id desc
    ), released as (
        select cast(e as bigint) as id from last, jsonb_array_elements_text(last.content -> 'procedures') e
    )
    select p.id from procedure p where p.department_id is not null and p.id not in (select id from released)
""")


def _last(session: Session, unit_ids: Collection[int], *, only_released: bool) -> dict[int, Decided]:
    statement = select(DirectoryRelease, Staff.name).outerjoin(Staff, Staff.id == DirectoryRelease.decided_by_id)
    statement = statement.ext(distinct_on(DirectoryRelease.unit_id))
    statement = statement.order_by(DirectoryRelease.unit_id, DirectoryRelease.id.desc())
    statement = statement.where(DirectoryRelease.unit_id.in_(unit_ids))
    if only_released:
        statement = statement.where(DirectoryRelease.is_released)
    return {row.unit_id: _told(row, name) for row, name in session.execute(statement)}


def _told(row: DirectoryRelease, name: str | None) -> Decided:
    return Decided(row.is_released, row.content, row.reason, name or "", row.decided_at, row.id)


def _as_read(session: Session, unit_id: int, fingerprint: str, *, now: datetime) -> DirectoryEntry:
    entry = locked_entry(session, unit_id, on=day_of(now))
    if entry.fingerprint != fingerprint:
        raise InvalidInput("unit", "entry_changed")
    return entry


def _row(unit_id: int, entry: DirectoryEntry, reason: str, actor: Actor, now: datetime) -> dict[str, object]:
    return {
        "unit_id": unit_id,
        "is_released": not reason,
        "content": entry.content,
        "reason": reason,
        "decided_by_id": actor.staff_id,
        "decided_at": now,
    }


def _note(session: Session, action: str, unit_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    params = {"unit_id": unit_id, **({"reason": reason} if reason else {})}
    record(session, actor=actor, action=action, subject_kind="unit", subject_id=unit_id, params=params, now=now)
