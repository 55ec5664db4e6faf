"""Whose people answer a call: the responsible unit's; where that has nobody at work, those of the place. Nobody of the
body that a restricted request is about."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, cast, or_, select
from sqlalchemy.orm import Session

from tickets.errors import NotAllowed
from tickets.routing.decision import OFFICIALS_IN_DANGER
from tickets.routing.rules import Rules
from tickets.schema import Call, RoleAssignment, Ticket

# Under this name a call keeps the unit of its place. That unit's people are asked where the responsible one, a
# department perhaps, has none on the phones; the call stays the department's.
NEAR = "near_unit_id"


def near_unit_of(detail: Mapping[str, Any]) -> int | None:
    found = detail.get(NEAR)
    return found if isinstance(found, int) else None


def answering_unit(
    unit_id: int | None, near_unit_id: int | None, *, staffed: Collection[int], covers_city: bool
) -> int | None:
    """The unit whose people a call is for now; None: the city's common ones."""
    if unit_id in staffed:
        return unit_id
    # What is nobody's yet is first the city's own desk's.
    is_the_desks = unit_id is None and covers_city
    return near_unit_id if near_unit_id in staffed and not is_the_desks else None


def near_unit() -> ColumnElement[int | None]:
    """Of a call, as `near_unit_of` reads it."""
    return cast(Call.detail[NEAR].as_string(), BigInteger)


class WithWhom(NamedTuple):
    """What of a request says who is asked about it; `routing_reasons` are those of its row."""

    unit_id: int
    place_unit_id: int | None
    is_restricted: bool
    routing_reasons: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "WithWhom":
        """Of the row of a ticket that is being opened."""
        return cls(*[row[name] for name in cls._fields])


def give_to_answerers(call: Call, ticket: Ticket | WithWhom, rules: Rules) -> None:
    """The people of the unit that the request is with, and those of its place.

    What only the city's office reads, what nobody could place and what may be about a ward is for the city's own.
    """
    if is_hidden_from_wards(ticket):
        keep_from_wards(call)
        return
    routing = rules.routing
    is_the_citys = ticket.unit_id in (routing.operations_unit_id, routing.office_unit_id)
    call.unit_id = None if is_the_citys else ticket.unit_id
    # Whoever rang a ward's own line reached that ward, wherever the matter goes.
    near = ticket.place_unit_id or call.detail.get("line_unit_id")
    _keep_near(call, None if near in routing.not_live else near)


def answered_as_before(call: Call, earlier: Mapping[str, Any]) -> None:
    """By whoever was asked for the earlier call."""
    unit_id = earlier.get("unit_id")
    call.unit_id = unit_id if isinstance(unit_id, int) else None
    _keep_near(call, near_unit_of(earlier))


def answered_near(call: Call, ticket: Ticket) -> None:
    """Who is called back about a request is answered by whoever is asked about it now."""
    if is_hidden_from_wards(ticket):
        keep_from_wards(call)
    else:
        _keep_near(call, ticket.place_unit_id)


def is_hidden_from_wards(ticket: Ticket | WithWhom) -> bool:
    """Whether the request may be about people of a ward: only the city's common agents hear of it."""
    return ticket.is_restricted or any(one["code"] == OFFICIALS_IN_DANGER for one in ticket.routing_reasons)


def keep_from_wards(call: Call) -> None:
    call.unit_id = None
    _keep_near(call, None)


def _keep_near(call: Call, unit_id: int | None) -> None:
    rest = {name: kept for name, kept in call.detail.items() if name != NEAR}
    call.detail = {**rest, NEAR: unit_id} if unit_id is not None else rest


def heed_ticket(session: Session, call: Call) -> None:
    """Before it rings anywhere: what has been restricted since is the city's common agents' alone."""
    if call.ticket_id is None or (call.unit_id is None and near_unit_of(call.detail) is None):
        return
    if session.scalar(select(Ticket.is_restricted).where(Ticket.id == call.ticket_id)):
        keep_from_wards(call)


def people_concerned(ticket_id: int | None, *, now: datetime) -> Select[int]:
    """Who works at the body that this restricted request is about: it rings at none of them."""
    return (
        select(RoleAssignment.staff_id)
        .join(Ticket, Ticket.about_unit_id == RoleAssignment.unit_id)
        .where(
            Ticket.id == ticket_id,
            Ticket.is_restricted,
            RoleAssignment.valid_from <= now,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
        )
    )


def require_not_concerned(session: Session, call: Call, *, unit_id: int) -> None:
    """Raises NotAllowed where the call is about a restricted request, and that about this unit."""
    about = select(Ticket.id).where(Ticket.id == call.ticket_id, Ticket.is_restricted, Ticket.about_unit_id == unit_id)
    if session.scalar(about) is not None:
        raise NotAllowed("about_them")
