"""What the city's desk took on for bodies that were not live: counted once they are, and given to them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ColumnElement, Select, cast, column, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from tickets.city import day_of
from tickets.directory.going_live import is_live_on
from tickets.directory.queues import queue_of
from tickets.errors import HotlineError
from tickets.people.actor import Actor
from tickets.people.roles import CITY_LEVEL
from tickets.routing.receiving import NOT_LIVE
from tickets.schema import Ticket, Unit
from tickets.schema.ticket import IS_UNFINISHED, SAYS_NOT_LIVE
from tickets.work.assignment import BY_GOING_LIVE, hop

# Written out as in its partial index, which holds none but these.
_LEFT_AT_A_DESK: ColumnElement[bool] = literal_column(
    f"ticket.{IS_UNFINISHED} and ticket.routing_reasons {SAYS_NOT_LIVE}", Boolean()
)
# Each is a transfer like any other: some thirty statements.
MOST_GIVEN_AT_ONCE = 50
_MOST_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class GivenToBodies:
    """`left` are those beyond the most at once; `kept` those that may not move, such as one that is in dispute."""

    given: int
    kept: int
    left: int


def waiting_for(session: Session, unit_ids: Collection[int] | None = None, *, now: datetime) -> int:
    """How many open tickets the city's desk has of these bodies (None: of all) that are live now; to 1,000."""
    waiting = _waiting(unit_ids, now=now).limit(_MOST_LOOKED_AT).subquery()
    return session.scalar(select(func.count()).select_from(waiting)) or 0


def hand_over(
    session: Session, unit_ids: Collection[int] | None = None, *, actor: Actor, now: datetime
) -> GivenToBodies:
    """Give the longest open ones of them to whom they are for; the promise to the citizen goes on (R8)."""
    found = session.execute(_waiting(unit_ids, now=now).limit(_MOST_LOOKED_AT)).all()
    given = kept = 0
    for ticket_id, unit_id in found:
        if given == MOST_GIVEN_AT_ONCE:
            break
        attempt = session.begin_nested()
        try:
            queue_id = queue_of(session, unit_id).id
            hop(session, ticket_id, queue_id, cause="transfer", reason=BY_GOING_LIVE, actor=actor, now=now)
        except HotlineError:
            attempt.rollback()
            kept += 1
        else:
            attempt.commit()
            given += 1
    return GivenToBodies(given, kept, len(found) - given - kept)


def _waiting(unit_ids: Collection[int] | None, *, now: datetime) -> Select[int, int]:
    """Where routing left them: what somebody sent there by hand was judged by a person."""
    reason = func.jsonb_array_elements(Ticket.routing_reasons).table_valued(column("value", JSONB)).render_derived()
    of_unit = cast(reason.c.value["params"]["unit_id"].astext, BigInteger)
    desks = select(Unit.id).where(Unit.kind.in_(CITY_LEVEL))
    found = (
        select(Ticket.id, Unit.id)
        .select_from(Ticket)
        .join(reason, true())
        .join(Unit, Unit.id == of_unit)
        .where(
            _LEFT_AT_A_DESK,
            Ticket.unit_id.in_(desks),
            Ticket.hop_count == 1,
            Ticket.is_restricted.is_(False),
            Ticket.is_canary.is_(False),
            reason.c.value["code"].astext == NOT_LIVE,
            Unit.valid_to.is_(None),
            is_live_on(day_of(now)),
        )
        .order_by(Ticket.opened_at, Ticket.id)
    )
    return found if unit_ids is None else found.where(Unit.id.in_(unit_ids))
