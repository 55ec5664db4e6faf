"""Whom to tell: who answers for a post at a unit at an instant, in the order of trying (R12, R19)."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import literal, or_, select, union_all
from sqlalchemy.orm import Session

from tickets.promises.calendar import DEFAULT_ZONE
from tickets.schema import Post, PostHolding, Responsibility, RoleAssignment, Shift, Staff, Unit
from tickets.states import Role

# The post whose holder depends on the matter: the member of the city's leadership who answers for its field or area.
RESPONSIBLE_LEADER = "city_leader"
UNIT_LEAD = "unit_lead"
# Who is on the rota answers for the post now; then who holds it, then who stands in.
_ORDER = {"shift": 0, "holder": 1, "deputy": 2, "duty": 3}

_MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, and the ways to reach them besides their screen."""

    staff_id: int
    name: str
    phone: str | None
    email: str
    locale: str


@dataclass(frozen=True, slots=True)
class Reachable:
    """A person who answers for a post, and in which capacity: shift, holder, deputy, duty, or responsible."""

    person: Person
    post_id: int | None
    unit_id: int | None
    capacity: str


class Reach:
    """Everything needed to find people for a batch of tickets, loaded once; asking it costs no statement."""

    def __init__(
        self,
        *,
        parents: Mapping[int, int | None],
        posts: Mapping[tuple[int, str], list[Reachable]],
        leaders: Collection[tuple[str | None, int | None, Person]],
        supervisors: Mapping[int, list[Person]],
        staff: Mapping[int, Person],
    ) -> None:
        self._parents = parents
        self._posts = posts
        self._leaders = leaders
        self._supervisors = supervisors
        self._staff = staff
        self._sole_homes = _sole_homes(posts)

    def at(self, codes: Sequence[str], *, unit_id: int, field: str) -> list[Reachable]:
        """Who answers for a post, best first, tried by code from the left; empty if nobody does.

        The unit itself is asked first, then those above it; a post that only one unit has is found wherever that is.
        """
        found: list[Reachable] = []
        if RESPONSIBLE_LEADER in codes:
            found += [Reachable(p, None, None, "responsible") for p in self._responsible(field=field, unit_id=unit_id)]
        for unit in self._upwards(unit_id):
            for code in codes:
                found += self._posts.get((unit, code), [])
            if found:
                return _once(found)
        for code in codes:
            home = self._sole_homes.get(code)
            found += self._posts.get((home, code), []) if home is not None else []
        return _once(found)

    def leads(self, *, unit_id: int, coordinating_unit_id: int | None) -> list[Reachable]:
        """Who leads the reception of a unit: its post, else its supervisors, else those above or coordinating."""
        units = [*self._upwards(unit_id), *([coordinating_unit_id] if coordinating_unit_id else [])]
        for unit in units:
            named = self._posts.get((unit, UNIT_LEAD), [])
            if named:
                return _once(named)
            if self._supervisors.get(unit):
                return [Reachable(person, None, unit, "supervisor") for person in self._supervisors[unit]]
        return []

    def person(self, staff_id: int | None) -> Person | None:
        return self._staff.get(staff_id) if staff_id is not None else None

    def _responsible(self, *, field: str, unit_id: int) -> list[Person]:
        by_field = [person for of_field, _, person in self._leaders if field and of_field == field]
        above = list(self._upwards(unit_id))
        by_area = [person for _, area, person in self._leaders if area is not None and area in above]
        return by_field + by_area

    def _upwards(self, unit_id: int) -> Iterator[int]:
        current: int | None = unit_id
        for _ in range(_MAX_DEPTH):
            if current is None:
                return
            yield current
            current = self._parents.get(current)


def load_reach(session: Session, *, posts: Collection[str], staff_ids: Collection[int], now: datetime) -> Reach:
    """Everybody who answers for any of `posts` at `now`, at whatever unit, and the given assignees."""
    codes = {*posts, UNIT_LEAD}
    people = _people(session, staff_ids)
    holders = _holders(session, codes, now=now)
    leaders = _leaders(session, now=now) if RESPONSIBLE_LEADER in codes else []
    parents = {unit_id: parent_id for unit_id, parent_id in session.execute(select(Unit.id, Unit.parent_id))}
    return Reach(
        parents=parents, posts=holders, leaders=leaders, supervisors=_supervisors(session, now=now), staff=people
    )


def administrators(session: Session, *, now: datetime) -> list[Person]:
    """Who is alerted when nobody can be told."""
    return list({person.staff_id: person for _, person in _with_role(session, Role.ADMINISTRATOR, now=now)}.values())


def _with_role(session: Session, role: Role, *, now: datetime) -> list[tuple[int, Person]]:
    """Units with the people who hold the role there now."""
    rows = session.execute(
        select(RoleAssignment.unit_id, Staff)
        .join(Staff, RoleAssignment.staff_id == Staff.id)
        .where(
            Staff.disabled_at.is_(None),
            RoleAssignment.role == role,
            RoleAssignment.valid_from <= now,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
        )
        .order_by(Staff.id)
    )
    return [(unit_id, _person(staff)) for unit_id, staff in rows]


def _person(staff: Staff) -> Person:
    return Person(staff.id, staff.name, staff.phone, staff.email, staff.locale)


def _people(session: Session, staff_ids: Collection[int]) -> dict[int, Person]:
    if not staff_ids:
        return {}
    rows = session.scalars(select(Staff).where(Staff.id.in_(staff_ids), Staff.disabled_at.is_(None)))
    return {staff.id: _person(staff) for staff in rows}


def _holders(session: Session, codes: Collection[str], *, now: datetime) -> dict[tuple[int, str], list[Reachable]]:
    """A person without phone and mail box cannot be reached, whatever post they hold; a disabled account neither."""
    held = select(PostHolding.post_id, PostHolding.staff_id, PostHolding.kind.label("capacity")).where(
        PostHolding.valid_from <= now, or_(PostHolding.valid_to.is_(None), PostHolding.valid_to > now)
    )
    on_shift = select(Shift.post_id, Shift.staff_id, literal("shift").label("capacity")).where(
        Shift.starts_at <= now, Shift.ends_at > now
    )
    answering = union_all(held, on_shift).subquery()
    rows = session.execute(
        select(Post, answering.c.capacity, Staff)
        .join(answering, answering.c.post_id == Post.id)
        .join(Staff, Staff.id == answering.c.staff_id)
        .where(Post.code.in_(codes), Staff.disabled_at.is_(None), or_(Staff.phone.is_not(None), Staff.email != ""))
        .order_by(Post.id, Staff.id)
    )
    found = defaultdict[tuple[int, str], list[Reachable]](list)
    for post, capacity, staff in rows:
        found[(post.unit_id, post.code)].append(Reachable(_person(staff), post.id, post.unit_id, capacity))
    for people in found.values():
        people.sort(key=lambda one: _ORDER[one.capacity])
    return dict(found)


def _leaders(session: Session, *, now: datetime) -> list[tuple[str | None, int | None, Person]]:
    today = now.astimezone(ZoneInfo(DEFAULT_ZONE)).date()
    rows = session.execute(
        select(Responsibility, Staff)
        .join(Staff, Staff.id == Responsibility.staff_id)
        .where(
            Staff.disabled_at.is_(None),
            Responsibility.valid_from <= today,
            or_(Responsibility.valid_to.is_(None), Responsibility.valid_to > today),
        )
        .order_by(Responsibility.valid_from.desc(), Responsibility.id)
    )
    return [(assigned.field, assigned.unit_id, _person(staff)) for assigned, staff in rows]


def _supervisors(session: Session, *, now: datetime) -> dict[int, list[Person]]:
    found = defaultdict[int, list[Person]](list)
    for unit_id, person in _with_role(session, Role.SUPERVISOR, now=now):
        found[unit_id].append(person)
    return dict(found)


def _sole_homes(posts: Mapping[tuple[int, str], list[Reachable]]) -> dict[str, int]:
    homes = defaultdict[str, list[int]](list)
    for unit_id, code in posts:
        homes[code].append(unit_id)
    return {code: units[0] for code, units in homes.items() if len(units) == 1}


def _once(found: list[Reachable]) -> list[Reachable]:
    """Each person in the best capacity only."""
    kept: dict[int, Reachable] = {}
    for one in found:
        kept.setdefault(one.person.staff_id, one)
    return list(kept.values())
