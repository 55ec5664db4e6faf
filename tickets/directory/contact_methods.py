"""By which ways a person is reached: their own rows, proved by a code that was sent there (A3)."""

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.contact_hours import Hours
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import Actor
from tickets.people.citizens import clean_email
from tickets.people.phones import PhoneKind, parse_phone
from tickets.schema import ContactMethod
from tickets.states import OutboundChannel

METHOD_KINDS = (OutboundChannel.SMS, OutboundChannel.VOICE, OutboundChannel.EMAIL)
CODE_DIGITS = 6
CODE_VALID_FOR = timedelta(minutes=15)
BETWEEN_CODES = timedelta(minutes=1)
MOST_CODE_TRIES = 5
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def methods_of(session: Session, staff_ids: Collection[int]) -> dict[int, list[ContactMethod]]:
    """The ways of each of these people in their order."""
    rows = session.scalars(
        select(ContactMethod)
        .where(ContactMethod.staff_id.in_(staff_ids))
        .order_by(ContactMethod.staff_id, ContactMethod.position, ContactMethod.id)
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[ContactMethod]] = {}
    for row in rows:
        found.setdefault(row.staff_id, []).append(row)
    return found


def own_method(session: Session, staff_id: int, method_id: int) -> ContactMethod:
    """Raises NotFound for one that is another's or none."""
    row = session.scalars(
        select(ContactMethod)
        .where(ContactMethod.id == method_id, ContactMethod.staff_id == staff_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound("contact_method", method_id)
    return row


def save(
    session: Session,
    staff_id: int,
    *,
    kind: OutboundChannel,
    address: str,
    hours: Hours,
    actor: Actor,
    now: datetime,
) -> ContactMethod:
    """A new way, last in the order, or another address or other hours of one that is there.

    Another address is unproved again. Raises InvalidInput for an address that is none, or hours that are none.
    """
    to = _cleaned(kind, address)
    _check_hours(hours)
    row = session.scalars(
        select(ContactMethod).where(ContactMethod.staff_id == staff_id, ContactMethod.kind == kind).with_for_update()
    ).one_or_none()
    if row is None:
        last = select(func.coalesce(func.max(ContactMethod.position), 0)).where(ContactMethod.staff_id == staff_id)
        row = ContactMethod(staff_id=staff_id, kind=kind, address=to, position=session.execute(last).scalar_one() + 1)
        session.add(row)
    elif row.address != to:
        row.address, row.verified_at, row.code_hash = to, None, ""
    row.from_hour, row.to_hour = hours.from_hour, hours.to_hour
    session.flush()
    _record(session, "contact_method.changed", row, actor=actor, now=now)
    return row


@dataclass(frozen=True, slots=True)
class NamedWays:
    """By which ways a person is told, in this order, as somebody else wrote it down for them."""

    staff_id: int
    ways: tuple[tuple[OutboundChannel, str], ...]


def name_ways(session: Session, people: Sequence[NamedWays]) -> None:
    """They are used at once, and unproved until their owner confirms them; what was proved there stays proved.

    One audit entry for all belongs to whoever brings them.
    """
    known = methods_of(session, [one.staff_id for one in people])
    fresh = []
    for person in people:
        standing = {row.kind: row for row in known.get(person.staff_id, ())}
        for position, (kind, address) in enumerate(person.ways, start=1):
            row = standing.pop(kind, None)
            if row is None:
                fresh.append({"staff_id": person.staff_id, "kind": kind, "address": address, "position": position})
                continue
            row.position = position
            if row.address != address:
                row.address, row.verified_at, row.code_hash = address, None, ""
        for row in standing.values():
            session.delete(row)
    session.flush()
    if fresh:
        session.execute(insert(ContactMethod), fresh)


def remove(session: Session, staff_id: int, method_id: int, *, actor: Actor, now: datetime) -> None:
    row = own_method(session, staff_id, method_id)
    _record(session, "contact_method.removed", row, actor=actor, now=now)
    session.execute(delete(ContactMethod).where(ContactMethod.id == row.id))


def move_up(session: Session, staff_id: int, method_id: int, *, actor: Actor, now: datetime) -> None:
    """This way is tried before the one that stands before it; the first stays where it is."""
    row = own_method(session, staff_id, method_id)
    ordered = methods_of(session, [staff_id])[staff_id]
    place = [one.id for one in ordered].index(row.id)
    if place == 0:
        return
    ordered.insert(place - 1, ordered.pop(place))
    for number, one in enumerate(ordered, start=1):
        one.position = number
    _record(session, "contact_method.moved", row, actor=actor, now=now)


def keep_code(row: ContactMethod, code: str, *, now: datetime) -> None:
    """Raises InvalidInput when one was sent a moment ago."""
    if row.code_sent_at is not None and now - row.code_sent_at < BETWEEN_CODES:
        raise InvalidInput("code", "code_just_sent")
    row.code_hash, row.code_sent_at, row.code_tries = _hash(row.id, code), now, 0


def prove(session: Session, staff_id: int, method_id: int, code: str, *, actor: Actor, now: datetime) -> bool:
    """Whether the code is the one that was sent there; too old, too often guessed or wrong is false."""
    row = own_method(session, staff_id, method_id)
    stands = (
        row.code_sent_at is not None and now - row.code_sent_at <= CODE_VALID_FOR and row.code_tries < MOST_CODE_TRIES
    )
    if not row.code_hash or not stands:
        return False
    if not hmac.compare_digest(row.code_hash, _hash(row.id, code.strip())):
        row.code_tries += 1
        _record(session, "contact_method.code_wrong", row, actor=actor, now=now)
        return False
    row.verified_at, row.code_hash = now, ""
    _record(session, "contact_method.verified", row, actor=actor, now=now)
    return True


def _cleaned(kind: OutboundChannel, address: str) -> str:
    if kind is OutboundChannel.EMAIL:
        email = clean_email(address.strip()[:200])
        if email is None or _MAIL.fullmatch(email) is None:
            raise InvalidInput("address", "bad_email")
        return email
    phone = parse_phone(address.strip()[:40])
    if phone is None or phone.kind in (PhoneKind.SHORT_CODE, PhoneKind.SERVICE):
        raise InvalidInput("address", "bad_phone")
    if kind is OutboundChannel.SMS and not phone.may_get_sms:
        raise InvalidInput("address", "no_sms_there")
    return phone.number


def _check_hours(hours: Hours) -> None:
    given: Sequence[int | None] = (hours.from_hour, hours.to_hour)
    if given == (None, None):
        return
    if hours.from_hour is None or hours.to_hour is None:
        raise InvalidInput("hours", "hours_in_pairs")
    if not (0 <= hours.from_hour <= 23 and 1 <= hours.to_hour <= 24) or hours.from_hour == hours.to_hour:
        raise InvalidInput("hours", "no_such_hours")


def _hash(method_id: int, code: str) -> str:
    return hashlib.sha256(f"{method_id}:{code}".encode()).hexdigest()


def _record(session: Session, action: str, row: ContactMethod, *, actor: Actor, now: datetime) -> None:
    """Never the address: the trail holds no whole phones."""
    params: Mapping[str, Any] = {"channel": row.kind.value, "staff_id": row.staff_id}
    entries.record(
        session,
        actor=actor,
        action=action,
        subject_kind="contact_method",
        subject_id=row.id,
        params=params,
        now=now,
    )
