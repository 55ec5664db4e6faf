"""Who works beside whom: people with a post or a role at the same unit today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Colleague:
    """`stands_in`: deputy of a post that the other one holds."""

    staff_id: int
    name: str
    stands_in: bool


_COLLEAGUES = text(
    """
    with held as (
        select h.staff_id, h.post_id, p.unit_id, h.kind from post_holding h join post p on p.id = h.post_id
        where h.valid_from <= :now and coalesce(h.valid_to, 'infinity') > :now
    ), place as (
        select staff_id, unit_id from held
        union
        select staff_id, unit_id from role_assignment
        where valid_from <= :now and coalesce(valid_to, 'infinity') > :now
    ), deputy as (
        select distinct other.staff_id from held mine join held other on other.post_id = mine.post_id
        where mine.staff_id = :staff_id and other.kind = 'deputy'
    )
    select s.id, s.name, s.id in (select staff_id from deputy) as stands_in
    from staff s
    where s.disabled_at is null and s.id <> :staff_id and s.id in (
        select other.staff_id from place mine join place other on other.unit_id = mine.unit_id
        where mine.staff_id = :staff_id)
    order by stands_in desc, s.sort_key, s.id
    """
)


def colleagues_of(session: Session, staff_id: int, *, now: datetime) -> Sequence[Colleague]:
    """Deputies first, then by name."""
    return [Colleague(*row) for row in session.execute(_COLLEAGUES, {"staff_id": staff_id, "now": now})]
