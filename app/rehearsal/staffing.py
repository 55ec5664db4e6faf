"""Invented people for every unit of the rehearsal, so that each level of each chain has somebody to tell."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from tickets.directory.on_call import insert_holdings
from tickets.directory.staff import NewPerson, add_people, give_roles
from tickets.promises.plan import TRIAL
from tickets.schema import Post, PostHolding, Unit
from tickets.states import Role

_WORKS = ("duty_officer",)
_LEADS = ("ward_chair", "ward_vice_chair", "department_director", "body_head")


def staff_every_unit(session: Session, *, since: datetime) -> int:
    """One holder for each post that nobody holds; how many people that took."""
    rows = session.execute(
        select(Post.id, Post.code, Post.name, Unit.id, Unit.name)
        .join(Unit, Unit.id == Post.unit_id)
        .where(Unit.valid_to.is_(None), Post.code != TRIAL, ~exists().where(PostHolding.post_id == Post.id))
        .order_by(Post.id)
    ).all()
    people = [_person(number, post, unit) for number, (_post_id, _code, post, _unit_id, unit) in enumerate(rows)]
    ids = add_people(session, people, now=since)
    unit_and_role = [(unit_id, _role(code)) for _post_id, code, _post, unit_id, _unit in rows]
    give_roles(
        session,
        [(staff_id, role, unit_id) for staff_id, (unit_id, role) in zip(ids, unit_and_role, strict=True)],
        now=since,
    )
    insert_holdings(session, _holdings([row[0] for row in rows], ids), since=since)
    return len(ids)


def _person(number: int, post: str, unit: str) -> NewPerson:
    return NewPerson(
        email=f"p{number}@rehearsal.example",
        name=f"{post} {unit}",
        title=post,
        # Numbers that only this database knows, which is gone afterwards.
        phone=f"+849{20_000_000 + number}",
        languages=("vi",),
        is_demo=True,
    )


def _role(code: str) -> Role:
    if code in _WORKS:
        return Role.AGENT
    return Role.LEADER if code in _LEADS else Role.SUPERVISOR


def _holdings(post_ids: Sequence[int], staff_ids: Sequence[int]) -> list[tuple[int, int, str]]:
    return [(post_id, staff_id, "holder") for post_id, staff_id in zip(post_ids, staff_ids, strict=True)]
