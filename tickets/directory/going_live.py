"""Which units work with the product: decided by name and date, taken back with a reason, the last word holds.

Where nobody ever decided, every unit is live: whoever ran before decisions were kept goes on as before. A new city is
begun with `begin`, which says of each body that it is not live yet.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from tickets.audit.entries import record
from tickets.city import day_of
from tickets.directory.units import in_force
from tickets.errors import InvalidInput
from tickets.people.actor import SYSTEM, Actor
from tickets.people.roles import CITY_LEVEL
from tickets.schema import GoingLive, Staff, Unit
from tickets.schema.rows import insert_many
from tickets.states import UnitKind
from tickets.typed_text import clean_text

# Kept of a unit that has not been decided about since the city began.
AT_THE_BEGINNING = "at_the_beginning"
LONGEST_REASON_TO_TAKE_BACK = 500
# Areas of the past answer for nothing.
_NO_BODIES = (UnitKind.DISTRICT, UnitKind.PROVINCE, UnitKind.TOWNSHIP)


@dataclass(frozen=True, slots=True)
class LiveDecision:
    """A decision as a page tells it; `by` is empty for what a start or an upgrade wrote."""

    is_live: bool
    on_day: date
    reason: str
    by: str
    decided_at: datetime


def is_live_on(day: date) -> ColumnElement[bool]:
    """The condition on `Unit`, for statements of others; true for every unit where nobody had decided by that day."""
    last = (
        select(GoingLive.is_live)
        .where(GoingLive.unit_id == Unit.id, GoingLive.on_day <= literal(day))
        .order_by(GoingLive.id.desc())
        .limit(1)
        .correlate(Unit)
        .scalar_subquery()
    )
    return func.coalesce(last, ~exists(select(GoingLive.id).where(GoingLive.on_day <= literal(day))))


def not_live(session: Session, *, on: date) -> frozenset[int]:
    """The bodies of that day that are not live."""
    statement = select(Unit.id).where(Unit.kind.not_in(_NO_BODIES), in_force(on), ~is_live_on(on))
    return frozenset(session.scalars(statement))


def receives(session: Session, unit: Unit, *, on: date) -> bool:
    """Whether tickets may be sent to this body that day; the city's own desks receive whatever happens."""
    if unit.kind in CITY_LEVEL:
        return True
    return bool(session.scalar(select(is_live_on(on)).where(Unit.id == unit.id)))


def city_is_preparing(session: Session, *, on: date) -> bool:
    """Whether nobody has decided yet that the whole city is live; a decision for it is one for its own body too."""
    waiting = select(Unit.id).where(Unit.kind == UnitKind.CITY, in_force(on), ~is_live_on(on))
    return bool(session.scalar(select(exists(waiting))))


def bodies(session: Session, *, on: date) -> list[int]:
    """Everybody a decision for the whole city is about."""
    return list(session.scalars(select(Unit.id).where(Unit.kind.not_in(_NO_BODIES), in_force(on)).order_by(Unit.id)))


def go_live(session: Session, unit_ids: Collection[int], *, on_day: date, actor: Actor, now: datetime) -> int:
    """Decide that these units work from a day on; returns how many did not already. Raises InvalidInput."""
    if on_day < day_of(now):
        raise InvalidInput("on_day", "day_passed")
    return _decide(session, unit_ids, is_live=True, on_day=on_day, reason="", actor=actor, now=now)


def take_back(session: Session, unit_ids: Collection[int], *, reason: str, actor: Actor, now: datetime) -> int:
    """The city's desk works for them again, from now on; raises InvalidInput without a reason."""
    said = " ".join(clean_text(reason, LONGEST_REASON_TO_TAKE_BACK, field="reason").split())
    if not said:
        raise InvalidInput("reason", "missing")
    return _decide(session, unit_ids, is_live=False, on_day=day_of(now), reason=said, actor=actor, now=now)


def begin(session: Session, *, are_live: bool, now: datetime) -> bool:
    """Of a city that begins now; false, and nothing written, where anybody has decided before."""
    if session.scalar(select(exists().where(GoingLive.id.is_not(None)))):
        return False
    reason = "" if are_live else AT_THE_BEGINNING
    everybody = bodies(session, on=day_of(now))
    return bool(_decide(session, everybody, is_live=are_live, on_day=day_of(now), reason=reason, actor=SYSTEM, now=now))


def last_decisions(session: Session, unit_ids: Collection[int] | None = None) -> dict[int, LiveDecision]:
    """Of each unit the last word, which may be for a day to come."""
    statement = select(GoingLive, Staff.name).outerjoin(Staff, Staff.id == GoingLive.decided_by_id)
    statement = statement.ext(distinct_on(GoingLive.unit_id)).order_by(GoingLive.unit_id, GoingLive.id.desc())
    if unit_ids is not None:
        statement = statement.where(GoingLive.unit_id.in_(unit_ids))
    return {row.unit_id: _told(row, name) for row, name in session.execute(statement)}


def decisions_about(session: Session, unit_id: int) -> list[LiveDecision]:
    """All that was ever decided about a unit, the latest first."""
    statement = select(GoingLive, Staff.name).outerjoin(Staff, Staff.id == GoingLive.decided_by_id)
    statement = statement.where(GoingLive.unit_id == unit_id).order_by(GoingLive.id.desc()).limit(50)
    return [_told(row, name) for row, name in session.execute(statement)]


def _told(row: GoingLive, name: str | None) -> LiveDecision:
    return LiveDecision(row.is_live, row.on_day, row.reason, name or "", row.decided_at)


def _decide(
    session: Session,
    unit_ids: Collection[int],
    *,
    is_live: bool,
    on_day: date,
    reason: str,
    actor: Actor,
    now: datetime,
) -> int:
    last = last_decisions(session, unit_ids)
    wanted = [one for one in sorted(set(unit_ids)) if not _says_so(last.get(one), is_live, on_day)]
    if not wanted:
        return 0
    insert_many(session, GoingLive, [_row(one, is_live, on_day, reason, actor, now) for one in wanted])
    record(
        session,
        actor=actor,
        action="unit.went_live" if is_live else "unit.taken_back",
        subject_kind="unit",
        subject_id=wanted[0] if len(wanted) == 1 else None,
        params={"units": _named(session, wanted), "count": len(wanted), "from": on_day.isoformat(), "reason": reason},
        now=now,
    )
    return len(wanted)


def _says_so(last: LiveDecision | None, is_live: bool, on_day: date) -> bool:
    if last is None or last.is_live != is_live:
        return False
    return not is_live or last.on_day <= on_day


def _row(unit_id: int, is_live: bool, on_day: date, reason: str, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        "unit_id": unit_id,
        "is_live": is_live,
        "on_day": on_day,
        "reason": reason,
        "decided_by_id": actor.staff_id,
        "decided_at": now,
    }


def _named(session: Session, unit_ids: Sequence[int]) -> list[str]:
    """Their codes, as many as an entry of the trail can show."""
    found = session.execute(select(Unit.code, Unit.name).where(Unit.id.in_(unit_ids[:20])).order_by(Unit.id))
    return [code or name for code, name in found]
