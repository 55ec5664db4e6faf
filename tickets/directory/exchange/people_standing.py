"""Who works here as rows of the file of people: a row a post, and one for every role that goes without."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from tickets.city import wall_clock
from tickets.directory.contact_methods import methods_of
from tickets.directory.exchange.kind import TextRow
from tickets.directory.exchange.names import UnitNames
from tickets.promises.plan import TRIAL
from tickets.schema import ContactMethod, Post, PostHolding, RoleAssignment, Staff
from tickets.states import OutboundChannel

ALERT_WAYS = {"sms": OutboundChannel.SMS, "call": OutboundChannel.VOICE, "mail": OutboundChannel.EMAIL}
_ALERTS = {channel: word for word, channel in ALERT_WAYS.items()}


IdRange = tuple[int, int]
"""From the first to the last: what an index reads in one piece."""


@dataclass(frozen=True, slots=True)
class PeopleRows:
    """`hidden` are roles that stand beside a post in a row of `shown`: a file may name them by themselves."""

    shown: list[TextRow]
    hidden: list[TextRow]


@dataclass(frozen=True, slots=True)
class _Held:
    """A role or a post; `capacity` only of a post."""

    id: int
    code: str
    capacity: str
    valid_from: datetime
    valid_to: datetime | None


def people_rows(session: Session, units: UnitNames, *, now: datetime, only: IdRange | None = None) -> PeopleRows:
    """Everybody, or those whose numbers lie so, with an open account who has a role or a post at a body of today,
    now or later.
    """
    roles, posts = _roles(session, now, only), _posts(session, now, only)
    wanted = select(Staff).where(Staff.disabled_at.is_(None), *_among(Staff.id, only))
    people = {one.id: one for one in session.scalars(wanted.order_by(Staff.sort_key, Staff.id))}
    ways = methods_of(session, list(people))
    shown, hidden = [], []
    for staff_id, person in people.items():
        for unit_id in dict.fromkeys([*roles.get(staff_id, {}), *posts.get(staff_id, {})]):
            if unit_id not in units.by_id:
                continue
            about = _about(person, units.by_id[unit_id].code or "", ways.get(staff_id, ()))
            mine, held = roles.get(staff_id, {}).get(unit_id, []), posts.get(staff_id, {}).get(unit_id, [])
            first = mine[0].code if mine else ""
            shown += [_row(about, role=first, post=one) for one in held]
            shown += [_row(about, role=one.code, role_held=one) for one in (mine[1:] if held else mine)]
            hidden += [_row(about, role=one.code, role_held=one) for one in (mine[:1] if held else ())]
    return PeopleRows(shown, hidden)


def people_behind(session: Session, staff_id: int, *, most: int) -> Sequence[int]:
    """The next open accounts by number."""
    wanted = select(Staff.id).where(Staff.id > staff_id, Staff.disabled_at.is_(None)).order_by(Staff.id).limit(most)
    return session.scalars(wanted).all()


def _among(column: Any, only: IdRange | None) -> list[ColumnElement[bool]]:
    return [] if only is None else [column.between(*only)]


def _roles(session: Session, now: datetime, only: IdRange | None) -> dict[int, dict[int, list[_Held]]]:
    ends = RoleAssignment.valid_to
    rows = session.execute(
        select(RoleAssignment)
        .where(
            or_(ends.is_(None), (ends > now) & (ends > RoleAssignment.valid_from)),
            *_among(RoleAssignment.staff_id, only),
        )
        .order_by(RoleAssignment.id)
    ).scalars()
    found: dict[int, dict[int, list[_Held]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row.staff_id][row.unit_id].append(_Held(row.id, row.role.value, "", row.valid_from, row.valid_to))
    return found


def _posts(session: Session, now: datetime, only: IdRange | None) -> dict[int, dict[int, list[_Held]]]:
    ends = PostHolding.valid_to
    rows = session.execute(
        select(PostHolding, Post.unit_id, Post.code)
        .join(Post, Post.id == PostHolding.post_id)
        .where(
            or_(ends.is_(None), (ends > now) & (ends > PostHolding.valid_from)),
            Post.code != TRIAL,
            *_among(PostHolding.staff_id, only),
        )
        .order_by(PostHolding.id)
    )
    found: dict[int, dict[int, list[_Held]]] = defaultdict(lambda: defaultdict(list))
    for row, unit_id, code in rows:
        found[row.staff_id][unit_id].append(_Held(row.id, code, row.kind, row.valid_from, row.valid_to))
    return found


def _about(person: Staff, unit: str, ways: Sequence[ContactMethod]) -> TextRow:
    return {
        "person": f"#{person.id}",
        "name": person.name,
        "email": person.email.lower(),
        "phone": person.phone or "",
        "unit": unit,
        "alerts": ", ".join(_ALERTS[way.kind] for way in ways),
    }


def _row(about: TextRow, *, role: str, post: _Held | None = None, role_held: _Held | None = None) -> TextRow:
    held = post or role_held
    return {
        **about,
        "role": role,
        "post": post.code if post else "",
        "holding": post.capacity if post else "",
        "from": wall_clock(held.valid_from).date().isoformat() if held else "",
        "to": last_day(held.valid_to) if held and held.valid_to else "",
        "holding_id": str(post.id) if post else "",
        "role_id": str(role_held.id) if role_held else "",
    }


def last_day(ends_at: datetime) -> str:
    """The last day of what ends at an instant: what ends at midnight ended the day before."""
    return wall_clock(ends_at - timedelta(microseconds=1)).date().isoformat()
