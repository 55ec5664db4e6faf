"""A call arrives: it is written as a contact and a call before the first word is spoken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from telephony.calls import new_call
from telephony.desk import Desk
from telephony.dialled import dialled, is_withheld, line_number
from telephony.floor.answerers import NEAR
from telephony.floor.telephones import CANNOT_RING, cannot_ring
from tickets.intake import contacts
from tickets.people import citizens
from tickets.people.citizens import KnownCitizen
from tickets.people.phones import parse_phone
from tickets.routing.rule_rows import LineRule
from tickets.schema import Call
from tickets.states import CallState, Channel

SAME_MATTER_FOR = timedelta(minutes=15)
# Who talked with somebody and is back so soon was cut off; who comes later has something to add, and waits their turn.
CUT_OFF_FOR = timedelta(minutes=2)
# More calls than this from one number within an hour: somebody in distress, or somebody who blocks the line.
MANY_CALLS = 10

_RECENT = text(
    """
    select (select count(*) from call where phone = :phone and arrived_at > :hour_ago) as calls_in_hour,
           earlier.*
    from (values (1)) as one(n) left join lateral (
        select c.ticket_id, t.reference, c.queued_at, c.ended_at, c.answered_at, c.agent_id, c.unit_id,
               t.priority = 'emergency' as emergency, t.category_id, t.place_unit_id,
               (c.detail->>'near_unit_id')::bigint as near_unit_id,
               t.is_restricted or t.routing_reasons @> '[{"code": "officials_in_danger"}]' as is_hidden,
               (c.detail->>'agent_finished')::boolean as agent_finished,
               coalesce(c.detail->'told', '[]') || coalesce(c.detail->'resumes'->'told', '[]') as told
        from call c join ticket t on t.id = c.ticket_id
        where c.phone = :phone and c.arrived_at > :since
          and t.status in ('new', 'open', 'pending_citizen', 'pending_third_party')
        order by c.arrived_at desc, c.id desc limit 1
    ) earlier on true
    """
)


_KEPT = (
    "ticket_id", "reference", "unit_id", NEAR, "is_hidden", "emergency", "category_id", "place_unit_id", "told",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caller:
    """`phone` is None for a hidden number: it has no record of its own and shares none."""

    phone: str | None
    raw: str

    @classmethod
    def of(cls, raw: str) -> "Caller":
        parsed = None if is_withheld(raw) else parse_phone(dialled(raw))
        return cls(parsed.number if parsed else None, raw[:100])


def register_call(session: Session, form: Mapping[str, str], desk: Desk, *, now: datetime) -> Call:
    """Write contact and call; what the conversation will need of caller and line is kept with the call."""
    caller = Caller.of(form.get("from", ""))
    line = desk.line(*(line_number(form.get(name, "")) for name in ("to", "called", "forwarded_from")))
    known = citizens.find(session, phone=caller.phone) if caller.phone else None
    simulated = desk.account.is_simulated
    source_key = f"{desk.account.name}:{form['call_sid']}"
    contact = contacts.register(
        session,
        channel=Channel.VOICE,
        source_key=source_key,
        arrived_at=now,
        phone=caller.phone,
        phone_raw=caller.raw,
        citizen_id=known.id if known else None,
        line_id=line.id if line else None,
        is_simulated=simulated,
    )
    row = {
        "account": desk.account.name,
        "call_sid": form["call_sid"],
        "contact_id": contact.id,
        "citizen_id": known.id if known else None,
        "line_id": line.id if line else None,
        "phone": caller.phone,
        "phone_raw": caller.raw,
        "locale": known.locale if known else "vi",
        "state": CallState.GREETING,
        "is_simulated": simulated,
        "detail": _detail(session, caller, line, known, desk, now=now),
    }
    return new_call(session, row, now=now)


def _detail(
    session: Session, caller: Caller, line: LineRule | None, known: KnownCitizen | None, desk: Desk, *, now: datetime
) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    if cannot := cannot_ring(desk.account):
        detail[CANNOT_RING] = cannot
    if line is not None:
        detail["line_phone"] = line.phone
        if not line.is_city:
            detail["line_unit_id"] = line.unit_id
    if known is not None:
        detail["do_not_call"] = known.do_not_call
        if known.last_unit_id is not None and desk.unit(known.last_unit_id) is not None:
            detail["last_unit_id"] = known.last_unit_id
    if caller.phone:
        detail.update(_earlier_call(session, caller.phone, now=now))
    return detail


def _earlier_call(session: Session, phone: str, *, now: datetime) -> dict[str, Any]:
    """What the same number called about within a quarter of an hour: its ticket, its urgency, its place in the queue.

    Whether it is the same matter and the same person is for the caller to say.
    """
    since = {"phone": phone, "hour_ago": now - timedelta(hours=1), "since": now - SAME_MATTER_FOR}
    recent = session.execute(_RECENT, since).one()
    if recent.calls_in_hour >= MANY_CALLS:
        citizens.flag_heavy_caller(session, phone, now=now)
    if recent.ticket_id is None:
        return {}
    resumed: dict[str, Any] = {name: getattr(recent, name) for name in _KEPT}
    was_cut_off = not recent.agent_finished and now - (recent.ended_at or now) <= CUT_OFF_FOR
    if recent.queued_at is not None and (recent.answered_at is None or was_cut_off):
        resumed["queued_at"] = recent.queued_at.isoformat()
    if recent.answered_at is not None and was_cut_off:
        resumed["cut_off_from"] = recent.agent_id
    return {"resumes": resumed}
