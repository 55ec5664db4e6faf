"""Posts at units, with who holds them and whose turn it is; who answers for one: `standing`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tickets.schema import Post, PostHolding, Shift


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
