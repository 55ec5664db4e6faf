"""Posts at units, and who answers for one at an instant: whose turn it is, the holder, the deputy, the duty officer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, insert, literal, or_, select
from sqlalchemy.orm import Session

from tickets.schema import Post, PostHolding, Shift, Staff, Unit
from tickets.states import UnitKind

# In the order in which they are tried (R19).
CAPACITIES = ("shift", "holder", "deputy", "duty")


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who answers for a post now, and in which capacity."""

    staff_id: int
    post_id: int
    post_code: str
    unit_id: int
    capacity: str
    name: str
    phone: str | None
    email: str
    locale: str


def on_duty_for(session: Session, post_codes: str, unit_id: int, *, now: datetime) -> list[OnDuty]:
    """Who answers for a post of this unit now, the first to be tried first.

    Several codes may be named ("duty_officer|unit_lead"): the first that has a post counts.

    A code the unit has no post for is looked for at the city's own desks (its offices and the city itself), so that
    a step may name the City Office's duty desk. Empty when the post is vacant or there is none.
    """
    codes = [code.strip() for code in post_codes.split("|") if code.strip()]
    posts = session.execute(
        select(Post.code, Post.unit_id, Post.id)
        .join(Unit, Unit.id == Post.unit_id)
        .where(
            Post.code.in_(codes),
            or_(Post.unit_id == unit_id, Unit.kind.in_([UnitKind.CITY, UnitKind.OFFICE])),
            Unit.valid_to.is_(None),
        )
    ).all()
    # The unit's own post before the city's, whatever the order of codes.
    ranked = sorted(posts, key=lambda post: (post.unit_id != unit_id, codes.index(post.code)))
    if not ranked:
        return []
    return _on_duty(session, Post.id == ranked[0].id, codes, now=now)


def _on_duty(session: Session, condition: ColumnElement[bool], codes: Sequence[str], *, now: datetime) -> list[OnDuty]:
    turns = select(
        Shift.post_id.label("post_id"), Shift.staff_id.label("staff_id"), literal("shift").label("capacity")
    ).where(Shift.starts_at <= now, Shift.ends_at > now)
    holdings = select(PostHolding.post_id, PostHolding.staff_id, PostHolding.kind).where(
        PostHolding.valid_from <= now, or_(PostHolding.valid_to.is_(None), PostHolding.valid_to > now)
    )
    answering = turns.union_all(holdings).subquery()
    rank = case({capacity: place for place, capacity in enumerate(CAPACITIES)}, value=answering.c.capacity)
    rows = session.execute(
        select(
            Staff.id,
            Post.id,
            Post.code,
            Post.unit_id,
            answering.c.capacity,
            Staff.name,
            Staff.phone,
            Staff.email,
            Staff.locale,
        )
        .join(answering, answering.c.staff_id == Staff.id)
        .join(Post, Post.id == answering.c.post_id)
        .where(and_(condition, Post.code.in_(codes)), Staff.disabled_at.is_(None))
        .order_by(rank, Staff.id)
    )
    seen: dict[int, OnDuty] = {}
    for row in rows:
        seen.setdefault(row[0], OnDuty(*row))
    return list(seen.values())


def insert_posts(session: Session, rows: Sequence[tuple[int, str, str, str]]) -> list[int]:
    """Write (unit, code, name, English name); the posts' ids in the given order."""
    wanted = insert(Post).returning(Post.id, sort_by_parameter_order=True)
    return (
        list(
            session.scalars(
                wanted,
                [
                    {"unit_id": unit, "code": code, "name": name, "name_en": name_en}
                    for unit, code, name, name_en in rows
                ],
            )
        )
        if rows
        else []
    )


def insert_holdings(session: Session, rows: Sequence[tuple[int, int, str]], *, since: datetime) -> None:
    """Write (post, person, "holder" | "deputy" | "duty") from `since` on."""
    if rows:
        session.execute(
            insert(PostHolding),
            [{"post_id": post, "staff_id": staff, "kind": kind, "valid_from": since} for post, staff, kind in rows],
        )


def insert_shifts(session: Session, rows: Sequence[tuple[int, int, datetime, datetime]]) -> None:
    """Write turns of the rota: (post, person, from, to)."""
    if rows:
        session.execute(
            insert(Shift),
            [
                {"post_id": post, "staff_id": staff, "starts_at": start, "ends_at": end}
                for post, staff, start, end in rows
            ],
        )
