"""The call floor as a supervisor sees it: who is there and on which call, who waits and at which place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, or_, select
from sqlalchemy.orm import Session

from telephony.floor.answerers import answering_unit, near_unit_of
from telephony.floor.floor import ANSWERING_ROLES, HEARTBEAT_LOST
from telephony.floor.waiting import is_emergency, is_in_line
from tickets.people.roles import CITY_LEVEL
from tickets.schema import Call, Presence, RoleAssignment, Staff, Ticket, Unit
from tickets.states import CallState, PresenceState


@dataclass(frozen=True, slots=True)
class AgentNow:
    """Somebody signed on to the phones. `is_alive` is false when their console has not been heard of lately."""

    staff_id: int
    name: str
    state: PresenceState
    reason: str
    since: datetime
    idle_since: datetime | None
    is_alive: bool
    units: tuple[tuple[str, str], ...]
    unit_ids: frozenset[int]
    covers_city: bool
    call_phone: str | None
    call_reference: str | None


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A caller in the queue; `position` counts among those whom the same people will answer."""

    call_id: int
    position: int
    state: CallState
    queued_at: datetime
    phone: str | None
    locale: str
    emergency: bool
    unit: str
    unit_en: str


def agents_now(session: Session, unit_ids: Sequence[int] | None, *, now: datetime) -> list[AgentNow]:
    """Everybody who is not signed off, those who have been in their state longest first. One statement.

    `unit_ids`: people who answer at these units; None is everybody.
    """
    rows = session.execute(
        select(
            Presence,
            Staff.name,
            RoleAssignment.unit_id,
            Unit.name,
            Unit.name_en,
            Unit.kind,
            shown_phone(),
            Ticket.reference,
        )
        .join(Staff, Staff.id == Presence.staff_id)
        .join(RoleAssignment, RoleAssignment.staff_id == Presence.staff_id)
        .join(Unit, Unit.id == RoleAssignment.unit_id)
        .outerjoin(Call, Call.id == Presence.call_id)
        .outerjoin(Ticket, and_(Ticket.id == Call.ticket_id, Ticket.is_restricted.is_(False)))
        .where(
            Presence.state != PresenceState.OFFLINE,
            Staff.disabled_at.is_(None),
            RoleAssignment.role.in_(ANSWERING_ROLES),
            RoleAssignment.valid_from <= now,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
        )
        .order_by(Presence.since, Presence.staff_id, RoleAssignment.id)
    ).all()
    agents: dict[int, AgentNow] = {}
    for presence, name, unit_id, unit, unit_en, kind, phone, reference in rows:
        known = agents.get(presence.staff_id)
        here = (unit, unit_en)
        agents[presence.staff_id] = AgentNow(
            staff_id=presence.staff_id,
            name=name,
            state=presence.state,
            reason=presence.reason,
            since=presence.since,
            idle_since=presence.idle_since,
            is_alive=presence.state is PresenceState.ON_CALL or presence.heartbeat_at > now - HEARTBEAT_LOST,
            units=tuple(dict.fromkeys([*(known.units if known else ()), here])),
            unit_ids=(known.unit_ids if known else frozenset()) | {unit_id},
            covers_city=kind in CITY_LEVEL or bool(known and known.covers_city),
            call_phone=phone,
            call_reference=reference,
        )
    found = list(agents.values())
    return found if unit_ids is None else [agent for agent in found if agent.unit_ids.intersection(unit_ids)]


def calls_waiting(
    session: Session,
    unit_ids: Sequence[int] | None,
    *,
    staffed: frozenset[int],
    covers_city: bool,
    limit: int = 200,
    now: datetime,
) -> list[WaitingCall]:
    """Callers in the order in which they are served, with their place in line. One statement.

    `staffed`: units with people of their own at work; their callers wait for them, all others for the city's, if those
    are there (`covers_city`). `unit_ids`: only callers whom these units' people may answer; None is everybody.
    """
    rows = session.execute(
        select(Call, shown_phone(), Unit.name, Unit.name_en)
        .outerjoin(Unit, Unit.id == Call.unit_id)
        .outerjoin(Ticket, and_(Ticket.id == Call.ticket_id, Ticket.is_restricted.is_(False)))
        .where(is_in_line(now), Call.queued_at.is_not(None))
        .order_by(emergencies_first(), Call.queued_at, Call.id)
        .limit(limit)
    ).all()
    served: dict[int | None, int] = {}
    waiting = []
    for call, phone, unit, unit_en in rows:
        pool = answering_unit(call.unit_id, near_unit_of(call.detail), staffed=staffed, covers_city=covers_city)
        served[pool] = served.get(pool, 0) + 1
        if unit_ids is not None and call.unit_id not in unit_ids and pool not in unit_ids:
            continue
        waiting.append(
            WaitingCall(
                call_id=call.id,
                position=served[pool],
                state=call.state,
                queued_at=call.queued_at or call.arrived_at,
                phone=phone,
                locale=call.locale,
                emergency=is_emergency(call),
                unit=unit or "",
                unit_en=unit_en or "",
            )
        )
    return waiting


def shown_phone() -> ColumnElement[str | None]:
    """Of a call beside its ticket if that is open to all: who rings about a restricted one is nobody's to see here."""
    return case((or_(Call.ticket_id.is_(None), Ticket.id.is_not(None)), Call.phone))


def emergencies_first() -> ColumnElement[int]:
    return case((Call.detail["emergency"].as_boolean(), 0), else_=1)
