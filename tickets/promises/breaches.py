"""The first breach of a promise, written once as a fact by whatever sees it first and never changed (A1, R16, R17)."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets import timeline
from tickets.audit import entries
from tickets.people.actor import SYSTEM
from tickets.schema import Clock, PromiseBreach, Staff, Ticket, Unit
from tickets.schema.rows import among
from tickets.states import ClockKind, TimelineKind


@dataclass(frozen=True, slots=True)
class Breach:
    """As `PromiseBreach`; the breach time is the due date, whenever it is seen."""

    clock_id: int
    ticket_id: int
    kind: ClockKind
    cycle: int
    due_at: datetime
    breached_at: datetime
    unit_id: int
    staff_id: int | None
    cause: str


def write_breaches(session: Session, breaches: Sequence[Breach], *, now: datetime) -> list[Breach]:
    """Write these facts, with an entry in timeline and audit each; those that stand already are left as they are."""
    if not breaches:
        return []
    session.flush()
    rows = [{**asdict(breach), "noted_at": now} for breach in breaches]
    statement = insert(PromiseBreach).on_conflict_do_nothing().returning(PromiseBreach.clock_id)
    written = set(session.scalars(statement, rows))
    new = [breach for breach in breaches if breach.clock_id in written]
    timeline.add_all(
        session,
        [
            timeline.entry(
                breach.ticket_id,
                TimelineKind.BREACHED,
                actor=SYSTEM,
                is_public=False,
                params={"clock": breach.kind.value, "due_at": breach.due_at.isoformat()},
                now=now,
            )
            for breach in new
        ],
    )
    entries.record_all(session, [_audit_row(breach) for breach in new], actor=SYSTEM, now=now)
    return new


def _audit_row(breach: Breach) -> dict[str, object]:
    return {
        "action": "promise.broken",
        "subject_kind": "clock",
        "subject_id": breach.clock_id,
        "ticket_id": breach.ticket_id,
        "params": {
            "clock": breach.kind.value,
            "cycle": breach.cycle,
            "due_at": breach.due_at.isoformat(),
            "breached_at": breach.breached_at.isoformat(),
            "unit_id": breach.unit_id,
            "staff_id": breach.staff_id,
            "cause": breach.cause,
        },
    }


def note_breaches(session: Session, ticket_ids: Collection[int], *, now: datetime) -> list[Breach]:
    """Write down what of these (locked) tickets is late by now and was not noted, with who holds each of them.

    Call it before somebody else gets the ticket: whoever held it when the promise broke answers for it (R23).
    """
    holder = select(Ticket.unit_id).where(Ticket.id == Clock.ticket_id).scalar_subquery()
    person = select(Ticket.assignee_id).where(Ticket.id == Clock.ticket_id).scalar_subquery()
    rows = session.execute(
        update(Clock)
        .where(among(Clock.ticket_id, ticket_ids), _is_late_and_not_noted(now))
        .values(
            first_breach_at=Clock.due_at,
            breached_at=func.coalesce(Clock.breached_at, Clock.due_at),
            due_unit_id=func.coalesce(Clock.due_unit_id, holder),
        )
        .returning(
            Clock.id, Clock.ticket_id, Clock.kind, Clock.cycle, Clock.due_at, Clock.due_at.label("breached_at"),
            Clock.due_unit_id, person, Clock.breach_cause,
        )
        # What a session has read of these clocks is read anew.
        .execution_options(synchronize_session="fetch")
    ).all()  # fmt: skip
    return write_breaches(session, [Breach(*row) for row in rows], now=now)


def claim_late(
    session: Session,
    *,
    now: datetime,
    batch: int,
    leave_out: Collection[int] = (),
    only: Collection[int] | None = None,
) -> list[int]:
    """Lock up to `batch` tickets with a promise that is late and was not noted, leaving those somebody else holds."""
    claimed = session.scalars(
        select(Ticket.id)
        .where(Ticket.id.in_(_oldest(now=now, batch=batch, leave_out=leave_out, only=only)))
        .limit(batch)
        .with_for_update(of=Ticket, key_share=True, skip_locked=True)
    )
    return list(claimed)


def late_tickets(session: Session, *, now: datetime, batch: int, leave_out: Collection[int] = ()) -> Sequence[int]:
    """What would be claimed, without taking any of it."""
    return list(dict.fromkeys(session.scalars(_oldest(now=now, batch=batch, leave_out=leave_out, only=None))))


def _oldest(*, now: datetime, batch: int, leave_out: Collection[int], only: Collection[int] | None) -> Select[int]:
    oldest = select(Clock.ticket_id).where(_is_late_and_not_noted(now))
    if leave_out:
        oldest = oldest.where(Clock.ticket_id.not_in(leave_out))
    if only is not None:
        oldest = oldest.where(Clock.ticket_id.in_(only))
    return oldest.order_by(Clock.due_at).limit(batch * 2)


def _is_late_and_not_noted(now: datetime) -> ColumnElement[bool]:
    """Running past its due date; or judged late by a release that kept no facts."""
    return and_(text("clock.first_breach_at is null and clock.status in ('running', 'missed')"), Clock.due_at < now)


@dataclass(frozen=True, slots=True)
class ToldBreach:
    """A fact with the names of who was responsible then."""

    kind: ClockKind
    due_at: datetime
    breached_at: datetime
    cause: str
    unit: str
    unit_en: str
    person: str


def breaches_of(session: Session, ticket_id: int) -> list[ToldBreach]:
    """The broken promises of a ticket in the order in which they broke; the caller has checked who asks."""
    rows = session.execute(
        select(
            PromiseBreach.kind, PromiseBreach.due_at, PromiseBreach.breached_at, PromiseBreach.cause,
            Unit.name, Unit.name_en, func.coalesce(Staff.name, ""),
        )
        .join(Unit, Unit.id == PromiseBreach.unit_id)
        .outerjoin(Staff, Staff.id == PromiseBreach.staff_id)
        .where(PromiseBreach.ticket_id == ticket_id)
        .order_by(PromiseBreach.breached_at, PromiseBreach.clock_id)
    )  # fmt: skip
    return [ToldBreach(*row) for row in rows]
