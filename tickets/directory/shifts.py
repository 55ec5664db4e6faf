"""Turns of duty: the rows of `shift`, read by unit or person; what may be planned is judged in `rota`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.orm import Session

from tickets.errors import NotFound
from tickets.schema import Post, Shift, Staff


@dataclass(frozen=True, slots=True)
class DutyTurn:
    """A shift with the words people read: whose turn it is, for which post of which unit, from when until when."""

    shift_id: int
    staff_id: int
    person: str
    post_id: int
    post: str
    post_en: str
    unit_id: int
    starts_at: datetime
    ends_at: datetime
    # The rotation that filled it, if none changed it by hand since.
    rotation_id: int | None

    def runs_at(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


def insert_shifts(
    session: Session, rows: Sequence[tuple[int, int, datetime, datetime]], *, rotation_id: int | None = None
) -> list[int]:
    """Write turns of the rota: (post, person, from, to); their ids in the given order."""
    wanted = insert(Shift).returning(Shift.id, sort_by_parameter_order=True)
    given = [
        {"post_id": post, "staff_id": staff, "starts_at": start, "ends_at": end, "rotation_id": rotation_id}
        for post, staff, start, end in rows
    ]
    return list(session.scalars(wanted, given)) if given else []


def change_shift(
    session: Session, shift_id: int, *, post_id: int, staff_id: int, starts_at: datetime, ends_at: datetime
) -> None:
    """By hand: no rotation takes it back any more."""
    session.execute(
        update(Shift)
        .where(Shift.id == shift_id)
        .values(post_id=post_id, staff_id=staff_id, starts_at=starts_at, ends_at=ends_at, rotation_id=None)
    )


def drop_shifts(session: Session, shift_ids: Collection[int]) -> None:
    """For turns that have not begun: nobody has ever been on duty by them."""
    session.execute(delete(Shift).where(Shift.id.in_(shift_ids)))


def drop_of_rotation(session: Session, rotation_id: int, *, post_id: int, now: datetime) -> int:
    """What a rotation filled and has not begun goes; how many turns that were. What was changed by hand stays."""
    gone = delete(Shift).where(Shift.post_id == post_id, Shift.rotation_id == rotation_id, Shift.starts_at > now)
    return len(session.scalars(gone.returning(Shift.id)).all())


def turn(session: Session, shift_id: int) -> DutyTurn:
    """Raises NotFound."""
    row = session.execute(_turns().where(Shift.id == shift_id)).one_or_none()
    if row is None:
        raise NotFound("shift", shift_id)
    return DutyTurn(*row)


def turns_at(session: Session, unit_id: int, *, from_at: datetime, to_at: datetime) -> list[DutyTurn]:
    """The turns of a unit's posts that touch this stretch, in the order in which they begin."""
    return _found(session, _touching(from_at, to_at).where(Post.unit_id == unit_id))


def turns_of_post(session: Session, post_id: int, *, from_at: datetime, to_at: datetime) -> list[DutyTurn]:
    """The turns of one post that touch this stretch."""
    return _found(session, _touching(from_at, to_at).where(Shift.post_id == post_id))


def turns_begun(session: Session, *, after: datetime, until: datetime) -> list[DutyTurn]:
    """The turns that began after one instant and until another, of everybody, and have not ended."""
    return _found(session, _turns().where(Shift.starts_at > after, Shift.starts_at <= until, Shift.ends_at > until))


def turns_of(session: Session, staff_id: int, *, from_at: datetime, to_at: datetime) -> list[DutyTurn]:
    """A person's turns at any unit that touch this stretch."""
    return _found(session, _touching(from_at, to_at).where(Shift.staff_id == staff_id))


def _found(session: Session, wanted: Select[*tuple[Any, ...]]) -> list[DutyTurn]:
    return [DutyTurn(*row) for row in session.execute(wanted.order_by(Shift.starts_at, Staff.sort_key, Shift.id))]


def _touching(from_at: datetime, to_at: datetime) -> Select[*tuple[Any, ...]]:
    return _turns().where(Shift.starts_at < to_at, Shift.ends_at > from_at)


def _turns() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Shift.id, Shift.staff_id, Staff.name, Post.id, Post.name, Post.name_en, Post.unit_id, Shift.starts_at,
            Shift.ends_at, Shift.rotation_id,
        )
        .join(Post, Post.id == Shift.post_id)
        .join(Staff, Staff.id == Shift.staff_id)
    )  # fmt: skip
