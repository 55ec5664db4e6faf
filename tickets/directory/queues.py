"""Where tickets wait at a unit: its work, the city's triage, and matters about somebody's conduct."""

from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tickets.errors import NotFound
from tickets.schema import Queue, Unit
from tickets.states import QueueKind


def insert_queues(session: Session, rows: Sequence[tuple[int, QueueKind, str, str]]) -> None:
    """Write (unit, kind, name, English name)."""
    if rows:
        session.execute(
            insert(Queue),
            [{"unit_id": unit, "kind": kind, "name": name, "name_en": name_en} for unit, kind, name, name_en in rows],
        )


def queue_of(session: Session, unit_id: int, kind: QueueKind = QueueKind.WORK) -> Queue:
    """The unit's queue of that kind; raises NotFound when it keeps none."""
    queue = session.scalars(select(Queue).where(Queue.unit_id == unit_id, Queue.kind == kind)).one_or_none()
    if queue is None:
        raise NotFound("queue", f"{unit_id}/{kind}")
    return queue


def receiving_queues(session: Session) -> list[tuple[Queue, Unit]]:
    """The queues a ticket may be transferred to: those of units that still exist, by name."""
    rows = session.execute(
        select(Queue, Unit)
        .join(Unit, Unit.id == Queue.unit_id)
        .where(Unit.valid_to.is_(None), Queue.kind != QueueKind.CONDUCT)
        .order_by(Unit.sort_key, Queue.id)
    )
    return [(queue, unit) for queue, unit in rows]
