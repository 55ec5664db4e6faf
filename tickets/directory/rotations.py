"""Rotations: these people in this order, each so many days, from a day on; they fill the rota until taken back."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.city import day_of, zone
from tickets.directory.rota import WantedTurn, judge_turn
from tickets.directory.shifts import drop_of_rotation, insert_shifts
from tickets.directory.staff import people_at
from tickets.each_alone import PutAside, each_alone
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import SYSTEM, Actor
from tickets.people.roles import SEEING
from tickets.schema import Post, Rotation

FILLED_AHEAD = timedelta(days=42)
MOST_PEOPLE = 8
_MOST_DAYS_EACH = 31
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WantedRotation:
    """`staff_ids` in the order of their turns; minutes are of the city's day, equal ones mean day and night."""

    post_id: int
    staff_ids: Sequence[int]
    days_each: int
    starts_on: date
    from_minute: int
    to_minute: int


@dataclass(frozen=True, slots=True)
class Filled:
    """What filling ahead came to: how many turns were planned, how many were left free, up to which day."""

    planned: int
    left_free: int
    until: date


def start_rotation(session: Session, wanted: WantedRotation, *, actor: Actor, now: datetime) -> Filled:
    """Begin a rotation and fill the weeks ahead; a turn that its person cannot have is left free.

    Raises InvalidInput for nobody, somebody without a role at the unit, days that are none, and a day that has passed.
    """
    _judge(session, wanted, now=now)
    row = Rotation(
        post_id=wanted.post_id, staff_ids=list(wanted.staff_ids), days_each=wanted.days_each,
        starts_on=wanted.starts_on, from_minute=wanted.from_minute, to_minute=wanted.to_minute,
        filled_until=wanted.starts_on, created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _record(session, "rotation.started", row, {"people": len(row.staff_ids), "days": row.days_each}, actor, now=now)
    return _fill(session, row, now=now)


def take_rotation_back(session: Session, rotation_id: int, *, actor: Actor, now: datetime) -> int:
    """It fills no more, and its turns that have not begun go, those changed by hand excepted; how many went.

    Raises NotFound.
    """
    row = session.scalars(select(Rotation).where(Rotation.id == rotation_id).with_for_update()).one_or_none()
    if row is None or row.ended_at is not None:
        raise NotFound("rotation", rotation_id)
    row.ended_at = now
    gone = drop_of_rotation(session, row.id, post_id=row.post_id, now=now)
    _record(session, "rotation.taken_back", row, {"count": gone}, actor, now=now)
    return gone


def running_rotations(session: Session, post_ids: Sequence[int]) -> Sequence[Rotation]:
    """Of these posts, in the order in which they were begun."""
    return session.scalars(
        select(Rotation).where(Rotation.post_id.in_(post_ids), Rotation.ended_at.is_(None)).order_by(Rotation.id)
    ).all()


def rotation(session: Session, rotation_id: int) -> Rotation:
    """Raises NotFound."""
    found = session.get(Rotation, rotation_id)
    if found is None:
        raise NotFound("rotation", rotation_id)
    return found


def fill_one(
    session: Session, *, leave_out: Collection[int] = (), put_aside: PutAside | None = None, now: datetime
) -> bool:
    """Fill the weeks ahead of one rotation that is behind; false when none is. Anybody else's is left to them."""
    row = session.scalars(
        select(Rotation)
        .where(Rotation.ended_at.is_(None), Rotation.filled_until <= day_of(now + FILLED_AHEAD) - _DAY)
        .where(Rotation.id.not_in(leave_out))
        .order_by(Rotation.filled_until, Rotation.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return False
    each_alone(
        session, [row], lambda one: _fill_ahead(session, one, now=now), named=lambda one: one.id, put_aside=put_aside
    )
    return True


def _fill_ahead(session: Session, row: Rotation, *, now: datetime) -> None:
    filled = _fill(session, row, now=now)
    _record(session, "rotation.filled", row, {"count": filled.planned}, SYSTEM, now=now)


def _fill(session: Session, row: Rotation, *, now: datetime) -> Filled:
    until = day_of(now + FILLED_AHEAD)
    planned = left_free = 0
    while row.filled_until < until:
        for staff_id, starts_at, ends_at in _turns_from(row, row.filled_until):
            wanted = WantedTurn(row.post_id, staff_id, max(starts_at, now), ends_at)
            if ends_at <= now:
                continue
            try:
                judge_turn(session, wanted, now=now)
            except InvalidInput:
                left_free += 1
                continue
            turn = (wanted.post_id, wanted.staff_id, wanted.starts_at, wanted.ends_at)
            insert_shifts(session, [turn], rotation_id=row.id)
            planned += 1
        row.filled_until += timedelta(days=row.days_each)
    return Filled(planned, left_free, row.filled_until - _DAY)


def _turns_from(row: Rotation, first: date) -> Iterator[tuple[int, datetime, datetime]]:
    """(person, from, to) of the days of whoever's turn begins on `first`."""
    number = (first - row.starts_on).days // row.days_each
    staff_id = row.staff_ids[number % len(row.staff_ids)]
    if row.from_minute == row.to_minute:
        yield staff_id, _at(first, row.from_minute), _at(first + timedelta(days=row.days_each), row.to_minute)
        return
    overnight = _DAY if row.to_minute < row.from_minute else timedelta()
    for day in (first + timedelta(days=number) for number in range(row.days_each)):
        yield staff_id, _at(day, row.from_minute), _at(day + overnight, row.to_minute)


def _at(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), zone())


def _judge(session: Session, wanted: WantedRotation, *, now: datetime) -> None:
    post = session.get_one(Post, wanted.post_id)
    if not wanted.staff_ids:
        raise InvalidInput("person_1", "required")
    here = {one.staff.id for one in people_at(session, [post.unit_id], roles=SEEING, now=now)}
    for place, staff_id in enumerate(wanted.staff_ids, start=1):
        if staff_id not in here:
            raise InvalidInput(f"person_{place}", "no_role_there")
    if not 1 <= wanted.days_each <= _MOST_DAYS_EACH:
        raise InvalidInput("days_each", "days_of_a_turn", most=_MOST_DAYS_EACH)
    if wanted.starts_on < day_of(now):
        raise InvalidInput("starts_on", "past")
    if wanted.starts_on > day_of(now + timedelta(days=366)):
        raise InvalidInput("starts_on", "not_a_date")


def _record(
    session: Session, action: str, row: Rotation, params: Mapping[str, object], actor: Actor, *, now: datetime
) -> None:
    post = session.get_one(Post, row.post_id)
    said = {"post": post.name, "unit_id": post.unit_id, **params}
    entries.record(
        session, actor=actor, action=action, subject_kind="rotation", subject_id=row.id, params=said, now=now
    )
