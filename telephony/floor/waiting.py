"""The queue of waiting calls: who is next, which position a caller holds, and which agent a call is for.

The provider's own queue is not used: not every provider has one, and ours survives a change of provider or a restart.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    DateTime,
    Select,
    all_,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import QueryableAttribute, Session

from telephony.floor.answerers import answering_unit, near_unit, near_unit_of
from telephony.floor.callback_turns import GivenTime, awake_since, promised_before
from telephony.floor.floor import Floor, FloorAgent, Staffing
from telephony.floor.telephones import may_ring
from tickets.schema import Call, CallbackRequest, Offer, Ticket
from tickets.states import CallState, OfferOutcome

WAITING = (CallState.QUEUED, CallState.OFFERED)
# Written out, so that a plan that is kept for every value can use the index of those who wait.
_IS_WAITING: ColumnElement[bool] = literal_column("call.state in ('queued', 'offered')", Boolean())
_IS_INBOUND: ColumnElement[bool] = literal_column("call.direction = 'inbound'", Boolean())
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
    heard = _is_heard(now - UNHEARD_FOR)
    queued = select(Call).where(Call.state == CallState.QUEUED, Call.queued_at <= now, heard)
    return session.scalars(queued.order_by(_urgency(), Call.queued_at, Call.id).limit(limit)).all()


def position(session: Session, call: Call, *, staffing: Staffing, now: datetime) -> int:
    """The caller's place among those the same people will answer, counted from one."""
    if call.queued_at is None:
        return 1
    pool = _pool_of(call, staffing)
    asked = {
        "call_id": call.id,
        "queued_at": call.queued_at,
        "heard_since": now - UNHEARD_FOR,
        "now": now,
        "awake_since": awake_since(now),
        "phone": call.phone,
        **_of_pool(pool, staffing),
    }
    ahead = _ahead(is_urgent=is_emergency(call), is_of_their_own=pool is not None)
    return int(session.scalar(ahead, asked) or 0) + 1


@cache
def _ahead(*, is_urgent: bool, is_of_their_own: bool) -> Select[int]:
    """How many are before a caller. Made once: every waiting caller asks at every turn, and making it took a third of
    that turn."""
    queued_at: BindParameter[datetime] = bindparam("queued_at")
    earlier = or_(Call.queued_at < queued_at, and_(Call.queued_at == queued_at, Call.id < bindparam("call_id")))
    before = and_(_urgency() == 0, earlier) if is_urgent else or_(_urgency() == 0, earlier)
    callers = (
        select(func.count())
        .select_from(Call)
        .where(_IS_WAITING, Call.id != bindparam("call_id"), _is_heard(bindparam("heard_since")))
        .where(before, _same_pool(Call.unit_id, near_unit(), is_of_their_own=is_of_their_own))
    )
    ahead: ColumnElement[Any] = callers.scalar_subquery()
    if not is_urgent:
        promised = promised_before(queued_at, now=bindparam("now"), awake_since=bindparam("awake_since"))
        called = select(func.count()).select_from(CallbackRequest).where(promised)
        # Whoever calls again does not wait behind their own callback.
        called = called.where(CallbackRequest.phone.is_distinct_from(bindparam("phone")))
        in_pool = _same_pool(CallbackRequest.unit_id, _near_of_callback(), is_of_their_own=is_of_their_own)
        ahead = ahead + called.where(in_pool).scalar_subquery()
    return select(ahead)


def front_of_line(session: Session, call: Call, *, now: datetime) -> datetime:
    """Before everybody who waits: whoever has talked with somebody already does not queue again."""
    first = session.scalar(select(func.min(Call.queued_at)).where(Call.state.in_(WAITING)))
    return min(first or now, call.queued_at or now) - timedelta(seconds=1)


def expected_wait(session: Session, call: Call, *, place: int, staffing: Staffing, now: datetime) -> timedelta | None:
    """How long a caller at that place waits if the same people go on answering as fast as they did lately.

    None where too few were answered to tell: a wrong figure is worse than none.
    """
    pool = _pool_of(call, staffing)
    asked = {"since": now - PACE_WITHIN, **_of_pool(pool, staffing)}
    answered = session.scalar(_answered_lately(is_of_their_own=pool is not None), asked)
    return place * PACE_WITHIN / answered if answered and answered >= PACE_NEEDS else None


@cache
def _answered_lately(*, is_of_their_own: bool) -> Select[int]:
    return (
        select(func.count())
        .select_from(Call)
        .where(Call.queued_at > bindparam("since"), _IS_INBOUND, Call.answered_at.is_not(None))
        .where(_same_pool(Call.unit_id, near_unit(), is_of_their_own=is_of_their_own))
    )


def waiting_count(session: Session, *, now: datetime) -> int:
    return int(session.scalar(select(func.count()).select_from(Call).where(is_in_line(now))) or 0)


def waiting_at(session: Session, unit_ids: Collection[int], *, told: str = "", now: datetime) -> int:
    """How many wait for these units' people or have been `told` this before, or at all where no units are named.

    Who calls from a ward about what a department answers for waits for the department's people.
    """
    waiting = select(func.count()).select_from(Call).where(is_in_line(now))
    if unit_ids:
        waiting = waiting.where(or_(Call.unit_id.in_(unit_ids), Call.detail["told"].has_key(told)))
    return int(session.scalar(waiting) or 0)


def agents_for(call: InLine, floor: Floor, *, refused_by: Collection[int] = (), now: datetime) -> list[FloorAgent]:
    """The free agents a call may be offered to now, best first: own unit before city, language before none, then idle.

    An agent who let this call ring before is asked again only when nobody else is free.
    """
    waited = now - (call.queued_at or now)
    free = [agent for agent in floor.agents if agent.is_free and may_ring(call.detail, agent.phone)]
    asked = answering_unit(
        call.unit_id, near_unit_of(call.detail), staffed=floor.staffed_unit_ids, covers_city=floor.staffing.covers_city
    )
    own = [agent for agent in free if asked in agent.unit_ids]
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


def is_in_line(now: datetime) -> ColumnElement[bool]:
    """Of a call: it waits, and its caller was heard lately. Whose leg is gone is counted and shown nowhere."""
    return and_(_IS_WAITING, _is_heard(now - UNHEARD_FOR))


def silent_calls(now: datetime) -> ColumnElement[bool]:
    """Waiting callers of whom nothing was heard for so long that nobody is rung for them; or who were answered and
    never came, while an agent hears nothing."""
    return and_(Call.state.in_(WAITING), ~_is_heard(now - UNHEARD_FOR))


def _is_heard(since: GivenTime) -> ColumnElement[bool]:
    """Whether the caller's telephone has come by since then."""
    seen_at = Call.detail["seen_at"].as_string()
    return or_(seen_at.is_(None), cast(seen_at, DateTime(timezone=True)) > since)


def _urgency() -> ColumnElement[int]:
    return case((Call.detail["emergency"].as_boolean(), 0), else_=1)


def _pool_of(call: Call, staffing: Staffing) -> int | None:
    staffed, near = staffing.staffed_unit_ids, near_unit_of(call.detail)
    return answering_unit(call.unit_id, near, staffed=staffed, covers_city=staffing.covers_city)


def _of_pool(pool: int | None, staffing: Staffing) -> dict[str, Any]:
    return {"pool": pool, "staffed": list(staffing.staffed_unit_ids), "covers_city": staffing.covers_city}


def _near_of_callback() -> ColumnElement[int | None]:
    place = select(Ticket.place_unit_id).where(Ticket.id == CallbackRequest.ticket_id, Ticket.is_restricted.is_(False))
    return place.correlate(CallbackRequest).scalar_subquery()


def _same_pool(
    unit_id: QueryableAttribute[int | None], near: ColumnElement[int | None], *, is_of_their_own: bool
) -> ColumnElement[bool]:
    """As `answering_unit`: calls wait for the people of one staffed unit; all others wait for the city's."""
    staffed = bindparam("staffed", type_=ARRAY(BigInteger))
    covers_city: BindParameter[bool] = bindparam("covers_city", type_=Boolean())
    not_by_its_own = or_(unit_id.is_(None), unit_id != all_(staffed))
    is_the_desks = and_(unit_id.is_(None), covers_city)
    if is_of_their_own:
        pool: BindParameter[int] = bindparam("pool", type_=BigInteger())
        return or_(unit_id == pool, and_(not_by_its_own, not_(is_the_desks), near == pool))
    return and_(not_by_its_own, or_(is_the_desks, near.is_(None), near != all_(staffed)))
