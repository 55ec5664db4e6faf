"""Writes what a file says of people: accounts first, then roles, posts and ways, each in few statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tickets.city import zone
from tickets.directory.contact_methods import NamedWays, name_ways
from tickets.directory.exchange.kind import RowChange, TextRow
from tickets.directory.exchange.names import PersonNames, UnitNames
from tickets.directory.exchange.people_standing import ALERT_WAYS
from tickets.directory.exchange.posts import PostNames
from tickets.directory.on_call import DatedHolding, end_holdings, insert_dated_holdings, take_holdings_back
from tickets.directory.staff import (
    DatedRole,
    NewPerson,
    add_people,
    correct_person,
    disable,
    give_dated_roles,
    move_role_end,
    reopen,
    take_dated_roles_back,
)
from tickets.schema import PostHolding, RoleAssignment, Staff
from tickets.states import OutboundChannel, Role


@dataclass(frozen=True, slots=True)
class PeopleDesk:
    """What is looked up while people are written."""

    session: Session
    units: UnitNames
    people: PersonNames
    posts: PostNames
    now: datetime


@dataclass(frozen=True, slots=True)
class _Span:
    begins: datetime
    ends: datetime | None


def write_people(kind: PeopleDesk, changes: Sequence[RowChange]) -> None:
    ids = _accounts(kind, changes)
    _correct(kind, changes, ids)
    _roles(kind, changes, ids)
    _posts(kind, changes, ids)
    _ends(kind, changes)
    _ways(kind, changes, ids)


def take_person_back(session: Session, kept: dict[str, Any], *, now: datetime) -> None:
    """Roles and posts of this row end; an account that it made is closed once nothing is left of it."""
    take_dated_roles_back(session, kept.get("roles", []), now=now)
    take_holdings_back(session, kept.get("holdings", []), now=now)
    if kept.get("made") and not _has_anything(session, kept["staff"], now):
        disable(session, kept["staff"], now=now)


def _accounts(kind: PeopleDesk, changes: Sequence[RowChange]) -> dict[str, int]:
    """By how the file knows them, the account of everybody; those nobody had are made, closed ones opened again."""
    ids: dict[str, int] = {}
    fresh: dict[str, TextRow] = {}
    closed = []
    for change in changes:
        person = change.after["person"]
        if person.startswith("#"):
            ids[person] = int(person[1:])
            if kind.people.by_id[ids[person]].is_closed:
                closed.append(ids[person])
                change.kept["made"] = True
        elif person not in fresh:
            fresh[person] = change.after
            change.kept["made"] = True
    given = [NewPerson(row["email"], row["name"], phone=row["phone"] or None) for row in fresh.values()]
    ids.update(zip(fresh, add_people(kind.session, given, now=kind.now), strict=True))
    reopen(kind.session, closed)
    for change in changes:
        change.kept["staff"] = ids[change.after["person"]]
    return ids


def _correct(kind: PeopleDesk, changes: Sequence[RowChange], ids: dict[str, int]) -> None:
    """Names, addresses and telephones of people we knew."""
    for change in changes:
        person, row = change.after["person"], change.after
        known = kind.people.by_id.get(ids[person]) if person.startswith("#") else None
        if known is None:
            continue
        wanted = (row["name"], row["email"] or known.email, row["phone"] or known.phone)
        if wanted != (known.name, known.email, known.phone):
            correct_person(kind.session, known.id, name=wanted[0], email=wanted[1], phone=wanted[2] or None)


def _roles(kind: PeopleDesk, changes: Sequence[RowChange], ids: dict[str, int]) -> None:
    """The role of every row, where its person has it not."""
    held = _held_roles(kind.session, set(ids.values()), kind.now)
    wanted: list[DatedRole] = []
    whose: list[RowChange] = []
    for change in changes:
        row = change.after
        if change.before is not None and change.before["role"] == row["role"]:
            continue
        of = (ids[row["person"]], row["role"], kind.units.id(row["unit"]))
        if of in held:
            continue
        held.add(of)
        span = _span(row, kind.now)
        wanted.append(DatedRole(of[0], Role(row["role"]), of[2], span.begins, span.ends))
        whose.append(change)
    for change, role_id in zip(whose, give_dated_roles(kind.session, wanted), strict=True):
        change.kept["roles"] = [role_id]


def _posts(kind: PeopleDesk, changes: Sequence[RowChange], ids: dict[str, int]) -> None:
    fresh = [change for change in changes if change.before is None and change.after["post"]]
    wanted = []
    for change in fresh:
        row, span = change.after, _span(change.after, kind.now)
        post = kind.posts.by_code[kind.units.id(row["unit"]), row["post"]]
        wanted.append(DatedHolding(post.id, ids[row["person"]], row["holding"], span.begins, span.ends))
    for change, holding_id in zip(fresh, insert_dated_holdings(kind.session, wanted), strict=True):
        change.kept["holdings"] = [holding_id]


def _ends(kind: PeopleDesk, changes: Sequence[RowChange]) -> None:
    """The last day of what stands."""
    for change in changes:
        before, row = change.before, change.after
        if before is None or before["to"] == row["to"]:
            continue
        ends = _span(row, kind.now).ends
        if before.get("holding_id"):
            end_holdings(kind.session, [int(before["holding_id"])], at=ends)
        elif before.get("role_id"):
            move_role_end(kind.session, [int(before["role_id"])], at=ends)


def _ways(kind: PeopleDesk, changes: Sequence[RowChange], ids: dict[str, int]) -> None:
    named: dict[int, NamedWays] = {}
    for change in changes:
        row = change.after
        if not row["alerts"] or (change.before is not None and _reached(change.before) == _reached(row)):
            continue
        known = kind.people.by_id.get(ids[row["person"]])
        phone = row["phone"] or (known.phone if known else "")
        email = row["email"] or (known.email if known else "")
        ways = [ALERT_WAYS[one] for one in dict.fromkeys(row["alerts"].split(", "))]
        at = tuple((way, email if way is OutboundChannel.EMAIL else phone) for way in ways)
        named[ids[row["person"]]] = NamedWays(ids[row["person"]], at)
    name_ways(kind.session, list(named.values()))


def _reached(row: TextRow) -> tuple[str, str, str]:
    return row["alerts"], row["phone"], row["email"]


def _span(row: TextRow, now: datetime) -> _Span:
    """From the first day's beginning, at once where that is today or not told, to the end of the last day."""
    begins = _midnight(row["from"]) if row["from"] else now
    ends = _midnight(row["to"]) + timedelta(days=1) if row["to"] else None
    return _Span(max(begins, now), ends)


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), zone())


def _held_roles(session: Session, staff_ids: set[int], now: datetime) -> set[tuple[int, str, int]]:
    ends = RoleAssignment.valid_to
    rows = session.execute(
        select(RoleAssignment.staff_id, RoleAssignment.role, RoleAssignment.unit_id).where(
            RoleAssignment.staff_id.in_(staff_ids), or_(ends.is_(None), ends > now)
        )
    )
    return {(staff_id, role.value, unit_id) for staff_id, role, unit_id in rows}


def _has_anything(session: Session, staff_id: int, now: datetime) -> bool:
    for table in (RoleAssignment, PostHolding):
        ends = table.valid_to
        runs = or_(ends.is_(None), (ends > now) & (ends > table.valid_from))
        if session.scalar(select(table.id).where(table.staff_id == staff_id, runs).limit(1)) is not None:
            return True
    return session.get_one(Staff, staff_id).totp_enrolled_at is not None
