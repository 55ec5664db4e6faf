"""Everybody on the line now, as a supervisor sees it: with whom, in which state and since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from telephony.floor.answerers import near_unit
from telephony.floor.board import emergencies_first, shown_phone
from telephony.floor.consulting import consult_of
from telephony.floor.floor import ANSWERING_ROLES
from telephony.floor.rooms import Party, room_of
from telephony.floor.waiting import is_emergency, silent_calls
from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import Call, RoleAssignment, Staff, Ticket, Unit
from tickets.states import CallState

_MOST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class LiveCall:
    """`is_hidden`: of a restricted ticket that the viewer may not know of; neither phone nor reference is told."""

    id: int
    account: str
    state: CallState
    # Of the state, and when it reached us.
    since: datetime
    arrived_at: datetime
    phone: str | None
    is_hidden: bool
    agent_id: int | None
    agent: str
    with_colleague: str
    held_since: datetime | None
    parties: tuple[Party, ...]
    emergency: bool
    direction: str
    locale: str
    unit: str
    unit_en: str
    reference: str | None


def live_calls(session: Session, viewer: Viewer, unit_ids: Sequence[int] | None, *, now: datetime) -> list[LiveCall]:
    """Emergencies first, then in the order of arrival. One statement.

    `unit_ids`: calls for these units, and those in which somebody of theirs talks; None is everybody.
    """
    found = (
        select(Call, Staff.name, shown_phone(), Unit.name, Unit.name_en, Ticket.reference)
        .outerjoin(Staff, Staff.id == Call.agent_id)
        .outerjoin(Unit, Unit.id == Call.unit_id)
        .outerjoin(
            Ticket, and_(Ticket.id == Call.ticket_id, or_(Ticket.is_restricted.is_(False), visible_tickets(viewer)))
        )
        .where(Call.state != CallState.ENDED, ~silent_calls(now))
        .order_by(emergencies_first(), Call.arrived_at, Call.id)
        .limit(_MOST_SHOWN)
    )
    if unit_ids is not None:
        theirs = select(RoleAssignment.staff_id).where(
            RoleAssignment.unit_id.in_(unit_ids),
            RoleAssignment.role.in_(ANSWERING_ROLES),
            RoleAssignment.valid_from <= now,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
        )
        found = found.where(or_(Call.unit_id.in_(unit_ids), near_unit().in_(unit_ids), Call.agent_id.in_(theirs)))
    return [_as_live(*row) for row in session.execute(found).all()]


def _as_live(
    call: Call, agent: str | None, phone: str | None, unit: str | None, unit_en: str | None, reference: str | None
) -> LiveCall:
    consult, room = consult_of(call.detail), room_of(call.detail)
    return LiveCall(
        id=call.id,
        account=call.account,
        state=call.state,
        since=(call.answered_at if call.state is CallState.TALKING else call.queued_at) or call.state_since,
        arrived_at=call.arrived_at,
        phone=phone,
        is_hidden=call.ticket_id is not None and reference is None,
        agent_id=call.agent_id,
        agent=agent or "",
        with_colleague=consult.with_name if consult is not None else "",
        held_since=call.hold_since,
        parties=room.parties if room is not None else (),
        emergency=is_emergency(call),
        direction=call.direction,
        locale=call.locale,
        unit=unit or "",
        unit_en=unit_en or "",
        reference=reference,
    )
