"""What a unit that has ended leaves open: it goes to whoever took over all of it, else to the city's desk (A4)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.city import day_of
from tickets.directory.queues import queue_of
from tickets.directory.units import city_operations
from tickets.each_alone import PutAside, each_alone
from tickets.errors import HotlineError
from tickets.people.actor import SYSTEM
from tickets.schema import Ticket, Unit, UnitSuccession
from tickets.states import UNFINISHED, QueueKind
from tickets.work.assignment import BY_UNIT_ENDED, hop

# Each is a transfer like any other: some thirty statements.
_MOST_AT_ONCE = 50
# What may not move, being in dispute, is not tried for ever.
_TRIED_FOR = timedelta(days=60)


def pass_on_what_is_left(session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
    """Give the longest open tickets of units that ended lately to others; the promise to the citizen goes on (R8)."""
    heirs = _heirs(session, _ended(session, now=now))
    return sum(
        each_alone(
            session, _left(session, heirs), lambda one: _pass_on(session, one[0], heirs[one[1]], now=now),
            named=lambda one: one[0], put_aside=put_aside,
        )
    )  # fmt: skip


def _ended(session: Session, *, now: datetime) -> Sequence[int]:
    today = day_of(now)
    lately = (Unit.valid_to <= today, Unit.valid_to > today - _TRIED_FOR)
    return session.scalars(select(Unit.id).where(*lately).order_by(Unit.id)).all()


def _heirs(session: Session, ended: Collection[int]) -> Mapping[int, int | None]:
    """By unit, the one that took over all of it and goes on; None: there is none, or there are several."""
    if not ended:
        return {}
    edges = session.execute(
        select(UnitSuccession.predecessor_id, UnitSuccession.successor_id, UnitSuccession.is_partial, Unit.valid_to)
        .join(Unit, Unit.id == UnitSuccession.successor_id)
        .where(UnitSuccession.predecessor_id.in_(ended))
    ).all()
    found: dict[int, int | None] = {}
    for unit_id in ended:
        mine = [edge for edge in edges if edge.predecessor_id == unit_id]
        alone = len(mine) == 1 and not mine[0].is_partial and mine[0].valid_to is None
        found[unit_id] = mine[0].successor_id if alone else None
    return found


def _left(session: Session, ended: Collection[int]) -> Sequence[tuple[int, int]]:
    if not ended:
        return ()
    rows = session.execute(
        select(Ticket.id, Ticket.unit_id)
        .where(Ticket.unit_id.in_(ended), Ticket.status.in_(UNFINISHED), Ticket.is_canary.is_(False))
        .order_by(Ticket.opened_at, Ticket.id)
        .limit(_MOST_AT_ONCE)
    )
    return [(ticket_id, unit_id) for ticket_id, unit_id in rows]


def _pass_on(session: Session, ticket_id: int, heir: int | None, *, now: datetime) -> bool:
    """To whoever has no work queue, is not live, or must not read it, it goes by way of the city's desk."""
    return (heir is not None and _hop(session, ticket_id, heir, QueueKind.WORK, now=now)) or _hop(
        session, ticket_id, city_operations(session).id, QueueKind.TRIAGE, now=now
    )


def _hop(session: Session, ticket_id: int, unit_id: int, kind: QueueKind, *, now: datetime) -> bool:
    attempt = session.begin_nested()
    try:
        queue_id = queue_of(session, unit_id, kind).id
        hop(session, ticket_id, queue_id, cause="transfer", reason=BY_UNIT_ENDED, actor=SYSTEM, now=now)
    except HotlineError:
        attempt.rollback()
        return False
    attempt.commit()
    return True
