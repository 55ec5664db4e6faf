"""Posts at units, with who holds them; whose turn it is: `shifts`; who answers for one: `standing`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from tickets.promises.plan import TRIAL
from tickets.schema import Post, PostHolding, Staff


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


@dataclass(frozen=True, slots=True)
class DatedHolding:
    """`valid_to` None: until somebody says so."""

    post_id: int
    staff_id: int
    kind: str
    valid_from: datetime
    valid_to: datetime | None


def insert_dated_holdings(session: Session, rows: Sequence[DatedHolding]) -> list[int]:
    """Their ids in the given order."""
    wanted = insert(PostHolding).returning(PostHolding.id, sort_by_parameter_order=True)
    given = [
        {
            "post_id": one.post_id,
            "staff_id": one.staff_id,
            "kind": one.kind,
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
        }
        for one in rows
    ]
    return list(session.scalars(wanted, given)) if given else []


def take_holdings_back(session: Session, holding_ids: Collection[int], *, now: datetime) -> None:
    """What runs ends now; what had not begun never does."""
    session.execute(
        update(PostHolding)
        .where(PostHolding.id.in_(holding_ids), or_(PostHolding.valid_to.is_(None), PostHolding.valid_to > now))
        .values(valid_to=func.greatest(PostHolding.valid_from, now))
        .execution_options(synchronize_session=False)
    )


def correct_post(session: Session, post_id: int, *, name: str, name_en: str) -> None:
    session.execute(update(Post).where(Post.id == post_id).values(name=name, name_en=name_en))


def insert_holding(
    session: Session, post_id: int, staff_id: int, kind: str, *, from_at: datetime, decision_no: str
) -> PostHolding:
    row = PostHolding(post_id=post_id, staff_id=staff_id, kind=kind, valid_from=from_at, decision_no=decision_no)
    session.add(row)
    session.flush()
    return row


def end_holdings(session: Session, holding_ids: Collection[int], *, at: datetime | None) -> None:
    """From then on these people hold it no longer; None: they go on."""
    session.execute(
        update(PostHolding)
        .where(PostHolding.id.in_(holding_ids))
        .values(valid_to=at)
        .execution_options(synchronize_session="fetch")
    )


def posts_of(session: Session, unit_id: int) -> Sequence[Post]:
    """The posts a person can hold at a unit, in the order in which they were written; not that of the hourly trial."""
    here = Post.unit_id == unit_id, Post.code != TRIAL
    return session.scalars(select(Post).where(*here).order_by(Post.id)).all()


def deputies_of(session: Session, staff_id: int, *, now: datetime) -> list[tuple[Post, str]]:
    """Who stands in, or is duty officer, for the posts this person holds: (post, name), by post."""
    mine, theirs = aliased(PostHolding), aliased(PostHolding)
    rows = session.execute(
        select(Post, Staff.name)
        .join(mine, mine.post_id == Post.id)
        .join(theirs, theirs.post_id == Post.id)
        .join(Staff, Staff.id == theirs.staff_id)
        .where(mine.staff_id == staff_id, mine.kind == "holder", theirs.kind != "holder", Staff.disabled_at.is_(None))
        .where(*(_runs(one, now) for one in (mine, theirs)))
        .order_by(Post.id, theirs.id)
    )
    return [(post, name) for post, name in rows]


def stands_in_at(session: Session, staff_id: int, *, now: datetime) -> list[tuple[Post, str | None]]:
    """The posts at which this person stands in, or is duty officer, and who holds each (None: nobody), by post."""
    mine, theirs, holder = aliased(PostHolding), aliased(PostHolding), aliased(Staff)
    held = (theirs.post_id == Post.id) & (theirs.kind == "holder") & _runs(theirs, now)
    rows = session.execute(
        select(Post, holder.name)
        .join(mine, mine.post_id == Post.id)
        .outerjoin(theirs, held)
        .outerjoin(holder, (holder.id == theirs.staff_id) & holder.disabled_at.is_(None))
        .where(mine.staff_id == staff_id, mine.kind != "holder", _runs(mine, now))
        .order_by(Post.id, theirs.id)
    )
    return [(post, name) for post, name in rows]


def _runs(held: Any, now: datetime) -> ColumnElement[bool]:
    return and_(held.valid_from <= now, or_(held.valid_to.is_(None), held.valid_to > now))
