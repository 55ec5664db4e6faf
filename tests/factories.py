"""One maker per thing, every argument defaulted, so that a test writes only what matters to it."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.directory.loading import load_places
from tickets.directory.places import PlaceIndex
from tickets.intake.cleaning import Matter, Opened
from tickets.intake.opening import open_ticket as open_matter
from tickets.keys import keys_from
from tickets.people.actor import Actor, citizen_actor
from tickets.routing.rules import Rules, load_rules, version_now
from tickets.schema import Citizen, Post, PostHolding, Queue, RoleAssignment, Staff, Ticket, Unit
from tickets.states import Channel, QueueKind, Role, UnitKind

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
KEYS = keys_from("a-test-key-of-sufficient-length-0123456789abcdef")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

_numbers = itertools.count(1)
_places: dict[int, PlaceIndex] = {}
_rules: dict[tuple[str, int], Rules] = {}
_KEPT = 8


def unit(session: Session, code: str = "26740") -> Unit:
    """A unit of the reference data; by default Phường Sài Gòn."""
    return session.scalars(select(Unit).where(Unit.code == code, Unit.valid_to.is_(None))).one()


def queue_of(session: Session, code: str = "26740", kind: QueueKind = QueueKind.WORK) -> Queue:
    return session.scalars(select(Queue).where(Queue.unit_id == unit(session, code).id, Queue.kind == kind)).one()


def staff(
    session: Session,
    *,
    role: Role | None = Role.AGENT,
    at: str = "26740",
    name: str = "Trần Thị Lan",
    phone: str | None = None,
    **more: Any,
) -> Staff:
    """A person, holding a role at a unit."""
    number = next(_numbers)
    person = Staff(
        email=more.pop("email", f"person{number}@hotline.example"),
        name=name,
        sort_key=name.lower(),
        phone=phone or f"+8490{number:07d}",
        created_at=LONG_AGO,
        **more,
    )
    session.add(person)
    session.flush()
    if role is not None:
        give_role(session, person, role=role, at=at)
    return person


def give_role(session: Session, person: Staff, *, role: Role, at: str) -> RoleAssignment:
    held = RoleAssignment(staff_id=person.id, role=role, unit_id=unit(session, at).id, valid_from=LONG_AGO)
    session.add(held)
    session.flush()
    return held


def citizen(session: Session, *, name: str = "Nguyễn Văn An", phone: str = "+84901234567") -> Citizen:
    from tickets.people import citizens  # noqa: PLC0415 - the module has this function's plural name

    known = citizens.create(session, phone=phone, name=name, now=NOW)
    return session.get_one(Citizen, known.id)


def places(session: Session) -> PlaceIndex:
    """Read once for all tests: they share the reference data."""
    if 0 not in _places:
        _places[0] = load_places(session)
    return _places[0]


def rules(session: Session) -> Rules:
    """Read once for each version of them, which no other state of a database ever has again, rolled back or not."""
    known_as = (str(session.connection().engine.url), version_now(session))
    found = _rules.get(known_as)
    if found is None:
        if len(_rules) >= _KEPT:
            _rules.clear()
        _rules[known_as] = found = load_rules(session, on=NOW.date())
    return found


def matter(**facts: Any) -> Matter:
    """A web form about rubbish in Phường Sài Gòn, unless told otherwise."""
    number = next(_numbers)
    base = Matter(
        channel=Channel.WEB,
        arrived_at=NOW,
        subject="Rác không được thu gom",
        body="Ba ngày nay xe rác không tới hẻm nhà tôi.",
        phone=f"+8491{number:07d}",
        category_code="rubbish",
        unit_code="26740",
        contact_source_key=f"form-{number}",
    )
    return replace(base, **facts)


def open_ticket(session: Session, *, now: datetime = NOW, actor: Actor | None = None, **facts: Any) -> Opened:
    """A ticket opened through the real intake; `facts` are those of `matter`."""
    facts.setdefault("arrived_at", now)
    return open_matter(
        session,
        matter(**facts),
        actor=actor or citizen_actor(),
        keys=KEYS,
        places=places(session),
        rules=rules(session),
        now=now,
    )


def ticket(session: Session, *, now: datetime = NOW, **facts: Any) -> Ticket:
    """The row of a new ticket."""
    return session.get_one(Ticket, open_ticket(session, now=now, **facts).ticket_id)


def department_code(session: Session) -> str:
    found = session.scalars(
        select(Unit.code).where(Unit.kind == UnitKind.DEPARTMENT, Unit.valid_to.is_(None)).order_by(Unit.id)
    ).first()
    return str(found)


def hold_post(session: Session, person: Staff, code: str, *, at: str, kind: str = "holder") -> PostHolding:
    """Someone stands on a post of the reference data from long ago on."""
    post = session.scalars(select(Post).where(Post.code == code, Post.unit_id == unit(session, at).id)).one()
    held = PostHolding(post_id=post.id, staff_id=person.id, kind=kind, valid_from=LONG_AGO)
    session.add(held)
    session.flush()
    return held
