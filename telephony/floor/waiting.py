"""The queue of waiting calls: who is next, which position a caller holds, and which agent a call is for.

The provider's own queue is not used: not every provider has one, and ours survives a change of provider or a restart.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, DateTime, and_, case, cast, func, or_, select
from sqlalchemy.orm import QueryableAttribute, Session

from telephony.floor.callback_turns import promised_before
from telephony.floor.floor import Floor, FloorAgent
from tickets.schema import Call, CallbackRequest, Offer
from tickets.states import CallState, OfferOutcome

WAITING = (CallState.QUEUED, CallState.OFFERED)
# A unit's own agents have this long to take a call before the city's may too.
OWN_UNIT_FIRST = timedelta(seconds=60)
# A language nobody free speaks is waited for this long, then anybody is better than nobody.
LANGUAGE_FIRST = timedelta(seconds=45)
# Two turns of the hold loop with the longest words that are said in one. Who is not heard for so long may have hung up
# without anybody telling us: no agent is rung for them, and nobody waits behind them.
UNHEARD_FOR = timedelta(seconds=90)
# How fast calls are answered is seen from so many of the last half hour.
PACE_WITHIN, PACE_NEEDS = timedelta(minutes=30), 5


class InLine(Protocol):
    """Who waits for an agent: a caller on the line, or somebody to be called back."""

    @property
    def id(self) -> int: ...
    @property
    def unit_id(self) -> int | None: ...
    @property
    def locale(self) -> str: ...
    @property
    def queued_at(self) -> datetime | None: ...
    @property
    def detail(self) -> Any: ...


def waiting_calls(session: Session, *, limit: int = 50, now: datetime) -> Sequence[Call]:
    """Calls without an open offer that are in line by then, in the order in which they are served. Not locked."""
    queued = select(Call).where(Call.state == CallState.QUEUED, Call.queued_at <= now, _is_heard(now))
    return session.scalars(queued.order_by(_urgency(), Call.queued_at, Call.id).limit(limit)).all()


def position(session: Session, call: Call, *, floor: Floor, now: datetime) -> int:
    """The caller's place among those the same people will answer, counted from one."""
    if call.queued_at is None:
        return 1
    staffed = floor.staffed_unit_ids
    callers = (
        select(func.count())
        .select_from(Call)
        .where(Call.state.in_(WAITING), Call.id != call.id, _is_heard(now))
        .where(_before(call), _same_pool(call, staffed, Call.unit_id))
    )
    ahead: ColumnElement[Any] = callers.scalar_subquery()
    if not is_emergency(call):
        called = select(func.count()).select_from(CallbackRequest).where(promised_before(call.queued_at, now=now))
        # Whoever calls again does not wait behind their own callback.
        called = called.where(CallbackRequest.phone.is_distinct_from(call.phone))
        in_pool = _same_pool(call, staffed, CallbackRequest.unit_id)
        ahead = ahead + called.where(in_pool).scalar_subquery()
    return int(session.scalar(select(ahead)) or 0) + 1


def expected_wait(session: Session, call: Call, *, place: int, floor: Floor, now: datetime) -> timedelta | None:
    """How long a caller at that place waits if the same people go on answering as fast as they did lately.

    None where too few were answered to tell: a wrong figure is worse than none.
    """
    answered = session.scalar(
        select(func.count())
        .select_from(Call)
        .where(Call.queued_at > now - PACE_WITHIN, Call.direction == "inbound", Call.answered_at.is_not(None))
        .where(_same_pool(call, floor.staffed_unit_ids, Call.unit_id))
    )
    return place * PACE_WITHIN / answered if answered and answered >= PACE_NEEDS else None


def waiting_count(session: Session) -> int:
    return int(session.scalar(select(func.count()).select_from(Call).where(Call.state.in_(WAITING))) or 0)


def waiting_at(session: Session, unit_ids: Collection[int]) -> int:
    """How many wait for these units' people, or at all where none are named."""
    waiting = select(func.count()).select_from(Call).where(Call.state.in_(WAITING))
    if unit_ids:
        waiting = waiting.where(Call.unit_id.in_(unit_ids))
    return int(session.scalar(waiting) or 0)


def agents_for(call: InLine, floor: Floor, *, refused_by: Collection[int] = (), now: datetime) -> list[FloorAgent]:
    """The free agents a call may be offered to now, best first: own unit before city, language before none, then idle.

    An agent who let this call ring before is asked again only when nobody else is free.
    """
    waited = now - (call.queued_at or now)
    free = [agent for agent in floor.agents if agent.is_free]
    own = [agent for agent in free if call.unit_id in agent.unit_ids]
    city_may = call.unit_id is None or waited >= OWN_UNIT_FIRST or is_emergency(call) or not floor.staffs(call.unit_id)
    others = [agent for agent in free if agent.covers_city and agent not in own] if city_may else []
    candidates = own + others
    speaking = [agent for agent in candidates if call.locale in agent.languages]
    if waited < LANGUAGE_FIRST and any(call.locale in agent.languages for agent in floor.agents):
        candidates = speaking
    else:
        candidates = speaking + [agent for agent in candidates if agent not in speaking]
    return sorted(candidates, key=lambda agent: agent.staff_id in refused_by)


def is_emergency(call: InLine) -> bool:
    return bool(call.detail.get("emergency"))


def refusals(session: Session, call_id: int) -> frozenset[int]:
    """Who has been offered this call and did not take it, whatever they did with it before."""
    refused = Offer.outcome.in_((OfferOutcome.DECLINED, OfferOutcome.EXPIRED))
    return frozenset(session.scalars(select(Offer.staff_id).where(Offer.call_id == call_id, refused)))


def silent_calls(now: datetime) -> ColumnElement[bool]:
    """Waiting callers of whom nothing was heard for so long that nobody is rung for them."""
    return and_(Call.state.in_(WAITING), Call.agent_id.is_(None), ~_is_heard(now))


def _is_heard(now: datetime) -> ColumnElement[bool]:
    """Whether the caller's telephone has come by lately."""
    seen_at = Call.detail["seen_at"].as_string()
    return or_(seen_at.is_(None), cast(seen_at, DateTime(timezone=True)) > now - UNHEARD_FOR)


def _urgency() -> ColumnElement[int]:
    return case((Call.detail["emergency"].as_boolean(), 0), else_=1)


def _before(call: Call) -> ColumnElement[bool]:
    earlier = or_(Call.queued_at < call.queued_at, and_(Call.queued_at == call.queued_at, Call.id < call.id))
    if is_emergency(call):
        return and_(_urgency() == 0, earlier)
    return or_(_urgency() == 0, earlier)


def _same_pool(call: Call, staffed: frozenset[int], unit_id: QueryableAttribute[int | None]) -> ColumnElement[bool]:
    """Calls for a staffed unit wait for its people; all others wait for the city's."""
    if call.unit_id in staffed:
        return unit_id == call.unit_id
    return or_(unit_id.is_(None), unit_id.not_in(staffed))
