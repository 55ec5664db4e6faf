"""Leave: when somebody is away and who stands in for them; the rows of `absence`, judged and audited.

Whoever stands in is told in their place, in the same capacity: the level stays owed by the post (A4). `standing_rows`
reads it in its one statement.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session, aliased

from tickets.audit import entries
from tickets.directory.staff import people_at
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import Actor
from tickets.people.roles import SEEING
from tickets.schema import Absence, RoleAssignment, Staff

LONGEST_LEAVE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Leave:
    """An absence with the words people read; `deputy` is empty where nobody stands in."""

    absence_id: int
    staff_id: int
    person: str
    deputy_id: int | None
    deputy: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class WantedLeave:
    staff_id: int
    deputy_id: int | None
    starts_at: datetime
    ends_at: datetime


def take_leave(session: Session, wanted: WantedLeave, *, actor: Actor, now: datetime) -> int:
    """Somebody is away from `starts_at`, at once if that has passed today; the absence's id.

    Raises InvalidInput for a time that is none or over, leave they have already, and a deputy who works elsewhere or is
    away then themselves.
    """
    starts_at = max(wanted.starts_at, now)
    if wanted.ends_at <= wanted.starts_at:
        raise InvalidInput("until", "before_start")
    if wanted.ends_at <= now:
        raise InvalidInput("until", "past")
    if wanted.ends_at - wanted.starts_at > LONGEST_LEAVE:
        raise InvalidInput("until", "leave_too_long", days=LONGEST_LEAVE.days)
    # One after the other: two of the same person at once would both find them there.
    session.execute(select(Staff.id).where(Staff.id == wanted.staff_id).with_for_update(key_share=True))
    before = absence_within(session, wanted.staff_id, from_at=starts_at, to_at=wanted.ends_at)
    if before is not None:
        raise InvalidInput("since", "on_leave", starts_at=before.starts_at, ends_at=before.ends_at)
    if wanted.deputy_id is not None:
        _judge_deputy(session, wanted, wanted.deputy_id, starts_at=starts_at, now=now)
    row = Absence(
        staff_id=wanted.staff_id,
        deputy_id=wanted.deputy_id,
        starts_at=starts_at,
        ends_at=wanted.ends_at,
        created_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, "absence.taken", row, actor=actor, now=now)
    return row.id


def move_leave_end(session: Session, absence_id: int, ends_at: datetime, *, actor: Actor, now: datetime) -> None:
    """It lasts until then. Raises NotFound for what is over, InvalidInput for an end that has passed."""
    row = session.scalars(select(Absence).where(Absence.id == absence_id).with_for_update()).one_or_none()
    if row is None or row.ends_at <= now:
        raise NotFound("absence", absence_id)
    if ends_at <= max(now, row.starts_at):
        raise InvalidInput("until", "past")
    row.ends_at = ends_at
    session.flush()
    _record(session, "absence.taken", row, actor=actor, now=now)


def end_leave(session: Session, absence_id: int, *, actor: Actor, now: datetime) -> None:
    """They are back: what has not begun is gone, what runs ends now, what is over stays. Raises NotFound."""
    row = session.scalars(select(Absence).where(Absence.id == absence_id).with_for_update()).one_or_none()
    if row is None or row.ends_at <= now:
        raise NotFound("absence", absence_id)
    _record(session, "absence.ended", row, actor=actor, now=now)
    if row.starts_at >= now:
        session.execute(delete(Absence).where(Absence.id == absence_id))
    else:
        session.execute(update(Absence).where(Absence.id == absence_id).values(ends_at=now))


def absence_within(session: Session, staff_id: int, *, from_at: datetime, to_at: datetime) -> Absence | None:
    """The first leave of a person that touches this stretch."""
    wanted = select(Absence).where(Absence.staff_id == staff_id, Absence.starts_at < to_at, Absence.ends_at > from_at)
    return session.scalars(wanted.order_by(Absence.starts_at).limit(1)).one_or_none()


def leave(session: Session, absence_id: int) -> Leave:
    """Raises NotFound."""
    found = _found(session, Absence.id == absence_id)
    if not found:
        raise NotFound("absence", absence_id)
    return found[0]


def leave_of(session: Session, staff_ids: Collection[int], *, from_at: datetime) -> list[Leave]:
    """What these people have of leave that is not over at `from_at`, the earliest first."""
    return _found(session, Absence.staff_id.in_(staff_ids), Absence.ends_at > from_at)


def standing_in(session: Session, staff_id: int, *, from_at: datetime) -> list[Leave]:
    """For whom this person stands in, now or later."""
    return _found(session, Absence.deputy_id == staff_id, Absence.ends_at > from_at)


def possible_deputies(session: Session, staff_id: int, *, now: datetime) -> dict[int, str]:
    """Who may stand in for somebody, by id with their name: people who work at a unit of theirs."""
    people = people_at(session, _units_of(session, staff_id, now=now), roles=SEEING, now=now)
    return {one.staff.id: one.staff.name for one in people if one.staff.id != staff_id}


def _judge_deputy(session: Session, wanted: WantedLeave, deputy_id: int, *, starts_at: datetime, now: datetime) -> None:
    if deputy_id not in possible_deputies(session, wanted.staff_id, now=now):
        raise InvalidInput("deputy", "no_role_there")
    away = absence_within(session, deputy_id, from_at=starts_at, to_at=wanted.ends_at)
    if away is not None:
        raise InvalidInput("deputy", "on_leave", starts_at=away.starts_at, ends_at=away.ends_at)


def _units_of(session: Session, staff_id: int, *, now: datetime) -> Sequence[int]:
    return session.scalars(
        select(RoleAssignment.unit_id).where(
            RoleAssignment.staff_id == staff_id,
            RoleAssignment.valid_from <= now,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
        )
    ).all()


def _found(session: Session, *which: ColumnElement[bool]) -> list[Leave]:
    deputy = aliased(Staff)
    rows = session.execute(
        select(
            Absence.id, Absence.staff_id, Staff.name, Absence.deputy_id, deputy.name, Absence.starts_at, Absence.ends_at
        )
        .join(Staff, Staff.id == Absence.staff_id)
        .outerjoin(deputy, deputy.id == Absence.deputy_id)
        .where(*which)
        .order_by(Absence.starts_at, Absence.id)
    )
    return [Leave(i, s, p, d, name or "", since, until) for i, s, p, d, name, since, until in rows]


def _record(session: Session, action: str, row: Absence, *, actor: Actor, now: datetime) -> None:
    params: Mapping[str, object] = {
        "staff_id": row.staff_id,
        "deputy_id": row.deputy_id,
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
    }
    entries.record(
        session, actor=actor, action=action, subject_kind="absence", subject_id=row.id, params=params, now=now
    )
