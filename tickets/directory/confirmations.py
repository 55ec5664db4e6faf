"""Each month a unit says that what the directory tells of it is right: one row, by name."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from tickets.audit.entries import record
from tickets.city import day_of
from tickets.directory.entries_now import locked_entry
from tickets.errors import InvalidInput
from tickets.people.actor import Actor
from tickets.schema import DirectoryConfirmation, Staff

# Until this day of a month it may be confirmed in time.
CONFIRM_BY_DAY = 5


@dataclass(frozen=True, slots=True)
class Confirmed:
    month: date
    fingerprint: str
    by: str
    at: datetime


def month_of(day: date) -> date:
    return day.replace(day=1)


def confirm(session: Session, unit_id: int, *, fingerprint: str, staff_id: int, actor: Actor, now: datetime) -> bool:
    """It was read and is right; false where the same was confirmed this month already. Raises InvalidInput when it has
    been changed since it was read."""
    entry = locked_entry(session, unit_id, on=day_of(now))
    if entry.fingerprint != fingerprint:
        raise InvalidInput("unit", "entry_changed")
    month = month_of(day_of(now))
    last = last_confirmed(session, [unit_id]).get(unit_id)
    if last is not None and (last.month, last.fingerprint) == (month, fingerprint):
        return False
    insert_confirmation(session, unit_id, month=month, fingerprint=fingerprint, staff_id=staff_id, now=now)
    record(
        session,
        actor=actor,
        action="directory.confirmed",
        subject_kind="unit",
        subject_id=unit_id,
        params={"unit_id": unit_id, "month": month.isoformat()},
        now=now,
    )
    return True


def insert_confirmation(
    session: Session, unit_id: int, *, month: date, fingerprint: str, staff_id: int, now: datetime
) -> None:
    session.add(
        DirectoryConfirmation(
            unit_id=unit_id, month=month, fingerprint=fingerprint, confirmed_by_id=staff_id, confirmed_at=now
        )
    )
    session.flush()


def last_confirmed(session: Session, unit_ids: Collection[int]) -> dict[int, Confirmed]:
    statement = (
        select(DirectoryConfirmation, Staff.name)
        .join(Staff, Staff.id == DirectoryConfirmation.confirmed_by_id)
        .ext(distinct_on(DirectoryConfirmation.unit_id))
        .where(DirectoryConfirmation.unit_id.in_(unit_ids))
        .order_by(DirectoryConfirmation.unit_id, DirectoryConfirmation.id.desc())
    )
    return {row.unit_id: _told(row, name) for row, name in session.execute(statement)}


def confirmations_of(session: Session, unit_id: int) -> list[Confirmed]:
    """Of the last two years, the latest first."""
    statement = (
        select(DirectoryConfirmation, Staff.name)
        .join(Staff, Staff.id == DirectoryConfirmation.confirmed_by_id)
        .where(DirectoryConfirmation.unit_id == unit_id)
        .order_by(DirectoryConfirmation.id.desc())
        .limit(24)
    )
    return [_told(row, name) for row, name in session.execute(statement)]


def _told(row: DirectoryConfirmation, name: str) -> Confirmed:
    return Confirmed(row.month, row.fingerprint, name, row.confirmed_at)
