"""Messages by which a person proves and tries the ways they are reached by: a code, and a test."""

import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.contact_methods import CODE_DIGITS, keep_code, own_method
from tickets.outbox.fates import Fate, fate_of
from tickets.outbox.posting import Outgoing, post_all
from tickets.people.actor import Actor
from tickets.schema import ContactMethod, OutboundMessage, Staff

CODE_TEMPLATE = "contact_code"
TEST_TEMPLATE = "contact_test"
_SHOWN_MINUTES = 30


def send_code(
    session: Session,
    staff_id: int,
    method_id: int,
    *,
    actor: Actor,
    draw: Callable[[int], int] = secrets.randbelow,
    now: datetime,
) -> None:
    """Raises InvalidInput when one was sent a moment ago, NotFound for another's way."""
    row = own_method(session, staff_id, method_id)
    code = str(draw(10**CODE_DIGITS)).zfill(CODE_DIGITS)
    keep_code(row, code, now=now)
    _post(session, row, CODE_TEMPLATE, {"code": code}, now=now)
    _record(session, "contact_method.code_sent", row, actor=actor, now=now)


def send_test(session: Session, staff_id: int, method_id: int, *, actor: Actor, now: datetime) -> None:
    """A message to see that it arrives; at most one a minute, pressing twice sends one. Raises NotFound."""
    row = own_method(session, staff_id, method_id)
    _post(session, row, TEST_TEMPLATE, {}, now=now.replace(second=0, microsecond=0))
    _record(session, "contact_method.tested", row, actor=actor, now=now)


def tests_of(session: Session, rows: Collection[ContactMethod], *, now: datetime) -> dict[int, Fate]:
    """By way, the newest test of the last half hour, in one statement."""
    minute = now.replace(second=0, microsecond=0)
    minutes = [minute - timedelta(minutes=past) for past in range(_SHOWN_MINUTES)]
    keys = {_key(TEST_TEMPLATE, row, at): row.id for row in rows for at in minutes}
    if not keys:
        return {}
    found = session.scalars(
        select(OutboundMessage).where(OutboundMessage.dedup_key.in_(keys)).order_by(OutboundMessage.id)
    )
    return {keys[one.dedup_key]: fate_of(one, now=now) for one in found}


def _key(template: str, row: ContactMethod, at: datetime) -> str:
    return f"{template}:{row.id}:{at.isoformat()}"


def _post(session: Session, row: ContactMethod, template: str, params: Mapping[str, Any], *, now: datetime) -> None:
    locale = session.get_one(Staff, row.staff_id).locale
    message = Outgoing(
        channel=row.kind,
        address=row.address,
        template=template,
        params=params,
        locale=locale,
        dedup_key=_key(template, row, now),
        staff_id=row.staff_id,
        is_urgent=True,
    )
    post_all(session, [message], now=now)


def _record(session: Session, action: str, row: ContactMethod, *, actor: Actor, now: datetime) -> None:
    params = {"channel": row.kind.value, "staff_id": row.staff_id}
    entries.record(
        session, actor=actor, action=action, subject_kind="contact_method", subject_id=row.id, params=params, now=now
    )
