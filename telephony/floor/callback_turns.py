"""Whose turn it is among those who wait to be called back: they stand in one line with the callers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Boolean, ColumnElement, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session

from telephony.floor.answerers import NEAR, near_unit
from telephony.floor.callbacks import asked_not_to_be_called, is_on_the_line
from telephony.ivr.message import may_be_called
from tickets.city import wall_clock
from tickets.routing.decision import OFFICIALS_IN_DANGER
from tickets.schema import Call, CallbackRequest, Citizen, Ticket
from tickets.states import CallbackReason, Priority

# Whoever asked, agreed on a time or was tried this lately is called at any hour: they are awake.
AWAKE_FOR = timedelta(hours=1)
NIGHT_FROM, NIGHT_TO = 22, 6
# Whoever would rather not take one is asked again for it after this, when nobody else has taken it.
REFUSED_FOR = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class DueCallback:
    """One whose time has come; `queued_at` is the place that was kept. Who only hung up was promised none."""

    id: int
    phone: str
    unit_id: int | None
    locale: str
    queued_at: datetime
    reference: str
    is_missed: bool
    detail: Mapping[str, Any]
    ticket_id: int | None
    refused_by: int | None


# A time, or the name under which a statement that is made once is given it.
GivenTime = datetime | BindParameter[datetime]
# Written out, so that a plan that is kept for every value can use the index of those who wait.
_IS_OPEN: ColumnElement[bool] = literal_column("callback_request.state = 'open'", Boolean())
_URGENT = Ticket.priority == Priority.EMERGENCY
_HIDDEN = or_(Ticket.is_restricted, Ticket.routing_reasons.contains([{"code": OFFICIALS_IN_DANGER}]))
_STANDING = (
    select(
        CallbackRequest,
        func.coalesce(Call.locale, Citizen.locale, "vi").label("locale"),
        func.coalesce(_URGENT, False).label("is_urgent"),
        func.coalesce(Ticket.reference, "").label("reference"),
        func.coalesce(_HIDDEN, False).label("is_hidden"),
        func.coalesce(near_unit(), Ticket.place_unit_id).label("near_unit_id"),
    )
    .outerjoin(Call, Call.id == CallbackRequest.call_id)
    .outerjoin(Citizen, Citizen.id == CallbackRequest.citizen_id)
    .outerjoin(Ticket, Ticket.id == CallbackRequest.ticket_id)
)


def due_callbacks(session: Session, *, now: datetime, limit: int = 50) -> list[DueCallback]:
    """In the order in which they called. Not locked."""
    due = _STANDING.where(_is_due(now), _may_be_rung(awake_since(now)) | _URGENT)
    rows = session.execute(due.order_by(CallbackRequest.order_at, CallbackRequest.id).limit(limit)).all()
    return [_as_due(row, now=now) for row in rows if may_be_called(row.CallbackRequest.phone)]


def standing(session: Session, callback_id: int, *, now: datetime) -> DueCallback:
    """One as it stands in line, due or not."""
    return _as_due(session.execute(_STANDING.where(CallbackRequest.id == callback_id)).one(), now=now)


def _as_due(row: Any, *, now: datetime) -> DueCallback:
    request: CallbackRequest = row.CallbackRequest
    return DueCallback(
        id=request.id,
        phone=request.phone or "",
        unit_id=None if row.is_hidden else request.unit_id,
        locale=row.locale,
        queued_at=request.order_at,
        reference=row.reference,
        is_missed=request.reason is CallbackReason.MISSED,
        detail={"emergency": row.is_urgent, NEAR: None if row.is_hidden else row.near_unit_id},
        ticket_id=request.ticket_id,
        refused_by=_refused_by(request, now=now),
    )


def promised_before(queued_at: GivenTime, *, now: GivenTime, awake_since: GivenTime) -> ColumnElement[bool]:
    """Of a callback: its turn comes before that of a caller who has waited since then.

    Every waiting caller asks at every turn: the few who are on the line or must not be called are not looked for.
    """
    promised = CallbackRequest.reason != CallbackReason.MISSED
    return and_(_waits(now), _may_be_rung(awake_since), promised, CallbackRequest.order_at < queued_at)


def _waits(now: GivenTime) -> ColumnElement[bool]:
    return and_(
        _IS_OPEN,
        CallbackRequest.phone.is_not(None),
        or_(CallbackRequest.not_before.is_(None), CallbackRequest.not_before <= now),
    )


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        _waits(now),
        ~asked_not_to_be_called(),
        ~is_on_the_line(CallbackRequest.phone).correlate(CallbackRequest),
    )


def awake_since(now: datetime) -> datetime:
    """Who asked since then may be rung now: by day everybody; at night nobody is woken up for an evening's wish."""
    if NIGHT_TO <= wall_clock(now).hour < NIGHT_FROM:
        return datetime.min.replace(tzinfo=now.tzinfo)
    return now - AWAKE_FOR


def _may_be_rung(since: GivenTime) -> ColumnElement[bool]:
    return or_(CallbackRequest.created_at >= since, CallbackRequest.not_before >= since)


def _refused_by(request: CallbackRequest, *, now: datetime) -> int | None:
    if request.refused_at is None or now - request.refused_at >= REFUSED_FOR:
        return None
    return request.refused_by_id
